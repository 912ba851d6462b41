"""Local contrast without halos: what stands out a little from its surroundings stands out more."""

from __future__ import annotations

import cv2
import numpy as np

from sertoli.enhance._enhanced import Floats, Mask
from sertoli.frames import Pixels

SURROUNDINGS = 20
"""The surroundings reach as far as the picture's shorter side divided by this."""

BASE_SIDE_PX = 128
"""The surroundings are measured in a picture of at least this shorter side, or in the whole."""

EDGE_LEVELS = 22.0
"""A step of more grey levels than this is an edge, and stays as strong as it is."""

NOISE_LEVELS = 2.0
"""Differences as small as this are mostly noise, and are raised less."""

GRAIN_PX = 0.8
"""Standard deviation of the blur that takes the grain out of what is raised."""

MOST_GAIN = 1.6
"""At full strength a difference from the surroundings grows by at most this share of itself."""

MOST_CHANGE = 36.0
"""No pixel changes by more grey levels than this (of 255)."""


def contrast_change(luma: Pixels, strength: float, unreadable: Mask, step: int = 1) -> Floats:
    """Return what to add to a picture's luminance to raise its local contrast.

    The picture is split into a base, which follows strong edges, and what deviates from it
    (the guided filter: He, Sun and Tang 2013, *IEEE Transactions on Pattern Analysis and Machine
    Intelligence* 35:1397; its coefficients at a lower resolution: He and Sun 2015,
    arXiv:1505.00996); the deviation is amplified. Because the base follows edges there is no
    halo beside them.

    Parameters
    ----------
    luma : ndarray, (H, W) uint8
    strength : float, 0 to 1
    unreadable : ndarray, (H, W) bool
        Left out of what the surroundings are.
    step : int
        A pixel here is the mean of so many along each side: the more, the less grain is left.

    Returns
    -------
    ndarray, (H, W) float32
        In grey levels, within plus and minus `MOST_CHANGE`.
    """
    height, width = luma.shape
    coarser = max(1, min(height, width) // BASE_SIDE_PX)
    size = (max(1, width // coarser), max(1, height // coarser))
    readable = np.asarray(~unreadable, dtype=np.bool_).view(np.uint8) * np.uint8(255)
    weight = cv2.resize(readable, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    weight += np.float32(0.25)
    values = luma.astype(np.float32)
    small = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    # Of the square, too: what varies within a cell of the small picture counts as variance.
    square = cv2.resize(values * values, size, interpolation=cv2.INTER_AREA)
    reach = max(1, min(size) // SURROUNDINGS)
    box = (2 * reach + 1, 2 * reach + 1)

    def mean(values: Floats) -> Floats:
        return np.asarray(cv2.blur(values * weight, box) / norm, dtype=np.float32)

    norm = cv2.blur(weight, box)
    average = mean(small)
    variance = (mean(square) - average * average).clip(0.0)
    share = variance / (variance + np.float32(EDGE_LEVELS**2))
    gain = np.float32(MOST_GAIN * strength) * variance / (variance + np.float32(NOISE_LEVELS**2))
    slope = cv2.blur(gain * (1.0 - share), box)
    offset = cv2.blur(gain * (1.0 - share) * average, box)
    slope = cv2.resize(slope, (width, height), interpolation=cv2.INTER_LINEAR)
    offset = cv2.resize(offset, (width, height), interpolation=cv2.INTER_LINEAR)
    # Grain of single pixels is noise: it is left as it is, not raised.
    grainless = luma if step > 1 else cv2.GaussianBlur(luma, (0, 0), GRAIN_PX)
    # In place: fresh memory costs more than the sums.
    change: Floats = np.multiply(grainless, slope, out=slope)
    change -= offset
    # Bends towards the limit instead of stopping at it.
    bend: Floats = np.abs(change, out=offset)
    bend *= np.float32(1.0 / MOST_CHANGE)
    bend += np.float32(1.0)
    change /= bend
    return change
