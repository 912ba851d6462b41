"""Which share of the specimen's sperm was in the part that was searched."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SHARE_NODES = 100

CLUMPS = np.geomspace(10.0, 1000.0, 13)
"""As if the sperm lay in so many clumps: the prior is even over these (on a log scale)."""


@dataclass(frozen=True, slots=True)
class EvenSpread:
    """Sperm lie anywhere, each by itself (Poisson).

    Then the part searched holds the sperm that its size lets one expect.
    """

    def share_of_sperm(self, share: float) -> Floats:
        """Return equally probable values of the share of sperm in the part searched."""
        return np.array([share])


@dataclass(frozen=True, slots=True)
class UnevenSpread:
    """Sperm lie in clumps (negative binomial over places).

    The density at each place is gamma distributed, so the part searched holds a share of the sperm
    that is ``Beta(clumps * share, clumps * (1 - share))``. How many clumps is not known: `CLUMPS`
    are equally probable at first, and what was confirmed in each field tells more.

    Parameters
    ----------
    per_field : tuple of int
        Confirmed sperm of every field searched, none left out; empty where it is not known.
    """

    per_field: tuple[int, ...] = ()

    def share_of_sperm(self, share: float) -> Floats:
        """Return equally probable values of the share of sperm in the part searched."""
        if share >= 1:
            return np.array([1.0])
        from scipy.special import betainc

        grid = np.concatenate([[0.0], np.geomspace(1e-6, 0.01, 60), np.linspace(0.012, 1, 240)])
        a, b = CLUMPS[:, None] * share, CLUMPS[:, None] * (1 - share)
        below: Floats = clump_weights(self.per_field, share) @ betainc(a, b, grid)
        return np.asarray(np.interp((np.arange(SHARE_NODES) + 0.5) / SHARE_NODES, below, grid))


Spread = EvenSpread | UnevenSpread


def clump_weights(per_field: Sequence[int], share: float) -> Floats:
    """Return the posterior of `CLUMPS` from the counts of the fields searched, (13,).

    Given their sum, counts of a gamma-Poisson mixture are Dirichlet-multinomial, whatever the mean:
    so neither the density of sperm nor the sensitivity has to be known.
    """
    even = np.full(len(CLUMPS), 1 / len(CLUMPS))
    found = np.array([count for count in per_field if count > 0], np.float64)
    if len(per_field) < 2 or found.sum() < 2:
        return even
    from scipy.special import gammaln

    here = CLUMPS * share
    each = here / len(per_field)
    total = float(found.sum())
    log = gammaln(here) - gammaln(here + total)
    log = log + (gammaln(each[:, None] + found) - gammaln(each)[:, None]).sum(axis=1)
    weight = np.exp(log - log.max())
    if not math.isfinite(float(weight.sum())):
        return even
    return np.asarray(weight / weight.sum())
