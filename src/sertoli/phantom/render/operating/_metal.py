"""Instruments as the camera sees them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sertoli.phantom.render.operating._look import OperatingLook
from sertoli.phantom.render.operating._shade import blur
from sertoli.phantom.world import Shaft

Map = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

HIDING_SHARE = 0.3
"""An instrument that takes this share of a pixel's light hides what is below."""


def lay_instruments(
    colour: Map, shafts: Sequence[Shaft], look: OperatingLook, um_per_px: float
) -> tuple[Map, Mask]:
    """Lay instruments over a picture.

    Parameters
    ----------
    colour : ndarray, (H, W, 3)
        Linear.
    shafts : sequence of Shaft
    look : OperatingLook
    um_per_px : float

    Returns
    -------
    colour : ndarray, (H, W, 3)
    hidden : ndarray of bool, (H, W)
    """
    height, width = colour.shape[:2]
    hidden = np.zeros((height, width), dtype=bool)
    for shaft in shafts:
        mask, metal = _metal(shaft, look, um_per_px, width, height)
        if not mask.any():
            continue
        soft_px = look.aperture * shaft.height_um / um_per_px
        # Its shadow lies beside it, away from the lamp, the softer the higher it is held.
        shift = shaft.height_um * np.array(look.light[:2]) / max(0.2, look.light[2]) / um_per_px
        dark = np.roll(mask, (-round(shift[1]), -round(shift[0])), axis=(0, 1))
        dark = blur(dark, 2 * soft_px + 0.08 * shaft.height_um / um_per_px)
        colour = colour * (1 - 0.5 * (1 - look.ambient) * dark)[..., None]
        mask, metal = blur(mask, soft_px), blur(metal * mask[..., None], soft_px)
        colour = colour * (1 - mask[..., None]) + metal
        hidden |= mask >= HIDING_SHARE
    return np.asarray(colour, dtype=np.float32), hidden


def _metal(
    shaft: Shaft, look: OperatingLook, um_per_px: float, width: int, height: int
) -> tuple[Map, Map]:
    """Return how much of each pixel a shaft fills, (H, W), and its colour, (H, W, 3)."""
    x = ((np.arange(width) - (width - 1) / 2) * um_per_px - shaft.tip_um[0])[None, :]
    y = ((np.arange(height) - (height - 1) / 2) * um_per_px - shaft.tip_um[1])[:, None]
    cos, sin = math.cos(shaft.angle_rad), math.sin(shaft.angle_rad)
    along = (x * cos + y * sin).astype(np.float32)
    across = (y * cos - x * sin).astype(np.float32)
    radius = shaft.tip_radius_um + shaft.taper * np.maximum(along, 0)
    # A rounded tip; inside is where the distance to the wall is positive.
    beyond = np.maximum(shaft.tip_radius_um - along, 0)
    inside = radius - np.hypot(across, beyond if not shaft.hollow else 0)
    if shaft.hollow:
        inside = np.minimum(inside, along)
    mask = np.clip(inside / um_per_px + 0.5, 0, 1)
    place = np.clip(across / radius, -1, 1)
    side = np.sqrt(1 - place**2)
    normal = (-sin * place, cos * place)
    cosine = normal[0] * look.light[0] + normal[1] * look.light[1] + side * look.light[2]
    grey = 0.10 + 0.30 * np.maximum(cosine, 0)
    half = np.array([look.light[0], look.light[1], look.light[2] + 1.0])
    half /= np.linalg.norm(half)
    facing = np.clip(normal[0] * half[0] + normal[1] * half[1] + side * half[2], 0, 1)
    grey = grey + 0.9 * facing**60
    if shaft.hollow:
        opening = np.clip(1 - (along / (0.35 * radius)) ** 2 - place**2, 0, 1)
        grey = grey * (1 - 0.9 * (opening > 0))
    steel = np.array([0.96, 0.98, 1.0], dtype=np.float32)
    return np.asarray(mask, np.float32), np.asarray(grey[..., None] * steel, np.float32)
