"""The journal of long work: whose it is and what has been done, safe from a kill at any moment.

An append-only file of records, each with its length and check sum in front. A record that
a kill left torn, and whatever follows it, does not count. The first record says which
work this is; what the others hold is the business of the room that writes them.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from sertoli.errors import InputError, OutputError, SettingError

Identity = Mapping[str, str | float | bool | None]
"""What must be equal for work to be gone on with."""

JOURNAL_NAME = "journal.bin"
FLUSH_EVERY_S = 1.0

_FRAMING = struct.Struct("<II")  # length, CRC-32 of the payload
_IDENTITY = b"I"
_MAX_RECORD_BYTES = 1 << 30
_BLOCK_BYTES = 1 << 20
_BLOCK_OF_EACH_FILE_BYTES = 1 << 12


def read_identity(path: Path) -> Identity | None:
    """Return which work a journal belongs to; None if there is none or it is torn."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        payload = _read_payload(file)
    if payload is None or payload[:1] != _IDENTITY:
        return None
    identity: Identity = json.loads(payload[1:])
    return identity


def read_payloads(path: Path) -> Iterator[tuple[int, bytes]]:
    """Give every whole record but the first with its offset in the file, by which it is known."""
    with path.open("rb") as file:
        _read_payload(file)
        while True:
            offset = file.tell()
            payload = _read_payload(file)
            if payload is None:
                return
            yield offset, payload


def read_payloads_at(path: Path, offsets: Iterable[int]) -> Iterator[tuple[int, bytes]]:
    """Give the records that `read_payloads` gave with these offsets, in the order of the file."""
    with path.open("rb") as file:
        for offset in sorted(offsets):
            file.seek(offset)
            payload = _read_payload(file)
            if payload is not None:
                yield offset, payload


class Journal:
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

    def append(self, payload: bytes) -> None:
        """Add a record; at most `FLUSH_EVERY_S` passes before it is safe."""
        self._write(payload)
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


def content_of(path: Path) -> str:
    """Return the hash by which an input is known.

    A file is known by its size and its first and last mebibyte; a folder by the names, sizes
    and first 4 KiB of its files. Times of change are not looked at: a copy of a recording is
    the same recording.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        # A pipe would be waited on for ever.
        raise InputError(f"{path} is neither a file nor a folder", "give a recording or pictures")
    try:
        return _folder_hash(path) if path.is_dir() else _file_hash(path)
    except OSError as error:
        raise InputError(
            f"cannot read {path}: {error.strerror or error}",
            "check the name and that you may read it",
        ) from error


def require_same(before: Identity, now: Identity, place: Path, work: str) -> None:
    """Refuse to go on with other work.

    Parameters
    ----------
    before, now : Identity
    place : Path
        Where the work of before stands.
    work : str
        What it is called, such as "search".

    Raises
    ------
    SettingError
        Names the first field that differs.
    """
    for field in now:
        if before.get(field) != now[field]:
            raise SettingError(
                f"{place} holds a {work} with another {field} "
                f"({before.get(field)!r}, now {now[field]!r})",
                "give the same input and options as then, or --overwrite to start again",
            )


def require_resumable(out: Path, identity: Identity, work: str) -> dict[str, Any] | None:
    """Check what stands at a place before it is touched.

    Parameters
    ----------
    out : Path
        The result folder; beside it may stand ``OUT.partial``.
    identity : Identity
    work : str
        What it is called, such as "search".

    Returns
    -------
    dict or None
        The summary of finished work: there is nothing to go on with.

    Raises
    ------
    SettingError
        If it is other work.
    OutputError
        If it is none.
    """
    partial = out.with_name(out.name + ".partial")
    if partial.is_dir():
        before = read_identity(partial / JOURNAL_NAME)
        if before is not None:
            require_same(before, identity, partial, work)
        return None
    if not out.exists():
        return None
    before = read_identity(out / JOURNAL_NAME)
    if before is not None:
        require_same(before, identity, out, work)
        return None
    try:
        summary: dict[str, Any] = json.loads((out / "summary.json").read_text(encoding="utf-8"))
        before = summary["identity"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OutputError(
            f"{out} holds no {work} to go on with", "choose another --out, or add --overwrite"
        ) from error
    require_same(before, identity, out, work)
    return summary


def _file_hash(path: Path) -> str:
    digest = hashlib.sha256()
    size = path.stat().st_size
    digest.update(str(size).encode())
    with path.open("rb") as file:
        digest.update(file.read(_BLOCK_BYTES))
        if size > _BLOCK_BYTES:
            file.seek(max(size - _BLOCK_BYTES, _BLOCK_BYTES))
            digest.update(file.read(_BLOCK_BYTES))
    return digest.hexdigest()


def _folder_hash(path: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(path.iterdir()):
        if not file.is_file():
            continue
        digest.update(f"{file.name}\0{file.stat().st_size}\0".encode("utf-8", "surrogateescape"))
        with file.open("rb") as stream:
            digest.update(stream.read(_BLOCK_OF_EACH_FILE_BYTES))
    return digest.hexdigest()
