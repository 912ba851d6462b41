"""Optical thickness of the round things and the debris of a dish.

A patch is an array of phase (rad) and one of absorption (negative log amplitude) on
the pixel grid, the body's centre in its middle. Phases are rough products of usual
thickness and refractive index step, chosen to look right.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.phantom.world import Cell, CellKind

Floats = npt.NDArray[np.float32]


def body_patches(cells: Sequence[Cell], um_per_px: float) -> list[Floats]:
    return [_body_patch(cell, um_per_px) for cell in cells]


@lru_cache(maxsize=2048)
def _body_patch(cell: Cell, um_per_px: float) -> Floats:
    """Phase and absorption of a cell that is no sperm.

    Parameters
    ----------
    cell : Cell
        Not of kind SPERM.
    um_per_px : float

    Returns
    -------
    (phase, absorption) : ndarray, (S, S) float32 each
    """
    rng = np.random.default_rng(cell.seed)
    radius_um = cell.length_um / 2
    half = math.ceil(1.45 * radius_um / um_per_px) + 2
    axis = np.arange(-half, half + 1, dtype=np.float32) * np.float32(um_per_px)
    x, y = np.meshgrid(axis, axis)
    c, s = math.cos(cell.angle_rad), math.sin(cell.angle_rad)
    stretch = cell.length_um / cell.width_um
    u: Floats = np.float32(c) * x + np.float32(s) * y
    v: Floats = np.float32(-s * stretch) * x + np.float32(c * stretch) * y
    roughness = {
        CellKind.RED_CELL: 0.06 if rng.random() < 0.15 else float(rng.uniform(0.01, 0.05)),
        CellKind.ROUND_GERM_CELL: 0.02,
        CellKind.WHITE_CELL: 0.03,
        CellKind.SERTOLI_CELL: 0.10,
        CellKind.ELONGATED_SPERMATID: 0.03,
        CellKind.DEBRIS: 0.12,
        CellKind.CLUMP: 0.18,
    }[cell.kind]
    crenated = cell.kind is CellKind.RED_CELL and roughness > 0.05
    q = _outline_distance(u, v, radius_um, roughness, 9 if crenated else 2, rng)
    # One pixel of soft edge keeps small bodies from flickering as they drift.
    soft = max(um_per_px / radius_um, 0.08)
    inside = np.clip((1 + soft / 2 - q) / soft, 0, 1).astype(np.float32, copy=False)
    phase, absorption = _FILL[cell.kind](q, inside, u / radius_um, v / radius_um, rng)
    return np.stack([phase, absorption], axis=-1).astype(np.float32) * np.float32(cell.density)


def _outline_distance(
    u: Floats, v: Floats, radius_um: float, roughness: float, first: int, rng: np.random.Generator
) -> Floats:
    """Distance from the centre as a share of the outline's in that direction."""
    distance = np.hypot(u, v) / np.float32(radius_um)
    angle = np.arctan2(v, u)
    outline = np.ones_like(distance)
    for k in range(first, first + 6):
        size = roughness * rng.normal() / math.sqrt(1 + (k - first))
        outline += np.float32(size) * np.cos(k * angle + np.float32(rng.uniform(0, 6.28)))
    return np.asarray(distance / np.maximum(outline, 0.3), dtype=np.float32)


def _dome(q: Floats) -> Floats:
    height: Floats = np.sqrt(np.clip(1 - q * q, 0, None))
    return height


def _spot(u: Floats, v: Floats, at: tuple[float, float], radius: float) -> Floats:
    blob: Floats = np.exp(-((((u - at[0]) ** 2 + (v - at[1]) ** 2) / (radius * radius)) ** 2))
    return blob


def _texture(shape: tuple[int, ...], grain_share: float, rng: np.random.Generator) -> Floats:
    """Smooth noise of mean 0 and deviation 1; ``grain_share`` of the patch is one grain."""
    coarse = max(4, min(round(1 / grain_share), shape[0]))
    noise = rng.normal(size=(coarse, coarse)).astype(np.float32)
    grown = cv2.resize(noise, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(grown, dtype=np.float32)


def _red_cell(
    q: Floats, inside: Floats, u: Floats, v: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    dimple = rng.uniform(0.2, 0.8)
    height = _dome(q) * (1 - dimple + 2 * dimple * q * q) * inside
    return 1.1 * height, 0.05 * height


def _round_germ_cell(
    q: Floats, inside: Floats, u: Floats, v: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    at = (float(rng.normal(0, 0.1)), float(rng.normal(0, 0.1)))
    nucleus = _spot(u, v, at, float(rng.uniform(0.45, 0.7)))
    grains = _texture(q.shape, 0.06, rng) * inside
    coarse = _texture(q.shape, 0.2, rng) * inside
    relief = float(rng.uniform(0.0, 0.25))
    phase = 0.9 * _dome(q) + 0.25 * nucleus + relief * (grains * nucleus + 0.5 * grains + coarse)
    return phase, 0.015 * inside + 0.025 * nucleus


def _sertoli_cell(
    q: Floats, inside: Floats, u: Floats, v: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    at = (float(rng.normal(0, 0.2)), float(rng.normal(0, 0.2)))
    nucleus = _spot(u, v, at, float(rng.uniform(0.35, 0.5)))
    nucleolus = _spot(u, v, (at[0] + 0.05, at[1]), 0.12)
    vacuoles = _texture(q.shape, 0.12, rng) * inside
    phase = 0.7 * _dome(q) + 0.25 * vacuoles + 0.35 * nucleus + 0.7 * nucleolus
    return phase, 0.015 * inside + 0.03 * nucleolus


def _white_cell(
    q: Floats, inside: Floats, u: Floats, v: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    lobes = np.zeros_like(q)
    start = rng.uniform(0, 6.28)
    for k in range(int(rng.integers(2, 5))):
        angle = start + 1.5 * k
        lobes += _spot(u, v, (0.35 * math.cos(angle), 0.35 * math.sin(angle)), 0.3)
    grains = _texture(q.shape, 0.04, rng) * inside
    phase = 1.1 * _dome(q) + 0.4 * lobes + float(rng.uniform(0.1, 0.3)) * grains
    return phase, 0.02 * inside + 0.03 * lobes


def _spermatid(
    q: Floats, inside: Floats, u: Floats, v: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    # The body's size is the head's; residual cytoplasm hangs at its hind end.
    droplet = _spot(u, 0.5 * v, (-0.8, float(rng.normal(0, 0.2))), float(rng.uniform(0.3, 0.55)))
    return 1.3 * _dome(q) + 0.6 * droplet, 0.12 * _dome(q) + 0.03 * droplet


def _debris(
    q: Floats, inside: Floats, u: Floats, v: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    phase = rng.uniform(0.1, 1.1) * _dome(q) ** float(rng.uniform(0.5, 1.5))
    absorption = rng.uniform(0, 0.3) * _dome(q) if rng.random() < 0.3 else 0.02 * inside
    return np.asarray(phase), np.asarray(absorption)


def _clump(
    q: Floats, inside: Floats, u: Floats, v: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    coarse, fine = _texture(q.shape, 0.12, rng), _texture(q.shape, 0.03, rng)
    if rng.random() < 0.4:  # a thin sheet of epithelium: pale, folded, with a nucleus
        folds = np.exp(-(((coarse - float(rng.normal(0, 0.5))) / 0.15) ** 2))
        at = (float(rng.normal(0, 0.2)), float(rng.normal(0, 0.2)))
        nucleus = _spot(u, v, at, 0.15)
        sheet = inside * (0.3 + 0.1 * fine) + 0.25 * folds * inside + 0.4 * nucleus
        return np.asarray(sheet), 0.03 * inside + 0.04 * nucleus
    thickness = np.clip(1.2 * _dome(q), 0, 1) * inside
    phase = thickness * (1.8 + 0.9 * coarse + 0.7 * fine)
    return phase, thickness * np.clip(0.15 + 0.08 * coarse, 0, None) * float(rng.uniform(0.5, 2))


_FILL = {
    CellKind.RED_CELL: _red_cell,
    CellKind.ROUND_GERM_CELL: _round_germ_cell,
    CellKind.SERTOLI_CELL: _sertoli_cell,
    CellKind.WHITE_CELL: _white_cell,
    CellKind.ELONGATED_SPERMATID: _spermatid,
    CellKind.DEBRIS: _debris,
    CellKind.CLUMP: _clump,
}
