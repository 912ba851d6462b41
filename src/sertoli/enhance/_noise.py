"""Temporal noise: what does not move is averaged over the frames, what moves is left alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np

from sertoli.enhance._crew import Crew
from sertoli.enhance._enhanced import Mask, highest_of, luma_of
from sertoli.enhance._motion import Points, corners_in, shift_to
from sertoli.enhance._sizes import Halves, analysed
from sertoli.enhance._whole import Past
from sertoli.frames import Pixels

FOLLOWED_SIDE_PX = 135
"""The camera's motion is measured on a picture of about this shorter side."""

LEAST_FRESH = 0.2
"""At full strength a still pixel takes at least this share from the newest frame."""

FOLLOWED_POINTS = 50
"""So many corners tell the camera's shift."""

MOVED = 2.5
"""A place moved where two frames differ by more than so many times what they usually do. Where a
pixel is the mean of ``step`` px along each side, noise is less and edges are not: ``step ** 0.25``
times as much."""

HALVED_FROM = 4
"""From this step on the earlier picture is halved ahead of the next frame, for any shift."""

LEAST_DIFFERENCE = 0.4
"""The usual difference is taken as no less than this (of 255): cameras count in whole levels."""


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """What is remembered of the picture before.

    Parameters
    ----------
    pixels : ndarray
        Whole and filtered.
    halves : Halves or None
        The same half as large, where that saves time.
    followed : ndarray, (h, w) uint8
        In which the camera's motion is seen.
    corners : ndarray, (n, 1, 2), or None
        Of ``followed``.
    """

    pixels: Pixels
    halves: Halves | None
    followed: Pixels
    corners: Points | None

    @classmethod
    def of(cls, pixels: Pixels, followed: Pixels, unreadable: Mask, step: int) -> Self:
        halves = Halves(pixels) if step >= HALVED_FROM else None
        size = (followed.shape[1], followed.shape[0])
        hidden = cv2.resize(unreadable.view(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        readable = np.asarray(cv2.dilate(hidden, np.ones((5, 5), np.uint8)) == 0)
        return cls(pixels, halves, followed, corners_in(followed, readable, FOLLOWED_POINTS))

    def analysed(self, rows: slice, columns: slice, step: int, crew: Crew) -> Pixels:
        """Return a part at the size of the analysis."""
        if self.halves is None:
            return analysed(self.pixels[rows, columns], step, crew)
        return analysed(self.halves.part(rows, columns), step // 2, crew)


class TemporalFilter:
    """Averages over frames along the camera's shift.

    Parameters
    ----------
    strength : float, 0 to 1
    crew : Crew
    """

    def __init__(self, strength: float, crew: Crew) -> None:
        self._crew = crew
        self._fresh = 1.0 - strength * (1.0 - LEAST_FRESH)
        self._kept: Callable[[], _Kept] | None = None
        self._left_over = np.zeros(2)

    def __call__(
        self, shape: tuple[int, ...], small: Pixels, step: int
    ) -> tuple[Past | None, Pixels]:
        """Find what the frames before add to the next one; `keep` it afterwards.

        Parameters
        ----------
        shape : tuple of int
            Of the whole picture.
        small : ndarray, (h, w) or (h, w, 3), uint8
            The picture at the size of the analysis: ``step`` px along each side are one.
        step : int

        Returns
        -------
        past : Past or None
            For the whole picture; None where it is not known how it lies over the last one.
        small : ndarray
            Filtered.
        """
        self._followed = _to_follow(luma_of(small))
        if self._kept is None:
            return None, small
        kept = self._kept()
        shift = self._shift(kept, self._followed, small.shape[0] * step)
        if shift is None:
            return None, small
        rows, old_rows = _common(shape[0], shift[1], step)
        columns, old_columns = _common(shape[1], shift[0], step)
        old = kept.pixels[old_rows, old_columns]
        if old.size == 0:
            return None, small
        old_small = kept.analysed(old_rows, old_columns, step, self._crew)
        inner = (_divided(rows, step), _divided(columns, step))
        moved = _moved(old_small, small[inner], step)
        fresh = small[inner]
        mixed = cv2.addWeighted(fresh, self._fresh, old_small, 1.0 - self._fresh, 0.0)
        small = small.copy()
        small[inner] = cv2.copyTo(fresh, moved, mixed)
        return Past(old, rows, columns, self._fresh, moved), small

    def keep(self, averaged: Pixels, unreadable: Mask, step: int) -> None:
        """Remember the picture that was filtered last, and prepare for the next meanwhile.

        Parameters
        ----------
        averaged : ndarray, (H, W) or (H, W, 3)
            Whole and filtered; nobody may change it before the next is kept.
        unreadable : ndarray, (h, w) bool
            At the size of the analysis.
        step : int
        """
        followed = self._followed
        self._kept = self._crew.begin(lambda: _Kept.of(averaged, followed, unreadable, step))

    def _shift(self, kept: _Kept, now: Pixels, height: int) -> tuple[int, int] | None:
        """Return by how many whole px the picture moved since the last frame; None if unknown."""
        moved = None if kept.corners is None else shift_to(kept.followed, kept.corners, now)
        if moved is None:
            self._left_over = np.zeros(2)
            return None
        # Fractions are carried over, or a slow drift would be lost.
        exact = self._left_over + moved * (height / now.shape[0])
        whole = np.rint(exact)
        self._left_over = exact - whole
        return int(whole[0]), int(whole[1])


def _to_follow(luma: Pixels) -> Pixels:
    step = max(1, min(luma.shape) // FOLLOWED_SIDE_PX)
    size = (max(1, luma.shape[1] // step), max(1, luma.shape[0] // step))
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA))


def _common(length: int, shift: int, step: int) -> tuple[slice, slice]:
    """Return the part of a side that the new picture shares with the old, in px of either.

    In the new one it begins and ends with a pixel of the picture that is ``step`` times smaller.
    """
    first = -(-max(0, shift) // step) * step
    last = max(first, min(length, length + shift) // step * step)
    return slice(first, last), slice(first - shift, last - shift)


def _divided(part: slice, step: int) -> slice:
    return slice(part.start // step, part.stop // step)


def _moved(old: Pixels, new: Pixels, step: int) -> Pixels:
    """Mark what differs by more than noise does: 255, and 0 elsewhere."""
    side = 5 if step == 1 else 3
    difference = highest_of(np.asarray(cv2.absdiff(new, old)))
    # Sums, not means: whole levels would be too coarse.
    around = cv2.boxFilter(difference, cv2.CV_16U, (side, side), normalize=False)
    usual = max(LEAST_DIFFERENCE * side * side, float(np.median(around[::4, ::4])))
    moved = cv2.compare(around, MOVED * step**0.25 * usual, cv2.CMP_GT)
    # A glove's breadth around what moves is fresh as well.
    return np.asarray(cv2.dilate(moved, np.ones((3, 3), np.uint8)))
