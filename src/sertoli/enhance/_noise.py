"""Temporal noise: what does not move is averaged over the frames, what moves is left alone."""

from __future__ import annotations

import cv2
import numpy as np

from sertoli.enhance._enhanced import Floats, Mask, as_floats, highest_of, luma_of
from sertoli.enhance._motion import motion_to
from sertoli.frames import Pixels

FOLLOWED_SIDE_PX = 270
"""The camera's motion is measured on a picture of about this shorter side."""

LEAST_FRESH = 0.2
"""At full strength a still pixel takes at least this share from the newest frame."""

STILL, MOVED = 1.5, 4.0
"""Times the usual difference between two frames: below the first a place is still, above the
second it moved."""

LEAST_DIFFERENCE = 0.4
"""The usual difference is taken as no less than this (of 255): cameras count in whole levels."""

MOST_TURN = 0.004
"""A picture that turns (rad) or scales (share) by more than this is not merely shifted."""


class TemporalFilter:
    """Averages over frames along the camera's shift.

    Parameters
    ----------
    strength : float, 0 to 1
    """

    def __init__(self, strength: float) -> None:
        self._fresh = 1.0 - strength * (1.0 - LEAST_FRESH)
        self._history: Pixels | None = None
        self._followed: Floats | None = None
        self._left_over = np.zeros(2)

    def __call__(self, pixels: Pixels, small: Pixels, unreadable: Mask) -> Pixels:
        """Filter the next frame.

        Parameters
        ----------
        pixels : ndarray, (H, W) or (H, W, 3), uint8 or uint16
        small : ndarray
            The same at the size of the analysis.
        unreadable : ndarray, bool
            At that size too.

        Returns
        -------
        ndarray, as ``pixels``
        """
        followed, readable = _to_follow(small, unreadable)
        before, self._followed = self._followed, followed
        history, self._history = self._history, pixels
        if history is None or before is None:
            return pixels
        shift = self._shift(before, followed, readable, pixels.shape[0])
        if shift is None:
            return pixels
        history = _shifted(history, *shift)
        rate = self._rate(history, pixels, small)
        self._history = _blended(pixels, history, rate)
        return self._history

    def _shift(
        self, before: Floats, now: Floats, readable: Mask, height: int
    ) -> tuple[int, int] | None:
        """Return by how many whole px the picture moved since the last frame; None if unknown."""
        motion = motion_to(now, before, readable)
        if motion is None or np.abs(motion[:, :2] - np.eye(2)).max() > MOST_TURN:
            self._left_over = np.zeros(2)
            return None
        centre = np.array([now.shape[1], now.shape[0]]) / 2.0
        moved = motion[:, :2] @ centre + motion[:, 2] - centre
        # Fractions are carried over, or a slow drift would be lost.
        exact = self._left_over - moved * (height / now.shape[0])
        whole = np.rint(exact)
        self._left_over = exact - whole
        return int(whole[0]), int(whole[1])

    def _rate(self, history: Pixels, pixels: Pixels, small: Pixels) -> Floats:
        """Return each pixel's share of the newest frame."""
        height, width = small.shape[:2]
        old = history
        if old.shape[:2] != (height, width):
            old = cv2.resize(old, (width, height), interpolation=cv2.INTER_AREA)
        difference = as_floats(highest_of(np.asarray(cv2.absdiff(small, old))))
        difference = cv2.blur(difference, (5, 5))
        usual = max(LEAST_DIFFERENCE, float(np.median(difference[::4, ::4])))
        moved = ((difference / usual - STILL) / (MOVED - STILL)).clip(0.0, 1.0)
        rate = (self._fresh + (1.0 - self._fresh) * moved).astype(np.float32)
        # A glove's breadth around what moves is fresh as well.
        rate = cv2.dilate(rate, np.ones((3, 3), np.uint8))
        size = (pixels.shape[1], pixels.shape[0])
        return np.asarray(cv2.resize(rate, size, interpolation=cv2.INTER_LINEAR))


def _to_follow(small: Pixels, unreadable: Mask) -> tuple[Floats, Mask]:
    luma = luma_of(small)
    step = max(1, min(luma.shape) // FOLLOWED_SIDE_PX)
    size = (max(1, luma.shape[1] // step), max(1, luma.shape[0] // step))
    followed = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
    hidden = cv2.resize(unreadable.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    return as_floats(np.asarray(followed)), np.asarray(
        cv2.dilate(hidden, np.ones((5, 5), np.uint8)) == 0
    )


def _shifted(pixels: Pixels, right: int, down: int) -> Pixels:
    """Return the picture moved by whole px; what comes in from outside is its border."""
    if not (right or down):
        return pixels
    height, width = pixels.shape[:2]
    kept = pixels[max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)]
    return np.asarray(
        cv2.copyMakeBorder(
            kept,
            max(0, down),
            max(0, -down),
            max(0, right),
            max(0, -right),
            cv2.BORDER_REPLICATE,
        )
    )


def _blended(new: Pixels, old: Pixels, rate: Floats) -> Pixels:
    if new.dtype == np.uint8:
        return np.asarray(cv2.blendLinear(new, old, rate, np.subtract(np.float32(1.0), rate)))
    weight = rate if new.ndim == 2 else rate[..., None]
    mixed = old + (new.astype(np.float32) - old) * weight
    result: Pixels = np.rint(mixed).astype(new.dtype)
    return result
