"""How a frame lies over another: the camera's shift, turn and zoom, instruments set aside."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.enhance._enhanced import Floats, Mask
from sertoli.frames import Pixels

Affine = npt.NDArray[np.float64]
"""(2, 3): takes a point (x, y, 1) in px of one frame to its place in another."""

Points = npt.NDArray[np.float32]

IDENTITY: Affine = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])

MOST_POINTS = 250
LEAST_POINTS = 12
LEAST_SHARE = 0.3
"""Fewer points that agree than this share of the followed ones: no common motion."""

AGREE_PX = 1.0
MOST_SHIFT = 0.25
MOST_ZOOM = 0.1
"""A tremor moves the picture by less than this share of its longer side, and scales it less."""

SAME_SHIFT_PX = 0.5
MOST_TURN = 0.004
"""A picture that turns (rad) or scales (share) by more than this is not merely shifted."""

_WINDOW_PX = (15, 15)
_SMALL_WINDOW_PX = (11, 11)
_UNTIL = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 0.01)


def motion_to(
    reference: Floats | Pixels,
    moved: Floats | Pixels,
    readable: Mask | None = None,
    most_points: int = MOST_POINTS,
) -> Affine | None:
    """Estimate the similarity that takes points of ``reference`` to ``moved``.

    Corners are followed by pyramidal Lucas-Kanade and must come back to where they began; the
    motion is the one that most of them share (RANSAC), so that an instrument passing through
    is left out as long as it covers less than about half of what can be followed.

    Parameters
    ----------
    reference, moved : ndarray, (H, W) float32 or uint8, 0 to 255
    readable : ndarray, (H, W) bool, optional
        Where corners of ``reference`` may be taken; glare moves with the lamp, not the tissue.
    most_points : int, optional
        So many corners are followed at most: fewer are quicker and less exact.

    Returns
    -------
    ndarray, (2, 3), or None
        None where too few corners agree: it is not known how the frame moved.
    """
    first, second = reference.clip(0, 255).astype(np.uint8), moved.clip(0, 255).astype(np.uint8)
    side = min(first.shape)
    corners = cv2.goodFeaturesToTrack(
        first,
        most_points,
        0.01,
        max(3.0, side / 40),
        mask=None if readable is None else readable.astype(np.uint8),
    )
    if corners is None or len(corners) < LEAST_POINTS:
        return None
    there, found = _followed(first, second, corners)
    back, refound = _followed(second, first, there)
    gone = np.linalg.norm((back - corners).reshape(-1, 2), axis=1)
    kept = (found.ravel() == 1) & (refound.ravel() == 1) & (gone < AGREE_PX)
    if np.count_nonzero(kept) < LEAST_POINTS:
        return None
    matrix, agree = cv2.estimateAffinePartial2D(
        corners.reshape(-1, 2)[kept],
        there.reshape(-1, 2)[kept],
        method=cv2.RANSAC,
        ransacReprojThreshold=AGREE_PX,
        maxIters=500,
        confidence=0.99,
    )
    if matrix is None or np.count_nonzero(agree) < max(LEAST_POINTS, LEAST_SHARE * len(agree)):
        return None
    return matrix if is_tremor(matrix, max(first.shape)) else None


def corners_in(picture: Pixels, readable: Mask, most_points: int) -> Points | None:
    """Choose what `shift_to` follows.

    Parameters
    ----------
    picture : ndarray, (H, W) uint8
    readable : ndarray, (H, W) bool
        Where corners may be taken.
    most_points : int

    Returns
    -------
    ndarray, (n, 1, 2), or None
        In px (x, y); None where there are too few.
    """
    apart = max(3.0, min(picture.shape) / 40)
    corners = cv2.goodFeaturesToTrack(
        picture, most_points, 0.01, apart, mask=readable.view(np.uint8)
    )
    if corners is None or len(corners) < LEAST_POINTS:
        return None
    return np.asarray(corners)


def shift_to(reference: Pixels, corners: Points, moved: Pixels) -> npt.NDArray[np.float64] | None:
    """Estimate by how much a picture is shifted: several times as quick as `motion_to`.

    Corners are followed one way only; more than half of them have to agree on one shift.

    Parameters
    ----------
    reference, moved : ndarray, (H, W) uint8
    corners : ndarray, (n, 1, 2)
        From `corners_in` of ``reference``.

    Returns
    -------
    ndarray, (2,), or None
        From a point of ``reference`` to its place in ``moved``, in px (x, y); None where it is
        not known, or where the picture turned or scaled as well.
    """
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        reference, moved, corners, None, winSize=_SMALL_WINDOW_PX, maxLevel=2, criteria=_UNTIL
    )
    kept = found.ravel() == 1
    if np.count_nonzero(kept) < LEAST_POINTS:
        return None
    points = corners.reshape(-1, 2)[kept].astype(np.float64)
    shifts = there.reshape(-1, 2)[kept] - points
    agree = (np.abs(shifts - np.median(shifts, axis=0)) < SAME_SHIFT_PX).all(axis=1)
    if np.count_nonzero(agree) < max(LEAST_POINTS, 0.5 * len(agree)):
        return None
    shift = shifts[agree].mean(axis=0)
    if np.hypot(*shift) > MOST_SHIFT * max(reference.shape):
        return None
    # What the agreeing points' rest has of a turn and of a zoom, by least squares.
    arms = points[agree] - points[agree].mean(axis=0)
    rest = shifts[agree] - shift
    spread = max(float((arms**2).sum()), 1.0)
    turn = (arms[:, 0] * rest[:, 1] - arms[:, 1] * rest[:, 0]).sum() / spread
    zoom = (arms * rest).sum() / spread
    return None if max(abs(turn), abs(zoom)) > MOST_TURN else shift


def _followed(first: Pixels, second: Pixels, points: Any) -> tuple[Any, Any]:
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        first, second, points, None, winSize=_WINDOW_PX, maxLevel=3, criteria=_UNTIL
    )
    return there, found


def is_tremor(matrix: Affine, longer_px: int) -> bool:
    """Tell whether a motion is small enough to be a hand's, not a change of scene."""
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    shift = float(np.hypot(matrix[0, 2], matrix[1, 2]))
    return abs(scale - 1.0) <= MOST_ZOOM and shift <= MOST_SHIFT * longer_px


def refined(matrix: Affine, reference: Floats, moved: Floats, readable: Mask) -> Affine:
    """Improve a motion by maximising the correlation of the two frames (ECC).

    Evangelidis and Psarakis 2008, *IEEE Transactions on Pattern Analysis and Machine
    Intelligence* 30:1858. Where it finds nothing better, the motion stays as it is.

    Parameters
    ----------
    matrix : ndarray, (2, 3)
        From `motion_to`.
    reference, moved : ndarray, (H, W) float32
    readable : ndarray, (H, W) bool
        Where ``reference`` counts.
    """
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-5)
    try:
        _, better = cv2.findTransformECC(
            reference,
            moved,
            matrix.astype(np.float32),
            cv2.MOTION_AFFINE,
            criteria,
            readable.astype(np.uint8),
            5,
        )
    except cv2.error:  # it says so when the correlation is not to be improved
        return matrix
    result: Affine = better.astype(np.float64)
    return result if is_tremor(result, max(reference.shape)) else matrix


def inverted(matrix: Affine) -> Affine:
    """Return the motion backwards."""
    result: Affine = np.linalg.inv(np.vstack([matrix, [0.0, 0.0, 1.0]]))[:2]
    return result
