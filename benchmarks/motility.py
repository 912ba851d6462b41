"""How far grades and CASA figures of a search can be trusted, on simulated dishes.

``python -m benchmarks.motility [--update docs/motility.md]``

The truth is each simulated head's own path without noise, measured in the same way; so the
table says what detection, linking and noise do to the figures, not whether the definitions
suit a purpose.
"""

from __future__ import annotations

import contextlib
import csv
import math
import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click
import numpy as np

from benchmarks.page import renew_block, require_block
from benchmarks.tracking import (
    FPS,
    SEMEN_SEEDS,
    TESTICULAR_FPS,
    TESTICULAR_SEEDS,
    UM_PER_PX,
    Marks,
    dish_of,
    read_found,
    read_truth,
    similarity,
)
from sertoli.search import SearchSettings, search
from sertoli.sperm import Detector
from sertoli.sperm.motility import MOTILITY_COLUMNS, Grade, Motility, MotilityMeter

COLUMNS = (*(Grade.RAPID, Grade.SLOW, Grade.NON_PROGRESSIVE, Grade.IMMOTILE), None)
FIGURES = {"vsl": 1, "vap": 2, "vcl": 0, "alh": 6, "bcf": 7}


def true_motility(truth: Sequence[Marks], fps: float) -> Motility:
    """Measure the paths of the truth."""
    meter = MotilityMeter()
    for frame, marks in enumerate(truth):
        meter.add(marks.detections(), marks.ids, frame, time_s=frame / fps, um_per_px=UM_PER_PX)
    return meter.finish()


def cell_of_track(truth: Sequence[Marks], found: Sequence[Marks]) -> dict[int, int]:
    """Return the cell that at least half of a track's sightings are of, where there is one."""
    seen: dict[int, Counter[int]] = {}
    for cells, heads in zip(truth, found, strict=True):
        alike = similarity(cells, heads)
        for row, track in enumerate(heads.ids.tolist()):
            best = int(alike[:, row].argmax()) if len(cells.ids) else 0
            at_cell = len(cells.ids) > 0 and alike[best, row] >= 0.5
            seen.setdefault(track, Counter())[int(cells.ids[best]) if at_cell else -1] += 1
    chosen = {track: counts.most_common(1)[0] for track, counts in seen.items()}
    return {
        track: cell
        for track, (cell, times) in chosen.items()
        if cell >= 0 and 2 * times >= seen[track].total()
    }


def compare(
    truth: Sequence[Marks], folder: Path, fps: float
) -> tuple[Counter[tuple[str, str]], list[tuple[str, float, float]]]:
    """Return (true grade, found grade) of every track of a cell, and (figure, true, found)."""
    expected = true_motility(truth, fps)
    cells = cell_of_track(truth, read_found(folder, len(truth))[0])
    grades: Counter[tuple[str, str]] = Counter()
    values = []
    with (folder / "tracks.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            cell = cells.get(int(row["track_id"]))
            if cell is None or expected.grade[cell] is None:
                continue
            grades[str(expected.grade[cell]), row["motility"]] += 1
            for name, column in FIGURES.items():
                true = float(expected.figures[cell, column])
                if row[name] and expected.grade[cell] in {Grade.RAPID, Grade.SLOW}:
                    values.append((name, true, float(row[name])))
    return grades, values


def report(
    grades: Counter[tuple[str, str]],
    values: Sequence[tuple[str, float, float]],
    weights: str,
    seconds: float = 3.0,
) -> str:
    """Return the figures as Markdown."""
    words = [str(grade or "") for grade in COLUMNS]
    lines = [
        f"Weights `{weights}`, {datetime.now():%Y-%m-%d}; dishes of {seconds:g} s. Tracks of true "
        "sperm; rows by the truth.",
        "",
        "| truly | " + " | ".join(word or "not measured" for word in words) + " |",
        "|---|" + "---|" * len(words),
    ]
    for true in words[:-1]:
        counts = " | ".join(str(grades[true, found]) for found in words)
        lines.append(f"| {true} | {counts} |")
    still = sum(grades[str(Grade.IMMOTILE), found] for found in words[:-1])
    wrong = still - grades[str(Grade.IMMOTILE), str(Grade.IMMOTILE)]
    lines += [
        "",
        f"Immotile cells called motile: {wrong} of {still}.",
        "",
        "| of progressive sperm | tracks | found / true, median | half of them within |",
        "|---|---|---|---|",
    ]
    for name in FIGURES:
        ratio = [b / a for one, a, b in values if one == name and a > 0 and math.isfinite(a)]
        if ratio:
            low, middle, high = np.percentile(ratio, (25, 50, 75))
            lines.append(
                f"| {name.upper()} | {len(ratio)} | {middle:.2f} | {low:.2f} to {high:.2f} |"
            )
    return "\n".join(lines)


@click.command()
@click.option("--update", type=click.Path(path_type=Path), help="Rewrite the table in this page.")
@click.option("--weights", default="default", show_default=True)
@click.option("--seconds", default=3.0, show_default=True, help="Length of a dish's recording.")
@click.option("--dishes", default=3, show_default=True, type=click.IntRange(1, 3))
@click.option("--keep", type=click.Path(path_type=Path), help="Keep dishes here, and reuse them.")
def main(update: Path | None, weights: str, seconds: float, dishes: int, keep: Path | None) -> None:
    """Compare what a search says of motion with the truth of simulated dishes."""
    assert set(FIGURES) < set(MOTILITY_COLUMNS)
    require_block(update)
    finder = Detector(weights)
    grades: Counter[tuple[str, str]] = Counter()
    values = []
    with contextlib.ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        for regime, seeds, fps in (
            ("semen", SEMEN_SEEDS, FPS),
            ("testicular", TESTICULAR_SEEDS, TESTICULAR_FPS),
        ):
            for seed in seeds[:dishes]:
                dish = dish_of(folder / f"{regime}-{seed}", seed, regime, seconds)
                result = search(
                    *(dish / "dish.mp4", folder / f"{regime}-{seed}-motility", finder),
                    SearchSettings(um_per_px=UM_PER_PX),
                    overwrite=True,
                )
                truth = read_truth(dish / "truth.json")[0]
                one = compare(truth, result.folder, fps)
                grades += one[0]
                values += one[1]
    text = report(grades, values, weights, seconds)
    click.echo(text)
    renew_block(update, text)


if __name__ == "__main__":
    main()
