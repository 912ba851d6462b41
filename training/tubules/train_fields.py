"""Train the network of the operating field: ``python -m training.tubules.train_fields --help``."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from training.tubules.made_up import LOOK
from training.tubules.network import CHECKPOINT, TubuleNetwork
from training.tubules.scenes import MAPS, Scene, crop, to_batch
from training.tubules.strangers import LOOK as STRANGER

SIDE = 192
CROPS = 10
SCALES = (0.65, 1.6)
RATE = 4e-3
MADE_UP_SHARE = 0.35
STRANGER_SHARE = 0.05
"""Shares of crops from made-up fields and from pictures that show no testis, where there are
others."""

Batch = tuple[Tensor, Tensor, Tensor]


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description="Train the network of the operating field.")
    parser.add_argument("--scenes", type=Path, nargs="+", required=True, help="folders of scenes")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--leave-out", default="none", help="look kept out of training, or none")
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--minutes", type=float, help="stop earlier if this is not enough")
    parser.add_argument("--start", type=Path, help="network.pt to begin with")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    scenes = read_scenes(options.scenes, options.leave_out)
    network = TubuleNetwork(MAPS)
    if options.start:
        network.load_state_dict(torch.load(options.start, weights_only=True))
    taken = train(network, scenes, options.steps, options.seed, options.minutes)
    options.out.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), options.out / CHECKPOINT)
    looks: dict[str, int] = {}
    for scene in scenes:
        looks[scene.look] = looks.get(scene.look, 0) + 1
    said = {"leave_out": options.leave_out, "steps": taken, "seed": options.seed, "scenes": looks}
    (options.out / "settings.json").write_text(json.dumps(said), encoding="utf-8", newline="\n")


def read_scenes(folders: Sequence[Path], leave_out: str) -> list[Scene]:
    """Read every scene of the folders, but for those of one look."""
    files = sorted(file for folder in folders for file in folder.glob("*.npz"))
    scenes = [Scene.load(file) for file in files if ".partial" not in file.name]
    return [scene for scene in scenes if scene.look != leave_out]


def train(
    network: TubuleNetwork,
    scenes: Sequence[Scene],
    steps: int,
    seed: int,
    minutes: float | None = None,
) -> int:
    """Train; every batch is a function of seed and step alone. Return the steps taken.

    With ``minutes`` the rate falls by the clock, whichever of the two ends first.
    """
    torch.manual_seed(seed)
    network.to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-3)
    began = time.monotonic()
    recent = np.zeros(4)
    taken = 0
    for step, made in enumerate(batches(scenes, steps, seed)):
        past = step / steps
        if minutes:
            past = max(past, (time.monotonic() - began) / 60 / minutes)
        if past >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = RATE * pace(step, past, warm=40)
        parts = losses(network(made[0]), made[1], made[2])
        loss = parts.sum()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        taken = step + 1
        now = parts.detach().numpy()
        recent = now if step == 0 else 0.95 * recent + 0.05 * now
        if step % 25 == 0:
            each_s = (time.monotonic() - began) / taken
            said = " ".join(f"{part:.3f}" for part in recent)
            print(f"step {step}/{steps}  losses {said}  {each_s:.2f} s/step", flush=True)
    network.eval()
    return taken


def pace(step: int, past: float, *, warm: int) -> float:
    """Return the share of the highest rate to learn at.

    It rises over the first ``warm`` steps, and falls by half a cosine to a fiftieth as the share
    ``past`` of the training goes to 1.
    """
    return float(min(1.0, (step + 1) / warm) * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * past))))


def batches(scenes: Sequence[Scene], steps: int, seed: int) -> Iterator[Batch]:
    """Give batches, each made while the one before is learnt."""
    with ThreadPoolExecutor(1) as pool:
        ahead: Future[Batch] = pool.submit(batch, scenes, seed, 0)
        for step in range(steps):
            made = ahead.result()
            if step + 1 < steps:
                ahead = pool.submit(batch, scenes, seed, step + 1)
            yield made


def batch(
    scenes: Sequence[Scene], seed: int, step: int, crops: int = CROPS, side: int = SIDE
) -> Batch:
    """Cut the crops of one step."""
    rng = np.random.default_rng((seed, step))
    shares = {LOOK: MADE_UP_SHARE, STRANGER: STRANGER_SHARE}
    kinds: dict[str, list[Scene]] = {}
    for scene in scenes:
        kinds.setdefault(scene.look if scene.look in shares else "simulated", []).append(scene)
    names = sorted(kinds)
    chances = np.array([shares.get(name, 1 - MADE_UP_SHARE - STRANGER_SHARE) for name in names])
    parts = []
    for _ in range(crops):
        pick = kinds[names[int(rng.choice(len(names), p=chances / chances.sum()))]]
        parts.append(crop(pick[int(rng.integers(len(pick)))], side, rng, SCALES))
    return to_batch(parts)


def losses(cells: Tensor, maps: Tensor, weights: Tensor) -> Tensor:
    """Return the four parts of the loss: line, diameter, direction with opacity, unreadable."""
    line = F.binary_cross_entropy_with_logits(cells[:, 0], maps[:, 0], reduction="none")
    # the line is a small part of the picture
    line = line * (1 + 3 * maps[:, 0]) * weights[:, 0]
    body = weights[:, 1]
    count = body.sum() + 1
    diameter = ((cells[:, 1] - maps[:, 1]).abs() * body).sum() / count
    turned = (cells[:, 2:4] - maps[:, 2:4]).abs().sum(1)
    opacity = cells[:, 4] - maps[:, 4]
    # what ranks tubules is who is more opaque than whom, so errors that all share count less
    shared = (opacity * body).sum((1, 2)) / (body.sum((1, 2)) + 1)
    white = 0.5 * opacity.abs() + 2 * (opacity - shared[:, None, None]).abs()
    others = ((0.5 * turned + white) * body).sum() / count
    unreadable = F.binary_cross_entropy_with_logits(cells[:, 5], maps[:, 5], reduction="none")
    return torch.stack(
        (
            2 * line.sum() / weights[:, 0].sum().clamp(min=1),
            2 * diameter,
            others,
            0.5 * (unreadable * weights[:, 2]).sum() / weights[:, 2].sum().clamp(min=1),
        )
    )


if __name__ == "__main__":
    main()
