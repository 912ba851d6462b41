"""The journal: what a search has done so far, safe from a kill at any moment.

An append-only file of records, each with its length and check sum in front. A record that
a kill left torn, and whatever follows it, does not count. The first record says which
search this is, every other one holds a frame: its findings, the thumbnails cut from it and
all that the result files need, so that frames need not be kept in memory nor searched twice.
"""

from __future__ import annotations

import json
import math
import os
import struct
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from sertoli.frames import Pixels
from sertoli.search._identity import Identity
from sertoli.sperm import Detections
from sertoli.sperm.tracking import DriftState

JOURNAL_NAME = "journal.bin"
FLUSH_EVERY_S = 1.0

_FRAMING = struct.Struct("<II")  # length, CRC-32 of the payload
_FRAME = struct.Struct("<q6d2IHIII2q4d")
_THUMBNAIL = struct.Struct("<IiiHHBB")
_IDENTITY, _SEARCHED, _BROKEN = b"I", b"F", b"B"
_MAX_RECORD_BYTES = 1 << 30


@dataclass(frozen=True, slots=True, eq=False)
class Thumbnail:
    """A piece of a frame around one sighting.

    Parameters
    ----------
    row : int
        Which finding of the frame.
    left_px, top_px : int
        Where the centre of the piece's top-left pixel lies in the frame.
    pixels : ndarray, (h, w) or (h, w, 3), uint8 or uint16
    """

    row: int
    left_px: int
    top_px: int
    pixels: Pixels


@dataclass(frozen=True, slots=True, eq=False)
class SearchedFrame:
    """A frame that was searched, with N findings.

    ``track_id`` is what the live linker said; `sertoli.search._results` joins tracks at the
    end. ``drift`` is that of a sequence's field; ``backdrop`` is a JPEG or empty.
    """

    index: int
    file: str
    time_s: float | None
    stage_um: tuple[float, float, float] | None
    um_per_px: float | None
    shape_px: tuple[int, int]
    elapsed_s: float
    found: Detections
    track_id: npt.NDArray[np.int64]
    thumbnails: list[Thumbnail] = field(default_factory=list)
    backdrop: bytes = b""
    drift: DriftState = field(default_factory=DriftState)


@dataclass(frozen=True, slots=True)
class BrokenFrame:
    """A frame that could not be read."""

    index: int
    reason: str
    elapsed_s: float


Record = SearchedFrame | BrokenFrame


def read_identity(path: Path) -> Identity | None:
    """Return which search a journal belongs to; None if there is none or it is torn."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        payload = _read_payload(file)
    if payload is None or payload[:1] != _IDENTITY:
        return None
    identity: Identity = json.loads(payload[1:])
    return identity


def read_records(path: Path) -> Iterator[tuple[int, Record]]:
    """Give every whole record with its offset in the file, by which it is known."""
    with path.open("rb") as file:
        _read_payload(file)
        while True:
            offset = file.tell()
            payload = _read_payload(file)
            if payload is None:
                return
            yield offset, _decode(payload)


def read_frames_at(path: Path, offsets: Iterable[int]) -> Iterator[tuple[int, SearchedFrame]]:
    """Give the frames that `read_records` gave with these offsets, in the order of the file."""
    with path.open("rb") as file:
        for offset in sorted(offsets):
            file.seek(offset)
            payload = _read_payload(file)
            record = None if payload is None else _decode(payload)
            if isinstance(record, SearchedFrame):
                yield offset, record


class JournalWriter:
    """Appends to a journal, after the last whole record.

    Parameters
    ----------
    path : Path
        Begun anew with ``identity`` if it is not there or its first record is torn.
    identity : Identity
    """

    def __init__(self, path: Path, identity: Identity) -> None:
        fresh = read_identity(path) is None
        if not fresh:
            end = _end_of_whole(path)
        self._file = path.open("wb" if fresh else "r+b")
        try:
            if fresh:
                self._write(_IDENTITY + json.dumps(dict(identity)).encode())
            else:
                self._file.truncate(end)
                self._file.seek(end)
            self.flush()
        except BaseException:
            self._file.close()
            raise

    def append(self, record: Record) -> None:
        """Add a record; at most `FLUSH_EVERY_S` passes before it is safe."""
        self._write(_encode(record))
        if time.monotonic() - self._flushed > FLUSH_EVERY_S:
            self.flush()

    def flush(self) -> None:
        """Bring everything appended to the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._flushed = time.monotonic()

    def close(self) -> None:
        """Flush and let go of the file."""
        if self._file.closed:
            return
        try:
            self.flush()
        finally:
            self._file.close()

    def _write(self, payload: bytes) -> None:
        self._file.write(_FRAMING.pack(len(payload), zlib.crc32(payload)) + payload)


def _read_payload(file: BinaryIO) -> bytes | None:
    framing = file.read(_FRAMING.size)
    if len(framing) < _FRAMING.size:
        return None
    length, check = _FRAMING.unpack(framing)
    if length > _MAX_RECORD_BYTES:
        return None
    payload = file.read(length)
    if len(payload) < length or zlib.crc32(payload) != check:
        return None
    return payload


def _end_of_whole(path: Path) -> int:
    with path.open("rb") as file:
        while True:
            end = file.tell()
            if _read_payload(file) is None:
                return end


def _encode(record: Record) -> bytes:
    if isinstance(record, BrokenFrame):
        return _BROKEN + json.dumps([record.index, record.reason, record.elapsed_s]).encode()
    name = record.file.encode("utf-8", "surrogateescape")
    parts = [
        _SEARCHED,
        _FRAME.pack(
            record.index,
            _number(record.time_s),
            *(record.stage_um or (math.nan,) * 3),
            _number(record.um_per_px),
            record.elapsed_s,
            *record.shape_px,
            len(name),
            len(record.found),
            len(record.thumbnails),
            len(record.backdrop),
            record.drift.frame,
            record.drift.reference_frame,
            *record.drift.drift_px,
            *record.drift.reference_px,
        ),
        name,
        record.found.centre_px.astype("<f4").tobytes(),
        record.found.size_px.astype("<f4").tobytes(),
        record.found.probability.astype("<f4").tobytes(),
        record.track_id.astype("<i8").tobytes(),
        record.backdrop,
    ]
    for thumbnail in record.thumbnails:
        pixels = thumbnail.pixels
        height, width = pixels.shape[:2]
        channels = 1 if pixels.ndim == 2 else 3
        parts.append(
            _THUMBNAIL.pack(
                thumbnail.row,
                thumbnail.left_px,
                thumbnail.top_px,
                height,
                width,
                channels,
                pixels.itemsize,
            )
        )
        parts.append(pixels.astype(f"<u{pixels.itemsize}", copy=False).tobytes())
    return b"".join(parts)


def _decode(payload: bytes) -> Record:
    if payload[:1] == _BROKEN:
        index, reason, elapsed = json.loads(payload[1:])
        return BrokenFrame(index, reason, elapsed)
    fields = _FRAME.unpack_from(payload, 1)
    index, *numbers, width, height, n_name, n_found, n_thumbnails, n_backdrop = fields[:13]
    drift_frame, reference_frame, x, y, reference_x, reference_y = fields[13:]
    at = 1 + _FRAME.size

    def take(count: int) -> bytes:
        nonlocal at
        at += count
        return payload[at - count : at]

    def array(kind: str, *shape: int) -> npt.NDArray[np.float32]:
        count = math.prod(shape) * np.dtype(kind).itemsize
        return np.frombuffer(take(count), kind).reshape(shape)

    name = take(n_name).decode("utf-8", "surrogateescape")
    found = Detections(array("<f4", n_found, 2), array("<f4", n_found, 2), array("<f4", n_found))
    track_id = np.frombuffer(take(8 * n_found), "<i8")
    backdrop = take(n_backdrop)
    thumbnails = []
    for _ in range(n_thumbnails):
        row, left, top, h, w, channels, bytes_each = _THUMBNAIL.unpack(take(_THUMBNAIL.size))
        pixels = np.frombuffer(take(h * w * channels * bytes_each), f"<u{bytes_each}")
        shape = (h, w) if channels == 1 else (h, w, channels)
        thumbnails.append(Thumbnail(row, left, top, pixels.reshape(shape)))
    stage = numbers[1:4]
    return SearchedFrame(
        index=index,
        file=name,
        time_s=_known(numbers[0]),
        stage_um=None if math.isnan(stage[0]) else (stage[0], stage[1], stage[2]),
        um_per_px=_known(numbers[4]),
        shape_px=(width, height),
        elapsed_s=numbers[5],
        found=found,
        track_id=track_id,
        thumbnails=thumbnails,
        backdrop=backdrop,
        drift=DriftState((x, y), drift_frame, (reference_x, reference_y), reference_frame),
    )


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
