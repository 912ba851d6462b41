"""Export what ``train_whiteness`` made: ``python -m training.tubules.export_whiteness --help``."""

from __future__ import annotations

import argparse
import datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from sertoli.tubules._network import WHITENESS_WEIGHTS, CellNetwork
from training.tubules.export import AGREEMENT, PACKAGE
from training.tubules.network import ALIGNMENT
from training.tubules.train_whiteness import CHECKPOINT
from training.tubules.whiteness_network import STRIDE, WhitenessNetwork
from training.weights_file import export_onnx


def main() -> None:
    """Read the command line and export."""
    parser = argparse.ArgumentParser(description="Export the network that compares whiteness.")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run")
    parser.add_argument("--out", type=Path, default=PACKAGE / WHITENESS_WEIGHTS)
    options = parser.parse_args()
    network = WhitenessNetwork()
    network.load_state_dict(torch.load(options.run / CHECKPOINT, weights_only=True))
    facts = {
        "licence": "Apache-2.0",
        "training_data": "sertoli phantom, operating fields (synthetic)",
        "training_settings": (options.run / "settings.json").read_text(encoding="utf-8"),
        "sertoli_version": version("sertoli"),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "stride": str(STRIDE),
        "cells": "white,sure",
        "held_back": f"{float(F.softplus(network.held_back)):.4f}",
    }
    rows, columns = (torch.export.Dim(name) for name in ("rows", "columns"))
    example = torch.zeros(1, 3, 8 * ALIGNMENT, 10 * ALIGNMENT)
    sizes = {2: ALIGNMENT * rows, 3: ALIGNMENT * columns}
    export_onnx(
        network.eval(), example, options.out, facts, takes="picture", gives="cells", sizes=sizes
    )
    check(network, options.out)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.2f} MB")


def check(network: WhitenessNetwork, file: Path) -> None:
    """Compare ONNX Runtime with PyTorch on noise.

    Raises
    ------
    ValueError
        If any number differs by more than `AGREEMENT`.
    """
    light = np.random.default_rng(0).standard_normal((480, 640, 3)).astype(np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(np.moveaxis(light, 2, 0).copy())[None])[0].numpy()
    given = np.stack(list(CellNetwork(file).cells(light).values()))
    worst = float(np.abs(given - expected).max())
    if worst > AGREEMENT:
        raise ValueError(f"ONNX and PyTorch differ by {worst:g}")


if __name__ == "__main__":
    main()
