"""Simulated heads of known size: ``python -m training.morphology.sizing_crops --help``.

Sizes and shapes are varied far beyond those of the phantom's men, and half of the sperm have
no tail, so that the network measures what it sees instead of knowing what is usual.
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.phantom.render import BENCH_MODALITIES, View, random_look, take_picture
from sertoli.phantom.world import Cell, CellKind, Dish, Regime, population, pose

Floats = npt.NDArray[np.float32]

SIDE_PX = 320
UM_PER_PX = (0.12, 0.5)
SPERM_A_FIELD = 16
MOST_OTHERS_PER_MM2 = 2500.0
SIZE_SPREAD, SHAPE_SPREAD = 0.15, 0.15
"""Deviation of the logarithms of size and of the ratio of length to width."""

WINDOW = 3.4
"""Side of a kept crop over the longer side of the head's box."""

CROP_PX = 96


@dataclass(frozen=True)
class VariedDish(Dish):
    """A dish in which heads have other sizes and shapes, and half of the sperm no tail."""

    def cells_near(
        self, left_um: float, top_um: float, right_um: float, bottom_um: float, time_s: float = 0.0
    ) -> Iterator[Cell]:
        """Give the cells of the plain dish, sperm among them changed."""
        for cell in super().cells_near(left_um, top_um, right_um, bottom_um, time_s):
            yield _varied(cell) if cell.kind is CellKind.SPERM else cell


def _varied(cell: Cell) -> Cell:
    rng = np.random.default_rng((cell.seed, 31))
    size = math.exp(rng.normal(0, SIZE_SPREAD))
    shape = math.exp(rng.normal(0, SHAPE_SPREAD) / 2)
    length, width = cell.length_um * size * shape, cell.width_um * size / shape
    return replace(
        cell,
        length_um=length,
        width_um=min(width, length),
        tail=None if rng.random() < 0.5 else cell.tail,
    )


def make(seed: int) -> tuple[npt.NDArray[np.uint8], Floats]:
    """Render one field; return crops (N, 96, 96) and the truth (N, 6) of its sperm.

    The columns of the truth: length, width (over the box's longer side), angle (rad), tail
    (1 or 0), shown (0 where nobody could see the head), longer side of the box (px).
    """
    rng = np.random.default_rng((seed, 32))
    um_per_px = float(np.exp(rng.uniform(*np.log(UM_PER_PX))))
    regime = Regime.SEMEN if rng.random() < 0.5 else Regime.TESTICULAR
    per_mm2 = {
        kind: min(amount, MOST_OTHERS_PER_MM2)
        for kind, amount in population(regime, rng).per_mm2.items()
    }
    per_mm2[CellKind.SPERM] = SPERM_A_FIELD / (SIDE_PX * um_per_px / 1000) ** 2
    people = replace(population(regime, rng), per_mm2=per_mm2)
    dish = VariedDish(int(rng.integers(2**31)), people)
    look = replace(random_look(rng, BENCH_MODALITIES[seed % len(BENCH_MODALITIES)]), tint=None)
    view = View(0.0, 0.0, SIDE_PX, SIDE_PX, um_per_px)
    time_s = float(rng.uniform(0, 0.3))
    pixels, shown = take_picture(dish, look, view, time_s, seed)
    crops, truth = [], []
    for thing in shown:
        if thing.cell.kind is not CellKind.SPERM:
            continue
        x, y, w, h = thing.box_px
        if min(x, y) < 0 or x + w > SIDE_PX - 1 or y + h > SIDE_PX - 1:
            continue
        side = max(w, h)
        crops.append(cut(pixels.astype(np.float32), x + w / 2, y + h / 2, WINDOW * side, CROP_PX))
        px = side * um_per_px
        angle = pose(thing.cell, time_s, dish.drift).angle_rad
        tail = float(thing.cell.tail is not None)
        seen = float(thing.label == CellKind.SPERM)
        truth.append((thing.cell.length_um / px, thing.cell.width_um / px, angle, tail, seen, side))
    return (
        np.array(crops, np.float32).reshape(-1, CROP_PX, CROP_PX).round().astype(np.uint8),
        np.array(truth, np.float32).reshape(-1, 6),
    )


def cut(grey: Floats, x: float, y: float, side: float, side_px: int) -> Floats:
    """Resample a square about a place (px, centres of pixels) to ``side_px``."""
    step = side / side_px
    if step > 1:
        grey = cv2.GaussianBlur(grey, (0, 0), 0.5 * math.sqrt(step**2 - 1))
    half = (side_px - 1) / 2 * step
    matrix = np.array(((step, 0, x - half), (0, step, y - half)))
    found: Floats = cv2.warpAffine(
        grey,
        matrix,
        (side_px, side_px),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT,
    )
    return found


def main() -> None:
    """Render fields into a folder; those already there stay."""
    parser = argparse.ArgumentParser(description="Render heads of known size.")
    parser.add_argument("--out", type=Path, default=Path("runs/heads"))
    parser.add_argument("--fields", type=int, default=600)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    for seed in range(options.first, options.first + options.fields):
        file = options.out / f"{seed:06d}.npz"
        if file.exists():
            continue
        part = file.with_suffix(f".{os.getpid()}.npz")
        crops, truth = make(seed)
        np.savez_compressed(part, crops=crops, truth=truth)
        part.replace(file)


if __name__ == "__main__":
    main()
