"""What the network should say about a crop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sertoli.sperm.learning._targets import head_targets
from training.sperm.scenes import SPERM

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
    side = np.sqrt(boxes[:, 2].astype(np.float64) * boxes[:, 3])
    shown = (kinds != SPERM) | (side <= TOO_LARGE_PX)
    return Target(*head_targets(boxes[shown], kinds[shown], side_px))
