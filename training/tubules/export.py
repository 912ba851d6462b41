"""Turn a trained network into a weights file: ``python -m training.tubules.export --help``."""

from __future__ import annotations

import argparse
import datetime
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

from sertoli.tubules import FIELD_WEIGHTS, SECTION_WEIGHTS, CellNetwork
from sertoli.tubules._network import WHITENESS_WEIGHTS, as_seen
from training.tubules.network import ALIGNMENT, CHECKPOINT, TubuleNetwork, UNetwork
from training.tubules.whiteness_network import WhitenessNetwork
from training.weights_file import export_onnx

KINDS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "sections": (
        SECTION_WEIGHTS,
        ("epithelium", "tubule", "core"),
        "tubules_histology (Apache-2.0), sections of two mink",
    ),
    "fields": (
        FIELD_WEIGHTS,
        ("line", "log_diameter", "cos", "sin", "opacity", "unreadable"),
        "sertoli phantom, operating fields, and made-up tubes (synthetic); as pictures that show "
        "no testis sertoli phantom dishes and tubules_histology (Apache-2.0)",
    ),
    "whiteness": (
        WHITENESS_WEIGHTS,
        ("white", "sure"),
        "sertoli phantom, operating fields (synthetic)",
    ),
}
"""Kind -> (file name, channels, data)."""

PACKAGE = Path("src/sertoli/weights")
AGREEMENT = 2e-3
"""Largest difference allowed between ONNX Runtime and PyTorch."""


def main() -> None:
    """Read the command line and export."""
    parser = argparse.ArgumentParser(description="Export a trained run to ONNX.")
    parser.add_argument("kind", choices=list(KINDS))
    parser.add_argument("--run", type=Path, required=True, help="folder of the run")
    parser.add_argument("--out", type=Path, help="file to write; unless told, where it ships")
    options = parser.parse_args()
    name, channels, data = KINDS[options.kind]
    network = WhitenessNetwork() if name == WHITENESS_WEIGHTS else TubuleNetwork(len(channels))
    network.load_state_dict(torch.load(options.run / CHECKPOINT, weights_only=True))
    settings = (options.run / "settings.json").read_text(encoding="utf-8")
    out = options.out or PACKAGE / name
    left_out = json.loads(settings).get("leave_out", "none")
    if left_out != "none" and out.resolve().is_relative_to(PACKAGE.resolve()):
        parser.error("weights with a part left out are for figures: give another --out")
    facts = {
        "licence": "Apache-2.0",
        "training_data": data,
        "training_settings": settings,
        "sertoli_version": version("sertoli"),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "cells": ",".join(channels),
        **network.facts(),
    }
    write_onnx(network.eval(), out, facts)
    check(network, out)
    print(f"{out}: {out.stat().st_size / 1e6:.2f} MB")


def write_onnx(network: UNetwork, file: Path, facts: Mapping[str, str]) -> None:
    """Write network and facts to one ONNX file, whole or not at all."""
    rows, columns = (torch.export.Dim(name) for name in ("rows", "columns"))
    example = torch.zeros(1, 3, 8 * ALIGNMENT, 10 * ALIGNMENT)
    sizes = {2: ALIGNMENT * rows, 3: ALIGNMENT * columns}
    export_onnx(network, example, file, facts, takes="picture", gives="cells", sizes=sizes)


def check(network: UNetwork, file: Path) -> None:
    """Compare ONNX Runtime with PyTorch on noise.

    Raises
    ------
    ValueError
        If any number differs by more than `AGREEMENT`.
    """
    runtime = CellNetwork(file)
    rng = np.random.default_rng(0)
    for height, width in ((32, 32), (480, 640)):
        picture = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        with torch.no_grad():
            ready = torch.from_numpy(np.moveaxis(picture, 2, 0)[None].astype(np.float32) / 255)
            expected = network(ready)[0].numpy()
        given = np.stack(list(runtime.cells(as_seen(picture, 1.0)).values()))
        worst = float(np.abs(given - expected).max())
        if worst > AGREEMENT:
            raise ValueError(f"ONNX and PyTorch differ by {worst:g} at {height} x {width}")


if __name__ == "__main__":
    main()
