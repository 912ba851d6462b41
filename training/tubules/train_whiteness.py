"""Train the network that compares whiteness: ``python -m training.tubules.train_whiteness --help``.

It sees the picture alone. What it says is gathered tubule by tubule over what is truly seen of
each, and only how that goes with the true opacity within a picture counts: Pearson's correlation.
Level and scale are free, for lamp and camera set them.
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sertoli.phantom.render.operating import LOOKS
from sertoli.tubules._whiteness import light_of
from training.tubules.network import CHECKPOINT, parameters
from training.tubules.train_fields import pace
from training.tubules.whiteness_fields import Whites, lay, paint
from training.tubules.whiteness_network import STRIDE, WhitenessNetwork

SIDE = 288
BATCH = 6
RATE = 3e-3
FEWEST_CELLS, FULL_CELLS = 4, 15
"""A tubule counts from so many cells of it in the crop, and fully from so many."""

FEWEST_TUBULES = 6

Floats = npt.NDArray[np.float32]


def main() -> None:
    """Read the command line, render and train."""
    parser = argparse.ArgumentParser(description="Train the network that compares whiteness.")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--looks", nargs="+", default=[x for x in LOOKS if x != "flooded"])
    parser.add_argument("--places", type=int, default=480)
    parser.add_argument("--pictures", type=int, default=8, help="of each place")
    parser.add_argument("--first", type=int, default=520_000, help="first seed")
    parser.add_argument("--steps", type=int, default=12_000)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.workers)
    cv2.setNumThreads(1)
    seeds = range(options.first, options.first + options.places)
    job = partial(painted, pictures=options.pictures, looks=tuple(options.looks))
    with ProcessPoolExecutor(options.workers) as pool:
        scenes = [one for some in pool.map(job, seeds) for one in some]
    network = WhitenessNetwork()
    print(f"{len(scenes)} pictures, {parameters(network)} parameters", flush=True)
    train(network, scenes, options.steps)
    options.out.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), options.out / CHECKPOINT)
    said = {"looks": options.looks, "pictures": len(scenes), "steps": options.steps}
    (options.out / "settings.json").write_text(json.dumps(said), encoding="utf-8", newline="\n")


def painted(seed: int, pictures: int, looks: tuple[str, ...]) -> list[Whites]:
    """Lay a place and paint it several times."""
    cv2.setNumThreads(1)
    place = lay(seed)
    return [paint(place, seed * 50 + number, looks) for number in range(pictures)]


def train(network: WhitenessNetwork, scenes: list[Whites], steps: int, seed: int = 1) -> None:
    """Train; every batch is a function of seed and step alone."""
    torch.manual_seed(seed)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-2)
    network.train()
    began, recent = time.monotonic(), 0.0
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = RATE * pace(step, step / steps, warm=30)
        rng = np.random.default_rng((seed, step))
        parts = [crop(scenes[int(rng.integers(len(scenes)))], rng) for _ in range(BATCH)]
        said = network(torch.from_numpy(np.stack([light for light, _, _ in parts])))
        found = [
            agreement(cells, tubule, opacity, F.softplus(network.held_back))
            for cells, (_, tubule, opacity) in zip(said, parts, strict=True)
        ]
        known = [one for one in found if one is not None]
        if not known:
            continue
        loss = 1 - torch.stack(known).mean()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        recent += 0.01 * (1 - loss.item() - recent)
        if step % 100 == 99:
            past = time.monotonic() - began
            print(f"step {step + 1}: correlation {recent:.3f}, {past:.0f} s", flush=True)


def agreement(
    cells: Tensor, tubule: npt.NDArray[np.int64], opacity: Floats, held_back: Tensor
) -> Tensor | None:
    """Return the correlation of what is said of tubules with their opacity; None for too few."""
    owner = torch.from_numpy(tubule).reshape(-1)
    white, weight = cells[0].reshape(-1), torch.exp(cells[1].reshape(-1))
    none = torch.zeros(len(opacity))
    count = none.index_add(0, owner, torch.ones_like(white))
    mean = none.index_add(0, owner, weight * white) / (none.index_add(0, owner, weight) + held_back)
    counts = count >= FEWEST_CELLS
    counts[0] = False
    if counts.sum() < FEWEST_TUBULES:
        return None
    share = (count[counts] / FULL_CELLS).clamp(max=1)
    share = share / share.sum()
    found, true = mean[counts], torch.from_numpy(opacity)[counts]
    found, true = found - (share * found).sum(), true - (share * true).sum()
    size = (share * found**2).sum() * (share * true**2).sum()
    return (share * found * true).sum() / torch.sqrt(size + 1e-8)


def crop(scene: Whites, rng: np.random.Generator) -> tuple[Floats, npt.NDArray[np.int64], Floats]:
    """Cut out a view, turned and mirrored, as another lamp and camera might have given it."""
    height, width = scene.tubule.shape
    top = int(rng.integers(max(1, height - SIDE + 1)))
    left = int(rng.integers(max(1, width - SIDE + 1)))
    place = np.s_[top : top + SIDE, left : left + SIDE]
    pixels, tubule = scene.pixels[place], scene.tubule[place]
    if rng.random() < 0.5:
        pixels, tubule = pixels[:, ::-1], tubule[:, ::-1]
    quarter = int(rng.integers(4))
    pixels, tubule = np.rot90(pixels, quarter), np.rot90(tubule, quarter)
    seen = elsewhere(np.asarray(pixels, np.float32) / np.float32(255), rng)
    half = STRIDE // 2
    cells = tubule[half::STRIDE, half::STRIDE].astype(np.int64)
    return np.moveaxis(light_of(seen), 2, 0), cells, scene.opacity


def elsewhere(picture: Floats, rng: np.random.Generator) -> Floats:
    """Return a picture in other light, under another film, through another camera."""
    gain = np.exp(rng.normal(0, 0.1, 3) + rng.normal(0, 0.2)).astype(np.float32)
    picture = picture * gain
    if rng.random() < 0.5:
        grey = picture.mean(axis=2, keepdims=True)
        picture = grey + np.float32(np.exp(rng.normal(0, 0.2))) * (picture - grey)
    picture = np.clip(picture, 0, 1) ** np.float32(np.exp(rng.normal(0, 0.12)))
    if rng.random() < 0.5:
        picture = under_film(picture, rng)
    if rng.random() < 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.3, 1.0)))
    if rng.random() < 0.4:
        noise = rng.standard_normal(picture.shape).astype(np.float32)
        picture = picture + noise * np.float32(rng.uniform(0, 0.03))
    return np.asarray(np.clip(picture, 0, 1), np.float32)


def under_film(picture: Floats, rng: np.random.Generator) -> Floats:
    """Add white light that changes over a few tubules."""
    height, width = picture.shape[:2]
    knots = int(rng.integers(3, 28))
    shape = cv2.resize(
        rng.standard_normal((knots, knots)).astype(np.float32),
        (width, height),
        interpolation=cv2.INTER_CUBIC,
    )
    film = np.clip(shape * rng.uniform(0.01, 0.07) + rng.uniform(0, 0.1), 0, None)[..., None]
    light = picture**2.2 * (1 - film) + film * rng.uniform(0.6, 1.0)
    return np.asarray(np.clip(light, 0, 1) ** (1 / 2.2), np.float32)


if __name__ == "__main__":
    main()
