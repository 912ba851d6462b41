"""The colour of the lamp, read from the wet tissue's reflections of it."""

from __future__ import annotations

import cv2
import numpy as np

from sertoli.enhance._enhanced import Floats, Mask, extremes_of
from sertoli.frames import Pixels

NEUTRAL: Floats = np.ones(3, dtype=np.float32)
"""Factors that change nothing."""

GAMMA = 2.2
"""Cameras store about the 1/2.2-th power of light; reflections add up in light."""

MOST_GAIN = 1.35
"""A cast is taken out by no more than this factor between two channels."""

HALF_EVIDENCE_PX = 25.0
"""From so many px of rims half of the cast is believed, from many times as many all of it."""

FRAMES = 15.0
"""The lamp's colour follows over about so many frames: it drifts, it does not jump."""

LEARN_EVERY = 4
"""The lamp is read from every so many frames."""

_USABLE = (40, 245)

_LIGHT = ((np.arange(256) / 255.0) ** GAMMA).astype(np.float32)
"""The light that a stored byte stands for."""


class WhiteBalance:
    """Factors that make the lamp neutral, followed over the frames.

    What glare adds to the tissue under it has the colour of the lamp (dichromatic reflection:
    Shafer 1985; Lee 1986, *Journal of the Optical Society of America A* 3:1694). At the rims of
    the streaks the sensor is not full, and the difference to the tissue beside them is that
    colour. The average colour of the picture is not used: tissue *is* yellow and red, and would
    be turned grey by it. Without streaks nothing is changed.
    """

    def __init__(self) -> None:
        self._lamp = np.zeros(3)
        self._weight = 0.0
        self._frames = 0
        self._gains = NEUTRAL

    def update(self, pixels: Pixels, glare: Mask) -> Floats:
        """Learn from a frame and return the factors for its stored values.

        Parameters
        ----------
        pixels : ndarray, (H, W, 3) RGB, uint8
        glare : ndarray, (H, W) bool
            From `glare_mask`.

        Returns
        -------
        ndarray, (3,) float32
            Luminance is kept: the factors' mean, weighted as in luminance, is 1. `NEUTRAL`
            itself while nothing is known.
        """
        if self._frames % LEARN_EVERY == 0:
            added, weight = _reflected(pixels, glare)
            keep = 1.0 - LEARN_EVERY / FRAMES if self._weight else 0.0
            self._lamp = keep * self._lamp + added
            self._weight = keep * self._weight + weight
            self._gains = self._neutralising()
        self._frames += 1
        return self._gains

    def _neutralising(self) -> Floats:
        if self._weight <= 0.0 or self._lamp.min() <= 0.0:
            return NEUTRAL
        lamp = self._lamp / self._lamp.mean()
        belief = self._weight / (self._weight + HALF_EVIDENCE_PX)
        gains = lamp ** (-belief / GAMMA)
        gains = gains / np.exp(np.log(gains).mean())
        limit = MOST_GAIN**0.5
        gains = gains.clip(1.0 / limit, limit)
        gains /= float(gains @ np.array([0.299, 0.587, 0.114]))
        result: Floats = gains.astype(np.float32)
        return result


def _reflected(pixels: Pixels, glare: Mask) -> tuple[np.ndarray, float]:
    """Return the light that glare adds, summed over the streaks' rims, and how many px spoke."""
    # Streaks are everywhere: every second pixel along each side says enough of a large picture.
    step = 2 if min(glare.shape) >= 400 else 1
    glare = glare[::step, ::step]
    if not glare.any():
        return np.zeros(3), 0.0
    values = np.ascontiguousarray(pixels[::step, ::step])
    near = cv2.dilate(glare.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    beside = (near & ~glare).astype(np.float32)
    light = cv2.LUT(values, _LIGHT)
    norm = cv2.blur(beside, (15, 15)) + np.float32(1e-6)
    around = cv2.blur(light * cv2.merge([beside] * 3), (15, 15))
    lowest, highest = extremes_of(values)
    usable = glare & (highest < _USABLE[1]) & (lowest > _USABLE[0])
    usable &= norm > 0.02
    added = light[usable] - around[usable] / norm[usable][:, None]
    added = added[(added > 0.01).all(axis=1)]
    if len(added) == 0:
        return np.zeros(3), 0.0
    return added.sum(axis=0), float(len(added))
