"""How good a network is on pictures held out of training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from sertoli.sperm._company import LOOKS
from sertoli.sperm._normalise import frame_contrast, normalise
from sertoli.sperm._tiles import Scale, nearest_scale, whole_grey
from sertoli.sperm.learning._judge import heads_in
from sertoli.sperm.learning._matched import Matched, Score
from training.sperm.batches import UM_PER_PX
from training.sperm.fields import HELD_OUT_FIRST_SEED, phantom_fields
from training.sperm.network import SpermNetwork
from training.sperm.scenes import SPERM, Scene, visem11

Floats = npt.NDArray[np.float32]

HELD_OUT_FIELDS = 300
NEAR_PX = 6.0
"""Reach of a truth box: half its longer side, at least this, in the scene's own px."""


def held_out(data: Path, cache: Path | None, workers: int = 2) -> dict[str, list[Scene]]:
    """Load the held-out part of visem11 and, given a cache, held-out phantom fields."""
    sets = {"visem11": visem11(data, held_out=True)}
    if cache is not None:
        sets["phantom"] = phantom_fields(cache, HELD_OUT_FIRST_SEED, HELD_OUT_FIELDS, workers)
    return sets


def score(network: SpermNetwork, scenes: list[Scene]) -> Score:
    """Return the network's figures at its best threshold, at the known pixel size."""
    return match(network, scenes).best()


def match(network: Callable[[torch.Tensor], torch.Tensor], scenes: list[Scene]) -> Matched:
    """Search every scene and tell right detections from wrong ones.

    Greedy by logit, one-to-one, nearest free head within reach; detections on don't-care
    boxes are left out.
    """
    logits: list[Floats] = []
    rights: list[npt.NDArray[np.bool_]] = []
    indices: list[npt.NDArray[np.int64]] = []
    found_looks: list[Floats] = [np.zeros((0, LOOKS), np.float32)]
    heads = 0
    for number, scene in enumerate(scenes):
        centre, logit, look = _search(network, scene)
        right, counted = _match_one(centre, scene)
        logits.append(logit[counted])
        rights.append(right[counted])
        found_looks.append(look[counted])
        indices.append(np.full(len(rights[-1]), number, np.int64))
        heads += int((scene.kinds == SPERM).sum())
    logit = np.concatenate(logits) if logits else np.zeros(0, np.float32)
    right = np.concatenate(rights) if rights else np.zeros(0, bool)
    index = np.concatenate(indices) if indices else np.zeros(0, np.int64)
    look = np.concatenate(found_looks)
    return Matched(logit, right, index, heads, len(scenes), look).ordered()


def _search(
    network: Callable[[torch.Tensor], torch.Tensor], scene: Scene
) -> tuple[Floats, Floats, Floats]:
    scale = nearest_scale(scene.um_per_px / UM_PER_PX)
    picture = as_searched(scene, scale)

    def run(pictures: Floats) -> Floats:
        with torch.no_grad():
            cells: Floats = network(torch.from_numpy(pictures)).numpy()
        return cells

    centre, _, logit, look = heads_in(run, picture)
    return centre / np.float32(scale.factor), logit, look


def as_searched(scene: Scene, scale: Scale) -> Floats:
    """Return the picture that the network sees of a scene, (H, W) float32."""
    return normalise(whole_grey(scene.pixels, scale), frame_contrast(scene.pixels))


def _match_one(centre: Floats, scene: Scene) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    heads = scene.boxes_px[scene.kinds == SPERM]
    apart = scene.boxes_px[scene.kinds != SPERM]
    middle = heads[:, :2] + heads[:, 2:] / 2
    reach = np.maximum(heads[:, 2:].max(axis=1, initial=0) / 2, NEAR_PX)
    free = np.ones(len(heads), bool)
    right = np.zeros(len(centre), bool)
    counted = np.ones(len(centre), bool)
    for index, point in enumerate(centre):
        away = np.linalg.norm(middle - point, axis=1)
        away[~free | (away > reach)] = np.inf
        if len(away) and np.isfinite(away.min()):
            free[away.argmin()] = False
            right[index] = True
            continue
        within = (point >= apart[:, :2]) & (point <= apart[:, :2] + apart[:, 2:])
        counted[index] = not within.all(axis=1).any()
    return right, counted
