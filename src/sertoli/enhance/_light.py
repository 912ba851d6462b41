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
    as_floats,
    from_floats,
    highest_of,
    lowest_of,
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
        glare = glare_in(as_floats(lowest_of(small)))
        dark = dark_in(as_floats(highest_of(small)))
        unreadable = np.asarray(glare | dark, dtype=np.bool_)
        height, width = pixels.shape[:2]
        if self.settings.white_balance and pixels.ndim == 3:
            gains = self._white.update(small, glare)
            if gains is not NEUTRAL:
                gains = gains ** np.float32(self.settings.white_balance)
                pixels = _multiplied(pixels, gains)
                small = _multiplied(small, gains)
        if self.settings.noise:
            pixels = self._noise(pixels, small, unreadable)
            small = _analysed(pixels)
        change = self._change(small, glare, unreadable)
        if change is not None:
            pixels = _added(pixels, change)
        return Enhanced(replace(frame, pixels=pixels), _mask_at(unreadable, width, height))

    def _change(self, small: Pixels, glare: Mask, unreadable: Mask) -> Floats | None:
        """Return what to add to every channel, at the size of the analysis."""
        if not (self.settings.contrast or self.settings.glare):
            return None
        luma = as_floats(luma_of(small))
        change = np.zeros_like(luma)
        if self.settings.contrast:
            change = contrast_change(luma, self.settings.contrast, unreadable)
        highest, lowest = as_floats(highest_of(small)), as_floats(lowest_of(small))
        change = np.minimum(change, np.float32(HEADROOM) * (np.float32(255.0) - highest))
        change = np.maximum(change, np.float32(-HEADROOM) * lowest)
        if self.settings.glare and glare.any():
            share = cv2.GaussianBlur(glare.astype(np.float32), (0, 0), 1.5)
            change -= self.settings.glare * share * (luma - GLARE_KNEE).clip(0.0)
        return np.asarray(change, dtype=np.float32)


def _analysed(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    if min(height, width) < HALVED_FROM_PX:
        return pixels
    half = (-(-width // 2), -(-height // 2))
    return np.asarray(cv2.resize(pixels, half, interpolation=cv2.INTER_AREA))


def _mask_at(mask: Mask, width: int, height: int) -> Mask:
    if mask.shape == (height, width):
        return mask
    large = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(large > 0, dtype=np.bool_)


def _multiplied(pixels: Pixels, gains: Floats) -> Pixels:
    if pixels.dtype != np.uint8:
        return np.asarray(cv2.multiply(pixels, (*(float(gain) for gain in gains), 0.0)))
    # A table is several times as quick.
    steps = np.arange(256, dtype=np.float32)[:, None, None] * gains
    return np.asarray(cv2.LUT(pixels, np.rint(steps).clip(0, 255).astype(np.uint8)))


def _added(pixels: Pixels, change: Floats) -> Pixels:
    """Add a change, at any size, to every channel, limited to the type's range."""
    # Whole steps, up and down apart: far quicker than sums of mixed types.
    up, down = _at_size(change, pixels), _at_size(-change, pixels)
    return np.asarray(cv2.subtract(cv2.add(pixels, up), down))


def _at_size(change: Floats, like: Pixels) -> Pixels:
    steps = from_floats(cv2.max(change, 0.0), like.dtype)
    height, width = like.shape[:2]
    if steps.shape != (height, width):
        steps = np.asarray(cv2.resize(steps, (width, height), interpolation=cv2.INTER_LINEAR))
    return steps if like.ndim == 2 else np.asarray(cv2.merge([steps] * 3))
