"""What neighbours have in common is the fluid's motion and not a sperm's own."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

AGREE_HEADS_PER_S = 0.6
"""Velocities that differ by less belong together (3 um/s at a head of 5 um)."""

FEWEST = 3
SHARE = 0.3
"""So many of the others, and at least this share of them, have to agree on a current."""

NEAREST = 15
"""Of a larger field only so many nearest neighbours are asked: a current need not be the same
everywhere, and among them it may change evenly."""

_ROWS_AT_ONCE = 64
"""Distances of so many cells to all others fit into the processor's caches."""

LEVEL = 0.1
"""Weight against a slope of the current, in units of neighbours at the greatest distance."""


def common_velocity(place_px: Floats, velocity: Floats, head_px: Floats) -> Floats:
    """Return the current at each of M cells, as the others near it tell, (M, 2).

    The largest group of others that agree counts, if it is large enough: sperm swim each
    their own way, what is carried goes the same way. Otherwise the current is taken as none.

    Parameters
    ----------
    place_px, velocity : ndarray, (M, 2)
        The velocity in px per second.
    head_px : ndarray, (M,)
    """
    count = len(place_px)
    current = np.zeros((count, 2))
    if count <= FEWEST:
        return current
    asked = min(NEAREST, count - 1)
    others, reach = _nearest(place_px, asked)
    theirs = velocity[others]
    apart = np.linalg.norm(theirs[:, :, None] - theirs[:, None], axis=3)
    agree = apart < (AGREE_HEADS_PER_S * head_px)[:, None, None]
    size = agree.sum(axis=2)
    best = size.argmax(axis=1)
    rows = np.arange(count)
    group = agree[rows, best].astype(float)
    enough = size[rows, best] >= max(FEWEST, SHARE * asked)
    away = (place_px[others] - place_px[:, None]) / np.maximum(reach, 1.0)[:, None, None]
    current[enough] = _at_origin(away[enough], theirs[enough], group[enough])
    return current


def _nearest(place_px: Floats, asked: int) -> tuple[npt.NDArray[np.intp], Floats]:
    """Return who is nearest to each of M cells, (M, asked), and how far the last of them is."""
    count = len(place_px)
    others = np.zeros((count, asked), np.intp)
    reach = np.zeros(count)
    x, y = np.ascontiguousarray(place_px.T)
    for first in range(0, count, _ROWS_AT_ONCE):
        some = slice(first, first + _ROWS_AT_ONCE)
        across, down = x[some, None] - x, y[some, None] - y
        distance = np.sqrt(across * across + down * down)
        rows = np.arange(len(distance))
        distance[rows, first + rows] = np.inf
        others[some] = np.argpartition(distance, asked - 1, axis=1)[:, :asked]
        reach[some] = np.take_along_axis(distance, others[some], axis=1).max(axis=1)
    return others, reach


def _at_origin(place: Floats, velocity: Floats, weight: Floats) -> Floats:
    """Return the velocity at (0, 0) by a plane through those of N neighbours, (M, 2).

    Where neighbours are few or lie in a row, a slight pull keeps the plane level.
    """
    terms = np.concatenate([np.ones((*place.shape[:2], 1)), place], axis=2)
    weighted = terms * weight[..., None]
    normal = np.swapaxes(weighted, 1, 2) @ terms
    normal[:, [1, 2], [1, 2]] += LEVEL
    plane: Floats = np.linalg.solve(normal, np.swapaxes(weighted, 1, 2) @ velocity)
    return plane[:, 0]
