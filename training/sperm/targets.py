"""What the network should say about a crop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sertoli.sperm.learning._targets import head_targets
from training.sperm.scenes import SPERM
from training.sperm.tails import tail_cells

Floats = npt.NDArray[np.float32]

TOO_LARGE_PX = 44.0
"""Heads beyond this are background: at that scale the picture is not to be searched."""


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
    tail : ndarray, (s, s) float32
        1 where a tail passes, 0 where none does, -1 where nobody knows.
    """

    heat: Floats
    care: Floats
    shape: Floats
    tail: Floats


def target(
    boxes: Floats, kinds: npt.NDArray[np.int8], tails: Floats | None, side_px: int
) -> Target:
    """Draw the targets of one crop.

    Parameters
    ----------
    boxes : ndarray, (N, 4) float32
        COCO, in the crop's px.
    kinds : ndarray, (N,) int8
    tails : ndarray, (side, side) float32, or None
        Above 0.5 on tails; None where they are not labelled.
    side_px : int
    """
    side = np.sqrt(boxes[:, 2].astype(np.float64) * boxes[:, 3])
    shown = (kinds != SPERM) | (side <= TOO_LARGE_PX)
    heat, care, shape = head_targets(boxes[shown], kinds[shown], side_px)
    return Target(heat, care, shape, tail_cells(tails, side_px))
