"""Pictures at the size of the analysis, whose pixels are 1, 2, 4 or 8 px along each side."""

from __future__ import annotations

import cv2
import numpy as np

from sertoli.enhance._enhanced import Mask, as_bytes
from sertoli.frames import Pixels


def analysed(pixels: Pixels, step: int) -> Pixels:
    """Return the picture as bytes, made smaller ``step`` times along each side.

    A pixel of it is the mean of ``step`` times ``step`` px; both sides are multiples of the step.
    """
    # By halves: far quicker than at once.
    while step > 1:
        pixels = halved(pixels)
        step //= 2
    return as_bytes(pixels)


def extended(pixels: Pixels, step: int) -> Pixels:
    """Repeat the last px of a side until it is a multiple of the step."""
    right, below = -pixels.shape[1] % step, -pixels.shape[0] % step
    if not (right or below):
        return pixels
    return np.asarray(cv2.copyMakeBorder(pixels, 0, below, 0, right, cv2.BORDER_REPLICATE))


def halved(pixels: Pixels) -> Pixels:
    """Return the picture half as large; its sides are even."""
    size = (pixels.shape[1] // 2, pixels.shape[0] // 2)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def any_of_four(mask: Mask) -> Mask:
    """Return the mask half as large: True where one of the four was; its sides are even."""
    pairs = mask[::2] | mask[1::2]
    return np.asarray(pairs[:, ::2] | pairs[:, 1::2])


def magnified(small: Pixels, step: int, shape: tuple[int, ...]) -> Pixels:
    """Bring bytes of the analysis to the size of the picture, (H, W) or (H, W, 3), in between."""
    size = (small.shape[1] * step, small.shape[0] * step)
    if step > 1:
        small = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_LINEAR))
    return small[: shape[0], : shape[1]]


def repeated(small: Pixels, step: int, shape: tuple[int, ...]) -> Pixels:
    """Bring bytes of the analysis to the size of the picture, each ``step`` times over."""
    high, wide = small.shape
    if step > 1:
        # Several times as quick as resizing.
        wider = cv2.merge([small] * step).reshape(high, step * wide)
        small = np.repeat(wider, step, axis=0)
    return small[: shape[0], : shape[1]]
