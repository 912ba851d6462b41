"""What the network should say about a crop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.sperm.scenes import SPERM

Floats = npt.NDArray[np.float32]

STRIDE_PX = 4
BASE_SIZE_PX = 16.0

SMALLEST_PX = 4.5
LARGEST_PX = 34.0
"""Heads outside this range of sides (geometric mean) are don't-care."""

TOO_LARGE_PX = 44.0
"""Heads beyond this are background: at that scale the picture is not to be searched."""

SPREAD_SHARE = 0.16
MIN_SPREAD_CELLS = 0.65
"""Standard deviation of the heat bump: share of the side, at least so many cells."""


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """Targets on the grid of cells, side s.

    Parameters
    ----------
    heat : ndarray, (s, s) float32
        1 at the cell that holds a centre, falling off around it.
    care : ndarray, (s, s) float32
        0 where the loss must not look.
    shape : ndarray, (4, s, s) float32
        Log width, log height, x and y within the cell, at centre cells.
    """

    heat: Floats
    care: Floats
    shape: Floats


def target(boxes: Floats, kinds: npt.NDArray[np.int8], side_px: int) -> Target:
    """Draw the targets of one crop.

    Parameters
    ----------
    boxes : ndarray, (N, 4) float32
        COCO, in the crop's px.
    kinds : ndarray, (N,) int8
    side_px : int
    """
    cells = side_px // STRIDE_PX
    heat = np.zeros((cells, cells), np.float32)
    care = np.ones((cells, cells), np.float32)
    shape = np.zeros((4, cells, cells), np.float32)
    yy, xx = np.mgrid[:cells, :cells].astype(np.float32)
    for (x, y, w, h), kind in zip(boxes.tolist(), kinds.tolist(), strict=True):
        side = float(np.sqrt(w * h))
        if kind == SPERM and side > TOO_LARGE_PX:
            continue
        if kind != SPERM or not SMALLEST_PX <= side <= LARGEST_PX:
            left, top = max(0, int(x // STRIDE_PX)), max(0, int(y // STRIDE_PX))
            right, bottom = int(-(-(x + w) // STRIDE_PX)), int(-(-(y + h) // STRIDE_PX))
            care[top : max(0, bottom), left : max(0, right)] = 0.0
            continue
        cx, cy = (x + w / 2) / STRIDE_PX, (y + h / 2) / STRIDE_PX
        column, row = int(cx), int(cy)
        if not (0 <= column < cells and 0 <= row < cells):
            continue
        spread = max(MIN_SPREAD_CELLS, SPREAD_SHARE * side / STRIDE_PX)
        bump = np.exp(-((xx - column) ** 2 + (yy - row) ** 2) / (2 * spread**2))
        np.maximum(heat, bump, out=heat)
        shape[:, row, column] = (
            np.log(w / BASE_SIZE_PX),
            np.log(h / BASE_SIZE_PX),
            cx - column,
            cy - row,
        )
    # a head inside a don't-care box is still a head
    care[heat > 0.3] = 1.0
    return Target(heat, care, shape)
