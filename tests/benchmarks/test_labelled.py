"""Labelled sets are searched, brought back to native pixels and scored as they should be."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from benchmarks.labelled import (
    LabelledSet,
    at_least,
    figures,
    frames,
    searched,
    still_boxes,
    still_only,
    truth_of,
)

from sertoli.search import Finder

LABELLED = LabelledSet("labelled", "spots", ("labelled",), tracked=True)
EMPTY = LabelledSet("empty", "no sperm", ("empty",))


@pytest.mark.parametrize("factor", [0.5, 0.71, 1.0, 2.0, 3.0])
def test_findings_come_back_in_native_pixels(
    small_data: Path, finder: Finder, factor: float
) -> None:
    results = searched(LABELLED, small_data, finder, factor=factor)
    assert len(results) == 4
    for one in results:
        found = one.found_px[:, :2] + one.found_px[:, 2:] / 2
        true = one.truth_px[:, :2] + one.truth_px[:, 2:] / 2
        nearest = np.linalg.norm(found[:, None] - true[None], axis=2).min(axis=1)
        assert len(found) == 4
        assert nearest.max() < 1.0
        assert abs(one.found_px[:, 2:].mean() - 11) < 1.5


def test_every_second_picture(small_data: Path, finder: Finder) -> None:
    assert len(searched(LABELLED, small_data, finder, every=2)) == 2
    assert [f.file for f, _ in frames(small_data / "labelled", 3)] == [
        image.file_name for image in truth_of(small_data / "labelled", 3)
    ]


def test_figures_at_a_confidence_and_over_all(small_data: Path, finder: Finder) -> None:
    results = searched(LABELLED, small_data, finder)
    whole = figures(results, 0.5)
    assert (whole.fields, whole.f1, whole.recall, whole.fp_per_image) == (4, 1.0, 1.0, 0.0)
    assert set(whole.f1_by_group) == {"video 0", "video 1"}
    none = figures(results, 0.99)
    assert (none.f1, none.recall, none.best_f1) == (0.0, 0.0, 1.0)
    assert all(len(one.probability) == 0 for one in at_least(results, 0.99))


def test_without_sperm_only_false_positives_count(small_data: Path, finder: Finder) -> None:
    got = figures(searched(EMPTY, small_data, finder), 0.5)
    assert got.fp_per_image == 1.0
    assert (got.f1, got.precision, got.best_f1, got.ap50) == (None,) * 4
    assert got.f1_by_group == {}


def write_tracks(file: Path, steps_px: list[float], count: int) -> None:
    images = [{"id": n + 1, "file_name": f"{n}.png", "frame": n} for n in range(count)]
    rows = [
        {"image_id": n + 1, "track_id": t, "category_id": 1, "bbox": [n * step, 40 * t, 10, 8]}
        for t, step in enumerate(steps_px)
        for n in range(count)
    ]
    described = {"images": images, "annotations": rows, "categories": [{"id": 1, "name": "sperm"}]}
    file.write_text(json.dumps(described), encoding="utf-8")


def test_still_sperm_are_told_by_their_tracks(tmp_path: Path) -> None:
    write_tracks(tmp_path / "a.json", [0.0, 0.19, 0.21], 60)
    still = still_boxes(tmp_path / "a.json")
    assert {box[2] for box in still} == {0.0, 40.0}
    assert len(still) == 120
    write_tracks(tmp_path / "b.json", [0.0], 50)
    assert still_boxes(tmp_path / "b.json") == set()


def test_moving_sperm_become_dont_care(small_data: Path, finder: Finder) -> None:
    results = searched(LABELLED, small_data, finder)
    changed = still_only(LABELLED, small_data, results)
    assert changed is not None
    # seen for less than a second: nobody can say that they keep still
    assert all(one.ignored.all() for one in changed)
    assert still_only(EMPTY, small_data, results) is None
