"""How opaque a tubule is beside those around it, read from its colour.

Lamp, vignetting and films of irrigation change over many tubules, so a tubule is compared with
what is seen of tubules around it, not with the whole picture. Opaque ones are whiter: brighter,
most of all in blue. The network says how opaque the picture is as a whole.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

WEIGHTS = np.array((-0.23, 0.01, 0.79))
"""Opacity per difference of the natural logarithm of the stored red, green and blue. Fitted by
``python -m training.tubules.opacity`` on simulated looks other than `flooded`."""

CORE_HEAT = 0.3
"""Colour is read where the heat of a centreline is above this: the middle of a tubule."""

CORE_DIAMETERS, AROUND_DIAMETERS = 0.15, 6.0
"""The colour of a place and of those around: means weighted by the distance (standard deviation)
over the middles of tubules."""

COARSE = 8
"""What lies around is averaged over cells so many times as large."""

LEAST_SHARE = 0.01

DARKEST, FULL = 0.08, 0.95
"""Stored values (of 1) below the first are held there; cells with no channel below the second
show the lamp."""


def opacity_of(
    colour: npt.NDArray[np.float32],
    heat: Floats,
    diameter: Floats,
    unreadable: Bools,
    level: Floats,
) -> Floats:
    """Return the opacity, 0 clear to 1 white, at each cell; it counts on centrelines.

    Parameters
    ----------
    colour : ndarray, (h, w, 3) float32
        RGB of each cell, 0 to 1.
    heat, diameter : ndarray, (h, w)
        Of the centreline, 0 to 1; in cells.
    unreadable : ndarray, (h, w) bool
    level : ndarray, (h, w)
        Opacity as the network says it: right in the median, poor from tubule to tubule.
    """
    on = heat > 0.5
    if not on.any():
        return np.clip(level, 0, 1)
    more = contrast(colour, heat, float(np.median(diameter[on])), unreadable) @ WEIGHTS
    return np.asarray(np.clip(np.median(level[on]) + more, 0, 1), np.float64)


def contrast(
    colour: npt.NDArray[np.float32], heat: Floats, diameter: float, unreadable: Bools
) -> Floats:
    """Return by how much the logarithms of red, green and blue differ from those around.

    Parameters
    ----------
    colour, heat, unreadable
        As in `opacity_of`.
    diameter : float
        Of a typical tubule, in cells.

    Returns
    -------
    ndarray, (h, w, 3) float64
    """
    core = (heat > CORE_HEAT) & ~unreadable & (colour.min(axis=2) < FULL)
    weight = core.astype(np.float32)
    tone = np.log(np.maximum(colour, DARKEST))
    # the last channel is the weight itself: what is averaged is divided by it
    weighted = np.dstack((tone * weight[..., None], weight))
    own = cv2.GaussianBlur(weighted, (0, 0), max(0.3, CORE_DIAMETERS * diameter))
    rows, columns = heat.shape
    small = (max(1, columns // COARSE), max(1, rows // COARSE))
    coarse = cv2.resize(weighted, small, interpolation=cv2.INTER_AREA)
    coarse = cv2.GaussianBlur(coarse, (0, 0), max(0.3, AROUND_DIAMETERS * diameter / COARSE))
    around = cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_LINEAR)
    difference = _mean(own) - _mean(around)
    # where no middle is to be read a tubule is taken to be as those around
    difference[own[..., 3] < LEAST_SHARE] = 0.0
    return np.asarray(difference, np.float64)


def _mean(weighted: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the colour behind a weighted sum of colours and the sum of weights."""
    return np.asarray(weighted[..., :3] / np.maximum(weighted[..., 3:], 1e-6))
