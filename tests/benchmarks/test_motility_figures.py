"""The motility benchmark compares tracks with the cells they are of."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from benchmarks.motility import cell_of_track, compare, report
from benchmarks.tracking import Marks

FPS = 50.0


def cells(frames: int = 100) -> list[Marks]:
    """Return five cells that lie still and one that swims at 100 px/s."""
    still = [(n + 1, 30.0 + 60 * n, 40.0, 12.0, 12.0) for n in range(5)]
    return [Marks.of([*still, (6, 20 + 2.0 * f, 120, 12, 12)]) for f in range(frames)]


def write(folder: Path, truth: list[Marks], motility: dict[int, str]) -> None:
    """Write the tables of a search that found every cell, each as the track before its id."""
    folder.mkdir()
    with (folder / "findings.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["frame", "track_id", "x_px", "y_px", "width_px", "height_px"])
        for frame, marks in enumerate(truth):
            for one, place in zip(marks.ids, marks.centre, strict=True):
                rows.writerow([frame, one - 1, *place, 12, 12])
    with (folder / "tracks.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(
            ["track_id", "mean_probability", "motility", "vsl", "vap", "vcl", "alh", "bcf"]
        )
        for track, word in motility.items():
            rows.writerow(
                [track, 0.9, word, *([70.0] * 3 if word == "rapid" else [""] * 3), "", ""]
            )


def test_grades_and_figures_are_compared(tmp_path: Path) -> None:
    truth = cells()
    words = dict.fromkeys(range(4), "immotile") | {4: "slow", 5: "rapid"}
    write(tmp_path / "found", truth, words)
    grades, values = compare(truth, tmp_path / "found", FPS)
    assert grades == {("immotile", "immotile"): 4, ("immotile", "slow"): 1, ("rapid", "rapid"): 1}
    assert {name for name, _, _ in values} == {"vsl", "vap", "vcl"}
    assert all(true == pytest.approx(35.0, rel=0.01) for _, true, _ in values)
    text = report(grades, values, "default")
    assert "Immotile cells called motile: 1 of 5." in text
    assert "| VSL | 1 | 2.00 |" in text


def test_a_track_of_debris_is_of_no_cell() -> None:
    truth = cells(10)
    debris = [Marks.of([(0, 300, 300, 12, 12), (1, *truth[0].centre[0], 12, 12)])] * 10
    assert cell_of_track(truth, debris) == {1: 1}
    assert cell_of_track([Marks.of([])] * 10, debris) == {}
    assert np.all(truth[0].size == 12)
