from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sertoli.sperm import Detections, Linker


def heads(places: npt.ArrayLike, size: float = 12.0) -> Detections:
    centre = np.asarray(places, np.float32).reshape(-1, 2)
    n = len(centre)
    return Detections(centre, np.full((n, 2), size, np.float32), np.full(n, 0.9, np.float32))


def test_nothing_at_all() -> None:
    linker = Linker()
    assert linker.link(Detections.empty(), 0).shape == (0,)
    assert linker.count == 0


def test_two_that_stay_keep_their_ids() -> None:
    linker = Linker()
    for frame in range(5):
        assert linker.link(heads([[10, 10], [50, 50]]), frame).tolist() == [0, 1]


def test_order_of_detections_does_not_matter() -> None:
    linker = Linker()
    linker.link(heads([[10, 10], [50, 50]]), 0)
    assert linker.link(heads([[51, 50], [10, 11]]), 1).tolist() == [1, 0]


@pytest.mark.parametrize("speed", [2.0, 8.0, 17.0])
def test_swimmer_faster_than_its_box_is_followed(speed: float) -> None:
    linker = Linker()
    for frame in range(20):
        assert linker.link(heads([[10 + speed * frame, 40]]), frame).tolist() == [0]


def test_crossing_swimmers_keep_their_ids() -> None:
    linker = Linker()
    for frame in range(21):
        x = 5.0 * frame
        ids = linker.link(heads([[x, 50 + 0.2 * x], [100 - x, 54 + 0.2 * x]]), frame)
        assert ids.tolist() == [0, 1]


@pytest.mark.parametrize(("gap", "same"), [(1, True), (10, True), (11, False)])
def test_gap(gap: int, same: bool) -> None:
    linker = Linker()
    linker.link(heads([[30, 30]]), 0)
    for frame in range(1, gap + 1):
        linker.link(Detections.empty(), frame)
    assert linker.link(heads([[31, 30]]), gap + 1).tolist() == [0 if same else 1]


def test_a_skipped_frame_counts_as_gap() -> None:
    linker = Linker()
    linker.link(heads([[30, 30]]), 0)
    assert linker.link(heads([[30, 30]]), 50).tolist() == [1]


def test_far_head_is_a_new_sperm() -> None:
    linker = Linker()
    linker.link(heads([[30, 30]]), 0)
    assert linker.link(heads([[80, 30]]), 1).tolist() == [1]


def test_all_are_matched_rather_than_the_nearest_alone() -> None:
    # Nearest first would take the pair in the middle and orphan the other two.
    linker = Linker()
    linker.link(heads([[0, 0], [12, 0]]), 0)
    assert linker.link(heads([[10, 0], [22, 0]]), 1).tolist() == [0, 1]


@given(seed=st.integers(0, 10_000), n=st.integers(0, 60))
@settings(max_examples=30, deadline=None)
def test_ids_are_unique_within_a_frame_and_run_without_holes(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    linker = Linker()
    seen: set[int] = set()
    for frame in range(6):
        ids = linker.link(heads(rng.uniform(0, 120, (rng.integers(0, n + 1), 2))), frame).tolist()
        assert len(set(ids)) == len(ids)
        seen.update(ids)
    assert seen == set(range(linker.count))


def test_thousand_objects_are_linked_fast_and_right() -> None:
    rng = np.random.default_rng(1)
    start = rng.uniform(0, 2000, (1000, 2))
    speed = rng.normal(0, 2, (1000, 2))
    linker = Linker()
    started = time.perf_counter()
    kept = 0.0
    for frame in range(20):
        ids = linker.link(heads(start + speed * frame + rng.normal(0, 0.3, (1000, 2))), frame)
        kept = float(np.mean(ids == np.arange(1000)))
    assert kept > 0.97
    # Some 5 ms a frame on a slow core; a dense 1,000 x 1,000 solver would take many times that.
    assert (time.perf_counter() - started) / 20 < 0.1


def test_faint_heads_take_what_plain_ones_leave_and_begin_nothing() -> None:
    def seen(places: npt.ArrayLike, probability: npt.ArrayLike) -> Detections:
        return replace(heads(places), probability=np.asarray(probability, np.float32))

    linker = Linker(plain_from=0.5)
    assert linker.link(seen([[20, 20]], [0.9]), 0).tolist() == [0]
    # debris lies nearer to where the sperm was than the sperm does, and another is new
    beside = seen([[20, 20], [80, 80], [24, 20]], [0.2, 0.2, 0.9])
    assert linker.link(beside, 1).tolist() == [-1, -1, 0]
    assert linker.link(seen([[28, 20]], [0.3]), 2).tolist() == [0]
    assert linker.link(seen([[32, 20]], [0.9]), 3).tolist() == [0]
    assert linker.count == 1


def test_what_lies_still_does_not_leap_to_an_unsteady_swimmer() -> None:
    linker = Linker()
    for frame in range(15):
        places = [[50.0, 50.0], [3.0 * frame, 48.0 if frame % 2 else 52.0]]
        assert linker.link(heads(places), frame).tolist() == [0, 1]
    # one head alone is seen, nearer to what lies still than to where the swimmer should be
    assert linker.link(heads([[47.8, 47.5]]), 15).tolist() == [1]


@pytest.mark.parametrize(("x", "chance", "track"), [(44.9, 0.3, 1), (45.1, 0.95, 0)])
def test_the_plain_head_goes_on_with_the_plain_track(x: float, chance: float, track: int) -> None:
    linker = Linker()
    both = replace(heads([[40, 50], [50, 50]]), probability=np.array([0.95, 0.3], np.float32))
    for frame in range(12):
        assert linker.link(both, frame).tolist() == [0, 1]
    between = replace(heads([[x, 50]]), probability=np.array([chance], np.float32))
    assert linker.link(between, 12).tolist() == [track]
