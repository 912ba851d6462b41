"""Men, testes and tubules of the operating field: numbers only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from sertoli.phantom.world import (
    Calibre,
    Hand,
    OpenedTestis,
    Patient,
    Tubule,
    TubuleClass,
    draw_instruments,
    lay_tubules,
    open_testis,
    sperm_chance,
)

SIDE_UM = 2600.0


def opened(patient: Patient, seed: int = 1, effect: float = 1.0) -> OpenedTestis:
    return open_testis(np.random.default_rng(seed), patient, effect)


def laid(patient: Patient, seed: int = 1, depth: int = 0) -> list[Tubule]:
    return lay_tubules(opened(patient, seed), seed, 0, depth, SIDE_UM, SIDE_UM)


def top(tubules: Sequence[Tubule]) -> list[Tubule]:
    return [tubule for tubule in tubules if tubule.layer == 0]


def odds(chance: float) -> float:
    return chance / (1 - chance)


@pytest.mark.parametrize(
    ("effect", "ratio"),
    [
        (0.0, 1.0),
        (1.0, (16 / 3) / (89 / 156)),  # 16 of 19 wide, 89 of 245 thin tubules
        (-1.0, (0.031 / 0.969) / (0.25 / 0.75)),  # 3.1 % of wide, 25.0 % of thin
    ],
)
def test_size_tells_of_sperm_as_much_as_published(effect: float, ratio: float) -> None:
    found = odds(sperm_chance(2.2, effect)) / odds(sperm_chance(0.9, effect))
    assert found == pytest.approx(ratio, rel=1e-3)


@given(
    st.floats(0.3, 3.0), st.floats(0.3, 3.0), st.floats(-3.0, 3.0)
)  # fmt: skip
def test_chance_of_sperm_is_monotone_in_size(one: float, other: float, effect: float) -> None:
    low, high = sorted((one, other))
    change = sperm_chance(high, effect) - sperm_chance(low, effect)
    assert change * math.copysign(1.0, effect) >= -1e-12
    assert 0.0 < sperm_chance(one, effect) < 1.0


@pytest.mark.parametrize(
    ("patient", "calibre", "rate"),
    [
        (Patient.FOCAL, Calibre.DILATED, 0.90),
        (Patient.HYPOSPERMATOGENESIS, Calibre.SLIGHTLY_DILATED, 0.47),
        (Patient.SERTOLI_CELL_ONLY, Calibre.NOT_DILATED, 0.07),
    ],
)
def test_testes_hold_sperm_as_often_as_their_calibre_says(
    patient: Patient, calibre: Calibre, rate: float
) -> None:
    rng = np.random.default_rng(3)
    drawn = [open_testis(rng, patient) for _ in range(2000)]
    assert {each.calibre for each in drawn} == {calibre}
    share = sum(each.has_sperm for each in drawn) / len(drawn)
    assert abs(share - rate) < 4 * math.sqrt(rate * (1 - rate) / len(drawn))


def test_a_testis_without_sperm_has_no_tubule_with_sperm() -> None:
    rng = np.random.default_rng(0)
    for seed in range(40):
        testis = opened(Patient.FOCAL, seed)
        holds = any(testis.draw_tubule(rng).has_sperm for _ in range(60))
        assert holds == testis.has_sperm


def test_kinds_of_patients_differ_as_they_should() -> None:
    rng = np.random.default_rng(5)
    drawn = {
        kind: [opened(kind, seed).draw_tubule(rng) for seed in range(30) for _ in range(40)]
        for kind in Patient
    }
    for tubules in drawn.values():
        widths = [tubule.diameter_um for tubule in tubules]
        assert min(widths) >= 100.0
        assert max(widths) <= 350.0
    wide = {kind: np.mean([t.relative_diameter >= 1.4 for t in drawn[kind]]) for kind in Patient}
    assert wide[Patient.SERTOLI_CELL_ONLY] == wide[Patient.MATURATION_ARREST] == 0.0
    assert 0.06 < wide[Patient.FOCAL] < 0.3
    opacity = {kind: np.mean([t.opacity for t in drawn[kind]]) for kind in Patient}
    assert opacity[Patient.NORMAL] > opacity[Patient.SERTOLI_CELL_ONLY] + 0.3
    focal = drawn[Patient.FOCAL]
    assert {t.kind for t in focal if t.relative_diameter >= 1.45} == {TubuleClass.SPERMATOGENESIS}


@pytest.mark.parametrize("patient", [Patient.SERTOLI_CELL_ONLY, Patient.FOCAL, Patient.NORMAL])
def test_tubules_fill_a_layer_without_lying_in_each_other(patient: Patient) -> None:
    tubules = top(laid(patient))
    assert gap_free_share(tubules) > 0.6
    assert np.quantile(nearest_room(tubules), 0.03) > 0.9


def gap_free_share(tubules: Sequence[Tubule]) -> float:
    """Return the share of the plane's inner part that lies inside a tubule."""
    grid = np.arange(400.0, SIDE_UM - 400.0, 20.0)
    places = np.stack(np.meshgrid(grid, grid), -1).reshape(-1, 2)
    inside = np.zeros(len(places), dtype=bool)
    for tubule in tubules:
        distance, node = cKDTree(tubule.points_um[:, :2]).query(places)
        inside |= distance <= tubule.radius_um[node]
    return float(inside.mean())


def nearest_room(tubules: Sequence[Tubule]) -> npt.NDArray[np.float64]:
    """Return, for every node, the distance to another tubule in sums of both radii."""
    points = np.concatenate([t.points_um[:, :2] for t in tubules])
    radius = np.concatenate([t.radius_um for t in tubules])
    owner = np.repeat([t.number for t in tubules], [len(t.radius_um) for t in tubules])
    first, second = cKDTree(points).query_pairs(2 * radius.max(), output_type="ndarray").T
    other = owner[first] != owner[second]
    first, second = first[other], second[other]
    room = np.full(len(points), 2.0)
    share = np.hypot(*(points[first] - points[second]).T) / (radius[first] + radius[second])
    np.minimum.at(room, first, share)
    np.minimum.at(room, second, share)
    return room


def test_centrelines_are_smooth_and_long() -> None:
    tubules = top(laid(Patient.MATURATION_ARREST))
    lengths = [20.0 * len(t.points_um) for t in tubules]
    assert max(lengths) > 2500.0
    for tubule in tubules:
        step = np.diff(tubule.points_um[:, :2], axis=0)
        assert np.hypot(*step.T).max() < 40.0
        heading = np.unwrap(np.arctan2(step[:, 1], step[:, 0]))
        # Over half a diameter a hairpin turns by half a circle at most, everywhere.
        half = max(1, round(0.5 * tubule.traits.diameter_um / 20.0))
        assert np.abs(heading[half:] - heading[:-half]).max() < math.pi


def test_the_same_seed_lays_the_same_and_another_not() -> None:
    one, again, other = laid(Patient.FOCAL), laid(Patient.FOCAL), laid(Patient.FOCAL, seed=2)
    for left, right in zip(one, again, strict=True):
        assert np.array_equal(left.points_um, right.points_um)
        assert left.traits == right.traits
    assert len(one) != len(other) or not np.array_equal(one[0].points_um, other[0].points_um)


def test_what_lay_below_lies_on_top_when_the_dissection_goes_on() -> None:
    before, after = laid(Patient.NORMAL), laid(Patient.NORMAL, depth=1)
    below = {t.number: t for t in before if t.layer == 1}
    now = {t.number: t for t in after if t.layer == 0}
    assert below.keys() == now.keys()
    for number, tubule in now.items():
        assert np.array_equal(tubule.points_um[:, :2], below[number].points_um[:, :2])
        assert tubule.points_um[:, 2].mean() > below[number].points_um[:, 2].mean()
        assert tubule.traits == below[number].traits


@pytest.mark.parametrize("share", [0.25, 0.6])
def test_a_cleft_opens_the_next_layer_in_part(share: float) -> None:
    def nodes(tubules: Sequence[Tubule]) -> int:
        return sum(len(t.points_um) for t in tubules)

    tubules = lay_tubules(opened(Patient.NORMAL), 1, 0, share, SIDE_UM, SIDE_UM)
    whole = laid(Patient.NORMAL)
    left = nodes(top(tubules)) / nodes(top(whole))
    assert abs(left - (1 - share)) < 0.2
    below = [[t for t in one if t.layer == 1] for one in (tubules, whole)]
    assert nodes(below[0]) == nodes(below[1]) > 0
    assert {t.layer for t in tubules} == {0, 1, 2}
    assert {t.number for t in top(tubules)} <= {t.number for t in top(whole)}


def test_numbers_are_unique_over_layers() -> None:
    numbers = [t.number for t in laid(Patient.HYPOSPERMATOGENESIS)]
    assert len(numbers) == len(set(numbers))


def test_a_hand_moves_little_and_without_jumps() -> None:
    for seed in range(5):
        hand = Hand(seed)
        poses = [hand.pose(n / 100) for n in range(3000)]
        assert max(abs(p.x_um) + abs(p.y_um) for p in poses) < 250.0
        assert all(1.0 <= p.zoom <= 1.25 for p in poses)
        steps = [math.hypot(b.x_um - a.x_um, b.y_um - a.y_um) for a, b in pairwise(poses)]
        assert 0.0 < max(steps) < 15.0
        assert hand.pose(12.3) == Hand(seed).pose(12.3)


def test_instruments_come_and_go() -> None:
    rng = np.random.default_rng(2)
    assert draw_instruments(rng, 5000.0, 4000.0, 0.0) == ()
    forceps, suction = draw_instruments(rng, 5000.0, 4000.0, 1.0)
    assert len(forceps.shafts(0.0)) == 2
    assert len(suction.shafts(0.0)) == 1
    tips = np.array([suction.shafts(n / 10)[0].tip_um for n in range(150)])
    away = np.hypot(*tips.T)
    assert away.max() - away.min() > 0.2 * 5000.0
