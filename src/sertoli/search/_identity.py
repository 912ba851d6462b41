"""What makes two searches the same, so that one can go on where the other ended."""

from __future__ import annotations

import os
from pathlib import Path

from sertoli.journal import Identity, content_of
from sertoli.search._settings import Finder, SearchSettings
from sertoli.sperm import plain_text


def identify(path: Path, settings: SearchSettings, finder: Finder) -> Identity:
    """Return what must be equal for a search to be resumed.

    The input is known by `content_of`.

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


def confidence_of(settings: SearchSettings, finder: Finder) -> float:
    """Return the confidence a search runs at."""
    if settings.confidence is None:
        return float(finder.default_confidence)
    return settings.confidence


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
