"""Train the network that sizes heads: ``python -m training.morphology.train_sizing --help``.

It learns from simulated heads alone (`training.morphology.sizing_crops`).
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import time
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sertoli.sperm.morphology import SIZER_FILE, SIZER_PX, SIZER_WINDOW, normalise_crop
from training.morphology.sizing_crops import CROP_PX, WINDOW
from training.weights_file import export_onnx

Floats = npt.NDArray[np.float32]

OUT = Path("src/sertoli/weights") / SIZER_FILE
CHANNELS = (24, 48, 80)
OUTPUTS = 6
BATCH = 48
PEAK_RATE = 3e-3
ANGLE_WEIGHT, TAIL_WEIGHT = 0.5, 0.5
UNSEEN_SHARE = 0.3
"""Of heads that nobody could see so many are shown: they teach what cannot be judged."""


class SizeNetwork(nn.Module):  # type: ignore[misc]
    """Crops (N, 1, 48, 48) to (N, 6).

    Log of length and width over the window's unit side, log of their expected error, cosine
    and sine of twice the angle, log odds of a tail.
    """

    def __init__(self) -> None:
        super().__init__()
        stages: list[nn.Module] = _step(1, CHANNELS[0], stride=2)
        for before, after in pairwise((CHANNELS[0], *CHANNELS)):
            stages += [*_step(before, after), nn.MaxPool2d(2)]
        self.features = nn.Sequential(*stages)
        cells = (SIZER_PX // 2 ** (1 + len(CHANNELS))) ** 2
        self.decide = nn.Sequential(
            nn.Flatten(), nn.Linear(CHANNELS[-1] * cells, 96), nn.ReLU(), nn.Linear(96, OUTPUTS)
        )

    def forward(self, crops: Tensor) -> Tensor:
        """Return the six numbers of each crop."""
        found: Tensor = self.decide(self.features(crops))
        return found


def _step(before: int, after: int, stride: int = 1) -> list[nn.Module]:
    convolution = nn.Conv2d(before, after, 3, stride, padding=1, bias=False)
    return [convolution, nn.BatchNorm2d(after), nn.ReLU()]


def sizing_loss(found: Tensor, truth: Tensor) -> Tensor:
    """Return the mean loss: Laplace likelihood of sizes, squared error of the angle, tail."""
    error = (found[:, :2] - truth[:, :2]).abs().mean(dim=1)
    log_error = found[:, 2].clamp(-5, 1)
    size = error / log_error.exp() + log_error
    # the angle of a round head means nothing
    long = (2 * (truth[:, 0] - truth[:, 1])).clamp(0, 1)
    angle = ((found[:, 3:5] - truth[:, 2:4]) ** 2).sum(dim=1) * long
    tail = F.binary_cross_entropy_with_logits(found[:, 5], truth[:, 4], reduction="none")
    return (size + ANGLE_WEIGHT * angle + TAIL_WEIGHT * tail).mean()


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """Crops (N, 96, 96) uint8 and their truth (N, 6), see `sizing_crops.make`."""

    crops: npt.NDArray[np.uint8]
    truth: Floats


def read(folder: Path) -> Heads:
    """Load every field of a folder."""
    rng = np.random.default_rng(3)
    crops, truth = [], []
    for file in sorted(folder.glob("*.npz")):
        with np.load(file) as held:
            keep = (held["truth"][:, 4] > 0) | (rng.random(len(held["truth"])) < UNSEEN_SHARE)
            crops.append(held["crops"][keep])
            truth.append(held["truth"][keep])
    return Heads(np.concatenate(crops), np.concatenate(truth))


def seen_anew(
    crop: npt.NDArray[np.uint8], truth: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return a crop turned, moved, scaled and relit at random, and its truth for the loss."""
    angle, mirror = float(rng.uniform(0, 2 * math.pi)), rng.random() < 0.5
    # boxes are drawn tighter or wider, and not quite about the middle
    scale = float(np.exp(rng.normal(0, 0.13)))
    step = SIZER_WINDOW / SIZER_PX / (WINDOW / CROP_PX) / scale
    shift = rng.normal(0, 0.06, 2) * CROP_PX / WINDOW
    c, s = math.cos(angle) * step, math.sin(angle) * step
    turn = np.array(((c, -s), (s, c)))
    middle = np.array(((CROP_PX - 1) / 2,) * 2) + shift
    corner = middle - turn @ np.array(((SIZER_PX - 1) / 2,) * 2)
    source = crop[:, ::-1] if mirror else crop
    seen: Floats = cv2.warpAffine(
        source.astype(np.float32),
        np.column_stack((turn, corner)),
        (SIZER_PX, SIZER_PX),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT,
    )
    if rng.random() < 0.5:
        seen = -seen
    if rng.random() < 0.3:
        seen = cv2.GaussianBlur(seen, (0, 0), float(rng.uniform(0.3, 1.2)))
    low, high = np.percentile(seen, (1, 99))
    noise = rng.standard_normal(seen.shape).astype(np.float32)
    seen = seen + noise * np.float32(rng.uniform(0, 0.06) * (high - low))
    turned = (math.pi - float(truth[2]) if mirror else float(truth[2])) - angle
    sizes = np.log(np.maximum(truth[:2] * scale, 0.05))
    wanted = (*sizes, math.cos(2 * turned), math.sin(2 * turned), truth[3])
    return normalise_crop(seen), np.array(wanted, np.float32)


def train(heads: Heads, epochs: int, seed: int) -> SizeNetwork:
    """Train and return the network."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = SizeNetwork()
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=1e-2)
    steps = epochs * (len(heads.crops) // BATCH)
    began = time.monotonic()
    step, recent = 0, math.nan
    for epoch in range(epochs):
        order = rng.permutation(len(heads.crops))
        for first in range(0, len(order) - BATCH + 1, BATCH):
            rows = order[first : first + BATCH]
            made = [seen_anew(heads.crops[row], heads.truth[row], rng) for row in rows]
            pictures = torch.from_numpy(np.stack([one for one, _ in made])[:, None])
            truth = torch.from_numpy(np.stack([one for _, one in made]))
            for group in optimiser.param_groups:
                warm = min(1.0, (step + 1) / 100)
                group["lr"] = PEAK_RATE * warm * 0.5 * (1 + math.cos(math.pi * step / steps))
            network.train()
            loss = sizing_loss(network(pictures), truth)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            value = float(loss.detach())
            recent = value if step == 0 else 0.98 * recent + 0.02 * value
            step += 1
        left = (time.monotonic() - began) / (epoch + 1) * (epochs - epoch - 1) / 60
        print(f"epoch {epoch + 1}/{epochs}  loss {recent:.3f}  {left:.1f} min left", flush=True)
    network.eval()
    return network


def write(network: SizeNetwork, out: Path, heads: int, epochs: int, seed: int) -> None:
    """Write the network with what it says about itself, whole or not at all."""
    said = {
        "side_px": str(SIZER_PX),
        "window": str(SIZER_WINDOW),
        "licence": "Apache-2.0",
        "training_data": f"sertoli phantom (synthetic), {heads} heads",
        "training_settings": json.dumps({"epochs": epochs, "seed": seed, "batch": BATCH}),
        "sertoli_version": version("sertoli"),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }
    example = torch.zeros(2, 1, SIZER_PX, SIZER_PX)
    sizes = {0: torch.export.Dim("heads")}
    export_onnx(network, example, out, said, takes="crops", gives="sizes", sizes=sizes)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description="Train the network that sizes heads.")
    parser.add_argument("--heads", type=Path, default=Path("runs/heads"))
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    heads = read(options.heads)
    network = train(heads, options.epochs, options.seed)
    write(network, options.out, len(heads.crops), options.epochs, options.seed)
    print(f"written to {options.out}")


if __name__ == "__main__":
    main()
