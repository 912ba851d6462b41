"""How wrong cells are: penalty-reduced focal loss on the heat, absolute error on the rest.

The heat's loss is that of "Objects as Points" (Zhou, Wang, Krahenbuhl 2019), eq. 1.
"""

from __future__ import annotations

from typing import Any

from sertoli.sperm.learning._graph import require_torch

SIZE_WEIGHT = 0.3
PLACE_WEIGHT = 0.5


def detection_loss(cells: Any, heat: Any, care: Any, shape: Any, sized: Any = None) -> Any:
    """Return the mean loss per head of a batch.

    Parameters
    ----------
    cells : Tensor, (N, 5, c, c)
    heat, care : Tensor, (N, c, c)
    shape : Tensor, (N, 4, c, c)
    sized : Tensor, (N,), optional
        1 where sizes count; unless given they count everywhere.

    Returns
    -------
    Tensor, ()
    """
    torch = require_torch()
    likely = torch.nn.functional.logsigmoid
    logit = cells[:, 0]
    chance = torch.sigmoid(logit)
    centres = heat >= 1.0
    per_cell = torch.where(
        centres,
        -((1 - chance) ** 2) * likely(logit),
        -((1 - heat) ** 4) * chance**2 * likely(-logit),
    )
    heads = centres.sum().clamp(min=1)
    found = (per_cell * care).sum() / heads
    error = (cells[:, 1:] - shape).abs() * centres[:, None]
    size_error = error[:, :2] if sized is None else error[:, :2] * sized[:, None, None, None]
    size = size_error.sum() / heads
    place = error[:, 2:].sum() / heads
    return found + SIZE_WEIGHT * size + PLACE_WEIGHT * place
