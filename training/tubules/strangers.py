"""Pictures that show no opened testis: ``python -m training.tubules.strangers --help``.

On them the network should call everything unreadable.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from sertoli.phantom import random_field
from training.tubules.scenes import UNREADABLE, Bytes, Scene
from training.tubules.sections import read_sections

LOOK = "stranger"
HEIGHT_PX, WIDTH_PX = 352, 448
DISHES = 24


def main() -> None:
    """Read the command line and write the scenes."""
    parser = argparse.ArgumentParser(description="Make pictures that show no opened testis.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the real images")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    sections = [one.pixels for one in read_sections(options.data)[::3]]
    dishes = [dish(seed) for seed in range(DISHES)]
    plain = [nothing(seed) for seed in range(DISHES // 2)]
    for number, pixels in enumerate([*sections, *dishes, *plain]):
        stranger(pixels).save(options.out / f"stranger-{number:03d}.npz")


def dish(seed: int) -> Bytes:
    """Return a simulated field of a dish under the laboratory microscope."""
    grey = random_field(seed, HEIGHT_PX, WIDTH_PX).pixels
    colour = grey if grey.ndim == 3 else np.repeat(grey[..., None], 3, axis=2)
    ready: Bytes = colour.astype(np.uint8)
    return ready


def nothing(seed: int) -> Bytes:
    """Return a wall: one colour, a slope of light, noise of some grain."""
    rng = np.random.default_rng((seed, 5))
    colour = rng.uniform(0, 255, 3)
    slope = np.linspace(rng.uniform(0.5, 1), 1, WIDTH_PX)[None, :, None]
    grain = rng.standard_normal((HEIGHT_PX, WIDTH_PX, 3)).astype(np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), float(rng.uniform(0.3, 12)))
    grain *= rng.uniform(2, 40) / max(float(grain.std()), 1e-6)
    pixels: Bytes = np.clip(colour * slope + grain, 0, 255).astype(np.uint8)
    return pixels


def stranger(pixels: Bytes) -> Scene:
    """Call a whole picture unreadable."""
    shape = pixels.shape[:2]
    zero = np.zeros(shape, np.float16)
    return Scene(
        LOOK,
        pixels,
        zero + np.float16(9),
        zero + np.float16(20),
        zero,
        zero,
        np.full(shape, UNREADABLE, np.uint8),
    )


if __name__ == "__main__":
    main()
