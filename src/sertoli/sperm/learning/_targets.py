"""What a network should say about a labelled crop."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

STRIDE_PX = 4
BASE_SIZE_PX = 16.0

SPERM, DONT_CARE = 1, 0

SMALLEST_PX, LARGEST_PX = 4.5, 34.0
"""Heads outside this range of sides (geometric mean, network px) are don't-care."""

SPREAD_SHARE = 0.16
MIN_SPREAD_CELLS = 0.65
"""Standard deviation of the heat bump: share of the side, at least so many cells."""


def head_targets(
    boxes: Floats, kinds: npt.NDArray[np.int8], side_px: int
) -> tuple[Floats, Floats, Floats]:
    """Draw the targets of one square crop, of c x c cells.

    Parameters
    ----------
    boxes : ndarray, (N, 4) float32
        COCO, in the crop's px.
    kinds : ndarray, (N,) int8
        `SPERM` or `DONT_CARE`.
    side_px : int

    Returns
    -------
    heat : ndarray, (c, c) float32
        1 at the cell that holds a centre, falling off around it.
    care : ndarray, (c, c) float32
        0 where the loss must not look.
    shape : ndarray, (4, c, c) float32
        Log width and height over 16 px, x and y within the cell, at centre cells.
    """
    cells = side_px // STRIDE_PX
    heat, care = np.zeros((cells, cells), np.float32), np.ones((cells, cells), np.float32)
    shape = np.zeros((4, cells, cells), np.float32)
    yy, xx = np.mgrid[:cells, :cells].astype(np.float32)
    for (x, y, w, h), kind in zip(boxes.tolist(), kinds.tolist(), strict=True):
        side = float(np.sqrt(w * h))
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
        np.maximum(
            heat, np.exp(-((xx - column) ** 2 + (yy - row) ** 2) / (2 * spread**2)), out=heat
        )
        sizes = np.log((w / BASE_SIZE_PX, h / BASE_SIZE_PX))
        shape[:, row, column] = (*sizes, cx - column, cy - row)
    # a head inside a don't-care box is still a head
    care[heat > 0.3] = 1.0
    return heat, care, shape
