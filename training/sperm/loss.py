"""Penalty-reduced focal loss on the heat, absolute error on sizes and places.

The heat's loss is that of "Objects as Points" (Zhou, Wang, Krahenbuhl 2019), eq. 1.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

SIZE_WEIGHT = 0.3
PLACE_WEIGHT = 0.5


def detection_loss(cells: Tensor, heat: Tensor, care: Tensor, shape: Tensor) -> Tensor:
    """Return the mean loss per head of a batch.

    Parameters
    ----------
    cells : Tensor, (N, 5, s, s)
    heat, care : Tensor, (N, s, s)
    shape : Tensor, (N, 4, s, s)
    """
    logit = cells[:, 0]
    seen, unseen = F.logsigmoid(logit), F.logsigmoid(-logit)
    chance = torch.sigmoid(logit)
    centres = heat >= 1.0
    per_cell = torch.where(
        centres,
        -((1 - chance) ** 2) * seen,
        -((1 - heat) ** 4) * chance**2 * unseen,
    )
    heads = centres.sum().clamp(min=1)
    found = (per_cell * care).sum() / heads
    error = (cells[:, 1:] - shape).abs() * centres[:, None]
    size, place = error[:, :2].sum() / heads, error[:, 2:].sum() / heads
    return found + SIZE_WEIGHT * size + PLACE_WEIGHT * place
