"""The light chain: what every frame gets before a person sees it, live."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import cv2
import numpy as np

from sertoli.enhance._contrast import contrast_change
from sertoli.enhance._crew import Crew
from sertoli.enhance._enhanced import (
    Enhanced,
    Floats,
    Mask,
    extremes_of,
    luma_of,
)
from sertoli.enhance._glare import dark_in, glare_in
from sertoli.enhance._noise import TemporalFilter
from sertoli.enhance._sizes import analysed, any_of_four, extended, halved, repeated
from sertoli.enhance._white import NEUTRAL, WhiteBalance
from sertoli.enhance._whole import NO_CHANGE, WholePicture
from sertoli.errors import SettingError
from sertoli.frames import Frame, Pixels

HALVED_FROM_PX = (720, 1080, 2160)
"""Pictures whose shorter side has so many px are halved once more for the analysis; the result is
whole."""

GLARE_KNEE = 200.0
"""Glare is taken down towards this level (of 255)."""

HEADROOM = 0.8
"""No channel is brought nearer to black or white than this share of the way to it."""


@dataclass(frozen=True, slots=True)
class LightSettings:
    """Which steps are on, and how strong; 0 is off.

    Parameters
    ----------
    white_balance : float, 0 to 1
        Share of the lamp's cast that is taken out.
    glare : float, 0 to 1
        How far glare is dimmed; what it hides is not made up.
    noise : float, 0 to 1
        How much of the earlier frames is kept where nothing moves.
    contrast : float, 0 to 1
        How much local contrast is raised.

    Raises
    ------
    SettingError
        If a strength is not a number from 0 to 1.
    """

    white_balance: float = 1.0
    glare: float = 0.6
    noise: float = 0.7
    contrast: float = 0.5

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (math.isfinite(value) and 0.0 <= value <= 1.0):
                raise SettingError(
                    f"a strength of {value} for {field.name} is not possible", "give 0 to 1"
                )


class LightChain:
    """White balance, glare, temporal noise and local contrast: one frame in, one out.

    Each frame is worked on at once, with what was learnt from the frames before it; nothing is
    queued, so a live reader that skips frames only makes the filter remember less. White
    balance scales channels, glare and contrast add one and the same value to all channels of
    a pixel: hue stays. Nothing is drawn that was not recorded.

    Parameters
    ----------
    settings : LightSettings, optional
    """

    def __init__(self, settings: LightSettings | None = None) -> None:
        self.settings = settings or LightSettings()
        self._white = WhiteBalance()
        self._crew = Crew()
        self._noise = TemporalFilter(self.settings.noise, self._crew)
        self._whole = WholePicture(self._crew)
        self._kind: tuple[tuple[int, ...], object] | None = None

    def reset(self) -> None:
        """Forget the frames before: another recording, or another place."""
        self._white = WhiteBalance()
        self._noise = TemporalFilter(self.settings.noise, self._crew)

    def __call__(self, frame: Frame) -> Enhanced:
        """Enhance the next frame.

        Parameters
        ----------
        frame : Frame
            Grey or RGB, uint8 or uint16. Another size or type than before starts anew.
        """
        pixels = np.ascontiguousarray(frame.pixels)
        if (pixels.shape, pixels.dtype) != self._kind:
            self._kind = (pixels.shape, pixels.dtype)
            self.reset()
        step = _step(pixels)
        # Glare is looked for in a finer picture: the thinnest streaks are soon averaged away.
        finer_step = max(1, step // 2)
        finer = analysed(extended(pixels, step), finer_step, self._crew)
        shape = pixels.shape
        looked = self._crew.begin(lambda: _hidden(finer, finer_step, step, shape))
        raw = small = halved(finer) if step > finer_step else finer
        past = None
        if self.settings.noise:
            past, small = self._noise(shape, raw, step)
        averaging = self._whole.average(pixels, step, past)
        glare, unreadable, hidden = looked()
        gains = None
        if self.settings.white_balance and pixels.ndim == 3:
            gains = self._gains(raw, glare)
            if gains is not None:
                small = np.asarray(cv2.transform(small, np.diag(gains)))
        change = self._change(small, glare, unreadable, step)
        averaged = averaging()
        pixels = self._whole.changed(averaged, step, gains, change)
        if self.settings.noise:
            # Last: what it begins is for the next frame, and this one is waited for.
            self._noise.keep(averaged, unreadable, step)
        return Enhanced(replace(frame, pixels=pixels), hidden)

    def _gains(self, small: Pixels, glare: Mask) -> Floats | None:
        gains = self._white.update(small, glare)
        if gains is NEUTRAL:
            return None
        return np.asarray(gains ** np.float32(self.settings.white_balance))

    def _change(self, small: Pixels, glare: Mask, unreadable: Mask, step: int) -> Pixels | None:
        """Return `NO_CHANGE` and what to add to every channel, uint8, at the analysis's size."""
        if not (self.settings.contrast or self.settings.glare):
            return None
        luma = luma_of(small)
        change = np.full(luma.shape, NO_CHANGE, np.uint8)
        if self.settings.contrast:
            levels = contrast_change(luma, self.settings.contrast, unreadable, step)
            change = np.asarray(cv2.convertScaleAbs(levels, alpha=1.0, beta=NO_CHANGE))
        lowest, highest = extremes_of(small)
        most = cv2.addWeighted(highest, -HEADROOM, highest, 0.0, NO_CHANGE + HEADROOM * 255.0)
        least = cv2.addWeighted(lowest, -HEADROOM, lowest, 0.0, NO_CHANGE)
        change = np.asarray(cv2.max(cv2.min(change, most), least))
        if self.settings.glare and glare.any():
            share = cv2.GaussianBlur(glare.view(np.uint8) * np.uint8(255), (0, 0), 1.5 / step**0.5)
            beyond = cv2.subtract(luma, np.full_like(luma, GLARE_KNEE))
            dimmed = cv2.multiply(share, beyond, scale=self.settings.glare / 255.0)
            change = np.asarray(cv2.subtract(change, dimmed))
        return change


def _hidden(
    finer: Pixels, finer_step: int, step: int, shape: tuple[int, ...]
) -> tuple[Mask, Mask, Mask]:
    """Return glare and all that cannot be read at the analysis's size, and the latter whole."""
    lowest, highest = extremes_of(finer)
    glare = glare_in(lowest)
    unreadable = np.asarray(glare | dark_in(highest), dtype=np.bool_)
    rows = slice(0, shape[0])
    whole = repeated(unreadable.view(np.uint8), finer_step, rows, shape[1]).view(np.bool_)
    if step > finer_step:
        glare, unreadable = any_of_four(glare), any_of_four(unreadable)
    return glare, unreadable, whole


def _step(pixels: Pixels) -> int:
    """Return how many px along each side are one px of the analysis: 1, 2, 4 or 8."""
    return int(2 ** sum(min(pixels.shape[:2]) >= side for side in HALVED_FROM_PX))
