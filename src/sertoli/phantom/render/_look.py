"""How a microscope and its camera make a dish look."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sertoli.optics import Modality

BENCH_MODALITIES = (
    Modality.BRIGHT_FIELD,
    Modality.PHASE_CONTRAST,
    Modality.DIC,
    Modality.HOFFMAN,
)
"""What a laboratory microscope can show of a dish."""


@dataclass(frozen=True, slots=True)
class Look:
    """Every choice of the bench microscope and its camera.

    Optical values are assumptions that span what laboratories use, not measurements.

    Parameters
    ----------
    modality : Modality
        One of BENCH_MODALITIES.
    na : float
        Numerical aperture of the objective.
    condenser : float
        Condenser aperture relative to the objective's; more blurs defocused fringes away.
    focus_um : float
        Height that the objective is focused on.
    phase_gain : float
        Scales the optical path of everything. In positive phase contrast about 0.3-0.5
        makes heads dark, 1.1 and more makes them bright.
    absorption_gain : float
        Scales absorption.
    tail_gain : float
        Scales the optical path of midpieces and tails: thin, steep things of which few
        microscopes show all.
    ring_transmission : float
        Amplitude that the phase plate lets through.
    negative_ring : bool
        Negative phase contrast: thin things bright.
    halo_um : float
        Width of the halo of phase contrast.
    shear_angle_rad, bias_rad, shear_um : float
        Direction, bias and distance of DIC; direction and width of Hoffman's slit too.
    oblique : float
        How one-sided the light of bright field is: 0 straight, 1 grazing.
    level : float
        Brightness of the empty background, 0 to 1 of the camera's range.
    contrast : float
        Contrast about the background.
    vignetting, gradient, gradient_angle_rad : float
        Fall-off to the corners and across the field (share of the level).
    grain : float
        Strength of the camera's fixed dust and the fluid's haze (share of the level).
    mottle : float
        Strength of fine specks over the whole field (share of the level).
    blur_um : float
        What lenses and camera lose beyond diffraction (standard deviation).
    bloom : float
        How strongly what is brighter than the background glows into its surroundings.
    electrons : float
        Full well of the camera: fewer electrons, more noise.
    read_noise : float
        In grey levels of 255.
    gamma, sharpening : float
        The camera's own processing.
    tint : (r, g, b) or None
        Colour of the background; None gives grey pictures.
    interlaced : bool
        Even and odd rows are half a frame apart.
    jpeg_quality : int or None
        Compression of every frame.
    white_edge_px : int
        White columns at the right edge, as some grabbers leave.
    """

    modality: Modality = Modality.PHASE_CONTRAST
    na: float = 0.5
    condenser: float = 0.5
    focus_um: float = 0.0
    phase_gain: float = 1.2
    absorption_gain: float = 1.0
    tail_gain: float = 0.7
    ring_transmission: float = 0.5
    negative_ring: bool = False
    halo_um: float = 6.0
    shear_angle_rad: float = 0.8
    bias_rad: float = 1.2
    shear_um: float = 0.35
    oblique: float = 0.0
    level: float = 0.35
    contrast: float = 1.0
    vignetting: float = 0.1
    gradient: float = 0.1
    gradient_angle_rad: float = 0.0
    grain: float = 0.01
    mottle: float = 0.01
    blur_um: float = 0.15
    bloom: float = 0.1
    electrons: float = 8000.0
    read_noise: float = 1.0
    gamma: float = 1.0
    sharpening: float = 0.3
    tint: tuple[float, float, float] | None = None
    interlaced: bool = False
    jpeg_quality: int | None = None
    white_edge_px: int = 0


def random_look(
    rng: np.random.Generator,
    modality: Modality | None = None,
    bright_heads: bool | None = None,
) -> Look:
    """Draw a laboratory.

    Parameters
    ----------
    rng : Generator
    modality : Modality, optional
        Drawn too if not given.
    bright_heads : bool, optional
        For phase contrast: bright or dark heads; drawn if not given.
    """
    if modality is None:
        drawn = rng.choice(len(BENCH_MODALITIES), p=[0.35, 0.4, 0.1, 0.15])
        modality = BENCH_MODALITIES[drawn]
    bright = bool(rng.random() < 0.5) if bright_heads is None else bright_heads
    phase = modality is Modality.PHASE_CONTRAST
    negative = phase and bright and bool(rng.random() < 0.4)
    if phase and not negative:
        phase_gain = rng.uniform(1.2, 1.9) if bright else rng.uniform(0.28, 0.55)
    elif modality is Modality.BRIGHT_FIELD:
        phase_gain = rng.uniform(0.25, 1.0)
    else:
        phase_gain = rng.uniform(0.4, 1.0)
    side = 1 if rng.random() < 0.5 else -1
    focus = side * rng.uniform(0.3, 3.5) if modality is Modality.BRIGHT_FIELD else rng.normal(0, 1)
    level = rng.uniform(0.25, 0.6) if phase else rng.uniform(0.35, 0.8)
    # Strongly refracting heads are seen as soft bright cores: the rim's phase is not resolved.
    softest_um = 0.25 if phase and bright else 0.0
    tint = None
    if rng.random() < 0.5:
        red, blue = rng.normal(0, 0.05, 2)
        tint = (float(1 + red), 1.0, float(1 + blue))
    return Look(
        modality=modality,
        na=float(rng.uniform(0.35, 0.8)),
        condenser=float(rng.uniform(0.2, 0.8)),
        focus_um=float(focus),
        phase_gain=float(phase_gain),
        absorption_gain=float(np.exp(rng.uniform(-0.5, 2.0))),
        tail_gain=float(np.exp(rng.uniform(-0.8, 0.5))),
        ring_transmission=float(rng.uniform(0.4, 0.6)),
        negative_ring=negative,
        halo_um=float(rng.uniform(3, 12)),
        shear_angle_rad=float(rng.uniform(-math.pi, math.pi)),
        bias_rad=float(rng.uniform(0.7, 1.6)),
        shear_um=float(rng.uniform(0.2, 0.5)),
        oblique=float(rng.uniform(0, 0.8) if rng.random() < 0.5 else 0.0),
        level=float(level),
        contrast=float(rng.uniform(0.6, 1.3)),
        vignetting=float(0.35 * rng.random() ** 2),
        gradient=float(0.3 * rng.random() ** 2),
        gradient_angle_rad=float(rng.uniform(-math.pi, math.pi)),
        grain=float(rng.uniform(0, 0.03)),
        mottle=float(rng.uniform(0, 0.025) if rng.random() < 0.4 else 0.0),
        blur_um=float(softest_um + 0.5 * rng.random() ** 2),
        bloom=float(rng.uniform(0, 0.9) if rng.random() < 0.6 else 0.0),
        electrons=float(10 ** rng.uniform(3.3, 5.0)),
        read_noise=float(rng.uniform(0.2, 1.5)),
        gamma=float(rng.uniform(0.7, 1.3)),
        sharpening=float(rng.uniform(0, 1.2) if rng.random() < 0.4 else 0.0),
        tint=tint,
        interlaced=bool(rng.random() < 0.2),
        jpeg_quality=int(rng.integers(20, 96)) if rng.random() < 0.7 else None,
        white_edge_px=1 if rng.random() < 0.05 else 0,
    )
