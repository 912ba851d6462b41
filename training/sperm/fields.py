"""Phantom fields, made once and kept on disk."""

from __future__ import annotations

import math
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from training.sperm.scenes import DONT_CARE, SPERM, Scene

TAIL_UM = 0.7
"""Width at which tails are drawn for the network to learn: about what a lens makes of them."""

TO_BORDERS = np.array((0.5, 0.5, 0, 0), np.float32)
"""The phantom counts from the middle of the first pixel, labels made by hand, and with them
the network, from its border."""

HELD_OUT_FIRST_SEED = 9_000_000
"""Training fields have seeds from 0 on, held-out ones from here on."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What fields of a kind have in common.

    Parameters
    ----------
    height_px, width_px : int
    um_per_px : tuple of float
        Least and most; pixel sizes are drawn log-uniformly.
    most_sperm : float
        Highest number of sperm to be expected in a picture.
    prefix : str
        Of their files.
    """

    height_px: int
    width_px: int
    um_per_px: tuple[float, float]
    most_sperm: float
    prefix: str


SMALL = Kind(256, 256, (0.14, 0.9), math.exp(4), "")
"""Small fields to train on: many laboratories are worth more than wide views of a few. Heads
are 5 to 35 px long."""

WIDE = Kind(480, 640, (0.18, 0.6), 256.0, "wide-")
"""As wide as a camera's picture: only there are sperm seen in company."""


def phantom_fields(
    cache: Path, first_seed: int, count: int, workers: int, kind: Kind = SMALL
) -> list[Scene]:
    """Return simulated fields ``first_seed`` to ``first_seed + count - 1``.

    Those not yet in ``cache`` are made, by ``workers`` processes.
    """
    cache.mkdir(parents=True, exist_ok=True)
    seeds = range(first_seed, first_seed + count)
    files = {seed: cache / f"{kind.prefix}{seed:08d}.npz" for seed in seeds}
    missing = [seed for seed, file in files.items() if not file.exists()]
    if missing:
        # not forked: the threads of a network that has run would be lost, their locks kept
        with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
            made = pool.map(
                _make, [files[seed] for seed in missing], missing, repeat(kind), chunksize=4
            )
            for _ in tqdm(made, total=len(missing), desc="phantom fields", unit="field"):
                pass
    return [_read(file) for file in files.values()]


def _make(file: Path, seed: int, kind: Kind) -> None:
    from sertoli.phantom import random_field

    cv2.setNumThreads(1)
    drawn = np.random.default_rng((seed, 1)).uniform(*np.log(kind.um_per_px))
    um_per_px = float(np.exp(drawn))
    field = random_field(seed, kind.height_px, kind.width_px, um_per_px, kind.most_sperm)
    # a sperm that cannot be seen shall neither be found nor unlearnt
    kinds = {"sperm": SPERM, "obscured_sperm": DONT_CARE, "elongated_spermatid": DONT_CARE}
    tails = np.zeros(field.pixels.shape, np.uint8)
    thickness = max(1, round(TAIL_UM / field.um_per_px))
    for name, line in zip(field.classes, field.tails_px, strict=True):
        if name in kinds and name != "obscured_sperm" and line is not None:
            corners = [np.rint(line * 16).astype(np.int32)]
            cv2.polylines(tails, corners, False, 255, thickness, cv2.LINE_8, 4)
    kept = [index for index, name in enumerate(field.classes) if name in kinds]
    part = file.with_suffix(f".{os.getpid()}.npz")
    np.savez_compressed(
        part,
        pixels=field.pixels,
        boxes_px=field.boxes_px[kept].reshape(-1, 4),
        kinds=np.array([kinds[field.classes[index]] for index in kept], np.int8),
        um_per_px=field.um_per_px,
        tails=tails,
    )
    part.replace(file)


def _read(file: Path) -> Scene:
    with np.load(file) as held:
        return Scene(
            held["pixels"],
            held["boxes_px"].astype(np.float32) + TO_BORDERS,
            held["kinds"],
            float(held["um_per_px"]),
            held["tails"],
        )
