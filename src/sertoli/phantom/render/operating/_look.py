"""How an operating microscope, its light and its camera make an opened testis look.

Every value is an assumption: no public picture of such a field is to be had. So there are several
families that share no choice of shading, gloss, texture, colour or camera, and each draws the rest
from wide ranges: what holds on a family left out has a chance to hold on a real microscope.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

Colour = tuple[float, float, float]
"""Linear R, G, B; 1 is a white sheet in the same light."""


@dataclass(frozen=True, slots=True)
class OperatingLook:
    """Every choice of one operating microscope and what it looks at.

    Parameters
    ----------
    name : str
        Of the family.
    shading : {"wrapped", "rough", "two_flux", "limb", "half"}
        How a tubule's side turns darker; see `shade`.
    light : (x, y, z)
        Unit vector to the lamp: x right, y down, z up to the surgeon.
    ambient : float
        Share of the light that comes from everywhere.
    flatness : float
        0: tubules are round; 1: pressed together, they are flat on top with steep sides.
    occlusion : float
        How dark grooves are.
    shadow : float
        How dark cast shadows are.
    scatter_um : float
        How far light travels in tissue (standard deviation).
    clear, opaque, ground, vessel : Colour
        Of clear and opaque tubules, of what lies below all, of vessels.
    hue_spread : float
        Relative difference of colour between tubules.
    body : float
        Share of light that even the clearest tubule stops.
    wall : float
        Brightness of the line along a tubule's wall, relative; negative: dark.
    lumen : float
        Brightness of the band along the middle, relative.
    grain, grain_um : float
        Strength and size of specks in tubules.
    mottle, mottle_um : float
        Strength and size of cloudy changes.
    gloss : {"phong", "ggx", "ward", "sheen"}
    gloss_strength, roughness : float
    ripple, ripple_um : float
        Slope and size of the wet film's ripples.
    film_um : float
        Thickness of the film: how much it smooths the surface that glistens.
    haze : float
        Share of white that irrigation adds where it lies.
    vessels_per_mm2, blood_share, film_share : float
        How much of them there is; shares of the area.
    aperture : float
        Blur in um (standard deviation) per um out of focus.
    blur_um : float
        What lens and camera lose in focus (standard deviation).
    vignetting : float
        Loss of light in the corners.
    exposure : float
        What a white sheet would reach, 1 the top of the camera's range.
    gamma, saturation, sharpening : float
    balance : Colour
        Gains of a white balance that is not quite right.
    electrons, read_noise : float
        Full well and noise (in electrons) of the camera.
    mosaic : bool
        One sensor behind a colour mosaic instead of three.
    jpeg_quality : int or None
    """

    name: str
    shading: str
    light: tuple[float, float, float]
    ambient: float
    flatness: float
    occlusion: float
    shadow: float
    scatter_um: float
    clear: Colour
    opaque: Colour
    ground: Colour
    vessel: Colour
    hue_spread: float
    body: float
    wall: float
    lumen: float
    grain: float
    grain_um: float
    mottle: float
    mottle_um: float
    gloss: str
    gloss_strength: float
    roughness: float
    ripple: float
    ripple_um: float
    film_um: float
    haze: float
    vessels_per_mm2: float
    blood_share: float
    film_share: float
    aperture: float
    blur_um: float
    vignetting: float
    exposure: float
    gamma: float
    saturation: float
    sharpening: float
    balance: Colour
    electrons: float
    read_noise: float
    mosaic: bool
    jpeg_quality: int | None


@dataclass(frozen=True, slots=True)
class _Family:
    """Ranges that the looks of a family are drawn from; see `OperatingLook`."""

    shading: str
    gloss: str
    tilt_deg: tuple[float, float]
    clear: tuple[Colour, Colour]
    opaque: tuple[Colour, Colour]
    ground: tuple[Colour, Colour]
    vessel: tuple[Colour, Colour]
    mosaic: bool
    jpeg: tuple[int, int] | None
    ranges: dict[str, tuple[float, float]]


_COMMON: dict[str, tuple[float, float]] = {
    "flatness": (0.2, 1.0),
    "scatter_um": (8.0, 30.0),
    "hue_spread": (0.02, 0.06),
    "vessels_per_mm2": (0.1, 1.0),
    "blood_share": (0.0, 0.05),
    "film_share": (0.0, 0.4),
    "aperture": (0.015, 0.08),
    "blur_um": (3.0, 7.0),
    "exposure": (0.8, 1.15),
    "read_noise": (8.0, 25.0),
}

FAMILIES: dict[str, _Family] = {
    "halogen": _Family(
        shading="wrapped", gloss="phong", tilt_deg=(4.0, 18.0),
        clear=((0.52, 0.36, 0.20), (0.68, 0.50, 0.32)),
        opaque=((0.84, 0.70, 0.46), (0.95, 0.84, 0.64)),
        ground=((0.16, 0.06, 0.03), (0.34, 0.16, 0.08)),
        vessel=((0.30, 0.03, 0.03), (0.45, 0.07, 0.05)),
        mosaic=False, jpeg=None,
        ranges={
            "ambient": (0.25, 0.45), "occlusion": (0.6, 1.4), "shadow": (0.0, 0.2),
            "body": (0.25, 0.45), "wall": (-0.05, 0.15), "lumen": (-0.08, 0.05),
            "grain": (0.02, 0.05), "grain_um": (14.0, 30.0),
            "mottle": (0.03, 0.08), "mottle_um": (120.0, 400.0),
            "gloss_strength": (0.6, 1.6), "roughness": (0.10, 0.22),
            "ripple": (0.05, 0.16), "ripple_um": (40.0, 110.0), "film_um": (10.0, 25.0),
            "haze": (0.02, 0.08), "vignetting": (0.1, 0.35), "gamma": (2.0, 2.4),
            "saturation": (0.95, 1.15), "sharpening": (0.0, 0.3), "electrons": (9000.0, 25000.0),
        },
    ),
    "led": _Family(
        shading="rough", gloss="ggx", tilt_deg=(18.0, 38.0),
        clear=((0.55, 0.44, 0.34), (0.70, 0.58, 0.46)),
        opaque=((0.86, 0.80, 0.66), (0.97, 0.93, 0.84)),
        ground=((0.20, 0.10, 0.08), (0.40, 0.24, 0.18)),
        vessel=((0.36, 0.06, 0.09), (0.55, 0.14, 0.16)),
        mosaic=True, jpeg=(80, 95),
        ranges={
            "ambient": (0.15, 0.3), "occlusion": (0.3, 0.9), "shadow": (0.25, 0.6),
            "body": (0.3, 0.5), "wall": (-0.15, 0.02), "lumen": (0.0, 0.1),
            "grain": (0.03, 0.08), "grain_um": (20.0, 45.0),
            "mottle": (0.02, 0.06), "mottle_um": (200.0, 700.0),
            "gloss_strength": (0.04, 0.12), "roughness": (0.18, 0.34),
            "ripple": (0.08, 0.22), "ripple_um": (25.0, 60.0), "film_um": (5.0, 15.0),
            "haze": (0.0, 0.05), "vignetting": (0.0, 0.15), "gamma": (1.8, 2.2),
            "saturation": (0.85, 1.05), "sharpening": (0.3, 0.9), "electrons": (5000.0, 12000.0),
        },
    ),
    "flooded": _Family(
        shading="two_flux", gloss="sheen", tilt_deg=(0.0, 12.0),
        clear=((0.50, 0.40, 0.24), (0.66, 0.54, 0.38)),
        opaque=((0.80, 0.72, 0.50), (0.92, 0.86, 0.70)),
        ground=((0.26, 0.12, 0.07), (0.46, 0.26, 0.16)),
        vessel=((0.40, 0.08, 0.06), (0.55, 0.16, 0.12)),
        mosaic=False, jpeg=(45, 75),
        ranges={
            "ambient": (0.5, 0.75), "occlusion": (0.8, 1.8), "shadow": (0.0, 0.1),
            "body": (0.2, 0.35), "wall": (0.08, 0.3), "lumen": (-0.12, 0.0),
            "grain": (0.0, 0.03), "grain_um": (30.0, 60.0),
            "mottle": (0.05, 0.12), "mottle_um": (60.0, 160.0),
            "gloss_strength": (0.3, 0.9), "roughness": (0.05, 0.12),
            "ripple": (0.02, 0.06), "ripple_um": (150.0, 500.0), "film_um": (40.0, 90.0),
            "haze": (0.06, 0.18), "vignetting": (0.05, 0.25), "gamma": (2.1, 2.6),
            "saturation": (0.75, 0.95), "sharpening": (0.0, 0.2), "electrons": (8000.0, 20000.0),
            "film_share": (0.5, 1.0),
        },
    ),
    "polarised": _Family(
        shading="limb", gloss="phong", tilt_deg=(0.0, 5.0),
        clear=((0.46, 0.28, 0.14), (0.60, 0.42, 0.26)),
        opaque=((0.90, 0.74, 0.42), (0.98, 0.88, 0.62)),
        ground=((0.14, 0.04, 0.03), (0.28, 0.10, 0.07)),
        vessel=((0.22, 0.01, 0.02), (0.36, 0.05, 0.06)),
        mosaic=True, jpeg=None,
        ranges={
            "ambient": (0.6, 0.9), "occlusion": (0.2, 0.7), "shadow": (0.0, 0.05),
            "body": (0.35, 0.55), "wall": (-0.3, -0.08), "lumen": (0.02, 0.15),
            "grain": (0.06, 0.14), "grain_um": (18.0, 40.0),
            "mottle": (0.04, 0.1), "mottle_um": (90.0, 250.0),
            "gloss_strength": (0.0, 0.1), "roughness": (0.08, 0.16),
            "ripple": (0.05, 0.12), "ripple_um": (50.0, 120.0), "film_um": (8.0, 20.0),
            "haze": (0.0, 0.03), "vignetting": (0.0, 0.2), "gamma": (1.6, 2.0),
            "saturation": (1.15, 1.5), "sharpening": (0.5, 1.3), "electrons": (3500.0, 9000.0),
        },
    ),
    "dim": _Family(
        shading="half", gloss="ward", tilt_deg=(25.0, 50.0),
        clear=((0.56, 0.36, 0.28), (0.72, 0.50, 0.40)),
        opaque=((0.82, 0.66, 0.54), (0.93, 0.80, 0.70)),
        ground=((0.24, 0.07, 0.06), (0.44, 0.16, 0.13)),
        vessel=((0.42, 0.05, 0.06), (0.60, 0.12, 0.12)),
        mosaic=False, jpeg=(60, 85),
        ranges={
            "ambient": (0.1, 0.25), "occlusion": (0.4, 1.2), "shadow": (0.1, 0.35),
            "body": (0.3, 0.5), "wall": (-0.05, 0.1), "lumen": (-0.05, 0.05),
            "grain": (0.01, 0.04), "grain_um": (40.0, 80.0),
            "mottle": (0.06, 0.14), "mottle_um": (250.0, 900.0),
            "gloss_strength": (0.15, 0.4), "roughness": (0.12, 0.28),
            "ripple": (0.03, 0.10), "ripple_um": (30.0, 90.0), "film_um": (15.0, 40.0),
            "haze": (0.01, 0.06), "vignetting": (0.35, 0.65), "gamma": (2.2, 2.7),
            "saturation": (0.8, 1.1), "sharpening": (0.0, 0.4), "electrons": (1200.0, 4000.0),
            "aperture": (0.05, 0.12), "blood_share": (0.0, 0.1),
        },
    ),
}  # fmt: skip

LOOKS = tuple(FAMILIES)
"""Names of the families."""


def draw_look(rng: np.random.Generator, name: str | None = None) -> OperatingLook:
    """Draw a look, of one family or of any.

    Parameters
    ----------
    rng : numpy.random.Generator
    name : str, optional
        One of `LOOKS`.
    """
    name = name or LOOKS[int(rng.integers(len(LOOKS)))]
    family = FAMILIES[name]
    tilt = math.radians(rng.uniform(*family.tilt_deg))
    turn = rng.uniform(0.0, 2 * math.pi)
    values: dict[str, Any] = {
        part: float(rng.uniform(*limits))
        for part, limits in sorted({**_COMMON, **family.ranges}.items())
    }
    return OperatingLook(
        name=name,
        shading=family.shading,
        gloss=family.gloss,
        light=(
            math.sin(tilt) * math.cos(turn),
            math.sin(tilt) * math.sin(turn),
            math.cos(tilt),
        ),
        balance=(float(rng.normal(1, 0.05)), 1.0, float(rng.normal(1, 0.07))),
        mosaic=family.mosaic,
        jpeg_quality=None if family.jpeg is None else int(rng.integers(*family.jpeg)),
        clear=_between(rng, *family.clear),
        opaque=_between(rng, *family.opaque),
        ground=_between(rng, *family.ground),
        vessel=_between(rng, *family.vessel),
        **values,
    )


def _between(rng: np.random.Generator, low: Colour, high: Colour) -> Colour:
    """Draw a colour on a line between two, give or take a little across it."""
    share = rng.uniform(0.0, 1.0, 3) * 0.4 + rng.uniform(0.0, 0.6)
    red, green, blue = (a + s * (b - a) for a, b, s in zip(low, high, share, strict=True))
    return float(red), float(green), float(blue)
