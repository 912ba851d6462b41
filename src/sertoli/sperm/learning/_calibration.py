"""From logits to probabilities that mean something, and the default confidence."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from sertoli.sperm._company import Company
from sertoli.sperm._prevalence import LOWEST, Prevalence
from sertoli.sperm.learning._matched import Matched

Floats = npt.NDArray[np.float64]

MOST_LOG_SLOPE = 3.0
"""Largest absolute logarithm of one over the temperature."""

AS_GOOD = 0.01
"""Thresholds with a mean F1 this near to the best are as good."""

FIRST_TRIES = np.array(((1.0, 0.0), (0.5, 0.0), (1.0, -1.0)))
"""Logarithm of the slope, and bias, that the fit starts from."""

SHARE_LIMITS = (1e-4, 1 - 1e-4)


@dataclass(frozen=True, slots=True)
class Calibration:
    """``probability = sigmoid(logit / temperature + bias + shift of the picture)``, and company.

    Parameters
    ----------
    temperature, bias : float
    share : float or None
        Share of heads among candidates, from which the shift of a picture is counted; None
        for no shift.
    best_log_odds : float
        Lowest log odds of about the best mean F1 over the sets.
    company : Company or None
        How the candidates of one picture are compared; None: they are not.
    """

    temperature: float
    bias: float
    share: float | None
    best_log_odds: float = 0.0
    company: Company | None = None

    @property
    def default_confidence(self) -> float:
        """Probability of `best_log_odds`."""
        return 1.0 / (1.0 + math.exp(-self.best_log_odds))

    def applied(self, matched: Matched) -> Matched:
        """Return the set with log odds as a search gives them, in place of logits."""
        odds = (matched.logit / self.temperature + self.bias).astype(np.float32)
        for rows in matched.by_scene():
            prevalence = Prevalence(self.share)
            prevalence.add(odds[rows])
            odds[rows] += np.float32(prevalence.shift())
            if self.company is not None:
                odds[rows] = self.company.judged(odds[rows], matched.look[rows])
        return replace(matched, logit=odds).ordered()


def calibrate(
    sets: list[Matched], *, place: float = 0.0, company: Company | None = None
) -> Calibration:
    """Fit temperature and bias by maximum likelihood, each set weighing the same.

    Platt (1999), with two parameters, on what a search reports: the change by the
    prevalence in each picture included. The threshold is the one of the best F1 averaged
    over the sets, so that a large set does not decide alone.

    Parameters
    ----------
    sets : list of Matched
    place : float
        Which of the thresholds that are as good is taken: 0 the lowest, because a sperm
        missed costs more than another look; 0.5 the one in the middle, where the sets are
        so small that the lowest is chance.
    company : Company, optional
        How candidates are compared before the threshold is chosen; temperature and bias are
        those of each by itself.
    """

    def surprise(parameters: Floats) -> float:
        fit = _with_share(sets, float(np.exp(-parameters[0])), float(parameters[1]))
        return float(np.mean([_surprise(fit.applied(one)) for one in sets if len(one.logit)]))

    # a set without a single mistake would make the slope endless
    bounds = ((-MOST_LOG_SLOPE, MOST_LOG_SLOPE), (-20.0, 20.0))
    options = {"initial_simplex": FIRST_TRIES, "xatol": 0.01, "fatol": 1e-5}
    best = minimize(surprise, FIRST_TRIES[0], method="Nelder-Mead", bounds=bounds, options=options)
    alone = _with_share(sets, float(np.exp(-best.x[0])), float(best.x[1]))
    return with_threshold(replace(alone, company=company), sets, place=place)


def with_threshold(fit: Calibration, sets: list[Matched], *, place: float = 0.0) -> Calibration:
    """Choose the threshold: see `calibrate`."""
    applied = [fit.applied(one) for one in sets]
    grid = np.linspace(-5.0, 5.0, 401)
    mean_f1 = np.mean([[one.at(cut).f1 for cut in grid] for one in applied], axis=0)
    good = grid[mean_f1 >= mean_f1.max() - AS_GOOD]
    return replace(fit, best_log_odds=float(np.quantile(good, place)))


def _with_share(sets: list[Matched], temperature: float, bias: float) -> Calibration:
    """Count the share of heads among candidates, each set weighing the same."""
    shares = []
    for one in sets:
        candidate = one.logit / temperature + bias >= LOWEST
        if candidate.any():
            shares.append(float(one.right[candidate].mean()))
    share = float(np.clip(np.mean(shares), *SHARE_LIMITS)) if shares else 0.5
    return Calibration(temperature, bias, share)


def _surprise(applied: Matched) -> float:
    odds = applied.logit.astype(np.float64)
    return float(np.mean(np.logaddexp(0.0, odds) - applied.right * odds))
