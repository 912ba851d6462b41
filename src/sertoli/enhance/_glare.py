"""Finds where wet tissue mirrors the lamp, and where there is no light to see by."""

from __future__ import annotations

import cv2
import numpy as np

from sertoli.enhance._enhanced import Floats, Mask, as_floats, highest_of, lowest_of
from sertoli.frames import Frame, Pixels

# Whole numbers: bytes compared with fractions are made float64 first.
CLIPPED = 246
"""At or above this (of 255) in every channel the sensor is full and holds no tissue."""

SEED_EXCESS, SEED_LEVEL = 40, 165
"""A streak is where the darkest channel exceeds what lies beside it by the first, and is at least
as bright as the second (of 255)."""

RIM_SHARE = 0.4
"""Its rim is where at least this share of the excess beside it is left."""

DARK = 4
"""At or below this (of 255) in every channel there is nothing to be read."""

WIDEST_STREAK = 50
"""A streak that is not clipped is narrower than the picture's shorter side divided by this."""


def glare_mask(frame: Frame) -> Mask:
    """Tell where a frame shows glare instead of tissue.

    A mirrored lamp adds the same light to every channel (the dichromatic reflection model:
    Shafer 1985, *Color Research and Application* 10:210), so the darkest channel rises above
    its surroundings; opaque tissue is white over a larger width than a streak has. Areas where
    every channel is full count too, however wide.

    Parameters
    ----------
    frame : Frame
        Grey or RGB, uint8 or uint16.

    Returns
    -------
    ndarray, (H, W) bool
    """
    return glare_in(as_floats(lowest_of(frame.pixels)))


def glare_in(lowest: Floats | Pixels) -> Mask:
    """Find glare by each pixel's darkest channel, (H, W), 0 to 255; see `glare_mask`.

    Bytes are several times as quick as float32.
    """
    reach = max(3, min(lowest.shape) // WIDEST_STREAK) | 1
    # What is left of the picture when everything narrower than `reach` is taken down.
    box = np.ones((reach, reach), np.uint8)
    ground = cv2.morphologyEx(lowest, cv2.MORPH_OPEN, box, borderType=cv2.BORDER_REFLECT)
    excess = cv2.subtract(lowest, cv2.blur(ground, (reach, reach)))
    clipped = lowest >= CLIPPED
    seeds = clipped | ((excess > SEED_EXCESS) & (lowest > SEED_LEVEL))
    if not seeds.any():
        return np.asarray(seeds, dtype=np.bool_)
    peak = cv2.dilate(excess * seeds, box)
    rim = (peak > 0) & (cv2.addWeighted(excess, 1.0, peak, -RIM_SHARE, 0.0) > 0)
    # The bloom around a full sensor: one pixel.
    full = cv2.dilate(clipped.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return np.asarray(seeds | rim | full, dtype=np.bool_)


def dark_in(highest: Floats | Pixels) -> Mask:
    """Tell by each pixel's brightest channel, (H, W), 0 to 255, where there is next to no light."""
    return np.asarray(highest <= DARK, dtype=np.bool_)


def unreadable_in(values: Floats) -> Mask:
    """Tell where nothing can be read in values of 0 to 255: glare, or next to no light."""
    hidden = glare_in(lowest_of(values)) | dark_in(highest_of(values))
    return np.asarray(hidden, dtype=np.bool_)


def near(mask: Mask) -> Mask:
    """Return the mask with a rim of 3 px: glare shines a little beyond where it is marked."""
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0)
