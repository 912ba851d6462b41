"""What a search writes into its journal.

The first record says which search this is, every other one holds a frame: its findings, the
thumbnails cut from it and all that the result files need, so that frames need not be kept in
memory nor searched twice.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sertoli.frames import Pixels
from sertoli.journal import Identity, Journal, read_payloads, read_payloads_at
from sertoli.sperm import Detections
from sertoli.sperm.tracking import DriftState

_FRAME = struct.Struct("<q6d2IHIII2q4d")
_THUMBNAIL = struct.Struct("<IiiHHBB")
_SEARCHED, _BROKEN = b"F", b"B"


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


def read_records(path: Path) -> Iterator[tuple[int, Record]]:
    """Give every whole record with its offset in the file, by which it is known."""
    for offset, payload in read_payloads(path):
        yield offset, _decode(payload)


def read_frames_at(path: Path, offsets: Iterable[int]) -> Iterator[tuple[int, SearchedFrame]]:
    """Give the frames that `read_records` gave with these offsets, in the order of the file."""
    for offset, payload in read_payloads_at(path, offsets):
        record = _decode(payload)
        if isinstance(record, SearchedFrame):
            yield offset, record


class JournalWriter:
    """Appends frames to a search's journal, after the last whole record.

    Parameters
    ----------
    path : Path
        Begun anew with ``identity`` if it is not there or its first record is torn.
    identity : Identity
    """

    def __init__(self, path: Path, identity: Identity) -> None:
        self._journal = Journal(path, identity)

    def append(self, record: Record) -> None:
        """Add a record; within about a second it is safe."""
        self._journal.append(_encode(record))

    def close(self) -> None:
        """Flush and let go of the file."""
        self._journal.close()


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
