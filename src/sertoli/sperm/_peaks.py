"""From the network's cells to heads: peaks of the heat, one per head."""

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

MAX_PEAKS = 20_000
"""Most peaks kept of one tile, the strongest first: bounds the cost of a senseless picture."""


def peaks(cells: Floats, lowest_logit: float) -> tuple[Floats, Floats, Floats]:
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
    """
    heat = cells[0]
    highest = cv2.dilate(heat, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero((heat == highest) & (heat >= lowest_logit))
    if len(rows) > MAX_PEAKS:
        strongest = np.argsort(-heat[rows, columns], kind="stable")[:MAX_PEAKS]
        rows, columns = rows[strongest], columns[strongest]
    at = cells[:, rows, columns]
    place = np.stack((columns, rows)).astype(np.float32)
    centre = (place + np.clip(at[3:5], 0.0, 1.0)) * np.float32(STRIDE_PX)
    size = np.float32(BASE_SIZE_PX) * np.exp(np.clip(at[1:3], -SIZE_LIMIT, SIZE_LIMIT))
    return centre.T.astype(np.float32), size.T.astype(np.float32), at[0].astype(np.float32)


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
