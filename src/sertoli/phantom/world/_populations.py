"""How many of each kind lie in a dish, and what each looks like.

Sizes of sperm heads and tails follow the clinical facts, section 5 [V2]: head 4.0-5.5 x
2.5-3.5 um, tail about 10 head lengths. That testicular sperm are mostly immotile or
twitching is recalled [R]. Densities, sizes of other cells, beats and swings are
assumptions of the simulation, chosen to look right, not measurements.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files

import numpy as np

from sertoli.phantom.world._cells import Cell, CellKind, Motility, Swim, Tail


class Regime(StrEnum):
    """Where the sperm come from."""

    TESTICULAR = "testicular"
    SEMEN = "semen"


FASTEST_UM_PER_S = 150.0
LARGEST_SWING_UM = 1.2
"""Bounds that the dish counts on when it looks for who may have come into view."""


@dataclass(frozen=True, slots=True)
class MotionMix:
    """Shares of ways to move, and the speeds of those that travel.

    What is left of the shares is immotile. Speeds are log-normal.
    """

    progressive_share: float
    non_progressive_share: float
    twitching_share: float
    speed_median_um_per_s: float
    speed_log_sd: float
    turning_rad2_per_s: float


TESTICULAR_MOTION = MotionMix(0.01, 0.03, 0.15, 8.0, 0.5, 1.0)
"""Assumed: nearly all immotile or twitching (clinical facts, section 2 [R])."""


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """What a dish holds.

    Compared and hashed by identity, so that it can be the key of a cache.

    Parameters
    ----------
    per_mm2 : dict of CellKind to float
        Expected number of each kind per square millimetre.
    motion : MotionMix
    depth_um : float
        Standard deviation of heights about the focal plane.
    """

    per_mm2: dict[CellKind, float] = field(default_factory=dict)
    motion: MotionMix = TESTICULAR_MOTION
    depth_um: float = 1.5

    def with_sperm(self, per_mm2: float) -> Population:
        """Return the same dish with another density of sperm."""
        return replace(self, per_mm2={**self.per_mm2, CellKind.SPERM: per_mm2})


@cache
def semen_motions() -> dict[int, MotionMix]:
    """Motion of 19 men, fitted to VISEM-Tracking (CC BY 4.0) by ``training.semen_motion``.

    Speeds rest on an assumed pixel size of 0.30 um; the set states none.
    """
    text = (files("sertoli.phantom.world") / "semen_motion.csv").read_text(encoding="utf-8")
    return {
        int(row["man"]): MotionMix(
            progressive_share=float(row["progressive_share"]),
            non_progressive_share=float(row["non_progressive_share"]),
            twitching_share=0.1 * (1 - float(row["progressive_share"])),
            speed_median_um_per_s=float(row["speed_median_um_per_s"]),
            speed_log_sd=float(row["speed_log_sd"]),
            turning_rad2_per_s=float(row["turning_median_rad2_per_s"]),
        )
        for row in csv.DictReader(text.splitlines())
    }


def population(regime: Regime, rng: np.random.Generator) -> Population:
    """Draw what one man's dish holds.

    Parameters
    ----------
    regime : Regime
    rng : Generator
    """
    if regime is Regime.SEMEN:
        motions = semen_motions()
        man = sorted(motions)[rng.integers(len(motions))]
        return Population(
            {
                CellKind.SPERM: 600 * rng.lognormal(0, 0.5),
                CellKind.ROUND_GERM_CELL: 20 * rng.lognormal(0, 0.8),
                CellKind.WHITE_CELL: 20 * rng.lognormal(0, 0.8),
                CellKind.DEBRIS: 7000 * rng.lognormal(0, 0.7),
            },
            motions[man],
            depth_um=1.5,
        )
    amount = rng.lognormal(0, 0.5)
    return Population(
        {
            CellKind.SPERM: 50.0,
            CellKind.ELONGATED_SPERMATID: 15 * amount * rng.lognormal(0, 0.7),
            CellKind.RED_CELL: 700 * rng.lognormal(0, 1.0),
            CellKind.ROUND_GERM_CELL: 250 * amount * rng.lognormal(0, 0.6),
            CellKind.SERTOLI_CELL: 60 * amount * rng.lognormal(0, 0.5),
            CellKind.WHITE_CELL: 20 * rng.lognormal(0, 0.8),
            CellKind.DEBRIS: 3000 * amount * rng.lognormal(0, 0.7),
            CellKind.CLUMP: 4 * amount * rng.lognormal(0, 0.5),
        },
        TESTICULAR_MOTION,
        depth_um=2.0,
    )


def draw_cell(
    kind: CellKind,
    number: int,
    place_um: tuple[float, float],
    dish: Population,
    rng: np.random.Generator,
) -> Cell:
    """Draw one individual of a kind at a place."""
    length, width = _size_um(kind, rng)
    z = float(rng.normal(0, dish.depth_um))
    if kind is CellKind.DEBRIS and rng.random() < 0.25:
        z += float(rng.normal(0, 8.0))  # floats in the fluid or lies on a cover glass
    cell = Cell(
        number=number,
        kind=kind,
        x_um=place_um[0],
        y_um=place_um[1],
        z_um=z,
        angle_rad=float(rng.uniform(-math.pi, math.pi)),
        length_um=length,
        width_um=width,
        density=float(rng.lognormal(0, 0.18 if kind is CellKind.SPERM else 0.4)),
        seed=int(rng.integers(2**31)),
    )
    if kind is CellKind.SPERM:
        return _sperm(cell, dish.motion, rng)
    if kind is CellKind.ELONGATED_SPERMATID and rng.random() < 0.5:
        return replace(cell, tail=_tail(rng.uniform(8, 30), 0.0, rng))
    return cell


def _size_um(kind: CellKind, rng: np.random.Generator) -> tuple[float, float]:
    if kind is CellKind.SPERM:
        long = float(np.clip(rng.normal(4.7, 0.45), 3.2, 6.5))
        wide = float(np.clip(rng.normal(2.9, 0.3), 1.8, 4.2))
        if rng.random() < 0.2:  # seen tilted or end on
            long = max(wide, long * float(rng.uniform(0.6, 1.0)))
        return long, wide
    if kind is CellKind.ELONGATED_SPERMATID:
        return float(rng.uniform(5.0, 8.0)), float(rng.uniform(1.6, 2.8))
    if kind is CellKind.DEBRIS:
        typical = 0.8 if rng.random() < 0.6 else 1.8  # specks and larger pieces
        long = float(np.clip(rng.lognormal(math.log(typical), 0.5), 0.4, 9.0))
        return long, long * float(rng.uniform(0.5, 1.0))
    if kind is CellKind.CLUMP:
        long = float(np.clip(rng.lognormal(math.log(60), 0.6), 25, 250))
        return long, long * float(rng.uniform(0.35, 1.0))
    mean, sd = {
        CellKind.RED_CELL: (7.2, 0.5),
        CellKind.ROUND_GERM_CELL: (11.0, 2.5),
        CellKind.SERTOLI_CELL: (17.0, 3.0),
        CellKind.WHITE_CELL: (11.5, 1.3),
    }[kind]
    long = float(max(4.5, rng.normal(mean, sd)))
    return long, long * float(rng.uniform(0.88, 1.0))


def _sperm(cell: Cell, motion: MotionMix, rng: np.random.Generator) -> Cell:
    draw = rng.random()
    tail_um = float(np.clip(rng.normal(10 * 4.7, 6.0), 25, 65))
    if rng.random() < 0.04:
        tail_um = float(rng.uniform(3, 15))  # broken off or coiled
    if draw < motion.progressive_share:
        speed = motion.speed_median_um_per_s * float(rng.lognormal(0, motion.speed_log_sd))
        swim = Swim(
            speed_um_per_s=min(speed, FASTEST_UM_PER_S),
            turning_rad2_per_s=motion.turning_rad2_per_s * float(rng.lognormal(0, 0.6)),
            circling_rad_per_s=float(rng.normal(0, 0.3)),
            swing_um=float(rng.uniform(0.2, LARGEST_SWING_UM)),
            swing_hz=float(rng.uniform(6, 16)),
        )
        return replace(
            cell,
            motility=Motility.PROGRESSIVE,
            tail=_tail(tail_um, rng.uniform(0.5, 1.1), rng),
            swim=swim,
        )
    draw -= motion.progressive_share
    if draw < motion.non_progressive_share:
        swim = Swim(float(rng.uniform(1.5, 4.5)), 6.0, float(rng.normal(0, 1.0)), 0.6, 8.0)
        return replace(
            cell,
            motility=Motility.NON_PROGRESSIVE,
            tail=_tail(tail_um, rng.uniform(0.4, 0.9), rng),
            swim=swim,
        )
    draw -= motion.non_progressive_share
    if draw < motion.twitching_share:
        return replace(
            cell,
            motility=Motility.TWITCHING,
            tail=_tail(tail_um, rng.uniform(0.15, 0.5), rng, slow=True),
        )
    return replace(cell, tail=_tail(tail_um, 0.0, rng))


def _tail(length_um: float, amplitude: float, rng: np.random.Generator, slow: bool = False) -> Tail:
    return Tail(
        length_um=float(length_um),
        midpiece_um=float(min(rng.uniform(3.5, 5.0), length_um / 2)),
        width_um=float(rng.uniform(0.35, 0.6)),
        bend_rad=float(rng.normal(0, 0.5) if rng.random() < 0.8 else rng.normal(0, 2.0)),
        amplitude_rad=float(amplitude),
        wavelength_um=float(rng.uniform(25, 40)),
        beat_hz=float(rng.uniform(0.5, 3) if slow else rng.uniform(6, 16)),
        phase_rad=float(rng.uniform(0, 2 * math.pi)),
    )
