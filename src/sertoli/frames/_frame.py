"""One picture with what is known about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sertoli.optics import UNKNOWN_OPTICS, Optics

Pixels = npt.NDArray[Any]
"""(H, W) grey or (H, W, 3) RGB, uint8 or uint16; the centre of the top-left pixel is (0, 0)."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a source.

    Parameters
    ----------
    pixels : ndarray, (H, W) or (H, W, 3) RGB, uint8 or uint16
        A memory-mapped array for pictures too large to hold at once.
    index : int
        0-based number of the frame in its source.
    time_s : float or None
        Presentation time in seconds from the first frame; None where unknown (stills).
    optics : Optics
        Pixel size and modality, as far as known.
    stage_um : (x, y, z) or None
        Position of the stage in um; None without a stage.
    file : str
        File name within its folder; empty if the source is a single file.
    """

    pixels: Pixels
    index: int
    time_s: float | None = None
    optics: Optics = UNKNOWN_OPTICS
    stage_um: tuple[float, float, float] | None = None
    file: str = ""

    @property
    def height_px(self) -> int:
        """Number of pixel rows."""
        return int(self.pixels.shape[0])

    @property
    def width_px(self) -> int:
        """Number of pixel columns."""
        return int(self.pixels.shape[1])

    def grey(self) -> npt.NDArray[np.float32]:
        """Return the luminance as (H, W) float32 on a 0 to 255 scale.

        16-bit pictures are brought to that scale by their container's full range.
        """
        return to_grey(self.pixels)


def to_grey(pixels: Pixels) -> npt.NDArray[np.float32]:
    """Return luminance (ITU-R BT.601 weights) as float32 on a 0 to 255 scale.

    Parameters
    ----------
    pixels : ndarray, (H, W) or (H, W, 3) RGB, uint8 or uint16

    Returns
    -------
    ndarray, (H, W) float32
    """
    scale = 255.0 / float(np.iinfo(pixels.dtype).max)
    if pixels.ndim == 2:
        return pixels.astype(np.float32) * np.float32(scale)
    weights = np.array([0.299, 0.587, 0.114], dtype=np.float32) * np.float32(scale)
    return pixels.astype(np.float32) @ weights
