"""From the network's cells to heads: peaks of the heat, one per head.

A head often warms several cells that all point at the same place: where it lies across their
border, and where relief gives it a bright and a dark side. Each cell says where the centre would
lie if it lay within that cell, so together they say more than the warmest one alone: place and
size of a peak are pooled over the cells around it that mean the same head. How far they agree
tells heads from specks, which warm a single cell.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

Floats = npt.NDArray[np.float32]

STRIDE_PX = 4
"""Side of a cell in network px."""

BASE_SIZE_PX = 16.0
"""Sizes are natural logarithms relative to this."""

SIZE_LIMIT = 2.0
"""Largest absolute log size believed (2 to 118 px)."""

SAME_HEAD_SHARE = 0.5
"""Two peaks nearer than this share of the stronger one's box are one head."""

SAME_PLACE_SHARE = 0.4
"""A cell beside a peak means the same head if it puts the centre within this share of the
peak's box from where the peak puts it."""

SHARPNESS = 1.5
"""A cell counts as ``exp(SHARPNESS * h)`` where its heat lies h below the peak's (h <= 0).
On simulated fields 1 to 2 are as good."""

_AROUND = np.indices((3, 3)).reshape(2, 9, 1) - 1
"""Rows and columns of the cells around one, and of itself."""

MAX_PEAKS = 20_000
"""Most peaks kept of one tile, the strongest first: bounds the cost of a senseless picture."""


def peaks(cells: Floats, lowest_logit: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Return local maxima of the heat at or above a logit.

    Parameters
    ----------
    cells : ndarray, (5, h, w) float32
        Heat logit, log width, log height (over 16 px), x and y within the cell.
    lowest_logit : float

    Returns
    -------
    centre : ndarray, (N, 2) float32
        x and y in network px from the left and top border of the first cell.
    size : ndarray, (N, 2) float32
        Width and height in network px.
    logit : ndarray, (N,) float32
        Of the peak itself.
    agreement : ndarray, (N,) float32
        Natural logarithm of the number of cells that mean this head, each counted by its
        heat (`SHARPNESS`): from 0 for one cell alone to log 9.
    """
    heat = cells[0]
    highest = cv2.dilate(heat, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero((heat == highest) & (heat >= lowest_logit))
    if len(rows) > MAX_PEAKS:
        strongest = np.argsort(-heat[rows, columns], kind="stable")[:MAX_PEAKS]
        rows, columns = rows[strongest], columns[strongest]
    centre, log_size, agreement = _pooled(cells, rows, columns)
    size = np.float32(BASE_SIZE_PX) * np.exp(log_size)
    return (
        (np.float32(STRIDE_PX) * centre).T.astype(np.float32),
        size.T.astype(np.float32),
        heat[rows, columns],
        agreement,
    )


def _pooled(
    cells: Floats, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]
) -> tuple[Floats, Floats, Floats]:
    """Return the centres (2, N) in cells, log sizes (2, N) and agreement (N,) of peaks."""
    warmest = cells[:, rows, columns]
    peak, own, own_size = warmest[0], _centre(warmest, rows, columns), _log_size(warmest)
    reach = np.float32(SAME_PLACE_SHARE * BASE_SIZE_PX / STRIDE_PX) * np.exp(own_size.mean(axis=0))
    beside = rows + _AROUND[0], columns + _AROUND[1]
    _, high, wide = cells.shape
    within_rows, within_columns = np.clip(beside[0], 0, high - 1), np.clip(beside[1], 0, wide - 1)
    at = cells.reshape(len(cells), -1).take(within_rows * wide + within_columns, axis=1)
    place = _centre(at, *beside)
    weight = np.exp(np.float32(SHARPNESS) * (at[0] - peak))
    off = place - own[:, None]
    weight *= off[0] ** 2 + off[1] ** 2 <= reach**2
    # nothing lies beyond the border
    weight *= (within_rows == beside[0]) & (within_columns == beside[1])
    weights = weight.sum(axis=0)
    centre, log_size = ((weight * one).sum(axis=1) / weights for one in (place, _log_size(at)))
    return centre, log_size, np.log(weights)


def _centre(at: Floats, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]) -> Floats:
    place: Floats = np.stack((columns, rows)).astype(np.float32) + np.clip(at[3:5], 0.0, 1.0)
    return place


def _log_size(at: Floats) -> Floats:
    return np.clip(at[1:3], -SIZE_LIMIT, SIZE_LIMIT)


def one_per_head(centre: Floats, size: Floats, logit: Floats) -> npt.NDArray[np.intp]:
    """Return the indices to keep, most probable first, when near peaks are merged.

    Greedy: a peak is dropped if a stronger kept one lies within half the geometric mean
    side of the stronger one's box. Distance, not overlap, decides, so that crowded heads
    side by side survive.

    Parameters
    ----------
    centre : ndarray, (N, 2) float32
    size : ndarray, (N, 2) float32
    logit : ndarray, (N,) float32
    """
    # ties are broken by place, so that the order of tiles does not matter
    order = np.lexsort((centre[:, 0], centre[:, 1], -logit))
    if len(order) < 2:
        return order
    points = centre[order]
    reach = np.float32(SAME_HEAD_SHARE) * np.sqrt(size[order].prod(axis=1))
    pairs = cKDTree(points).query_pairs(float(reach.max()), output_type="ndarray")
    apart = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)
    # query_pairs gives i < j, so the first is the stronger
    pairs = pairs[apart < reach[pairs[:, 0]]]
    keep = np.ones(len(order), bool)
    for stronger, weaker in pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]:
        if keep[stronger]:
            keep[weaker] = False
    return order[keep]
