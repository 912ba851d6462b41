"""Which finding belongs to which labelled sperm, in one image.

Boxes are ``[x, y, width, height]`` in px as in COCO; the centre of a box is
``(x + width / 2, y + height / 2)``, in the same frame of reference as ``x_px, y_px`` of
``findings.csv``.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Boxes = npt.NDArray[np.float64]
"""(N, 4) x, y, width, height in px."""

Flags = npt.NDArray[np.bool_]
Matches = npt.NDArray[np.intp]

UNMATCHED = -1
"""In a result of matching: this finding lies on nothing that is labelled."""

MIN_RADIUS_PX = 6.0
"""A finding this close to the centre of a truth box is on it, however small the box."""

AP_IOU = 0.5
"""Overlap from which two boxes count as the same in AP50."""


def match_centres(found_px: Boxes, truth_px: Boxes, ignored: Flags) -> Matches:
    """Match findings to truth by their centres.

    The findings choose one after the other, best first. Each takes the nearest wanted truth
    that is still free and whose centre lies within max(half the longer side of that truth
    box, 6 px). One that gets none, but lies that near to an ignored truth or with its
    centre inside its box, goes to that one; an ignored truth takes any number.

    Parameters
    ----------
    found_px : ndarray, (N, 4)
        Boxes in falling order of probability.
    truth_px : ndarray, (M, 4)
    ignored : ndarray, (M,) bool
        True for truth that is neither to be found nor wrong to find.

    Returns
    -------
    ndarray, (N,) int
        Index of the truth, or -1. Wanted truths occur at most once.
    """
    found = found_px[:, :2] + found_px[:, 2:] / 2
    truth = truth_px[:, :2] + truth_px[:, 2:] / 2
    # Axis by axis: twice as fast as one array with x and y in its last axis.
    dx = np.abs(found[:, 0, None] - truth[None, :, 0])
    dy = np.abs(found[:, 1, None] - truth[None, :, 1])
    distance = np.sqrt(dx * dx + dy * dy)
    radius = np.maximum(truth_px[:, 2:].max(axis=1, initial=0.0) / 2, MIN_RADIUS_PX)
    near = distance <= radius
    half = truth_px[:, 2:] / 2
    near |= ignored & (dx <= half[:, 0]) & (dy <= half[:, 1])
    return _match_greedily(np.where(near, -distance, -np.inf), ignored)


def match_boxes(found_px: Boxes, truth_px: Boxes, ignored: Flags) -> Matches:
    """Match findings to truth by the overlap of their boxes, as COCO does.

    As :func:`match_centres`, but each finding takes the free wanted truth with the greatest
    intersection over union, if that is at least 0.5. Ignored truth is what COCO calls a
    crowd: it takes any number of findings, each by at least half of its own area.

    Parameters and result as for :func:`match_centres`.
    """
    overlap = box_overlap(found_px, truth_px, ignored)
    return _match_greedily(np.where(overlap >= AP_IOU, overlap, -np.inf), ignored)


def box_overlap(found_px: Boxes, truth_px: Boxes, ignored: Flags) -> npt.NDArray[np.float64]:
    """Return the (N, M) intersection over union; over the finding's area for ignored truth."""
    sides = []
    for axis in (0, 1):
        found_low, truth_low = found_px[:, axis, None], truth_px[None, :, axis]
        found_high = found_low + found_px[:, axis + 2, None]
        truth_high = truth_low + truth_px[None, :, axis + 2]
        shared_side = np.minimum(found_high, truth_high) - np.maximum(found_low, truth_low)
        sides.append(np.maximum(shared_side, 0.0, out=shared_side))
    shared = sides[0] * sides[1]
    found_area = (found_px[:, 2] * found_px[:, 3])[:, None]
    truth_area = (truth_px[:, 2] * truth_px[:, 3])[None]
    whole = np.where(ignored, found_area, found_area + truth_area - shared)
    overlap: npt.NDArray[np.float64] = np.zeros(shared.shape)
    np.divide(shared, whole, out=overlap, where=shared > 0)
    return overlap


def _match_greedily(closeness: npt.NDArray[np.float64], ignored: Flags) -> Matches:
    """Let each row take its closest free wanted column, else its closest ignored one.

    Among equally close columns the last is taken, as in the COCO evaluation.
    """
    count = len(closeness)
    matches: Matches = np.full(count, UNMATCHED, np.intp)
    if closeness.size == 0:
        return matches
    # Rows that can reach nothing are the bulk in a run with a low confidence.
    for columns, shared in ((np.flatnonzero(~ignored), False), (np.flatnonzero(ignored), True)):
        if len(columns) == 0:
            continue
        table = closeness[:, columns[::-1]]
        for row in np.flatnonzero((table.max(axis=1) > -np.inf) & (matches == UNMATCHED)):
            best = int(table[row].argmax())
            if table[row, best] == -np.inf:
                continue
            matches[row] = columns[len(columns) - 1 - best]
            if not shared:
                table[:, best] = -np.inf
    return matches
