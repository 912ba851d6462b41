"""What lies on the tubules: vessels, blood, irrigation."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.phantom.render.operating._look import OperatingLook
from sertoli.phantom.render.operating._noise import smooth_noise
from sertoli.phantom.render.operating._shade import blur
from sertoli.phantom.render.operating._view import FieldView

Map = npt.NDArray[np.float32]

BLOOD_ABSORPTION = np.array([0.25, 2.4, 2.8], dtype=np.float32)
"""Relative to each other as oxygenated blood takes up red, green and blue (assumed)."""


def vessel_mask(look: OperatingLook, view: FieldView, seed: int) -> Map:
    """Draw branching vessels; 0 none, 1 full of blood.

    Parameters
    ----------
    look : OperatingLook
    view : FieldView
    seed : int
    """
    rng = np.random.default_rng((seed, 30))
    width_um = view.width_px * view.um_per_px
    height_um = view.height_px * view.um_per_px
    fine = 2
    mask = np.zeros((fine * view.height_px, fine * view.width_px), dtype=np.uint8)
    count = rng.poisson(look.vessels_per_mm2 * width_um * height_um * 1e-6)
    for _ in range(count):
        start = (rng.uniform(0, width_um), rng.uniform(0, height_um))
        thick_um = min(90.0, 12.0 * rng.pareto(1.6) + 12.0)  # few wide ones, many fine ones
        _draw_vessel(
            mask, rng, start, rng.uniform(0, 2 * math.pi), thick_um,
            fine / view.um_per_px, branches=3,
        )  # fmt: skip
    small = cv2.resize(mask, (view.width_px, view.height_px), interpolation=cv2.INTER_AREA)
    return blur(small.astype(np.float32) / 255, 5.0 / view.um_per_px)


def _draw_vessel(
    mask: npt.NDArray[np.uint8],
    rng: np.random.Generator,
    start: tuple[float, float],
    heading: float,
    width_um: float,
    px_per_um: float,
    branches: int,
) -> None:
    x, y = start
    step_um, turn = 40.0, 0.0
    points = [(x, y)]
    for _ in range(int(rng.integers(15, 90))):
        turn = 0.9 * turn + rng.normal(0, 0.045)
        heading += turn
        x, y = x + step_um * math.cos(heading), y + step_um * math.sin(heading)
        points.append((x, y))
        if branches and rng.random() < 0.03:
            side = heading + rng.choice([-1, 1]) * rng.uniform(0.4, 1.0)
            _draw_vessel(mask, rng, (x, y), side, 0.6 * width_um, px_per_um, branches - 1)
    line = np.rint(np.array(points) * px_per_um * 16).astype(np.int32)
    parts = 4
    for n, part in enumerate(np.array_split(np.arange(len(line) - 1), parts)):
        # Thinner towards the end; below a pixel fainter instead.
        thick = width_um * (1 - 0.6 * n / parts) * px_per_um
        strength = int(255 * min(1.0, thick))
        piece = line[part[0] : part[-1] + 2]
        cv2.polylines(mask, [piece], False, strength, max(1, round(thick)), cv2.LINE_AA, shift=4)


def blood_depth(height_um: Map, look: OperatingLook, view: FieldView, seed: int) -> Map:
    """Return how deep blood stands; 1 hides what is below. It gathers in hollows."""
    if look.blood_share < 0.002:
        return np.zeros_like(height_um)
    level = smooth_noise(seed, view, 900.0, octaves=3)
    fine = blur(height_um, 25.0 / view.um_per_px)
    hollow = (blur(height_um, 110.0 / view.um_per_px) - fine) / 60.0
    level = level + 0.25 * np.clip(hollow, -1.5, 1.5)
    threshold = np.quantile(level, 1 - look.blood_share)
    # A thin stain around a pool.
    return np.asarray(np.clip((level - threshold) / 0.5 + 0.3, 0, 1.5), dtype=np.float32)


def irrigation_depth(look: OperatingLook, view: FieldView, seed: int) -> Map:
    """Return how much irrigation stands there, 0 to 1."""
    level = smooth_noise(seed, view, 1500.0, octaves=2)
    threshold = np.quantile(level, max(0.0, 1 - look.film_share))
    return np.asarray(np.clip((level - threshold) / 0.5, 0, 1), dtype=np.float32)


def cover(
    colour: Map, light: Map, vessels: Map, blood: Map, irrigation: Map, look: OperatingLook
) -> Map:
    """Lay vessels, blood and irrigation over the tubules.

    Parameters
    ----------
    colour : ndarray, (H, W, 3)
        Linear colour of the tissue.
    light, vessels, blood, irrigation : ndarray, (H, W)
    look : OperatingLook
    """
    share = (0.85 * vessels)[..., None]
    colour = colour * (1 - share) + share * np.array(look.vessel, np.float32) * light[..., None]
    depth = blood[..., None]
    stained = colour * np.exp(-2.2 * depth * BLOOD_ABSORPTION)
    thick = np.clip(depth, 0, 1) * 0.85
    colour = stained * (1 - thick) + thick * np.array(look.vessel, np.float32) * 0.55
    haze = (look.haze * irrigation)[..., None]
    return np.asarray(colour * (1 - haze) + haze * 0.8, dtype=np.float32)
