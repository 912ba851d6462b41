"""The best pairing of two sets of things of which most cannot pair."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components, min_weight_full_bipartite_matching

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_NEVER = 1e6
"""Costs more than all pairs together."""

_FEW_PAIRS = 150
"""Up to so many possible pairs a full table is quicker than a sparse one."""


def assign(i: Ints, j: Ints, cost: Floats) -> tuple[Ints, Ints]:
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
    if len(i) <= _FEW_PAIRS:
        return _together(i, j, cost)
    plain, rest = _without_rivals(i, j, cost)
    more_i, more_j = _together(i[rest], j[rest], cost[rest])
    return np.concatenate([i[plain], more_i]), np.concatenate([j[plain], more_j])


def _without_rivals(i: Ints, j: Ints, cost: Floats) -> tuple[Ints, Ints]:
    """Choose where everyone can have the cheapest; return those pairs, and all that are left.

    What is bound together by possible pairs is a group, and groups do not touch each other. If
    in a group no two of the one side have the same cheapest partner, all of that side
    find a partner and none could be had more cheaply; the same holds for the other side.
    """
    n = int(i.max()) + 1
    size = n + int(j.max()) + 1
    bonds = coo_matrix((np.ones(len(i), np.int8), (i, n + j)), shape=(size, size))
    groups, group = connected_components(bonds, directed=False)
    undecided = np.ones(groups, bool)
    chosen = []
    for mine, theirs, sides in ((i, j, group[n:]), (j, i, group[:n])):
        order = np.lexsort((cost, mine))
        ranked = mine[order]
        cheapest = order[np.concatenate([[True], ranked[1:] != ranked[:-1]])]
        wanted = np.bincount(theirs[cheapest], minlength=len(sides))
        settled = undecided.copy()
        settled[sides[wanted > 1]] = False
        undecided &= ~settled
        chosen.append(cheapest[settled[sides[theirs[cheapest]]]])
    return np.concatenate(chosen), np.flatnonzero(undecided[group[i]])


def _together(i: Ints, j: Ints, cost: Floats) -> tuple[Ints, Ints]:
    """Choose by the Hungarian method."""
    one, one_at = np.unique(i, return_inverse=True)
    other, other_at = np.unique(j, return_inverse=True)
    n, m = len(one), len(other)
    if len(i) <= _FEW_PAIRS:
        full = np.full((n, m), _NEVER)
        full[one_at, other_at] = cost
        a, b = linear_sum_assignment(full)
        chosen = full[a, b] < _NEVER
    else:
        # Each of the one side may also stay alone, at a price, so that all of them find a
        # partner. The solver takes a cost of 0 for no pair, hence the 1.
        rows = np.concatenate([one_at, np.arange(n)])
        columns = np.concatenate([other_at, m + np.arange(n)])
        weight = np.concatenate([1.0 + cost, np.full(n, _NEVER)])
        a, b = min_weight_full_bipartite_matching(csr_matrix((weight, (rows, columns)), (n, m + n)))
        chosen = b < m
    return one[a[chosen]], other[b[chosen]]
