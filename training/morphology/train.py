"""Train the classifier of heads: ``python -m training.morphology.train --help``.

Research only: MHSMA is CC BY-NC-SA 4.0.
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import time
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
import torch

from sertoli.sperm.morphology import CLASSIFIER_FILE, CLASSIFIER_PX, PARTS
from training.morphology.crops import Heads, read_heads, seen_anew
from training.morphology.network import HeadNetwork
from training.weights_file import export_onnx

OUT = Path("research-weights") / CLASSIFIER_FILE
LICENCE = "CC BY-NC-SA 4.0"
RESTRICTION = "non-commercial research only, because they were trained on MHSMA (CC BY-NC-SA 4.0)"
BATCH = 32
PEAK_RATE = 2e-3
WEIGHT_DECAY = 2e-2
AVERAGE_DECAY = 0.99
MOST_WEIGHT = 6.0
"""A rare abnormality counts so many times at most."""


def train(heads: Heads, epochs: int, seed: int) -> HeadNetwork:
    """Train a network; what comes back is the running average of its weights."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network, average = HeadNetwork(), HeadNetwork()
    average.load_state_dict(network.state_dict())
    share = heads.abnormal.mean(axis=0)
    weight = torch.from_numpy(np.minimum((1 - share) / share, MOST_WEIGHT).astype(np.float32))
    loss_of = torch.nn.BCEWithLogitsLoss(pos_weight=weight)
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=WEIGHT_DECAY)
    steps = epochs * (len(heads.crops) // BATCH)
    began = time.monotonic()
    step = 0
    for epoch in range(epochs):
        order = rng.permutation(len(heads.crops))
        total = 0.0
        for first in range(0, len(order) - BATCH + 1, BATCH):
            rows = order[first : first + BATCH]
            seen = np.stack([seen_anew(heads.crops[row], rng) for row in rows])[:, None]
            for group in optimiser.param_groups:
                warm = min(1.0, (step + 1) / 50)
                group["lr"] = PEAK_RATE * warm * 0.5 * (1 + math.cos(math.pi * step / steps))
            network.train()
            odds = network(torch.from_numpy(seen))
            loss = loss_of(odds, torch.from_numpy(heads.abnormal[rows]))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            _follow(average, network)
            total += float(loss.detach())
            step += 1
        left = (time.monotonic() - began) / (epoch + 1) * (epochs - epoch - 1) / 60
        mean = total / (len(order) // BATCH)
        print(f"epoch {epoch + 1}/{epochs}  loss {mean:.3f}  {left:.1f} min left", flush=True)
    average.eval()
    return average


def _follow(average: HeadNetwork, network: HeadNetwork) -> None:
    with torch.no_grad():
        for name, value in average.state_dict().items():
            now = network.state_dict()[name]
            if value.dtype.is_floating_point:
                value.lerp_(now, 1 - AVERAGE_DECAY)
            else:
                value.copy_(now)


def write(network: HeadNetwork, out: Path, epochs: int, seed: int) -> None:
    """Write the network with what it says about itself, whole or not at all."""
    said = {
        "parts": ",".join(PARTS),
        "side_px": str(CLASSIFIER_PX),
        "licence": LICENCE,
        "restriction": RESTRICTION,
        "training_data": "MHSMA (CC BY-NC-SA 4.0), split train",
        "training_settings": json.dumps({"epochs": epochs, "seed": seed, "batch": BATCH}),
        "sertoli_version": version("sertoli"),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }
    example = torch.zeros(2, 1, CLASSIFIER_PX, CLASSIFIER_PX)
    sizes = {0: torch.export.Dim("heads")}
    export_onnx(network, example, out, said, takes="crops", gives="log_odds", sizes=sizes)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description="Train the research-only classifier of heads.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the real images")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    heads = read_heads(options.data, "train")
    write(train(heads, options.epochs, options.seed), options.out, options.epochs, options.seed)
    print(f"written to {options.out}")


if __name__ == "__main__":
    main()
