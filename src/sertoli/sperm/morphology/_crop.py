"""What the networks of this room see of a head."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.frames import Pixels, to_grey

Floats = npt.NDArray[np.float32]


def normalise_crop(grey: Floats) -> Floats:
    """Return a crop about its median, in units of its deviation from it, cut at 6.

    Parameters
    ----------
    grey : ndarray, (H, W) float32
        On any scale.
    """
    middle = np.median(grey)
    deviation = float(np.sqrt(np.mean((grey - middle) ** 2)))
    normal: Floats = ((grey - middle) / np.float32(max(deviation, 1e-3))).astype(np.float32)
    return np.clip(normal, -6.0, 6.0)


def head_crop(pixels: Pixels, centre: tuple[float, float], side: float, side_px: int) -> Floats:
    """Resample a square of a picture about a head, grey and normalised.

    Parameters
    ----------
    pixels : ndarray, (H, W) or (H, W, 3), uint8 or uint16
    centre : (x, y)
        px, counted between the centres of pixels.
    side : float
        px of the picture.
    side_px : int
        Of the result; beyond the picture it is mirrored.
    """
    step = max(side / side_px, 1e-3)
    half = (side_px - 1) / 2 * step
    rim = math.ceil(2 * step) + 2
    first = [max(0, math.floor(place - half) - rim) for place in centre]
    last = [max(0, math.ceil(place + half) + rim) for place in centre]
    part = to_grey(pixels[first[1] : last[1], first[0] : last[0]])
    if part.size == 0:
        return np.zeros((side_px, side_px), np.float32)
    if step > 1:
        part = cv2.GaussianBlur(part, (0, 0), 0.5 * math.sqrt(step**2 - 1))
    matrix = np.array(
        ((step, 0, centre[0] - first[0] - half), (0, step, centre[1] - first[1] - half))
    )
    crop: Floats = cv2.warpAffine(
        part,
        matrix,
        (side_px, side_px),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT,
    )
    return normalise_crop(crop)
