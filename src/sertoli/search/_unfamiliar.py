"""Say so when the pictures look unlike anything that the detector was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sertoli.frames import Frame
from sertoli.search._settings import Finder


def unfamiliar(
    frames: Sequence[Frame], finder: Finder, magnification: float | None
) -> list[dict[str, Any]]:
    """Return a warning for ``summary.json`` if at least half of the frames look unlike.

    Parameters
    ----------
    frames : sequence of Frame
        A few of the input, spread over it.
    finder : Finder
    magnification : float or None
        At which they are searched, where it is the same for all.

    Returns
    -------
    list of dict
        Empty, or one with ``kind``, ``text``, ``looked_at`` and ``unfamiliar``.
    """
    strange = sum(finder.is_unfamiliar(frame, magnification=magnification) for frame in frames)
    if not frames or 2 * strange < len(frames):
        return []
    which = (
        "the picture looks"
        if len(frames) == 1
        else f"{strange} of {len(frames)} pictures taken as a sample look"
    )
    return [
        {
            "kind": "unfamiliar",
            "text": f"{which} unlike anything that the detector was trained on: rely neither on "
            "what it found here nor on its finding nothing",
            "looked_at": len(frames),
            "unfamiliar": strange,
        }
    ]
