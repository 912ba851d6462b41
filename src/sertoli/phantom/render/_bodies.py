"""Optical thickness of the round things and the debris of a dish.

A patch is an array (S, S, 2) of phase (rad) and absorption (negative log amplitude) on
the pixel grid, S odd, the body's centre in its middle. Phases are rough products of
usual thickness and refractive index step, chosen to look right.

Most of what a field holds is small and plain: such bodies are computed many at a time.
Cells with an inside are computed one by one, and kept.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.phantom.world import Cell, CellKind

Floats = npt.NDArray[np.float32]

PLAIN = (CellKind.DEBRIS, CellKind.RED_CELL)
"""Kinds whose inside depends on the distance from the outline alone."""

REACH = 1.45
"""How far the raggedest outline reaches, in radii."""

_WAVES = 6
"""Waves that roughen an outline."""

_ROUGHNESS = {
    CellKind.ROUND_GERM_CELL: 0.02,
    CellKind.WHITE_CELL: 0.03,
    CellKind.SERTOLI_CELL: 0.10,
    CellKind.ELONGATED_SPERMATID: 0.03,
    CellKind.DEBRIS: 0.12,
    CellKind.CLUMP: 0.18,
}


def plain_patches(
    cells: Sequence[Cell], um_per_px: float
) -> Iterator[tuple[npt.NDArray[np.intp], Floats]]:
    """Phase and absorption of bodies of kinds `PLAIN`, those of like size together.

    Parameters
    ----------
    cells : sequence of Cell
    um_per_px : float

    Yields
    ------
    which : ndarray, (N,)
        Places in ``cells``.
    patches : ndarray, (N, S, S, 2) float32
    """
    draws = _uniform(np.array([cell.seed for cell in cells], np.uint64), 4 + 3 * _WAVES)
    radii = np.sqrt(-2 * np.log(1 - draws[:, 4 : 4 + _WAVES]))  # Box and Muller's normals
    waves = radii * np.cos(2 * math.pi * draws[:, 4 + _WAVES : 4 + 2 * _WAVES])
    groups: dict[tuple[CellKind, int, bool], list[int]] = defaultdict(list)
    for n, cell in enumerate(cells):
        crenated = cell.kind is CellKind.RED_CELL and bool(draws[n, 0] < 0.15)
        # Few sizes: a patch may be a quarter larger than its body needs.
        half = _half_px(cell, um_per_px)
        step = max(1, half // 4)
        groups[cell.kind, -(-half // step) * step, crenated].append(n)
    for (kind, half, crenated), members in groups.items():
        which = np.array(members)
        some = [cells[n] for n in members]
        _, b, c, d = (draws[which, k].astype(np.float32)[:, None, None] for k in range(4))
        turns = draws[which, 4 + 2 * _WAVES :]
        if kind is CellKind.RED_CELL:
            rough = np.full(len(some), 0.06) if crenated else 0.01 + 0.04 * draws[which, 1]
            first = 9 if crenated else 2
            q, inside, _, _ = _outlined(some, waves[which], turns, rough, first, half, um_per_px)
            dimple = 0.2 + 0.6 * c
            phase = 1.1 * _dome(q) * (1 - dimple + 2 * dimple * q * q) * inside
            absorption = phase * (0.05 / 1.1)
        else:
            rough = np.full(len(some), _ROUGHNESS[kind])
            q, inside, _, _ = _outlined(some, waves[which], turns, rough, 2, half, um_per_px)
            dome = _dome(q)
            phase = (0.1 + b) * dome ** (0.5 + c)
            stained = draws[which, 0, None, None] < 0.3
            absorption = np.where(stained, 0.3 * d * dome, 0.02 * inside)
        density = np.array([cell.density for cell in some], np.float32)[:, None, None, None]
        yield which, np.stack([phase, absorption], axis=-1).astype(np.float32) * density


@lru_cache(maxsize=2048)
def structured_patch(cell: Cell, um_per_px: float) -> Floats:
    """Phase and absorption, (S, S, 2) float32, of a cell with an inside of its own.

    Parameters
    ----------
    cell : Cell
        Neither a sperm nor of a kind in `PLAIN`.
    um_per_px : float
    """
    rng = np.random.default_rng(cell.seed)
    waves, turns = rng.standard_normal((1, _WAVES)), rng.random((1, _WAVES))
    rough = np.array([_ROUGHNESS[cell.kind]])
    half = _half_px(cell, um_per_px)
    q, inside, u, v = _outlined([cell], waves, turns, rough, 2, half, um_per_px)
    phase, absorption = _FILL[cell.kind](q[0], inside[0], u[0], v[0], rng)
    return np.stack([phase, absorption], axis=-1).astype(np.float32) * np.float32(cell.density)


def _uniform(seeds: npt.NDArray[np.uint64], count: int) -> npt.NDArray[np.float64]:
    """Random numbers (N, count) from 0 to below 1, each row from its own seed.

    Steele, Lea and Flood's SplitMix: thousands of short streams cost a generator each.
    """
    z: Any = seeds[:, None] * np.uint64(count)
    z = (z + np.arange(1, count + 1, dtype=np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        z ^= z >> np.uint64(shift)
        z *= np.uint64(factor)
    z ^= z >> np.uint64(31)
    return np.asarray((z >> np.uint64(11)).astype(np.float64) * 2.0**-53)


def _half_px(cell: Cell, um_per_px: float) -> int:
    return math.ceil(REACH * cell.length_um / 2 / um_per_px) + 2


def _outlined(
    cells: Sequence[Cell],
    waves: npt.NDArray[np.float64],
    turns: npt.NDArray[np.float64],
    roughness: npt.NDArray[np.float64],
    first: int,
    half: int,
    um_per_px: float,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Coordinates within bodies, each (N, S, S) with ``S = 2 half + 1``.

    Parameters
    ----------
    cells : N
    waves, turns : ndarray, (N, 6)
        Strength and turn (share of a circle) of the waves that roughen the outline.
    roughness : ndarray, (N,)
    first : int
        Order of the first wave: how many bumps go round.
    half : int
    um_per_px : float

    Returns
    -------
    q
        Distance from the centre as a share of the outline's in that direction.
    inside
        1 within the outline, 0 without.
    u, v
        Along and across the long axis, in radii.
    """
    radius_um, stretch, angle = (
        np.array(column)[:, None, None]
        for column in zip(
            *((c.length_um / 2, c.length_um / c.width_um, c.angle_rad) for c in cells),
            strict=True,
        )
    )
    axis = np.arange(-half, half + 1, dtype=np.float32)
    x, y = axis[None, None, :], axis[None, :, None]
    c, s = (f(angle) * um_per_px / radius_um for f in (np.cos, np.sin))
    place = np.empty((len(cells), axis.size, axis.size), np.complex64)
    u, v = place.real, place.imag
    np.add(c.astype(np.float32) * x, s.astype(np.float32) * y, out=u)
    np.add((-s * stretch).astype(np.float32) * x, (c * stretch).astype(np.float32) * y, out=v)
    distance = np.abs(place)
    # Waves around the outline, cos(k angle + turn), as powers of one complex direction.
    direction = place / np.maximum(distance, 1e-6)
    order = np.arange(_WAVES)
    sizes = roughness[:, None] * waves / np.sqrt(1 + order) * np.exp(2j * math.pi * turns)
    sum_of_waves = np.zeros_like(place)
    for k in reversed(range(_WAVES)):
        sum_of_waves *= direction
        sum_of_waves += sizes[:, k, None, None].astype(np.complex64)
    for _ in range(first):
        sum_of_waves *= direction
    outline = np.maximum(1 + sum_of_waves.real, np.float32(0.3))
    q = np.asarray(distance / outline, dtype=np.float32)
    # One pixel of soft edge keeps small bodies from flickering as they drift.
    soft = np.maximum(um_per_px / radius_um, 0.08).astype(np.float32)
    inside: Floats = np.clip((1 + soft / 2 - q) / soft, 0, 1)
    return q, inside, u, v


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
    CellKind.ROUND_GERM_CELL: _round_germ_cell,
    CellKind.SERTOLI_CELL: _sertoli_cell,
    CellKind.WHITE_CELL: _white_cell,
    CellKind.ELONGATED_SPERMATID: _spermatid,
    CellKind.CLUMP: _clump,
}
