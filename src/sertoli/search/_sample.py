"""A few frames spread over a recording, to judge it by before it is searched."""

from __future__ import annotations

from contextlib import suppress

from sertoli.errors import InputError
from sertoli.frames import Frame, FrameSource

SAMPLE = 3


def spread_frames(source: FrameSource) -> list[Frame]:
    """Return up to `SAMPLE` frames, evenly spread; only the first where the length is unknown.

    The same recording gives the same frames, so that a resumed search comes to the same
    conclusions. Frames that cannot be read are left out.
    """
    length = source.length or 1
    found: list[Frame] = []
    for start in sorted({length * part // SAMPLE for part in range(SAMPLE)}):
        with suppress(InputError):
            found.extend(frame for frame, _ in zip(source.frames(start), range(1), strict=False))
    return found
