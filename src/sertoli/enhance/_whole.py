"""The arithmetic on whole pictures: each strip while it is at hand, several strips at a time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from sertoli.enhance._crew import Crew
from sertoli.enhance._enhanced import Floats, full_scale
from sertoli.enhance._sizes import magnified, repeated
from sertoli.frames import Pixels

NO_CHANGE = 128
"""The level that stands for no change where a change is held in bytes."""

MOST_SHOWN = 3
"""So many pictures that were given away are remembered, in case their memory becomes free."""

UNSEEN = 2
"""References to a picture that only the list of those shown holds: its own, and the question's."""

STRIP_BYTES = 1 << 20
"""What is done to a strip does not go back to main memory between one sum and the next."""


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What an earlier picture adds to a new one.

    Parameters
    ----------
    pixels : ndarray, (h, w) or (h, w, 3)
        The part of the earlier picture that the new one shows too; same type as the new.
    rows, columns : slice
        Where that part lies in the new picture.
    fresh : float
        Share of the new picture.
    moved : ndarray, uint8
        Where it is not 0 only the new picture counts; at the size of the analysis.
    """

    pixels: Pixels
    rows: slice
    columns: slice
    fresh: float
    moved: Pixels


class WholePicture:
    """Averages, balances and changes whole pictures.

    All of it is done pixel by pixel, so it does not matter where a strip ends.

    Parameters
    ----------
    crew : Crew
    """

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        # Fresh memory costs as much as a sum. The past lies in one, so the next goes to the other.
        self._averaged: list[Pixels | None] = [None, None]
        self._shown: list[Pixels] = []

    def average(self, pixels: Pixels, step: int, past: Past | None) -> Callable[[], Pixels]:
        """Begin to average a picture with the past.

        Parameters
        ----------
        pixels : ndarray, (H, W) or (H, W, 3), uint8 or uint16
        step : int
            So many px along each side are one px of the analysis.
        past : Past or None
            None leaves the picture as it is.

        Returns
        -------
        callable
            Gives the average once it is done; it stays as it is until the second call from now.
        """
        if past is None:
            return lambda: pixels
        averaged = self._memory(pixels)

        def work(rows: slice) -> None:
            _average(averaged[rows], pixels[rows], rows, past, step)

        finish = self._crew.begin_parts(work, _strips(pixels))

        def finished() -> Pixels:
            finish()
            return averaged

        return finished

    def changed(
        self, pixels: Pixels, step: int, gains: Floats | None, change: Pixels | None
    ) -> Pixels:
        """Balance and change a picture.

        Parameters
        ----------
        pixels : ndarray, (H, W) or (H, W, 3), uint8 or uint16
        step : int
        gains : ndarray, (3,) float32, optional
            Factors of the channels.
        change : ndarray, uint8, optional
            `NO_CHANGE` and what to add to every channel, of 255; at the size of the analysis.

        Returns
        -------
        ndarray
            Memory of its own.
        """
        factors = None if gains is None else np.diag(gains)
        changed = self._free(pixels)

        def work(rows: slice) -> None:
            balanced = pixels[rows]
            if factors is not None:
                balanced = np.asarray(cv2.transform(balanced, factors))
            if change is not None:
                _change(changed[rows], balanced, magnified(change, step, rows, pixels.shape[1]))
            else:
                np.copyto(changed[rows], balanced)

        self._crew.begin_parts(work, _strips(pixels))()
        return changed

    def _free(self, like: Pixels) -> Pixels:
        """Return memory for a picture; what was shown before and nobody looks at is used again."""
        if self._shown and not _is_alike(self._shown[0], like):
            self._shown.clear()
        # by index: a name for it would count as somebody who looks
        for place in range(len(self._shown)):
            if sys.getrefcount(self._shown[place]) == UNSEEN:
                return self._shown[place]
        memory = np.empty_like(like)
        if len(self._shown) < MOST_SHOWN:
            self._shown.append(memory)
        return memory

    def _memory(self, like: Pixels) -> Pixels:
        memory, kept = self._averaged
        if memory is None or not _is_alike(memory, like):
            memory = np.empty_like(like)
        self._averaged = [kept, memory]
        return memory


def _is_alike(one: Pixels, other: Pixels) -> bool:
    return one.shape == other.shape and one.dtype == other.dtype


def _strips(pixels: Pixels) -> list[slice]:
    height = pixels.shape[0]
    deep = max(1, STRIP_BYTES * height // pixels.nbytes)
    return [slice(top, min(top + deep, height)) for top in range(0, height, deep)]


def _average(averaged: Pixels, new: Pixels, rows: slice, past: Past, step: int) -> None:
    """Write the new strip, with the past in it in the part that both show."""
    first, last = max(rows.start, past.rows.start), min(rows.stop, past.rows.stop)
    if first >= last:
        np.copyto(averaged, new)
        return
    top, bottom = first - rows.start, last - rows.start
    left, right = past.columns.start, past.columns.stop
    for beside in (np.s_[:top], np.s_[bottom:], np.s_[:, :left], np.s_[:, right:]):
        averaged[beside] = new[beside]
    here = np.s_[top:bottom, left:right]
    there = slice(first - past.rows.start, last - past.rows.start)
    shared, fresh = averaged[here], new[here]
    cv2.addWeighted(fresh, past.fresh, past.pixels[there], 1.0 - past.fresh, 0.0, shared)
    if past.moved[there.start // step : -(-there.stop // step)].any():
        cv2.copyTo(fresh, repeated(past.moved, step, there, right - left), shared)


def _change(changed: Pixels, strip: Pixels, change: Pixels) -> None:
    """Write the strip with `WholePicture`'s change, limited to the type's range."""
    more, less = cv2.subtract(change, NO_CHANGE), cv2.subtract(NO_CHANGE, change)
    level = int(full_scale(strip)) // 255
    if level != 1:
        more, less = (
            values.astype(strip.dtype) * strip.dtype.type(level) for values in (more, less)
        )
    if strip.ndim == 3:
        more, less = (cv2.cvtColor(values, cv2.COLOR_GRAY2RGB) for values in (more, less))
    # Sums that stop at the type's limits are several times as quick as weighted ones.
    cv2.add(strip, more, changed)
    cv2.subtract(changed, less, changed)
