"""Pictures at the size of the analysis, whose pixels are 1, 2, 4 or 8 px along each side."""

from __future__ import annotations

import cv2
import numpy as np

from sertoli.enhance._crew import Crew
from sertoli.enhance._enhanced import Mask, as_bytes
from sertoli.frames import Pixels


def analysed(pixels: Pixels, step: int, crew: Crew) -> Pixels:
    """Return the picture as bytes, made smaller ``step`` times along each side.

    A pixel of it is the mean of ``step`` times ``step`` px; both sides are multiples of the step.
    """
    # By halves: far quicker than at once.
    if step > 1:
        pixels, step = _halved_by(crew, pixels), step // 2
    while step > 1:
        pixels, step = halved(pixels), step // 2
    return as_bytes(pixels)


def _halved_by(crew: Crew, pixels: Pixels) -> Pixels:
    height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
    half = np.empty((height, width, *pixels.shape[2:]), pixels.dtype)

    def work(rows: slice) -> None:
        half[rows] = halved(pixels[2 * rows.start : 2 * rows.stop])

    middle = height // 2
    parts = [slice(0, middle), slice(middle, height)] if middle else [slice(0, height)]
    crew.begin_parts(work, parts)()
    return half


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


class Halves:
    """A picture half as large, of which parts that begin at any px are soon had.

    Parameters
    ----------
    pixels : ndarray, (H, W) or (H, W, 3), uint8 or uint16
    """

    def __init__(self, pixels: Pixels) -> None:
        even = halved(extended(pixels, 2))
        right = _between(even[:, :-1], even[:, 1:])
        # By whether the first row and the first column are odd.
        self._halves = {
            (0, 0): even,
            (0, 1): right,
            (1, 0): _between(even[:-1], even[1:]),
            (1, 1): _between(right[:-1], right[1:]),
        }

    def part(self, rows: slice, columns: slice) -> Pixels:
        """Return a part half as large.

        Parameters
        ----------
        rows, columns : slice
            In px of the picture, an even number each.

        Returns
        -------
        ndarray
            Means of two by two px, or along a side that begins at an odd px, of two such means.
        """
        inner = tuple(
            slice(part.start // 2, part.start // 2 + (part.stop - part.start) // 2)
            for part in (rows, columns)
        )
        return self._halves[rows.start % 2, columns.start % 2][inner]


def _between(one: Pixels, other: Pixels) -> Pixels:
    if one.size == 0:
        return one
    return np.asarray(cv2.addWeighted(one, 0.5, other, 0.5, 0.0))


def any_of_four(mask: Mask) -> Mask:
    """Return the mask half as large: True where one of the four was; its sides are even."""
    pairs = np.ascontiguousarray(mask[::2] | mask[1::2])
    return np.asarray(pairs.view(np.uint16) != 0)


def magnified(small: Pixels, step: int, rows: slice, width: int) -> Pixels:
    """Bring bytes of the analysis to the size of the picture, in between; only these rows of it."""
    if step > 1:
        first = max(0, rows.start // step - 1)
        part = small[first : -(-rows.stop // step) + 1]
        size = (part.shape[1] * step, part.shape[0] * step)
        small = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_LINEAR))
        rows = slice(rows.start - first * step, rows.stop - first * step)
    return small[rows, :width]


def repeated(small: Pixels, step: int, rows: slice, width: int) -> Pixels:
    """Bring bytes of the analysis to the size of the picture, as they are; only these rows."""
    if step > 1:
        first = rows.start // step
        part = small[first : -(-rows.stop // step)]
        # Several times as quick as resizing.
        wider = cv2.merge([part] * step).reshape(len(part), step * small.shape[1])
        small = np.repeat(wider, step, axis=0)
        rows = slice(rows.start - first * step, rows.stop - first * step)
    return small[rows, :width]
