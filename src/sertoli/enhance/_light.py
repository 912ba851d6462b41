"""The light chain: what every frame gets before a person sees it, live."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import cv2
import numpy as np

from sertoli.enhance._contrast import contrast_change
from sertoli.enhance._enhanced import (
    Enhanced,
    Floats,
    Mask,
    as_bytes,
    extremes_of,
    full_scale,
    luma_of,
)
from sertoli.enhance._glare import dark_in, glare_in
from sertoli.enhance._noise import TemporalFilter
from sertoli.enhance._white import NEUTRAL, WhiteBalance
from sertoli.errors import SettingError
from sertoli.frames import Frame, Pixels

HALVED_FROM_PX = 720
"""Pictures whose shorter side has so many px are analysed at half size; the result is whole."""

GLARE_KNEE = 200.0
"""Glare is taken down towards this level (of 255)."""

HEADROOM = 0.8
"""No channel is brought nearer to black or white than this share of the way to it."""

NO_CHANGE = 128
"""The level that stands for no change where a change is held in bytes."""


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
        self._noise = TemporalFilter(self.settings.noise)
        self._kind: tuple[tuple[int, ...], object] | None = None

    def reset(self) -> None:
        """Forget the frames before: another recording, or another place."""
        self._white = WhiteBalance()
        self._noise = TemporalFilter(self.settings.noise)

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
        small = _analysed(pixels)
        lowest, highest = extremes_of(small)
        glare, dark = glare_in(lowest), dark_in(highest)
        unreadable = np.asarray(glare | dark, dtype=np.bool_)
        height, width = pixels.shape[:2]
        if self.settings.white_balance and pixels.ndim == 3:
            gains = self._white.update(small, glare)
            if gains is not NEUTRAL:
                gains = gains ** np.float32(self.settings.white_balance)
                pixels = _multiplied(pixels, gains)
                small = _multiplied(small, gains)
        if self.settings.noise:
            pixels, small = self._noise(pixels, small, unreadable)
        change = self._change(small, glare, unreadable)
        if change is not None:
            pixels = _added(pixels, change)
        return Enhanced(replace(frame, pixels=pixels), _mask_at(unreadable, width, height))

    def _change(self, small: Pixels, glare: Mask, unreadable: Mask) -> Pixels | None:
        """Return `NO_CHANGE` and what to add to every channel, uint8, at the analysis's size."""
        if not (self.settings.contrast or self.settings.glare):
            return None
        luma = luma_of(small)
        change = np.full(luma.shape, NO_CHANGE, np.uint8)
        if self.settings.contrast:
            levels = contrast_change(luma, self.settings.contrast, unreadable)
            change = np.asarray(cv2.convertScaleAbs(levels, alpha=1.0, beta=NO_CHANGE))
        lowest, highest = extremes_of(small)
        most = cv2.addWeighted(highest, -HEADROOM, highest, 0.0, NO_CHANGE + HEADROOM * 255.0)
        least = cv2.addWeighted(lowest, -HEADROOM, lowest, 0.0, NO_CHANGE)
        change = np.asarray(cv2.max(cv2.min(change, most), least))
        if self.settings.glare and glare.any():
            share = cv2.GaussianBlur(glare.view(np.uint8) * np.uint8(255), (0, 0), 1.5)
            beyond = cv2.subtract(luma, np.full_like(luma, GLARE_KNEE))
            dimmed = cv2.multiply(share, beyond, scale=self.settings.glare / 255.0)
            change = np.asarray(cv2.subtract(change, dimmed))
        return change


def _analysed(pixels: Pixels) -> Pixels:
    """Return the picture as the analysis sees it: bytes, and where it is large at half size."""
    height, width = pixels.shape[:2]
    if min(height, width) >= HALVED_FROM_PX:
        half = (-(-width // 2), -(-height // 2))
        pixels = np.asarray(cv2.resize(pixels, half, interpolation=cv2.INTER_AREA))
    return as_bytes(pixels)


def _mask_at(mask: Mask, width: int, height: int) -> Mask:
    if mask.shape == (height, width):
        return mask
    # Every pixel twice along each side: several times as quick as resizing.
    low, wide = mask.shape
    pairs = cv2.merge([mask.view(np.uint8)] * 2).reshape(low, 2 * wide).view(np.bool_)
    return np.repeat(pairs, 2, axis=0)[:height, :width]


def _multiplied(pixels: Pixels, gains: Floats) -> Pixels:
    return np.asarray(cv2.transform(pixels, np.diag(gains)))


def _added(pixels: Pixels, change: Pixels) -> Pixels:
    """Add `_change`, at any size, to every channel, limited to the type's range."""
    height, width = pixels.shape[:2]
    if change.shape != (height, width):
        change = np.asarray(cv2.resize(change, (width, height), interpolation=cv2.INTER_LINEAR))
    if pixels.ndim == 3:
        change = np.asarray(cv2.cvtColor(change, cv2.COLOR_GRAY2RGB))
    level = full_scale(pixels) / 255.0
    change = change.astype(pixels.dtype, copy=False)
    return np.asarray(cv2.addWeighted(pixels, 1.0, change, level, -NO_CHANGE * level))
