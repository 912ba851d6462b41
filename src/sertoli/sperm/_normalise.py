"""Local contrast: the same picture to the network whatever the lamp, gain and bit depth.

Subtract a local mean, divide by a local deviation. Both come from box windows, so a
pixel's value depends on nothing further away than `RADIUS_PX`: a tile with that margin
gives what the whole picture gives.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.frames import Pixels, to_grey

Floats = npt.NDArray[np.float32]

MEAN_RADIUS_PX = 32
"""Half the window of the local mean: wider than any head, narrower than shading."""

DEVIATION_RADIUS_PX = 64
"""Half the window of the local deviation; wider, so that one bright clump does not
flatten the sperm right beside it."""

RADIUS_PX = MEAN_RADIUS_PX + DEVIATION_RADIUS_PX
"""How far a pixel's surroundings reach."""

FLOOR_SHARE = 0.5
"""An empty corner is not stretched beyond this share of the frame's own contrast."""

GREY_STEP = np.float32(255.0 / 65535.0)
"""One level of a 16-bit picture on the grey scale: less than that is no contrast at all."""

ROUNDING = float(GREY_STEP) / 32
"""What is left of an even picture after its mean is taken away; how much, and whether anything,
differs from processor to processor."""

LIMIT = np.float32(6.0)
"""Values are cut at this many deviations: dust and glare shall not drown the rest."""

_PATCH_PX = 65
_PATCHES_A_SIDE = 8


def frame_contrast(pixels: Pixels) -> float:
    """Return the frame's typical local deviation on the 0 to 255 grey scale.

    The quadratic mean over up to 8x8 patches of 65 px spread evenly, of which every second
    row and column is read, so that the cost and the memory do not grow with the picture
    (which may be a memory-mapped file).

    Parameters
    ----------
    pixels : ndarray, (H, W) or (H, W, 3), uint8 or uint16
    """
    rows, down = _patch_places(pixels.shape[0])
    columns, across = _patch_places(pixels.shape[1])
    # all patches at once: one by one they take six times as long
    grey = to_grey(pixels[rows[:, None], columns]).astype(np.float64)
    patches = grey.reshape(down, -1, across, len(columns) // across)
    variances = np.square(patches).mean(axis=(1, 3)) - np.square(patches.mean(axis=(1, 3)))
    return float(np.sqrt(np.maximum(variances, 0.0).mean()))


@lru_cache(maxsize=16)
def _patch_places(length: int) -> tuple[npt.NDArray[np.intp], int]:
    """Return the rows (or columns) that patches read, patch by patch, and the number of patches."""
    room = max(0, length - _PATCH_PX)
    count = min(_PATCHES_A_SIDE, room // _PATCH_PX + 1)
    starts = np.linspace(0, room, count).astype(np.intp)
    places = (starts[:, None] + np.arange(0, min(_PATCH_PX, length), 2)).ravel()
    return places, count


def normalise(grey: Floats, contrast: float) -> Floats:
    """Return local contrast in deviations, cut at 6.

    Parameters
    ----------
    grey : ndarray, (H, W) float32
        0 to 255.
    contrast : float
        `frame_contrast` of the whole frame that ``grey`` is a part of.

    Returns
    -------
    ndarray, (H, W) float32
        Zero everywhere for a picture without contrast.
    """
    # cv2 rather than numpy, and in place: half the time, the same bits
    detail: Floats = cv2.subtract(grey, _box_mean(grey, MEAN_RADIUS_PX))
    lowest, highest, _, _ = cv2.minMaxLoc(detail)
    if max(-lowest, highest) < ROUNDING:
        return np.zeros_like(detail)
    deviation = _box_mean(cv2.multiply(detail, detail), DEVIATION_RADIUS_PX)
    cv2.max(deviation, 0.0, deviation)
    floor = max(FLOOR_SHARE * contrast, float(GREY_STEP))
    deviation += np.float32(floor**2)
    cv2.sqrt(deviation, deviation)
    cv2.divide(detail, deviation, detail)
    np.clip(detail, -LIMIT, LIMIT, out=detail)
    return detail


def _box_mean(picture: Floats, radius: int) -> Floats:
    side = 2 * radius + 1
    mean: Floats = cv2.boxFilter(picture, cv2.CV_32F, (side, side), borderType=cv2.BORDER_REFLECT)
    return mean
