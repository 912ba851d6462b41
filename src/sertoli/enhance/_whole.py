"""The arithmetic on whole pictures: each strip while it is at hand, several strips at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np

from sertoli.enhance._enhanced import Floats, full_scale
from sertoli.frames import Pixels

NO_CHANGE = 128
"""The level that stands for no change where a change is held in bytes."""

STRIP_BYTES = 1 << 19
"""A strip of the picture and what is added to it fit a core's own memory."""


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
    moved : ndarray, (h, w) uint8
        Where it is not 0 only the new picture counts.
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
    pool : ThreadPoolExecutor
        OpenCV lets go of the interpreter, so threads do share the work.
    """

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    def __call__(
        self, pixels: Pixels, past: Past | None, gains: Floats | None, change: Pixels | None
    ) -> tuple[Pixels, Pixels]:
        """Work on one picture.

        Parameters
        ----------
        pixels : ndarray, (H, W) or (H, W, 3), uint8 or uint16
        past : Past, optional
        gains : ndarray, (3,) float32, optional
            Factors of the channels.
        change : ndarray, (H, W) uint8, optional
            `NO_CHANGE` and what to add to every channel, of 255.

        Returns
        -------
        averaged, changed : ndarray
            With the past, and with everything. Without anything to do, the picture itself.
        """
        averaged = pixels if past is None else np.empty_like(pixels)
        changed = averaged if gains is None and change is None else np.empty_like(pixels)
        factors = None if gains is None else np.diag(gains)

        def work(rows: slice) -> None:
            if past is not None:
                _average(averaged[rows], pixels[rows], rows, past)
            balanced = averaged[rows]
            if factors is not None:
                into = changed[rows] if change is None else None
                balanced = np.asarray(cv2.transform(balanced, factors, into))
            if change is not None:
                _change(changed[rows], balanced, change[rows])

        height = pixels.shape[0]
        deep = max(1, STRIP_BYTES * height // pixels.nbytes)
        strips = [slice(top, min(top + deep, height)) for top in range(0, height, deep)]
        if len(strips) == 1:
            work(strips[0])
        else:
            list(self._pool.map(work, strips))
        return averaged, changed


def _average(averaged: Pixels, new: Pixels, rows: slice, past: Past) -> None:
    """Write the new strip, with the past in it in the part that both show."""
    np.copyto(averaged, new)
    first, last = max(rows.start, past.rows.start), min(rows.stop, past.rows.stop)
    if first >= last:
        return
    here = (slice(first - rows.start, last - rows.start), past.columns)
    there = slice(first - past.rows.start, last - past.rows.start)
    shared, fresh = averaged[here], new[here]
    cv2.addWeighted(fresh, past.fresh, past.pixels[there], 1.0 - past.fresh, 0.0, shared)
    cv2.copyTo(fresh, past.moved[there], shared)


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
