"""The world of the dish: the same however it is looked at, and moving as it should."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sertoli.phantom.world import (
    CellKind,
    Dish,
    Drift,
    Motility,
    MotionMix,
    Population,
    Regime,
    population,
    pose,
    semen_motions,
    tail_points,
)

SWIMMERS = MotionMix(0.8, 0.1, 0.05, 40.0, 0.4, 1.0)


def dish(seed: int = 1, **per_mm2: float) -> Dish:
    return Dish(seed, Population({CellKind(kind): n for kind, n in per_mm2.items()}))


@given(
    seed=st.integers(0, 2**31 - 1),
    x=st.floats(-1e6, 1e6),
    y=st.floats(-1e6, 1e6),
    cut=st.floats(10, 190),
)
@settings(max_examples=25, deadline=None)
def test_two_halves_hold_what_the_whole_holds(seed: int, x: float, y: float, cut: float) -> None:
    world = dish(seed, sperm=300, red_cell=300)

    def within(left: float, right: float) -> set[int]:
        cells = world.cells_near(left, y, right, y + 200)
        return {c.number for c in cells if left <= c.x_um < right and y <= c.y_um < y + 200}

    assert within(x, x + cut) | within(x + cut, x + 200) == within(x, x + 200)


def test_numbers_are_unique() -> None:
    cells = list(dish(4, sperm=500, debris=2000, red_cell=500).cells_near(-600, -600, 600, 600))
    assert len({cell.number for cell in cells}) == len(cells) > 1000


def test_density_is_as_asked() -> None:
    side = 4000.0
    cells = [
        c
        for c in dish(2, sperm=50).cells_near(0, 0, side, side)
        if 0 <= c.x_um < side and 0 <= c.y_um < side
    ]
    expected = 50 * (side / 1000) ** 2
    assert abs(len(cells) - expected) < 4 * math.sqrt(expected)


def test_another_density_of_sperm_leaves_the_rest_alone() -> None:
    content = population(Regime.TESTICULAR, np.random.default_rng(1))

    def company(per_mm2: float) -> list[float]:
        world = Dish(9, content.with_sperm(per_mm2))
        cells = world.cells_near(0, 0, 500, 500)
        return sorted(c.x_um for c in cells if c.kind is not CellKind.SPERM)

    assert company(0.0) == company(400.0)


def test_testicular_sperm_hardly_travel() -> None:
    content = population(Regime.TESTICULAR, np.random.default_rng(5)).with_sperm(2000)
    cells = [c for c in Dish(5, content).cells_near(0, 0, 900, 900) if c.kind is CellKind.SPERM]
    still = [c for c in cells if c.motility in (Motility.IMMOTILE, Motility.TWITCHING)]
    assert len(cells) > 1000
    assert len(still) / len(cells) > 0.93
    assert all(cell.swim is None for cell in still)


def test_semen_moves_as_nineteen_men() -> None:
    motions = semen_motions()
    assert len(motions) == 19
    shares = [motion.progressive_share for motion in motions.values()]
    assert min(shares) < 0.2 < 0.9 < max(shares)


@given(seed=st.integers(0, 10_000), time_s=st.floats(0, 30))
@settings(max_examples=40, deadline=None)
def test_swimmers_move_without_jumps_and_stay_in_reach(seed: int, time_s: float) -> None:
    world = Dish(seed, Population({CellKind.SPERM: 800}, SWIMMERS))
    step = 0.01
    for cell in list(world.cells_near(0, 0, 200, 200))[:5]:
        here, there = pose(cell, time_s, world.drift), pose(cell, time_s + step, world.drift)
        assert math.hypot(here.x_um - there.x_um, here.y_um - there.y_um) < 3.0
        assert math.hypot(here.x_um - cell.x_um, here.y_um - cell.y_um) < 450


def test_a_cell_that_swims_into_view_was_looked_for() -> None:
    world = Dish(3, Population({CellKind.SPERM: 500}, SWIMMERS))
    for time_s in (0.5, 2.0, 8.0):
        seen = {c.number for c in world.cells_near(0, 0, 150, 150, time_s)}
        for cell in world.cells_near(-600, -600, 750, 750, time_s):
            at = pose(cell, time_s, world.drift)
            if 0 <= at.x_um <= 150 and 0 <= at.y_um <= 150:
                assert cell.number in seen


def test_drift_carries_everything_alike() -> None:
    drift = Drift((3.0, -2.0), (1.0, 0.5), 7.0)
    world = Dish(3, Population({CellKind.RED_CELL: 500}), drift)
    cell = next(iter(world.cells_near(0, 0, 300, 300)))
    at = pose(cell, 12.0, drift)
    assert (at.x_um - cell.x_um, at.y_um - cell.y_um) == pytest.approx(drift.at(12.0))


def test_the_tail_is_as_long_as_it_says_and_leaves_backwards() -> None:
    world = dish(8, sperm=2000)
    cell = next(c for c in world.cells_near(0, 0, 500, 500) if c.tail and c.tail.length_um > 30)
    assert cell.tail is not None
    straight = replace(cell.tail, bend_rad=0.0, amplitude_rad=0.0)
    points = tail_points(straight, (0.0, 0.0), 0.0, 0.0, 0.1)
    assert points[-1, 0] == pytest.approx(-straight.length_um, rel=1e-6)
    assert np.allclose(points[:, 1], 0.0)
