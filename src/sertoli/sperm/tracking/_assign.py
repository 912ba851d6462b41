"""The best pairing of two sets of things of which most cannot pair."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

_NEVER = 1e6
"""Costs more than all pairs together."""

_FEW_PAIRS = 150
"""Up to so many possible pairs a full table is quicker than a sparse one."""


def assign(
    i: npt.NDArray[np.int64], j: npt.NDArray[np.int64], cost: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Choose among possible pairs: as many as can be, then the cheapest.

    Parameters
    ----------
    i, j, cost : ndarray, (P,)
        What may pair with what, each pair once, and at what cost, from 0 to a few.

    Returns
    -------
    i, j : ndarray
        The chosen pairs.
    """
    one, one_at = np.unique(i, return_inverse=True)
    other, other_at = np.unique(j, return_inverse=True)
    if len(i) <= _FEW_PAIRS:
        table = np.full((len(one), len(other)), _NEVER)
        table[one_at, other_at] = cost
        a, b = linear_sum_assignment(table)
        chosen = table[a, b] < _NEVER
    else:
        # Each of the one side may also stay alone, at a price, so that all of them find a
        # partner. The solver takes a cost of 0 for no pair, hence the 1.
        n, m = len(one), len(other)
        rows = np.concatenate([one_at, np.arange(n)])
        columns = np.concatenate([other_at, m + np.arange(n)])
        weight = np.concatenate([1.0 + cost, np.full(n, _NEVER)])
        table = csr_matrix((weight, (rows, columns)), shape=(n, m + n))
        a, b = min_weight_full_bipartite_matching(table)
        chosen = b < m
    return one[a[chosen]], other[b[chosen]]
