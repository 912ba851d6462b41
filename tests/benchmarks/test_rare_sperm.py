"""The search for rare sperm: what is merged, counted and read, on lists known beforehand."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest
from benchmarks.rare_composites import cut_out, laid_in, without_sperm
from benchmarks.rare_dishes import (
    NO_SPERM,
    DishRecord,
    Plan,
    followed,
    search_dish,
    settings_name,
)
from benchmarks.rare_figures import (
    effort,
    effort_interval,
    effort_to_meet,
    mean_per_field,
    merged,
    review_list,
    wilson,
)
from benchmarks.rare_report import report, sweep_lines

from sertoli.frames import Frame
from sertoli.sperm import Detections, Detector


def record(
    candidates: list[tuple[int, float, float, int]], sperm: list[int], fields: int = 100
) -> DishRecord:
    """Make a record of candidates (field, x_um, probability, sperm)."""
    table = np.array(candidates, float).reshape(-1, 4)
    return DishRecord(
        seed=1,
        modality="dic",
        tail_gain=0.5,
        rare_fields=fields,
        doped_fields=1,
        field=table[:, 0].astype(np.int64),
        place_um=np.stack([table[:, 1], np.zeros(len(table))], axis=1),
        probability=table[:, 2],
        sperm=table[:, 3].astype(np.int64),
        rare_sperm=np.array(sperm, np.int64),
        doped_probability=np.array([0.9, 0.1]),
        doped_motility=np.array([0, 3]),
        doped_contrast=np.array([30.0, 4.0]),
        doped_obscured=1,
        doped_false=np.array([0.5]),
    )


def test_sightings_of_one_object_are_merged_across_fields_but_not_within_one() -> None:
    chances, sperm = merged(
        record(
            [
                (0, 10.0, 0.4, NO_SPERM),
                (1, 11.0, 0.8, 7),  # the same object in the next field
                (0, 12.5, 0.3, NO_SPERM),  # and another that lies near it in the first one
                (1, 60.0, 0.2, NO_SPERM),
            ],
            [7],
        )
    )
    assert chances.tolist() == [0.8, 0.2]
    assert sperm.tolist() == [7, NO_SPERM]


def test_candidates_of_one_field_are_never_one_object() -> None:
    chances, _ = merged(record([(0, 10.0, 0.4, NO_SPERM), (0, 11.0, 0.8, 7)], [7]))
    assert chances.tolist() == [0.8, 0.4]


def test_effort_counts_every_candidate_up_to_the_sperm_that_makes_nine_in_ten() -> None:
    candidates = [(n, 50.0 * n, 1 - n / 100, n if n % 2 else NO_SPERM) for n in range(20)]
    listed = review_list([record(candidates, list(range(1, 20, 2)))])
    read, met = effort(listed)
    assert read[-1] == pytest.approx(2.0)
    assert met[-1] == pytest.approx(1.0)
    assert effort_to_meet(listed) == pytest.approx(1.8)


def test_sperm_that_are_in_no_list_are_never_met() -> None:
    listed = review_list([record([(0, 1.0, 0.9, 1)], [1, 2])])
    assert effort_to_meet(listed) == float("inf")
    assert effort_interval(listed) == (float("inf"), float("inf"))


def test_a_sperm_seen_twice_is_met_once_but_read_twice() -> None:
    listed = review_list([record([(0, 1.0, 0.9, 1), (5, 40.0, 0.8, 1), (6, 90.0, 0.7, 2)], [1, 2])])
    assert listed.is_new_sperm.tolist() == [True, False, True]
    assert effort_to_meet(listed) == pytest.approx(1.5)


def test_intervals_hold_the_mean_and_shrink_to_it_where_dishes_agree() -> None:
    fields = np.full(20, 10)
    same, (low, high) = mean_per_field(np.full(20, 5), fields)
    assert same == low == high == 0.5
    mixed, (low, high) = mean_per_field(np.arange(20), fields)
    assert low < mixed < high
    assert wilson(90, 100) == pytest.approx((0.8256, 0.9448), abs=1e-3)


def test_a_dish_is_searched_kept_and_read_again(tmp_path: Path) -> None:
    detector = Detector(threads=1)
    plan = Plan(rare_fields=1, doped_fields=1)
    got = search_dish(700_001, plan, detector)
    assert np.all(got.probability >= 0.01)
    assert len(got.field) == len(got.place_um) == len(got.sperm)
    assert len(got.doped_probability) == len(got.doped_motility)
    got.write(tmp_path / "dish.npz")
    again = DishRecord.read(tmp_path / "dish.npz")
    assert (again.seed, again.modality) == (got.seed, got.modality)
    assert np.array_equal(again.probability, got.probability)
    assert settings_name("0" * 64, plan) != settings_name("0" * 64, Plan())
    listed, alone = review_list([got, again]), [record([(0, 1.0, 0.9, 1)], [1])]
    text = report(alone, listed, [], None, detector)
    assert text.startswith("SYNTHETIC")
    assert "Focus" not in text
    assert "**Focus turned**" in report(alone, listed, alone, None, detector)


def test_with_the_focus_turned_the_same_sperm_are_looked_for() -> None:
    detector = Detector(threads=1)
    plans = [Plan(rare_fields=1, doped_fields=2, swept=swept) for swept in (False, True)]
    one, swept = (search_dish(700_001, plan, detector) for plan in plans)
    for name in ("doped_motility", "rare_sperm"):
        assert np.array_equal(getattr(one, name), getattr(swept, name)), name
    # a cell may have twitched meanwhile
    assert swept.doped_contrast == pytest.approx(one.doped_contrast, rel=0.05)
    assert not np.array_equal(one.doped_probability, swept.doped_probability)
    assert settings_name("0" * 64, plans[0]) != settings_name("0" * 64, plans[1])


def test_a_sperm_seen_at_several_heights_is_one_head_where_it_was_seen_best() -> None:
    class Planes:
        """Sees one head in both frames, and another in the second alone."""

        def detect(self, frame: Frame, *, confidence: float) -> Detections:
            centre = np.array([[20.0 + frame.index, 30.0], [70.0, 70.0]], np.float32)
            chance = np.array([[0.2, 0.0], [0.8, 0.4]], np.float32)[frame.index]
            seen = Detections(centre, np.full((2, 2), 12, np.float32), chance)
            return seen.take(chance >= confidence)

    frames = [Frame(np.zeros((90, 90), np.uint8), n) for n in range(2)]
    found = followed(frames, cast(Detector, Planes()))
    order = np.argsort(found.centre_px[:, 0])
    assert found.centre_px[order].tolist() == [[21.0, 30.0], [70.0, 70.0]]
    both, once = found.probability[order]
    assert 0.2 < both < 0.8
    assert once == pytest.approx(0.4, abs=0.05)


def test_as_many_false_candidates_are_compared_with_as_many() -> None:
    false = [(n, 9.0 * n, 0.3 + 0.1 * n, NO_SPERM) for n in range(4)]
    one, swept = record(false, [], fields=4), record(false[:2], [], fields=2)
    lines = list(sweep_lines([one], [swept], 0.5))
    # two of four fields are false at 0.5; turned, one of two may be
    assert lines[2] == "| default confidence | 0.500 | 0.500 | 0.500 | 0.095 to 0.905 | 0.000 |"
    assert lines[5].startswith("| default confidence; focus turned: 0.300, as many false | 0.500 ")
    assert lines[5].endswith("| 0.500 |")


def test_a_covered_sperm_is_gone_and_a_laid_in_one_is_where_its_box_says() -> None:
    rng = np.random.default_rng(0)
    grey = rng.normal(100, 2, (200, 260)).astype(np.float32)
    y, x = np.mgrid[:200, :260]
    grey += 80 * np.exp(-((x - 90) ** 2 + (y - 60) ** 2) / 20).astype(np.float32)
    boxes = np.array([[82, 52, 17, 17]], np.float32)
    covered = without_sperm(grey, boxes, rng)
    assert np.abs(covered - 100).max() < 15
    assert np.array_equal(covered[100:], grey[100:])
    one = cut_out(grey, boxes, boxes, rng)
    assert one is not None
    field, truth = laid_in(covered, one, rng)
    row, column = np.unravel_index(np.argmax(field), field.shape)
    left, top, width, height = truth[0]
    assert abs(left + width / 2 - column) <= 1.5
    assert abs(top + height / 2 - row) <= 1.5
