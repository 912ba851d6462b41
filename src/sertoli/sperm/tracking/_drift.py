"""How far the whole field has moved: the stage was touched, the fluid creeps."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.frames import Frame, to_grey

Floats = npt.NDArray[np.float32]

SIDE_PX = 160
"""The longer side of the copy that is compared: small things do not matter here."""

BACKGROUND_SHARE = 0.025
"""Structure wider than about this share of the picture is lighting, and taken off."""

CLIP_SD = 3.0
"""A single bright cell shall not outweigh the many faint ones."""

ENOUGH = 0.35
"""At a weaker agreement with the reference a newer picture becomes the reference."""

TOO_LITTLE = 0.05
"""At a weaker agreement with the newest picture its movement is unknown, and taken as none."""

MAX_SHIFT_SHARE = 0.2
"""Further than this share of a side from its reference a picture has too little in common."""


@dataclass(frozen=True, slots=True)
class DriftState:
    """Where a `FieldDrift` stands after a frame: enough to go on later, with two frames at hand.

    Parameters
    ----------
    drift_px : (x, y)
        Displacement of the field since the first frame.
    frame : int
        Index of the frame; -1 before the first.
    reference_px : (x, y)
        Displacement of the reference picture.
    reference_frame : int
        Index of the frame that is the reference.
    """

    drift_px: tuple[float, float] = (0.0, 0.0)
    frame: int = -1
    reference_px: tuple[float, float] = (0.0, 0.0)
    reference_frame: int = -1


class FieldDrift:
    """Follows the displacement of the whole field, one frame at a time.

    Each frame is compared with a reference picture, so that errors do not add up frame by
    frame; the reference is renewed where the field has moved far or changed much. Shifts
    are found by phase correlation, which follows what most of the picture does: a swimming
    sperm, or a few, do not move it. Pixels: x right, y down.
    """

    def __init__(self) -> None:
        self.state = DriftState()
        self._reference: Floats | None = None
        self._last: Floats | None = None
        self._window: Floats | None = None

    def update(self, frame: Frame) -> tuple[float, float]:
        """Return by how much (x, y, px) the field has moved since the first frame.

        Parameters
        ----------
        frame : Frame
            At another size than those before, the comparison begins anew from the drift so far.
        """
        picture, factor = _prepare(frame)
        before = self.state
        if self._reference is None or picture.shape != self._reference.shape:
            self._begin(picture)
            self.state = DriftState(before.drift_px, frame.index, before.drift_px, frame.index)
        else:
            self.state = self._follow(picture, factor, frame.index)
        self._last = picture
        return self.state.drift_px

    def restore(self, state: DriftState, reference: Frame, last: Frame) -> None:
        """Go on from where another one stood, as if there had been no break.

        Parameters
        ----------
        state : DriftState
        reference, last : Frame
            Those with the indices ``state.reference_frame`` and ``state.frame``.
        """
        self._begin(_prepare(reference)[0])
        self._last = _prepare(last)[0]
        self.state = state

    def _begin(self, picture: Floats) -> None:
        self._reference = picture
        self._window = cv2.createHanningWindow(picture.shape[::-1], cv2.CV_32F)

    def _follow(self, picture: Floats, factor: tuple[float, float], index: int) -> DriftState:
        before = self.state
        start_px, start_frame = before.reference_px, before.reference_frame
        shift, agreement = self._shift(self._reference, picture)
        if agreement < ENOUGH or _far(shift, picture):
            self._reference, start_px, start_frame = self._last, before.drift_px, before.frame
            shift, agreement = self._shift(self._reference, picture)
            if agreement < TOO_LITTLE:
                self._reference = picture
                return DriftState(before.drift_px, index, before.drift_px, index)
        drift_px = (start_px[0] + shift[0] * factor[0], start_px[1] + shift[1] * factor[1])
        return DriftState(drift_px, index, start_px, start_frame)

    def _shift(self, before: Floats | None, now: Floats) -> tuple[tuple[float, float], float]:
        assert before is not None
        assert self._window is not None
        # Copies: OpenCV multiplies its arguments by the window where their size suits its FFT.
        (x, y), agreement = cv2.phaseCorrelate(before.copy(), now.copy(), self._window)
        return (float(x), float(y)), float(agreement)


def _prepare(frame: Frame) -> tuple[Floats, tuple[float, float]]:
    """Return a small copy without its lighting, and the size of its pixels (x, y)."""
    height, width = frame.pixels.shape[:2]
    scale = min(1.0, SIDE_PX / max(height, width))
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    pixels = np.ascontiguousarray(frame.pixels)
    small = to_grey(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
    small -= cv2.GaussianBlur(small, (0, 0), max(1.0, BACKGROUND_SHARE * max(size)))
    limit = CLIP_SD * float(small.std())
    return np.clip(small, -limit, limit), (width / size[0], height / size[1])


def _far(shift: tuple[float, float], picture: Floats) -> bool:
    height, width = picture.shape
    return bool(max(abs(shift[0]) / width, abs(shift[1]) / height) > MAX_SHIFT_SHARE)
