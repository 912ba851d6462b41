"""What a COCO detection set says besides its annotations."""

from __future__ import annotations

from typing import Any

from sertoli.sperm._text import plain_text

SPERM_CLASS = "sperm"

COCO_CATEGORIES = ({"id": 1, "name": SPERM_CLASS},)


def coco_image(index: int, file: str, shape_px: tuple[int, int]) -> dict[str, Any]:
    """Return the COCO entry of a frame.

    Parameters
    ----------
    index : int
        0-based frame in the input.
    file : str
        The frame's own file, or the recording that all frames come from.
    shape_px : (width, height)
    """
    return {
        "id": index + 1,
        "file_name": plain_text(file),
        "width": shape_px[0],
        "height": shape_px[1],
        "frame": index,
    }
