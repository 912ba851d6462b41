"""Training batches, each a pure function of the seed and the step."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.sperm._normalise import frame_contrast, normalise
from training.sperm.augment import as_seen_elsewhere
from training.sperm.composites import add_blobs, add_others, add_specks, add_sperm, ground
from training.sperm.scenes import DONT_CARE, Scene, cut
from training.sperm.sprites import Sprite
from training.sperm.targets import Target, target
from training.sperm.visibility import LEAST, visibility

Floats = npt.NDArray[np.float32]

UM_PER_PX = 0.36
"""Reference pixel size: a human head of 4.5 to 5 um is 12 to 14 px long."""

HEAD_PX = 13.0
SCALES = (0.5, 2.0)
"""Heads are shown this many times smaller and larger than at the reference."""

MOST_ENLARGED = 2.2
"""Coarser pictures are not enlarged further: there is nothing in them to be seen."""

TOO_CLOSE = (2.6, 5.0)
TOO_CLOSE_SHARE = 0.12
"""So many crops show heads far larger than the network is to find: where everything is
too large, grains must not pass for heads, or nobody could tell the right scale."""

WITH_BLOBS = 0.4
"""Share of crops into which head-sized pieces without a tail are laid."""

WITH_SPERM = 0.5
"""Share of made-up crops that hold sperm: a detector for rare cells sees mostly none."""

_AHEAD = 4


@dataclass(frozen=True, slots=True, eq=False)
class Supply:
    """All that crops are made from.

    Parameters
    ----------
    phantom, visem11 : list of Scene
        Either may be empty.
    sprites : list of Sprite
    """

    phantom: list[Scene]
    visem11: list[Scene]
    sprites: list[Sprite]

    def shares(self) -> tuple[float, float, float]:
        """Return the shares of crops from the phantom, visem11 and composites."""
        return (0.52, 0.15, 0.33) if self.phantom else (0.0, 0.4, 0.6)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Arrays of N crops: pictures (N, 1, H, W); heat, care, tail (N, s, s); shape (N, 4, s, s)."""

    pictures: Floats
    heat: Floats
    care: Floats
    shape: Floats
    tail: Floats


def crop(supply: Supply, side: int, rng: np.random.Generator) -> tuple[Floats, Target]:
    """Make one normalised crop and its target."""
    close = rng.random() < TOO_CLOSE_SHARE
    zoom = float(np.exp(rng.uniform(*np.log(TOO_CLOSE if close else SCALES))))
    most = TOO_CLOSE[1] if close else MOST_ENLARGED
    phantom, visem11, _ = supply.shares()
    draw = rng.random()
    if draw < phantom + visem11:
        scenes = supply.phantom if draw < phantom else supply.visem11
        scene = scenes[rng.integers(len(scenes))]
        # a scene gives no wider view than it has
        widest = scene.um_per_px * min(scene.pixels.shape) / side
        um_per_px = min(max(UM_PER_PX / zoom, scene.um_per_px / most), widest)
        picture, boxes, kinds, tails = cut(scene, side, um_per_px, rng)
    else:
        picture = ground(side, rng)
        boxes, kinds = np.zeros((0, 4), np.float32), np.zeros(0, np.int8)
        tails = np.zeros((side, side), np.float32)
        if rng.random() < 0.7:
            add_others(picture, HEAD_PX * zoom, rng)
        if rng.random() < 0.6:
            add_specks(picture, HEAD_PX * zoom, rng)
        if rng.random() < WITH_SPERM:
            boxes, kinds, tails = add_sperm(picture, supply.sprites, HEAD_PX * zoom, rng)
    if rng.random() < WITH_BLOBS:
        low, high = np.percentile(picture[::4, ::4], (1, 99))
        contrast = max(12.0, float(high - low)) * rng.uniform(0.3, 1.0)
        add_blobs(picture, HEAD_PX * min(zoom, SCALES[1]), contrast, boxes, rng)
    seen = as_seen_elsewhere(picture, rng)
    eight_bit = np.clip(seen, 0, 255).astype(np.uint8)
    # the crop stands for a frame; frames differ in how their contrast compares to a crop's
    contrast = frame_contrast(eight_bit) * float(np.exp(rng.uniform(-0.7, 0.9)))
    plain = np.array([visibility(eight_bit, box) >= LEAST for box in boxes], bool)
    kinds = np.where(plain, kinds, DONT_CARE).astype(np.int8)
    return normalise(seen, contrast), target(boxes, kinds, tails, side)


def batch(supply: Supply, seed: int, step: int, count: int, side: int) -> Batch:
    """Make the batch of a step."""
    made = [
        crop(supply, side, np.random.default_rng((seed, step, index))) for index in range(count)
    ]
    return Batch(
        np.stack([picture for picture, _ in made])[:, None],
        np.stack([t.heat for _, t in made]),
        np.stack([t.care for _, t in made]),
        np.stack([t.shape for _, t in made]),
        np.stack([t.tail for _, t in made]),
    )


def batches(
    supply: Supply, seed: int, steps: range, count: int, side: int
) -> Iterator[tuple[int, Batch]]:
    """Give (step, batch) in order, made ahead of time by a second process."""
    with ProcessPoolExecutor(1, initializer=_take, initargs=(supply,)) as pool:
        waiting: list[tuple[int, Future[Batch]]] = []
        for step in steps:
            waiting.append((step, pool.submit(_batch_of_taken, seed, step, count, side)))
            if len(waiting) > _AHEAD:
                first, made = waiting.pop(0)
                yield first, made.result()
        for first, made in waiting:
            yield first, made.result()


_taken: list[Supply] = []
"""What the second process makes batches from: sent once, not with every batch."""


def _take(supply: Supply) -> None:
    cv2.setNumThreads(1)
    _taken[:] = [supply]


def _batch_of_taken(seed: int, step: int, count: int, side: int) -> Batch:
    return batch(_taken[0], seed, step, count, side)
