"""Which simulated heads can be told from their surroundings at all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

LEAST = 2.2
"""Heads below this are neither to be found nor to be unlearnt: a network that must name
what nobody could see learns to guess, and lights up on every speck."""

_INSIDE, _AROUND = 0.8, 1.5
"""Inside: within so many half-axes of the box's ellipse. Around: beyond so many."""

_GREY_STEP = 0.7
"""About the deviation that rounding to whole grey levels leaves in the flattest picture."""


def visibility(pixels: npt.NDArray[np.uint8], box_px: Floats) -> float:
    """Return how much a head differs from what lies around it.

    The larger of two ratios: mean difference over the robust deviation of the
    surroundings (a dark or bright head), and quadratic mean over quadratic mean (a head in
    relief, half dark, half bright).

    Parameters
    ----------
    pixels : ndarray, (H, W) uint8
    box_px : ndarray, (4,)
        x, y, width, height.

    Returns
    -------
    float
        Infinite where there are no surroundings to compare with.
    """
    x, y, w, h = (float(value) for value in box_px)
    high, wide = pixels.shape
    left, right = max(0, int(x - w)), min(wide, int(x + 2 * w) + 1)
    top, bottom = max(0, int(y - h)), min(high, int(y + 2 * h) + 1)
    across = (np.arange(left, right, dtype=np.float32) + 0.5 - x - w / 2) / (w / 2)
    down = (np.arange(top, bottom, dtype=np.float32) + 0.5 - y - h / 2) / (h / 2)
    away = across[None] ** 2 + down[:, None] ** 2
    patch = pixels[top:bottom, left:right].astype(np.float32)
    inside, around = patch[away < _INSIDE**2], np.sort(patch[away > _AROUND**2])
    count = len(around)
    if len(inside) < 3 or count < 8:
        return float("inf")
    middle = around[count // 2]
    deviation = 1.4826 * np.sort(np.abs(around - middle))[count // 2] + _GREY_STEP
    tone = abs(float(inside.mean() - middle)) / deviation
    # without the outermost twentieth on either side: a neighbour's halo is no unrest
    calm = around[count // 20 : count - count // 20] - middle
    unrest = float(calm @ calm) / len(calm) + _GREY_STEP**2
    contrast = inside - middle
    relief = np.sqrt(float(contrast @ contrast) / len(inside) / unrest)
    return float(max(tone, relief))
