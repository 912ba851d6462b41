"""Pictures of interlaced cameras, whose even and odd rows were taken one after the other.

Whatever swims is torn into combs: rows of the one moment between rows of the other. The network
finds heads better without, though it has learnt from some with combs. Where a picture is combed
its odd rows are made anew from the even ones, so that it shows one moment.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sertoli.frames import Pixels

MOST_ROWS = 1152
"""No interlaced camera gives taller pictures."""

TOOTH = 5.0
"""A tooth stands out from the rows on both sides by so many usual steps between columns, and
has a tooth of the other sign below it."""

LEAST_SHARE = 2e-4
LEAST_RATIO = 4.0
"""Teeth are so large a share of the picture, and so many times as frequent along columns as
along rows. In combed recordings of swimmers the share was 2e-3 and more, and over ten times."""

EVERY = 4
"""Only so many-th columns and rows are looked at: combs are many pixels wide."""

LEAST_STEP = 0.5 / 255
"""Of the full range: a picture without noise has no usual step."""


def without_combs(pixels: Pixels) -> Pixels:
    """Return a picture of one moment.

    Parameters
    ----------
    pixels : ndarray, (H, W) or (H, W, 3), uint8 or uint16

    Returns
    -------
    ndarray
        The same array if it is not combed, else one of its shape and type: the even rows,
        and between them cubic interpolation.
    """
    if not is_combed(pixels):
        return pixels
    even = pixels[::2].astype(np.float32)
    first, last = even[:1], even[-1:]
    above, below = even, np.concatenate((even[1:], last))
    further_up = np.concatenate((first, even[:-1]))
    further_down = np.concatenate((below[1:], last))
    between = (9 * (above + below) - further_up - further_down) / 16
    most = np.iinfo(pixels.dtype).max
    whole = pixels.copy()
    whole[1::2] = np.clip(np.rint(between), 0, most)[: len(whole[1::2])]
    return whole


def is_combed(pixels: Pixels) -> bool:
    """Tell whether what moves in a picture is torn into combs of alternate rows."""
    if not 8 <= pixels.shape[0] <= MOST_ROWS or pixels.shape[1] < 8:
        return False
    grey = pixels if pixels.ndim == 2 else pixels[..., 1]
    few = grey[:: 4 * EVERY].astype(np.float32)
    usual = float(np.median(np.abs(np.diff(few, axis=1))))
    step = TOOTH * (usual + LEAST_STEP * float(np.iinfo(pixels.dtype).max))
    combs = _teeth(grey[:, ::EVERY].astype(np.float32), step)
    if combs < LEAST_SHARE:
        return False
    return combs >= LEAST_RATIO * _teeth(grey[::EVERY].T.astype(np.float32), step)


def _teeth(lines: npt.NDArray[np.float32], step: float) -> float:
    """Return the share of pixels that stand out from both lines beside, as does the next."""
    before, own, after = lines[:-2], lines[1:-1], lines[2:]
    out = ((own - before) * (own - after) > step**2) & (np.abs(before - after) < step)
    return float(np.mean(out[:-1] & out[1:]))
