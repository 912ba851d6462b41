"""Phantom fields, made once and kept on disk."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from training.sperm.scenes import DONT_CARE, SPERM, Scene

SIDE_PX = 256
"""Small fields: many laboratories are worth more than wide views of a few."""

UM_PER_PX = (0.14, 0.9)
"""Pixel sizes, drawn log-uniformly; heads are then 5 to 35 px long."""

HELD_OUT_FIRST_SEED = 9_000_000
"""Training fields have seeds from 0 on, held-out ones from here on."""


def phantom_fields(cache: Path, first_seed: int, count: int, workers: int) -> list[Scene]:
    """Return simulated fields ``first_seed`` to ``first_seed + count - 1``.

    Those not yet in ``cache`` are made, by ``workers`` processes.
    """
    cache.mkdir(parents=True, exist_ok=True)
    seeds = range(first_seed, first_seed + count)
    missing = [seed for seed in seeds if not _file(cache, seed).exists()]
    if missing:
        with ProcessPoolExecutor(workers) as pool:
            made = pool.map(partial(_make, cache), missing, chunksize=4)
            for _ in tqdm(made, total=len(missing), desc="phantom fields", unit="field"):
                pass
    return [_read(_file(cache, seed)) for seed in seeds]


def _file(cache: Path, seed: int) -> Path:
    return cache / f"{seed:08d}.npz"


def _make(cache: Path, seed: int) -> None:
    from sertoli.phantom import random_field

    cv2.setNumThreads(1)
    drawn = np.random.default_rng((seed, 1)).uniform(*np.log(UM_PER_PX))
    field = random_field(seed, SIDE_PX, SIDE_PX, float(np.exp(drawn)))
    # a sperm that cannot be seen shall neither be found nor unlearnt
    kinds = {"sperm": SPERM, "obscured_sperm": DONT_CARE, "elongated_spermatid": DONT_CARE}
    kept = [index for index, name in enumerate(field.classes) if name in kinds]
    part = _file(cache, seed).with_suffix(f".{os.getpid()}.npz")
    np.savez_compressed(
        part,
        pixels=field.pixels,
        boxes_px=field.boxes_px[kept].reshape(-1, 4),
        kinds=np.array([kinds[field.classes[index]] for index in kept], np.int8),
        um_per_px=field.um_per_px,
    )
    part.replace(_file(cache, seed))


def _read(file: Path) -> Scene:
    with np.load(file) as held:
        return Scene(
            held["pixels"],
            held["boxes_px"].astype(np.float32),
            held["kinds"],
            float(held["um_per_px"]),
        )
