"""Single random fields for training: every laboratory, magnification and density."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sertoli.optics import Modality
from sertoli.phantom.render import View, random_look, tail_line, take_picture
from sertoli.phantom.world import Cell, CellKind, Dish, Population, Regime, population, pose

CROWDED_PER_MM2 = 6000.0
"""Denser than undiluted semen is looked at."""


MOST_SPERM = math.exp(4.0)
"""In a picture of a few hundred px a side: as crowded as undiluted semen."""


@dataclass(frozen=True, slots=True, eq=False)
class RandomField:
    """A simulated picture with everything that lies in it.

    Parameters
    ----------
    pixels : ndarray, (H, W) uint8
        Grey.
    boxes_px : ndarray, (N, 4) float32
        x, y, width, height of heads and bodies.
    classes : tuple of str, N
        A `CellKind` value, or ``obscured_sperm``.
    um_per_px : float
    modality : Modality
    tails_px : tuple of ndarray, (K, 2) float32, or None; N
        Line of each tail, x and y, from the neck on; None for what has no tail.
    """

    pixels: npt.NDArray[np.uint8]
    boxes_px: npt.NDArray[np.float32]
    classes: tuple[str, ...]
    um_per_px: float
    modality: Modality
    tails_px: tuple[npt.NDArray[np.float32] | None, ...]


def random_field(
    seed: int,
    height_px: int,
    width_px: int,
    um_per_px: float | None = None,
    most_sperm: float = MOST_SPERM,
) -> RandomField:
    """Draw a laboratory, a dish and a place in it, and take a picture.

    Parameters
    ----------
    seed : int
        The same seed gives the same picture.
    height_px, width_px : int
    um_per_px : float, optional
        Drawn log-uniformly from 0.1 to 1.0 if not given.
    most_sperm : float
        Highest number of sperm to be expected in a picture.
    """
    rng = np.random.default_rng((seed, 20))
    if um_per_px is None:
        um_per_px = float(np.exp(rng.uniform(np.log(0.1), np.log(1.0))))
    area_mm2 = height_px * width_px * (um_per_px / 1000) ** 2
    dish = Dish(int(rng.integers(2**31)), random_population(rng, area_mm2, most_sperm))
    look = replace(random_look(rng), tint=None)
    view = View(0.0, 0.0, width_px, height_px, um_per_px)
    time_s = float(rng.uniform(0, 0.3))
    pixels, shown = take_picture(dish, look, view, time_s, seed, frame_s=0.04)
    boxes = np.array([thing.box_px for thing in shown], np.float32).reshape(-1, 4)
    labels = tuple(thing.label for thing in shown)
    tails = tuple(_tail_px(thing.cell, dish, view, time_s) for thing in shown)
    return RandomField(pixels, boxes, labels, um_per_px, look.modality, tails)


def _tail_px(cell: Cell, dish: Dish, view: View, time_s: float) -> npt.NDArray[np.float32] | None:
    if cell.tail is None:
        return None
    points_um, _ = tail_line(cell, pose(cell, time_s, dish.drift), time_s, view.um_per_px)
    corner = np.array((view.left_um, view.top_um))
    line: npt.NDArray[np.float32] = ((points_um - corner) / view.um_per_px).astype(np.float32)
    return line


def random_population(
    rng: np.random.Generator, area_mm2: float, most_sperm: float = MOST_SPERM
) -> Population:
    """Draw a dish for training: from no sperm at all to crowds, in every kind of company.

    Parameters
    ----------
    rng : Generator
    area_mm2 : float
        Of the picture: densities are drawn so that pictures hold something to learn from
        at every magnification.
    most_sperm : float
        Highest number of sperm to be expected in the picture.
    """
    regime = Regime.TESTICULAR if rng.random() < 0.6 else Regime.SEMEN
    dish = population(regime, rng)
    empty = rng.random() < (0.45 if regime is Regime.TESTICULAR else 0.15)
    sperm_in_picture = 0.0 if empty else float(np.exp(rng.uniform(0.0, np.log(most_sperm))))
    per_mm2 = {kind: amount * rng.lognormal(0, 0.6) for kind, amount in dish.per_mm2.items()}
    per_mm2[CellKind.SPERM] = min(sperm_in_picture / area_mm2, CROWDED_PER_MM2)
    # Seen closely, a picture would show nothing else than sperm: bring their company along.
    company = max(1.0, 0.01 / area_mm2)
    for kind in per_mm2:
        if kind not in (CellKind.SPERM, CellKind.CLUMP):
            per_mm2[kind] *= company
    return replace(dish, per_mm2=per_mm2)
