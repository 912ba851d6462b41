"""Tails beside heads, in training alone: heads are alike, tails tell sperm from debris."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from sertoli.sperm.learning._targets import STRIDE_PX

Floats = npt.NDArray[np.float32]

TAIL_WEIGHT = 0.5


def tail_cells(tails: Floats | None, side_px: int) -> Floats:
    """Say which cells of a crop tails pass through.

    Parameters
    ----------
    tails : ndarray, (side, side) float32, or None
        Above 0.5 on tails; None where they are not labelled.
    side_px : int

    Returns
    -------
    ndarray, (c, c) float32
        1 where a tail passes, 0 where none does, -1 where nobody knows.
    """
    cells = side_px // STRIDE_PX
    if tails is None:
        return np.full((cells, cells), -1, np.float32)
    blocks = tails.reshape(cells, STRIDE_PX, cells, STRIDE_PX)
    passed: Floats = (blocks.max(axis=(1, 3)) > 0.5).astype(np.float32)
    return passed


def tail_loss(logit: Tensor, tail: Tensor) -> Tensor:
    """Return how badly the tails were drawn, about 0 to 2: cross-entropy and overlap.

    Parameters
    ----------
    logit : Tensor, (N, 1, c, c)
    tail : Tensor, (N, c, c)
        As `tail_cells` gives them.
    """
    logit, known = logit[:, 0], (tail >= 0).float()
    truth = tail.clamp(min=0)
    entropy = F.binary_cross_entropy_with_logits(logit, truth, reduction="none") * known
    chance = torch.sigmoid(logit) * known
    # the overlap keeps thin tails from drowning in empty ground
    both = (chance * truth).sum()
    overlap = (2 * both + 1) / (chance.sum() + (truth * known).sum() + 1)
    return TAIL_WEIGHT * (10 * entropy.sum() / known.sum().clamp(min=1) + 1 - overlap)
