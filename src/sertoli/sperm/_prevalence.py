"""How common sperm are in the picture in hand, and what that makes of each finding.

The same faint oval is a sperm in a crowd of sperm and a speck in a field of specks. The
network judges every place by itself, as if sperm were as common as in the pictures that
its probabilities were fitted on. Here the share of sperm among all candidates of a picture
is estimated by expectation maximisation and every candidate's odds are multiplied by what
the odds of that share have changed: Saerens, Latinne and Decaestecker, "Adjusting the
outputs of a classifier to new a priori probabilities", Neural Computation 14 (2002),
eqs. 2.4 and 2.5.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

LOWEST = -8.0
"""Log odds under which a peak of the heat is no candidate at all."""

HIGHEST = 12.0

_BINS = 400
_EDGES = np.linspace(LOWEST, HIGHEST, _BINS + 1)
_MIDDLES = (_EDGES[1:] + _EDGES[:-1]) / 2

MOST_UP, MOST_DOWN = 3.0, -2.0
"""Bounds of the change in log odds. Downwards it ends early: in a search for rare cells a
field without sperm says little about the next one, and a clear sperm must not drown."""

KNOWN_BEFORE = 20.0
"""The share fitted before counts as so many candidates: few peaks change little."""

_MOST_ROUNDS = 200
_CLOSE_ENOUGH = 1e-4


class Prevalence:
    """Collects the candidates of one picture; memory does not grow with their number.

    Parameters
    ----------
    share : float or None
        Share of sperm among candidates where the log odds were fitted; None changes
        nothing.
    """

    def __init__(self, share: float | None) -> None:
        self._share = share
        self._count = np.zeros(_BINS)

    def add(self, log_odds: Floats) -> None:
        """Count candidates, (N,); what lies below `LOWEST` is none."""
        self._count += np.histogram(np.minimum(log_odds, HIGHEST), _EDGES)[0]

    def shift(self) -> float:
        """Return what to add to the log odds of every finding of the picture."""
        if self._share is None:
            return 0.0
        before = log_odds(self._share)
        share = self._share
        shift = 0.0
        for _ in range(_MOST_ROUNDS):
            chance = 1.0 / (1.0 + np.exp(-(_MIDDLES + shift)))
            expected = float(self._count @ chance) + KNOWN_BEFORE * self._share
            share = expected / (float(self._count.sum()) + KNOWN_BEFORE)
            moved = log_odds(share) - before
            if abs(moved - shift) < _CLOSE_ENOUGH:
                break
            shift = moved
        return min(max(shift, MOST_DOWN), MOST_UP)


def log_odds(probability: float) -> float:
    """Return ``log(p / (1 - p))``; endless at 0 and 1."""
    if probability <= 0.0:
        return -math.inf
    if probability >= 1.0:
        return math.inf
    return math.log(probability / (1.0 - probability))
