"""Labelled sets are searched, brought back to native pixels and scored as they should be."""

from __future__ import annotations

import json
from dataclasses import replace
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

from sertoli.search import Finder, SearchResult, SearchSettings, search
from sertoli.sperm.evaluation import ImageResult

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


def test_each_recording_is_searched_by_itself(
    small_data: Path, finder: Finder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def noting(path: Path, out: Path, by: Finder, settings: SearchSettings) -> SearchResult:
        seen.append((sorted(file.name for file in path.iterdir()), settings.sequence))
        return search(path, out, by, settings)

    seen: list[tuple[list[str], bool | None]] = []
    monkeypatch.setattr("benchmarks.labelled.search", noting)
    results = searched(replace(LABELLED, recordings=True), small_data, finder)
    # labels may tell of one picture of each in turn
    assert seen == [
        (["picture_0.png", "picture_2.png"], True),
        (["picture_1.png", "picture_3.png"], True),
    ]
    for one, alone in zip(results, searched(LABELLED, small_data, finder), strict=True):
        assert (one.group, len(one.found_px)) == (alone.group, len(alone.found_px))


def test_figures_at_a_confidence_and_over_all(small_data: Path, finder: Finder) -> None:
    results = searched(LABELLED, small_data, finder)
    whole = figures(results, at_least(results, 0.5))
    assert (whole.fields, whole.f1, whole.recall, whole.fp_per_image) == (4, 1.0, 1.0, 0.0)
    assert set(whole.f1_by_group) == {"video 0", "video 1"}
    none = figures(results, at_least(results, 0.99))
    assert (none.f1, none.recall, none.best_f1) == (0.0, 0.0, 1.0)
    assert all(len(one.probability) == 0 for one in at_least(results, 0.99))


def test_without_sperm_only_false_positives_count(small_data: Path, finder: Finder) -> None:
    found = searched(EMPTY, small_data, finder)
    got = figures(found, found)
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


@pytest.mark.parametrize(
    ("steps_px", "count", "still"),
    [
        pytest.param([0.0, 0.19, 0.21, 3.0], 60, [True, True, False, False], id="still ones stay"),
        pytest.param([3.0, 0.0], 60, [False, True], id="in any order"),
        pytest.param([0.0, 0.0], 50, [False, False], id="too short to say"),
    ],
)
def test_moving_sperm_become_dont_care(
    tmp_path: Path, steps_px: list[float], count: int, still: list[bool]
) -> None:
    (tmp_path / "labelled").mkdir()
    write_tracks(tmp_path / "labelled" / "annotations.json", steps_px, count)
    results = [
        ImageResult(np.zeros((0, 4)), np.zeros(0), image.boxes_px, image.ignored)
        for image in truth_of(tmp_path / "labelled")
    ]
    changed = still_only(LABELLED, tmp_path, results)
    assert changed is not None
    assert [(~one.ignored).tolist() for one in changed] == [still] * count
    # what was don't-care before stays so
    crowds = [replace(one, ignored=np.ones(len(still), np.bool_)) for one in results]
    assert all(one.ignored.all() for one in still_only(LABELLED, tmp_path, crowds) or [])
    assert still_only(EMPTY, tmp_path, results) is None
