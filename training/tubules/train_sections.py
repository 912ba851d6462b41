"""Train the histology network: ``python -m training.tubules.train_sections --help``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from training.tubules.augment import as_seen_elsewhere, random_view
from training.tubules.network import CHECKPOINT, STRIDE, TubuleNetwork
from training.tubules.sections import Section, read_sections

OUTPUTS = 3
"""Epithelium, tubule (epithelium and lumen), core: logits."""

SIDE = 224
CROPS = 8
SCALES = (0.6, 1.7)
RATE = 3e-3


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description="Train the histology network.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the real images")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--leave-out", default="none", help="animal kept out: M01, M02 or none")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    sections = read_sections(options.data)
    chosen = [one for one in sections if one.animal != options.leave_out]
    if not chosen or (options.leave_out != "none" and len(chosen) == len(sections)):
        parser.error(f"there is no animal {options.leave_out}")
    network = train(chosen, options.steps, options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), options.out / CHECKPOINT)
    said = {"leave_out": options.leave_out, "steps": options.steps, "seed": options.seed}
    (options.out / "settings.json").write_text(json.dumps(said), encoding="utf-8", newline="\n")


def train(sections: Sequence[Section], steps: int, seed: int) -> TubuleNetwork:
    """Train a network on the sections; every batch is a function of seed and step alone."""
    torch.manual_seed(seed)
    network = TubuleNetwork(OUTPUTS)
    network.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-3)
    pace = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps, pct_start=0.15)
    for step in range(steps):
        pictures, truth = batch(sections, np.random.default_rng((seed, step)))
        loss = section_loss(network(pictures), truth)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        pace.step()
        if step % 25 == 0:
            print(f"step {step}/{steps}  loss {float(loss.detach()):.3f}", flush=True)
    network.eval()
    return network


def batch(
    sections: Sequence[Section], rng: np.random.Generator, crops: int = CROPS, side: int = SIDE
) -> tuple[Tensor, Tensor]:
    """Cut random crops.

    Returns
    -------
    pictures : Tensor, (crops, 3, side, side)
        RGB, 0 to 1.
    truth : Tensor, (crops, 3, side/2, side/2)
        Share of epithelium, tubule and core in each cell.
    """
    pictures, truths = [], []
    for _ in range(crops):
        chosen = sections[int(rng.integers(len(sections)))]
        view = random_view(chosen.epithelium.shape, side, rng, SCALES)
        cut = cv2.warpAffine(
            chosen.pixels, view, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        maps = np.dstack((chosen.epithelium, chosen.tubule, chosen.core))
        seen = cv2.warpAffine(
            maps, view, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        cells = cv2.resize(seen, (side // STRIDE,) * 2, interpolation=cv2.INTER_AREA)
        crop = as_seen_elsewhere(cut.astype(np.float32) / 255, rng)
        pictures.append(np.moveaxis(crop, 2, 0))
        truths.append(np.moveaxis(cells, 2, 0))
    stacked = torch.from_numpy(np.stack(pictures)).contiguous(memory_format=torch.channels_last)
    return stacked, torch.from_numpy(np.stack(truths))


def section_loss(cells: Tensor, truth: Tensor) -> Tensor:
    """Return cross-entropy plus soft Dice (Milletari 2016), averaged over the three maps."""
    chance = torch.sigmoid(cells)
    both = (chance * truth).sum((0, 2, 3))
    dice = 1 - 2 * both / (chance.sum((0, 2, 3)) + truth.sum((0, 2, 3)) + 1)
    return F.binary_cross_entropy_with_logits(cells, truth) + dice.mean()


if __name__ == "__main__":
    main()
