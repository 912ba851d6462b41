"""Writes single pictures."""

from __future__ import annotations

from pathlib import Path

from sertoli.errors import OutputError
from sertoli.frames._frame import Pixels


def write_png(path: Path, pixels: Pixels) -> None:
    """Write a picture as PNG, whole or not at all: a viewer may have it open.

    Parameters
    ----------
    path : Path
        Replaced if it exists.
    pixels : ndarray, (H, W) or (H, W, 3) RGB, uint8 or uint16

    Raises
    ------
    OutputError
        If the picture cannot be packed.
    """
    import cv2

    packed, data = cv2.imencode(".png", pixels if pixels.ndim == 2 else pixels[..., ::-1])
    if not packed:
        raise OutputError(f"{path} cannot be packed as PNG", "choose another size")
    # Not cv2.imwrite: it fails silently, and on Windows with names beyond ASCII.
    part = path.with_name(path.name + ".part")
    part.write_bytes(data.tobytes())
    part.replace(path)
