"""Simulated operating fields as scenes: ``python -m training.tubules.fields --help``.

Everything that the simulator lets vary is drawn: man, packing, look, pixel size, depth, tremor,
instruments, focus, exposure and colour balance.
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

from sertoli.phantom import make_field
from sertoli.phantom.render.operating import LOOKS, FieldMaps
from training.tubules.scenes import SEEN, UNREADABLE, UNSURE, Bytes, Scene

UM_PER_PX = 8.0
WIDTH_PX, HEIGHT_PX = 448, 352
PICTURES = 2
"""Pictures taken of each lit place, which costs the most."""

APART_S = 15.0
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
    """Take pictures of one place; the same seed and look give the same.

    They stand a quarter of a minute apart: hand, instruments, focus, light and tissue have moved.
    """
    rng = np.random.default_rng((seed, 41))
    um_per_px = float(np.exp(rng.uniform(np.log(5.0), np.log(9.5))))
    source = make_field(
        seed,
        look=look,
        um_per_px=um_per_px,
        width_px=round(WIDTH_PX * UM_PER_PX / um_per_px),
        height_px=round(HEIGHT_PX * UM_PER_PX / um_per_px),
        seconds=PICTURES * APART_S,
        fps=1 / APART_S,
        depth=int(rng.integers(3)),
    )
    taken = [source.picture(number) for number in range(PICTURES)]
    return [
        as_scene(look, one.frame.pixels, one.maps, one.frame.optics.um_per_px or um_per_px)
        for one in taken
    ]


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
