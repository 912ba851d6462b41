"""The best pairing of two sets of things of which most cannot pair."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

_NEVER = 1e6

_FEW_PAIRS = 150
"""Up to so many possible pairs one table is quicker than finding the groups."""


def assign(
    i: npt.NDArray[np.int64],
    j: npt.NDArray[np.int64],
    cost: npt.NDArray[np.float64],
    tracks: int,
    heads: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Choose among possible pairs: as many as can be, then the cheapest.

    In a crowd, tracks and heads that could pair with one another fall into small groups,
    each solved by itself: a thousand heads cost little more than their number.
    """
    if len(i) <= _FEW_PAIRS:
        return _solve(i, j, cost)
    size = tracks + heads
    links = coo_matrix((np.ones(len(i), np.int8), (i, j + tracks)), shape=(size, size))
    _, group = connected_components(links, directed=False)
    mine = group[i]
    alone = np.bincount(mine, minlength=1)[mine] == 1
    chosen_i, chosen_j = [i[alone]], [j[alone]]

    crowd = np.flatnonzero(~alone)
    crowd = crowd[np.argsort(mine[crowd], kind="stable")]
    bounds = np.flatnonzero(np.diff(mine[crowd])) + 1
    for rows in np.split(crowd, bounds) if len(crowd) else ():
        track, head = _solve(i[rows], j[rows], cost[rows])
        chosen_i.append(track)
        chosen_j.append(head)
    return np.concatenate(chosen_i), np.concatenate(chosen_j)


def _solve(
    i: npt.NDArray[np.int64], j: npt.NDArray[np.int64], cost: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    track, track_at = np.unique(i, return_inverse=True)
    head, head_at = np.unique(j, return_inverse=True)
    table = np.full((len(track), len(head)), _NEVER)
    table[track_at, head_at] = cost
    a, b = linear_sum_assignment(table)
    possible = table[a, b] < _NEVER
    return track[a[possible]], head[b[possible]]
