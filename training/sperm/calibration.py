"""From logits to probabilities that mean something, and the default confidence."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from training.sperm.validation import Matched

Floats = npt.NDArray[np.float64]

MOST_LOG_SLOPE = 3.0
"""Largest absolute logarithm of one over the temperature."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """``probability = sigmoid(logit / temperature + bias)``, and where to cut.

    Parameters
    ----------
    temperature, bias : float
    best_logit : float
        Logit of best mean F1 over the sets.
    """

    temperature: float
    bias: float
    best_logit: float

    @property
    def default_confidence(self) -> float:
        """Probability of `best_logit`."""
        return 1.0 / (1.0 + math.exp(-(self.best_logit / self.temperature + self.bias)))


def calibrate(sets: list[Matched]) -> Calibration:
    """Fit temperature and bias by maximum likelihood, each set weighing the same.

    Platt (1999), with two parameters. The threshold is the one of the best F1 averaged
    over the sets, so that a large set does not decide alone.
    """
    logit = np.concatenate([one.logit for one in sets]).astype(np.float64)
    right = np.concatenate([one.right for one in sets])
    weight = np.concatenate([np.full(len(one.logit), 1 / max(1, len(one.logit))) for one in sets])

    def surprise(parameters: Floats) -> float:
        z = logit * np.exp(parameters[0]) + parameters[1]
        return float((weight * (np.logaddexp(0.0, z) - right * z)).sum())

    # a set without a single mistake would make the slope endless
    bounds = ((-MOST_LOG_SLOPE, MOST_LOG_SLOPE), (-20.0, 20.0))
    fit = minimize(surprise, np.zeros(2), method="Nelder-Mead", bounds=bounds)
    grid = np.linspace(-5.0, 5.0, 401)
    mean_f1 = np.mean([[one.at(cut).f1 for cut in grid] for one in sets], axis=0)
    # the middle of the best plateau, not its edge
    best = grid[mean_f1 >= mean_f1.max() - 1e-3]
    return Calibration(float(np.exp(-fit.x[0])), float(fit.x[1]), float(np.median(best)))
