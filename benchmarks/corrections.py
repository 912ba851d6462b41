"""What ten labelled frames of one recording do for the others, on ``miamia``.

Usage: ``python -m benchmarks.corrections --data ../shared/data --update docs/train.md``

``miamia`` is for non-commercial research: what is trained here is thrown away.
"""

from __future__ import annotations

import argparse
import datetime
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.page import renew_block, require_block
from sertoli.cli.train import FIELDS, simulated
from sertoli.sperm import Detector
from sertoli.sperm.evaluation import Evaluation, ImageResult, evaluate
from sertoli.sperm.learning import (
    KEPT,
    Labelled,
    LearningSettings,
    Learnt,
    learn,
    read_labelled,
    write_learnt,
)

FRAMES = 10
STEPS = 250
LOOKED_AT = 5
"""Frames by which a search finds the magnification of a recording."""


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """One recording learnt from, the others searched before and after."""

    video: str
    learnt: Learnt
    cpu_s: float
    before: dict[str, Evaluation]
    after: dict[str, Evaluation]


def searched(detector: Detector, frames: Sequence[Labelled]) -> dict[str, Evaluation]:
    """Search recordings as a user does, and score them one by one."""
    found = {}
    for video in sorted({one.group for one in frames}):
        own = [one for one in frames if one.group == video]
        every = -(-len(own) // LOOKED_AT)
        at = detector.magnification([one.frame for one in own[::every]])
        found[video] = evaluate(
            ImageResult.of_detections(
                detector.detect(one.frame, magnification=at), one.boxes_px, one.ignored, video
            )
            for one in own
        )
    return found


def fold(
    video: str,
    frames: Sequence[Labelled],
    kept: Sequence[Labelled],
    before: dict[str, Evaluation],
    steps: int,
) -> Fold:
    """Learn from frames of one recording, spread evenly, and search the others."""
    own = [one for one in frames if one.group == video]
    chosen = [own[round(place)] for place in np.linspace(0, len(own) - 1, FRAMES)]
    began = time.process_time()
    learnt = learn("default", chosen, kept, LearningSettings(steps))
    cpu_s = time.process_time() - began
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "learnt.onnx"
        write_learnt(learnt, file)
        after = searched(Detector(file, threads=1), [one for one in frames if one.group != video])
    others = {name: before[name] for name in after}
    return Fold(video, learnt, cpu_s, others, after)


def report(folds: Sequence[Fold], steps: int) -> str:
    """Return the block for the page."""
    lines = [
        f"`miamia`, {FRAMES} frames of one recording learnt from (of these a quarter kept aside), "
        f"every labelled frame of the other recordings searched; default weights, {steps} steps; "
        f"one machine, {datetime.date.today().isoformat()}. By centre, at each file's own default "
        "confidence.",
        "",
        "| learnt from | searched | F1 before | F1 after | recall before | recall after | "
        "precision before | precision after |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in folds:
        for name, was in one.before.items():
            now = one.after[name]
            pairs = ((was.f1, now.f1), (was.recall, now.recall), (was.precision, now.precision))
            cells = " | ".join(f"{a or 0:.3f} | {b or 0:.3f}" for a, b in pairs)
            lines.append(f"| {one.video} | {name} | {cells} |")
    gains = [
        (one.after[name].f1 or 0) - (was.f1 or 0)
        for one in folds
        for name, was in one.before.items()
    ]
    lines += [
        "",
        f"F1 changed by {np.mean(gains):+.3f} on average ({min(gains):+.3f} to {max(gains):+.3f}).",
        "",
        "| learnt from | sperm labelled | minutes of one core | F1 on simulated fields before | "
        "after |",
        "|---|---|---|---|---|",
    ]
    for one in folds:
        sperm = one.learnt.sperm + one.learnt.sperm_aside
        kept = f"{one.learnt.before[KEPT].f1:.3f} | {one.learnt.after[KEPT].f1:.3f}"
        lines.append(f"| {one.video} | {sperm} | {one.cpu_s / 60:.1f} | {kept} |")
    return "\n".join(lines)


def main() -> None:
    """Read the command line, learn once for each recording, report."""
    parser = argparse.ArgumentParser(description="Learning from ten frames, on miamia.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the real images")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--update", type=Path, help="page to write the figures into")
    options = parser.parse_args()
    require_block(options.update)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    folder = options.data / "miamia"
    frames = read_labelled(folder / "annotations.json", folder / "images", classes=("sperm",))
    kept = simulated(FIELDS)
    before = searched(Detector(threads=1), frames)
    folds = []
    for video in before:
        folds.append(fold(video, frames, kept, before, options.steps))
        print(report(folds, options.steps), flush=True)
    renew_block(options.update, report(folds, options.steps))


if __name__ == "__main__":
    main()
