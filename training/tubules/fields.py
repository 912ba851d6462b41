"""Simulated operating fields as scenes: ``python -m training.tubules.fields --help``.

Everything that the simulator lets vary is drawn: man, packing, look, pixel size, place, turn,
zoom, focus, exposure and colour balance.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.phantom.render.operating import (
    LOOKS,
    Aim,
    FieldMaps,
    FieldView,
    build_scene,
    draw_look,
    take_picture,
)
from sertoli.phantom.world import lay_tubules, open_testis
from training.tubules.scenes import SEEN, UNREADABLE, UNSURE, Bytes, Scene

UM_PER_PX = 8.0
WIDTH_PX, HEIGHT_PX = 448, 352
PICTURES = 2
"""Pictures taken of each lit place, which costs the most."""

MARGIN_UM = 300.0
HELD_OUT_FIRST_SEED = 900_000
"""Seeds from here on are for figures only."""

HIDDEN_STREAK = 0.4
"""Glare narrower than this share of a tubule's diameter hides nothing of it."""


def main() -> None:
    """Read the command line and render."""
    parser = argparse.ArgumentParser(description="Render simulated operating fields.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--count", type=int, default=200, help="lit places, two pictures each")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    seeds = range(options.first, options.first + options.count)
    with ProcessPoolExecutor(options.workers) as pool:
        for _ in pool.map(partial(render_to, options.out), seeds, chunksize=2):
            pass


def render_to(folder: Path, seed: int) -> None:
    """Render the pictures of one place into the folder unless they are there."""
    cv2.setNumThreads(1)
    look = list(LOOKS)[seed % len(LOOKS)]
    last = folder / f"{look}-{seed:06d}-{PICTURES - 1}.npz"
    if not last.exists():
        for number, scene in enumerate(pictures(seed, look)):
            scene.save(folder / f"{look}-{seed:06d}-{number}.npz")


def pictures(seed: int, look: str) -> list[Scene]:
    """Take pictures of one place; the same seed and look give the same."""
    rng = np.random.default_rng((seed, 41))
    testis = open_testis(rng)
    um_per_px = float(np.exp(rng.uniform(np.log(5.0), np.log(9.5))))
    width_um, height_um = WIDTH_PX * UM_PER_PX, HEIGHT_PX * UM_PER_PX
    across, down = width_um + 2 * MARGIN_UM, height_um + 2 * MARGIN_UM
    place, depth = int(rng.integers(4)), int(rng.integers(3))
    tubules = lay_tubules(testis, seed, place, depth, across, down)
    size = (round(across / um_per_px), round(down / um_per_px))
    view = FieldView(0.0, 0.0, *size, um_per_px)
    scene = build_scene(tubules, draw_look(rng, look), view, seed)
    taken = []
    for number in range(PICTURES):
        aim = Aim(
            x_um=across / 2 + rng.uniform(-0.6, 0.6) * MARGIN_UM,
            y_um=down / 2 + rng.uniform(-0.6, 0.6) * MARGIN_UM,
            turn_rad=float(rng.uniform(-0.1, 0.1)),
            zoom=1.0,
            focus_um=float(np.quantile(scene.height_um, rng.uniform(0.35, 0.9))),
            exposure=float(np.exp(rng.normal(0, 0.15))),
            balance=(float(rng.normal(1, 0.04)), 1.0, float(rng.normal(1, 0.04))),
            width_px=round(width_um / um_per_px),
            height_px=round(height_um / um_per_px),
        )
        pixels, maps = take_picture(scene, aim, seed * PICTURES + number)
        taken.append(as_scene(look, pixels, maps, um_per_px))
    return taken


def as_scene(look: str, pixels: Bytes, maps: FieldMaps, um_per_px: float) -> Scene:
    """Bring a picture and its truth to the network's pixel size."""
    factor = um_per_px / UM_PER_PX
    size = (round(pixels.shape[1] * factor), round(pixels.shape[0] * factor))
    diameter = 2 * maps.radius_px
    typical = float(np.median(diameter[maps.tubule >= 0])) if (maps.tubule >= 0).any() else 20.0
    side = max(3, round(HIDDEN_STREAK * typical)) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    glare = cv2.morphologyEx(maps.glare.astype(np.uint8), cv2.MORPH_OPEN, disc) > 0
    on = maps.tubule >= 0
    blurred = on & ~maps.in_focus
    nearly = on & ~maps.in_focus & (maps.blur_px <= 1.35 * 0.12 * diameter)
    flags = np.zeros(on.shape, np.uint8)
    covered = maps.hidden | glare
    flags[on & ~covered & maps.in_focus] = SEEN
    flags[covered | blurred] = UNREADABLE
    flags[nearly & ~covered] = UNSURE
    offset = np.where(on, np.abs(maps.across), 9.0)

    def small(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_NEAREST_EXACT))

    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return Scene(
        look,
        cv2.resize(pixels, size, interpolation=how),
        small(offset.astype(np.float32)).astype(np.float16),
        small((diameter * factor).astype(np.float32)).astype(np.float16),
        small(maps.direction_rad.astype(np.float32)).astype(np.float16),
        small(maps.opacity.astype(np.float32)).astype(np.float16),
        small(flags),
    )


if __name__ == "__main__":
    main()
