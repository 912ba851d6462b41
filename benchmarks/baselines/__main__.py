"""Tune and score the baselines on the real sets.

Usage: ``python -m benchmarks.baselines --data ../shared/data --out runs/baselines.json``

The file is what ``python -m benchmarks.real_sets --baselines`` puts into its table. Needs
trackpy: ``pip install -e ".[benchmarks]"``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.baselines import classical, trackpy_locate
from benchmarks.baselines.tuning import Baseline, Choice, choose, results_of
from benchmarks.labelled import (
    LABELLED_SETS,
    Figures,
    LabelledSet,
    at_least,
    figures,
    frames,
    still_only,
    truth_of,
)

GRIDS: tuple[Sequence[Baseline], ...] = (trackpy_locate.GRID, classical.GRID)

TUNING_PICTURES = 8
"""Of each set, spread over it: the settings differ by far more than the pictures."""


def score(real: LabelledSet, data: Path, choice: Choice, every: int) -> Figures:
    """Search every ``every``-th picture of a set with a chosen setting."""
    results = [
        one
        for folder in real.folders
        for one in results_of(choice.baseline, frames(data / folder, every))
    ]
    used = at_least(results, choice.cut_off)
    return figures(results, used, still_only(real, data, used, every))


def measure(
    sets: Sequence[LabelledSet], data: Path, grid: Sequence[Baseline], every: int
) -> Iterator[dict[str, Any]]:
    """Tune one baseline and give a row for each set, untuned and tuned."""
    with_sperm = {}
    for real in sets:
        (folder, *_) = real.folders
        images = truth_of(data / folder)
        if any(len(image.boxes_px) for image in images):
            step = -(-len(images) // TUNING_PICTURES)
            with_sperm[real.name] = list(frames(data / folder, step))
    one_for_all, tuned = choose(grid, with_sperm)
    for real in sets:
        choices = {"one setting for all sets": one_for_all}
        if real.name in tuned:
            choices["tuned on this set"] = tuned[real.name]
        for how, choice in choices.items():
            row = {
                "set": real.name,
                "baseline": choice.baseline.name,
                "how": how,
                "setting": f"{choice.baseline.setting}, cut off at {choice.cut_off:.3f}",
                **asdict(score(real, data, choice, every)),
            }
            print(json.dumps(row), flush=True)
            yield row


def main() -> None:
    """Read the command line, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the real sets")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--every", type=int, default=1, help="score every so many-th picture")
    options = parser.parse_args()
    rows = [
        row for grid in GRIDS for row in measure(LABELLED_SETS, options.data, grid, options.every)
    ]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(
        json.dumps({"every": options.every, "rows": rows}, indent=1) + "\n",
        encoding="utf-8",
        newline="\n",
    )


if __name__ == "__main__":
    main()
