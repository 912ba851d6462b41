"""How candidates are compared with the plain sperm of their picture: fitted for one network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import statsmodels.api as sm
import torch

from sertoli.sperm._company import Company, terms
from sertoli.sperm.learning._calibration import Calibration
from sertoli.sperm.learning._matched import Matched
from training.sperm.fields import WIDE, phantom_fields
from training.sperm.scenes import visem11
from training.sperm.validation import match

FIRST_SEED = 9_400_000
"""Wide fields to fit on; those held out begin at `HELD_OUT_FIRST_SEED`."""
FIELDS = 300

HELD_OUT_FIRST_SEED = 9_450_000
HELD_OUT_FIELDS = 150

VISEM11_FRAMES = 25
"""One laboratory among the hundreds of the phantom, and the same cells in every frame: few."""

RIDGE = 1e-6
"""Keeps weights finite where two terms say nearly the same."""


def seen_in_company(
    network: Callable[[torch.Tensor], torch.Tensor], data: Path, cache: Path
) -> list[Matched]:
    """Search the pictures that the comparison is fitted on: wide fields, and ``visem11``."""
    real = visem11(data)
    every = max(1, len(real) // VISEM11_FRAMES)
    wide = phantom_fields(cache, FIRST_SEED, FIELDS, 2, WIDE)
    return [match(network, wide), match(network, real[::every])]


def held_out_wide(network: Callable[[torch.Tensor], torch.Tensor], cache: Path) -> Matched:
    """Search the wide fields that nothing is fitted on but calibration and threshold."""
    return match(network, phantom_fields(cache, HELD_OUT_FIRST_SEED, HELD_OUT_FIELDS, 2, WIDE))


def fit_company(alone: Calibration, sets: list[Matched]) -> Company:
    """Fit the weights by maximum likelihood (logistic regression), every candidate the same.

    Parameters
    ----------
    alone : Calibration
        Of candidates judged each by itself.
    sets : list of Matched
    """
    rows, right = [], []
    for matched in sets:
        applied = alone.applied(matched)
        for part in applied.by_scene():
            compared = terms(applied.logit[part], applied.look[part])
            if compared is not None:
                rows.append(compared)
                right.append(applied.right[part])
    fitted = sm.GLM(
        np.concatenate(right).astype(float), np.concatenate(rows), sm.families.Binomial()
    ).fit_regularized(alpha=RIDGE, L1_wt=0.0)
    return Company(np.asarray(fitted.params))
