"""Temporal noise: what does not move is averaged over the frames, what moves is left alone."""

from __future__ import annotations

import cv2
import numpy as np

from sertoli.enhance._enhanced import Mask, as_bytes, highest_of, luma_of
from sertoli.enhance._motion import motion_to
from sertoli.frames import Pixels

FOLLOWED_SIDE_PX = 270
"""The camera's motion is measured on a picture of about this shorter side."""

LEAST_FRESH = 0.2
"""At full strength a still pixel takes at least this share from the newest frame."""

FOLLOWED_POINTS = 80
"""So many corners tell the camera's shift."""

MOVED = 2.5
"""A place moved where two frames differ by more than so many times what they usually do."""

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
        self._followed: Pixels | None = None
        self._left_over = np.zeros(2)

    def __call__(self, pixels: Pixels, small: Pixels, unreadable: Mask) -> tuple[Pixels, Pixels]:
        """Filter the next frame.

        Parameters
        ----------
        pixels : ndarray, (H, W) or (H, W, 3), uint8 or uint16
        small : ndarray, uint8
            The same at the size of the analysis: whole, or half (rounded up) along each side.
        unreadable : ndarray, bool
            At that size too.

        Returns
        -------
        pixels, small : ndarray
            Both filtered.
        """
        followed, readable = _to_follow(small, unreadable)
        before, self._followed = self._followed, followed
        history, self._history = self._history, pixels
        if history is None or before is None:
            return pixels, small
        shift = self._shift(before, followed, readable, pixels.shape[0])
        if shift is None:
            return pixels, small
        step = 1 if small.shape == pixels.shape else 2
        rows, old_rows = _common(pixels.shape[0], shift[1], step)
        columns, old_columns = _common(pixels.shape[1], shift[0], step)
        old = history[old_rows, old_columns]
        if old.size == 0:
            return pixels, small
        size = (old.shape[1] // step, old.shape[0] // step)
        old_small = as_bytes(np.asarray(cv2.resize(old, size, interpolation=cv2.INTER_AREA)))
        inner = (_divided(rows, step), _divided(columns, step))
        moved = _moved(old_small, small[inner])
        small = self._blended(small, old_small, inner, moved)
        if step == 2:
            moved = np.asarray(cv2.resize(moved, (old.shape[1], old.shape[0])))
        self._history = self._blended(pixels, old, (rows, columns), moved)
        return self._history, small

    def _blended(
        self, new: Pixels, old: Pixels, part: tuple[slice, slice], moved: Pixels
    ) -> Pixels:
        """Return the new picture, with the old in it in the part that both show."""
        result = new.copy()
        shared = result[part]
        cv2.addWeighted(new[part], self._fresh, old, 1.0 - self._fresh, 0.0, shared)
        cv2.copyTo(new[part], moved, shared)
        return result

    def _shift(
        self, before: Pixels, now: Pixels, readable: Mask, height: int
    ) -> tuple[int, int] | None:
        """Return by how many whole px the picture moved since the last frame; None if unknown."""
        motion = motion_to(now, before, readable, FOLLOWED_POINTS)
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


def _to_follow(small: Pixels, unreadable: Mask) -> tuple[Pixels, Mask]:
    luma = luma_of(small)
    step = max(1, min(luma.shape) // FOLLOWED_SIDE_PX)
    size = (max(1, luma.shape[1] // step), max(1, luma.shape[0] // step))
    followed = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
    hidden = cv2.resize(unreadable.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    return np.asarray(followed), np.asarray(cv2.dilate(hidden, np.ones((5, 5), np.uint8)) == 0)


def _common(length: int, shift: int, step: int) -> tuple[slice, slice]:
    """Return the part of a side that the new picture shares with the old, in px of either.

    In the new one it begins and ends with a pixel of the picture that is ``step`` times smaller.
    """
    first = -(-max(0, shift) // step) * step
    last = max(first, min(length, length + shift) // step * step)
    return slice(first, last), slice(first - shift, last - shift)


def _divided(part: slice, step: int) -> slice:
    return slice(part.start // step, part.stop // step)


def _moved(old: Pixels, new: Pixels) -> Pixels:
    """Mark what differs by more than noise does: 255, and 0 elsewhere."""
    side = 5
    difference = highest_of(np.asarray(cv2.absdiff(new, old)))
    # Sums, not means: whole levels would be too coarse.
    around = cv2.boxFilter(difference, cv2.CV_16U, (side, side), normalize=False)
    usual = max(LEAST_DIFFERENCE * side * side, float(np.median(around[::8, ::8])))
    moved = cv2.compare(around, MOVED * usual, cv2.CMP_GT)
    # A glove's breadth around what moves is fresh as well.
    return np.asarray(cv2.dilate(moved, np.ones((3, 3), np.uint8)))
