"""Lines followed on heat maps whose truth is known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sertoli.tubules._follow import Fields, Line, follow
from sertoli.tubules._join import joined

SIDE = 96
DIAMETER = 10.0


def tubes(*lines: tuple[npt.NDArray[np.float64], float]) -> Fields:
    """Draw tubes (points, opacity) as the network would say them, later ones on top."""
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(float)
    heat = np.zeros((SIDE, SIDE))
    maps = np.zeros((3, SIDE, SIDE))
    for points, opacity in lines:
        for first, second in pairwise(points):
            way = second - first
            length = np.linalg.norm(way)
            along = ((columns - first[0]) * way[0] + (rows - first[1]) * way[1]) / length**2
            t = np.clip(along, 0, 1)
            away = np.hypot(columns - first[0] - t * way[0], rows - first[1] - t * way[1])
            angle = np.arctan2(way[1], way[0])
            on = away < DIAMETER / 2
            heat = np.maximum(heat, np.exp(-0.5 * (away / (0.11 * DIAMETER)) ** 2))
            maps[:, on] = np.array((np.cos(2 * angle), np.sin(2 * angle), opacity))[:, None]
    cosine, sine, white = maps
    wide = np.full((SIDE, SIDE), DIAMETER)
    return Fields(heat, wide, cosine, sine, white, np.zeros((SIDE, SIDE), bool))


def straight(x0: float, y0: float, x1: float, y1: float) -> npt.NDArray[np.float64]:
    return np.array(((x0, y0), (x1, y1)))


def distances(line: Line, first: tuple[float, float], angle: float) -> npt.NDArray[np.float64]:
    normal = np.array((-np.sin(angle), np.cos(angle)))
    away: npt.NDArray[np.float64] = np.abs((line.points - first) @ normal)
    return away


@settings(max_examples=20, deadline=None)
@given(angle=st.floats(0, np.pi), dx=st.floats(-8, 8), dy=st.floats(-8, 8))
def test_a_straight_tube_is_followed_wherever_it_runs(angle: float, dx: float, dy: float) -> None:
    middle = np.array((SIDE / 2 + dx, SIDE / 2 + dy))
    way = 30 * np.array((np.cos(angle), np.sin(angle)))
    lines = follow(tubes((np.array((middle - way, middle + way)), 0.5)))
    assert len(lines) == 1
    assert distances(lines[0], tuple(middle), angle).max() < 0.6
    assert lines[0].length == pytest.approx(60, abs=8)
    assert lines[0].diameter == pytest.approx(DIAMETER)
    assert lines[0].opacity.mean() == pytest.approx(0.5, abs=0.05)


def test_a_curve_keeps_its_length() -> None:
    turn = np.linspace(0, 1.5 * np.pi, 60)
    circle = np.stack((48 + 28 * np.cos(turn), 48 + 28 * np.sin(turn)), 1)
    (line,) = follow(tubes((circle, 0.5)))
    assert line.length == pytest.approx(28 * 1.5 * np.pi, rel=0.05)
    assert np.hypot(*(line.points - 48).T) == pytest.approx(28, abs=0.7)


def test_at_a_crossing_the_upper_goes_on_and_the_lower_stays_one_tubule() -> None:
    lines = follow(tubes((straight(10, 48, 86, 48), 0.5), (straight(30, 10, 66, 86), 0.5)))
    names = joined(lines)
    spans = [np.ptp(line.points, axis=0) for line in lines]
    upper = [n for n, (across, down) in enumerate(spans) if down > across]
    assert [spans[n][1] > 60 for n in upper] == [True]
    lower = [n for n in range(len(lines)) if n not in upper]
    assert sum(spans[n][0] for n in lower) > 50
    assert len({names[n] for n in lower}) == 1
    assert names[upper[0]] not in {names[n] for n in lower}


def test_side_by_side_tubes_stay_two() -> None:
    lines = follow(tubes((straight(10, 40, 86, 40), 0.5), (straight(10, 51, 86, 51), 0.5)))
    assert len(lines) == 2
    assert joined(lines) == [0, 1]


@pytest.mark.parametrize(
    ("gap", "shift", "same"),
    [(6.0, 0.0, True), (14.0, 0.0, True), (30.0, 0.0, False), (8.0, 12.0, False)],
)
def test_a_short_straight_gap_is_one_tubule(gap: float, shift: float, same: bool) -> None:
    left, right = 48 - gap / 2, 48 + gap / 2
    lines = follow(
        tubes((straight(8, 48, left, 48), 0.5), (straight(right, 48 + shift, 88, 48 + shift), 0.5))
    )
    assert len(lines) == 2
    assert (len(set(joined(lines))) == 1) is same


def test_over_a_gap_a_clear_tubule_does_not_go_on_as_an_opaque_one() -> None:
    lines = follow(tubes((straight(8, 48, 42, 48), 0.1), (straight(54, 48, 88, 48), 0.9)))
    assert len(set(joined(lines))) == 2


def test_heat_that_runs_across_the_direction_seen_is_no_line() -> None:
    fields = tubes((straight(10, 48, 86, 48), 0.5))
    across = Fields(
        fields.heat,
        fields.diameter,
        -fields.cosine,
        -fields.sine,
        fields.opacity,
        fields.unreadable,
    )
    assert follow(across) == []


def test_no_heat_no_line() -> None:
    empty = tubes()
    assert follow(empty) == []
    assert joined([]) == []
