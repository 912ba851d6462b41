"""What makes two searches the same, so that one can go on where the other ended."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from sertoli.errors import InputError, SettingError
from sertoli.search._settings import Finder, SearchSettings
from sertoli.sperm import plain_text

Identity = Mapping[str, str | float | bool | None]

_BLOCK_BYTES = 1 << 20
_BLOCK_OF_EACH_FILE_BYTES = 1 << 12


def identify(path: Path, settings: SearchSettings, finder: Finder) -> Identity:
    """Return what must be equal for a search to be resumed.

    The input is known by its size and by a hash of its first and last mebibyte; a folder by
    the names, sizes and first 4 KiB of its files. Times of change are not looked at: a copy
    of a recording is the same recording.

    Raises
    ------
    InputError
        If the input cannot be read.
    """
    content = content_of(path)
    return {
        "input": plain_text(path.resolve().name),
        "input content": content,
        "um-per-px": settings.um_per_px,
        "fps": settings.fps,
        "modality": None if settings.modality is None else settings.modality.value,
        "sequence": settings.sequence,
        "confidence": confidence_of(settings, finder),
        "specimen": settings.specimen,
        "weights": finder.weights_sha256,
    }


def content_of(path: Path) -> str:
    """Return the hash by which an input is known.

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


def confidence_of(settings: SearchSettings, finder: Finder) -> float:
    """Return the confidence a search runs at."""
    if settings.confidence is None:
        return float(finder.default_confidence)
    return settings.confidence


def require_same(before: Identity, now: Identity, place: Path) -> None:
    """Refuse to go on with a search of something else.

    Raises
    ------
    SettingError
        Names the first field that differs.
    """
    for field in now:
        if before.get(field) != now[field]:
            raise SettingError(
                f"{place} holds a search with another {field} "
                f"({before.get(field)!r}, now {now[field]!r})",
                "give the same input and options as then, or --overwrite to start again",
            )


def without_folders(message: str, *paths: Path) -> str:
    """Return a message that names files in or at ``paths`` without the folders they lie in.

    Folder names may hold a patient's name, and what is written may be passed on.
    """
    for path in paths:
        for form in (path.resolve(), path.absolute(), path):
            for folder in (form, form.parent):
                # As written, and as Python escapes what cannot be printed.
                for text in (str(folder), repr(str(folder))[1:-1]):
                    if text not in ("", ".", os.sep):
                        message = message.replace(f"{text}{os.sep}", "")
    return message


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
