"""Where one frame of a recording lies on the first: hand tremor, zoom and slow tissue motion."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.frames import Frame

Floats = npt.NDArray[np.float64]

WIDTH_PX = 480
"""Frames are compared at about this width: tremor is found to a tenth of these px."""

CORNERS = 300
FEWEST_CORNERS = 12
FEWEST_INLIERS = 0.35
"""With a smaller share of corners that agree, the frame is not held for the same view."""

NEW_KEY_BELOW = 0.55
"""A new reference is taken when fewer than this share of its corners are still found."""

MOST_ZOOM_STEP = 1.25


class Register:
    """Follows a recording: gives each frame's place on the first frame.

    Corners of a reference frame are looked up in each new frame near where the last frame had
    them (Lucas-Kanade), and a turn, zoom and shift is fitted to those that agree (RANSAC), so
    that instruments moving through do not pull the picture along and errors do not add up. A
    frame that fits nowhere is taken to lie where the last one lay.
    """

    def __init__(self) -> None:
        self._key: npt.NDArray[np.uint8] | None = None
        self._corners: Any = None
        self._key_to_first = np.eye(3)
        self._key_to_last = np.eye(3)
        self._last: npt.NDArray[np.uint8] | None = None

    def __call__(self, frame: Frame) -> Floats:
        """Return the matrix (3, 3) from px of the first frame to px of this one."""
        shrink = min(1.0, WIDTH_PX / frame.width_px)
        grey = _ready(frame, shrink)
        if self._key is None or grey.shape != self._key.shape:
            if self._key is not None:  # the size changed: nothing is known any more
                self._key_to_first = np.eye(3)
            self._take_key(grey, self._key_to_first)
            return np.eye(3)
        found, share = self._placed(grey)
        if found is not None:
            self._key_to_last = found
        first_to_frame = self._key_to_last @ np.linalg.inv(self._key_to_first)
        if found is not None and share < NEW_KEY_BELOW:
            self._take_key(grey, np.linalg.inv(first_to_frame))
        scale = np.diag((shrink, shrink, 1.0))
        return np.asarray(np.linalg.inv(scale) @ first_to_frame @ scale)

    def _take_key(self, grey: npt.NDArray[np.uint8], key_to_first: Floats) -> None:
        self._key = grey
        self._key_to_first = key_to_first
        self._key_to_last = np.eye(3)
        self._corners = cv2.goodFeaturesToTrack(grey, CORNERS, 0.01, 6)

    def _placed(self, grey: npt.NDArray[np.uint8]) -> tuple[Floats | None, float]:
        if self._corners is None or len(self._corners) < FEWEST_CORNERS:
            self._take_key(grey, self._key_to_first @ np.linalg.inv(self._key_to_last))
            return None, 1.0
        guess = cv2.perspectiveTransform(self._corners, self._key_to_last).astype(np.float32)
        moved, ok, _ = cv2.calcOpticalFlowPyrLK(
            self._key,
            grey,
            self._corners,
            guess,
            winSize=(21, 21),
            maxLevel=3,
            flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
        )
        good = ok[:, 0] > 0
        if good.sum() < FEWEST_CORNERS:
            return None, 0.0
        cv2.setRNGSeed(0)
        matrix, inliers = cv2.estimateAffinePartial2D(
            self._corners[good], moved[good], method=cv2.RANSAC, ransacReprojThreshold=2.0
        )
        if matrix is None:
            return None, 0.0
        share = float(inliers.sum()) / len(self._corners)
        matrix = np.vstack((matrix, (0.0, 0.0, 1.0)))
        step = matrix @ np.linalg.inv(self._key_to_last)
        zoom = float(np.sqrt(abs(np.linalg.det(step[:2, :2]))))
        if share < FEWEST_INLIERS * float(good.mean()) or not (
            1 / MOST_ZOOM_STEP < zoom < MOST_ZOOM_STEP
        ):
            return None, share
        return np.asarray(matrix, np.float64), share


def _ready(frame: Frame, shrink: float) -> npt.NDArray[np.uint8]:
    grey = np.clip(frame.grey(), 0, 255).astype(np.uint8)
    if shrink < 1:
        size = (round(frame.width_px * shrink), round(frame.height_px * shrink))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    # contrast evened out: exposure drifts, and the lamp's streaks move on their own
    return np.asarray(cv2.createCLAHE(3.0, (4, 4)).apply(np.minimum(grey, 230)), np.uint8)
