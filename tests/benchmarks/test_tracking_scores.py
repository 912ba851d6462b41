"""The scores of tracks: TrackEval is asked the right thing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks.tracking import Marks, apart, one_cell, perfect, read_truth, report, score
from benchmarks.tracking import Row as Line

FRAMES = 20


def frames(ids: list[list[int]], shift: float = 0.0) -> list[Marks]:
    """Return three cells that move to the right, 100 px apart."""
    return [
        Marks.of([(one, 50 + 2 * f + shift, 100.0 * n, 14, 12) for n, one in enumerate(row)])
        for f, row in enumerate(ids)
    ]


TRUTH = frames([[1, 2, 3]] * FRAMES)
NOTHING = [Marks.of([])] * FRAMES


def test_perfect_tracks_score_all() -> None:
    got = score(TRUTH, NOTHING, perfect(TRUTH))
    assert (got.hota, got.idf1, got.mota) == pytest.approx((100, 100, 100))
    assert (got.switches, got.cells, got.tracks) == (0, 3, 3)


def test_a_switch_costs_association_and_not_detection() -> None:
    found = frames([[7, 8, 9]] * 10 + [[7, 9, 8]] * 10)
    got = score(TRUTH, NOTHING, found)
    assert got.det_a == pytest.approx(100)
    assert got.ass_a < 70
    assert got.switches == 2


def test_a_match_ends_at_half_the_box_or_6_px() -> None:
    near = score(TRUTH, NOTHING, frames([[1, 2, 3]] * FRAMES, 6.9))
    far = score(TRUTH, NOTHING, frames([[1, 2, 3]] * FRAMES, 7.1))
    assert near.mota == pytest.approx(100)
    assert far.mota == pytest.approx(-100)


def test_ignored_things_neither_help_nor_harm() -> None:
    ignored = [Marks.of([(9, 400, 300, 12, 12)])] * FRAMES
    found = [
        Marks.of([*((n, *truth.centre[n], 12, 12) for n in range(3)), (5, 401, 300, 12, 12)])
        for truth in TRUTH
    ]
    assert score(TRUTH, ignored, found).mota == pytest.approx(100)
    assert score(TRUTH, NOTHING, found).mota == pytest.approx(100 - 100 / 3)


def test_nothing_found() -> None:
    assert score(TRUTH, NOTHING, NOTHING).hota == 0


def test_one_cell_or_several() -> None:
    found = frames([[7, 8, 9]] * 10 + [[7, 8, 4]] * 10)
    assert one_cell(TRUTH, found, {1, 2, 3}) == (2, 3)
    assert one_cell(TRUTH, found, {3}) == (0, 1)
    assert one_cell(TRUTH, NOTHING, {1, 2, 3}) == (0, 0)


def test_truth_of_a_dish_is_read(tmp_path: Path) -> None:
    path = tmp_path / "truth.json"
    names = ("sperm", "obscured_sperm", "red_cell")
    path.write_text(
        json.dumps(
            {
                "categories": [{"id": n, "name": name} for n, name in enumerate(names)],
                "images": [{"id": 5, "frame": 1}, {"id": 9, "frame": 0}],
                "annotations": [
                    {"image_id": 9, "category_id": 0, "track_id": 1, "bbox": [0, 0, 10, 8]}
                    | {"motility": "immotile"},
                    {"image_id": 5, "category_id": 1, "track_id": 2, "bbox": [4, 4, 10, 8]},
                    {"image_id": 5, "category_id": 2, "track_id": 3, "bbox": [9, 9, 10, 8]},
                ],
            }
        ),
        encoding="utf-8",
    )
    truth, ignored, still = read_truth(path)
    assert [one.ids.tolist() for one in truth] == [[1], []]
    assert [one.ids.tolist() for one in ignored] == [[], [2]]
    assert np.allclose(truth[0].centre, [[5, 4]])
    assert still == {1}


def test_the_table_says_what_was_missed() -> None:
    got = score(TRUTH, NOTHING, perfect(TRUTH))
    text = report([Line("dish", "search, every finding", got)], (9, 10), (8, 10), "default")
    assert "HOTA 75, reached" in text
    assert "**9 of 10**" in text
    assert "with them 8 of 10" in text
    assert "98 %, **missed**" in text


def test_the_mean_over_dishes_comes_with_its_error() -> None:
    got = score(TRUTH, NOTHING, perfect(TRUTH))
    every = "search, every finding"
    rows = [Line(f"dish {n}", every, replace(got, hota=hota)) for n, hota in enumerate((70, 80))]
    text = report(
        [Line("mean", every, replace(got, hota=75.0)), *rows], (9, 10), (8, 10), "default"
    )
    assert "HOTA 75, reached (standard error of the mean over 2 dishes: 5.0)" in text


@pytest.mark.parametrize(("away", "clear"), [(10.0, [1]), (20.0, [1, 2])])
def test_sperm_within_a_head_of_another_are_left_out(away: float, clear: list[int]) -> None:
    sperm = Marks.of([(1, 0, 0, 14, 12), (2, 100, 0, 14, 12)])
    hidden = Marks.of([(3, 100 + away, 0, 14, 12)])
    left, alone = apart([sperm, Marks.of([])], [hidden, hidden])
    assert left.ids.tolist() == clear
    assert alone.ids.tolist() == []
