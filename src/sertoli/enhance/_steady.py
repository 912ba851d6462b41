"""Takes the tremor of hand and stand out of a live picture."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.enhance._enhanced import Enhanced, Floats, Mask, as_floats, luma_of
from sertoli.enhance._glare import unreadable_in
from sertoli.enhance._motion import Affine, motion_to
from sertoli.errors import SettingError
from sertoli.frames import Frame, Pixels

FOLLOWED_SIDE_PX = 360
"""Motion is measured on a picture of about this shorter side."""

MAX_MARGIN = 0.2


class Steady:
    """Holds the picture still against tremor and lets it follow a wanted movement.

    The camera's path (shift, turn, zoom) is followed by a slow average; the picture is moved by
    the difference of the two. It is cut down by a margin on each side, within which it moves, so
    that no border shows and nothing has to be made up there. Only frames before the present
    one are used. Instruments are left out of the motion as described in the documentation of
    ``enhance``: the motion is that of most of the picture.

    Parameters
    ----------
    margin : float
        Share of each side that is cut off, 0.01 to 0.2.
    smooth_frames : float
        The slow average reaches back over about so many frames.

    Raises
    ------
    SettingError
        If a value is out of range.
    """

    def __init__(self, margin: float = 0.05, smooth_frames: float = 20.0) -> None:
        if not 0.01 <= margin <= MAX_MARGIN:
            raise SettingError(f"a margin of {margin} is not possible", "give 0.01 to 0.2")
        if not 1.0 <= smooth_frames <= 10_000.0:
            raise SettingError(f"{smooth_frames} frames are not possible", "give 1 to 10000")
        self._margin = margin
        self._keep = 1.0 - 1.0 / smooth_frames
        self.lost_frames = 0
        """How many frames so far could not be laid over the one before."""
        self._before: Floats | None = None
        self._path = np.zeros(4)
        self._slow = np.zeros(4)

    def __call__(self, frame: Frame) -> Enhanced:
        """Return the next frame, held still: smaller by the margin on each side."""
        height, width = frame.pixels.shape[:2]
        values = as_floats(_small(frame.pixels))
        luma = luma_of(values)
        readable = np.asarray(~unreadable_in(values), dtype=np.bool_)
        before, self._before = self._before, luma
        if before is None or before.shape != luma.shape:
            self._path = np.zeros(4)
            self._slow = np.zeros(4)
        else:
            self._advance(luma, before, readable, width / luma.shape[1])
        away = self._path - self._slow
        reach = _reach(away, width, height, self._margin)
        if reach > 1.0:
            away = away / reach
            self._slow = self._path - away
        return _cut(frame, away, self._margin)

    def _advance(self, luma: Floats, before: Floats, readable: Mask, scale: float) -> None:
        motion = motion_to(luma, before, readable)
        if motion is None:
            self.lost_frames += 1
        else:
            self._path = self._path + _steps(motion, luma.shape, scale)
        self._slow = self._keep * self._slow + (1.0 - self._keep) * self._path


def _steps(motion: Affine, shape: tuple[int, ...], scale: float) -> npt.NDArray[np.float64]:
    """Return (right px, down px, turn rad, log zoom) of the newer frame against the older."""
    centre = np.array([shape[1] - 1.0, shape[0] - 1.0]) / 2.0
    shift = motion[:, :2] @ centre + motion[:, 2] - centre
    turn = math.atan2(motion[1, 0], motion[0, 0])
    zoom = math.log(math.hypot(motion[0, 0], motion[1, 0]))
    # `motion` goes from the newer frame to the older one: the way back is its negative.
    return -np.array([shift[0] * scale, shift[1] * scale, turn, zoom])


def _reach(away: npt.NDArray[np.float64], width: int, height: int, margin: float) -> float:
    """Return how far a correction moves the border inwards, as a multiple of the margin."""
    right, down, turn, zoom = np.abs(away)
    across = right + turn * height / 2.0 + zoom * width / 2.0 + 1.0
    upright = down + turn * width / 2.0 + zoom * height / 2.0 + 1.0
    return float(max(across / max(1.0, margin * width), upright / max(1.0, margin * height)))


def _cut(frame: Frame, away: npt.NDArray[np.float64], margin: float) -> Enhanced:
    height, width = frame.pixels.shape[:2]
    cut_x, cut_y = math.ceil(margin * width), math.ceil(margin * height)
    out_width, out_height = max(1, width - 2 * cut_x), max(1, height - 2 * cut_y)
    right, down, turn, zoom = away
    linear = math.exp(zoom) * np.array(
        [[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]
    )
    centre = np.array([width - 1.0, height - 1.0]) / 2.0
    out_centre = np.array([out_width - 1.0, out_height - 1.0]) / 2.0
    shift = centre + np.array([right, down]) - linear @ out_centre
    matrix = np.column_stack([linear, shift])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    pixels = np.asarray(
        cv2.warpAffine(
            frame.pixels,
            matrix,
            (out_width, out_height),
            flags=flags,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )
    seen = cv2.warpAffine(
        np.ones((height, width), np.uint8),
        matrix,
        (out_width, out_height),
        flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
    )
    unreadable = unreadable_in(as_floats(pixels)) | (seen == 0)
    return Enhanced(replace(frame, pixels=pixels), np.asarray(unreadable, dtype=np.bool_))


def _small(pixels: Pixels) -> Pixels:
    step = max(1, min(pixels.shape[:2]) // FOLLOWED_SIDE_PX)
    if step == 1:
        return pixels
    size = (pixels.shape[1] // step, pixels.shape[0] // step)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
