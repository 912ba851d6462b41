"""Ranks, scores and what is said of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sertoli.errors import SettingError
from sertoli.optics import UNKNOWN_OPTICS
from sertoli.tubules import FieldSettings, Rule, ScoreRule, Stretch, TubuleMap, features
from sertoli.tubules._mapper import measured
from sertoli.tubules._rank import absolute_scores, ranks, reasons, weighted_median

Floats = npt.NDArray[np.float64]

RULE = ScoreRule(intercept=-1.0, wide=2.0, relative=0.5, opaque=1.0)
UNREADABLE = np.zeros((4, 4), bool)


def laid(diameters: list[float], opacities: list[float]) -> TubuleMap:
    """Lay straight tubules of 300 px beside each other and measure them."""
    stretches = tuple(
        Stretch(n, np.array(((0.0, 20.0 * n), (300.0, 20.0 * n))), np.full(2, diameter))
        for n, diameter in enumerate(diameters)
    )
    return measured(
        UNKNOWN_OPTICS,
        (400, 400),
        stretches,
        [np.full(2, white) for white in opacities],
        UNREADABLE,
        dilated_from=1.4,
        rule=Rule.RELATIVE,
        score=RULE,
    )


def test_the_wide_and_opaque_tubule_comes_first() -> None:
    found = laid([10, 10, 11, 9, 19, 10], [0.3, 0.3, 0.3, 0.3, 0.8, 0.3])
    assert found.rank[4] == 1
    assert found.stands_out
    assert found.relative_diameter[4] == pytest.approx(1.9)
    assert found.reasons[4] == "1.9 times the median diameter, more opaque than most"
    assert "stands out" in found.statement
    assert sorted(found.rank) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("size", [8.0, 30.0])
def test_in_a_homogeneous_testis_none_stands_out_however_wide(size: float) -> None:
    found = laid([size, 1.05 * size, 0.95 * size] * 3, [0.9] * 9)
    assert not found.stands_out
    assert found.statement == "no tubule stands out"


def test_with_few_tubules_nothing_is_compared() -> None:
    found = laid([10, 20], [0.3, 0.3])
    assert not found.stands_out
    assert "too few" in found.statement


def test_nothing_seen_is_said() -> None:
    found = laid([], [])
    assert len(found) == 0
    assert found.statement == "no tubule was recognised"


positive = st.floats(1, 1e3)


@given(
    values=hnp.arrays(float, st.integers(1, 30), elements=positive),
    factor=st.floats(0.1, 10),
)
def test_the_median_has_half_the_weight_on_either_side(values: Floats, factor: float) -> None:
    weights = values[::-1]
    middle = weighted_median(values, weights)
    assert weights[values < middle].sum() <= weights.sum() / 2 + 1e-9
    assert weights[values > middle].sum() <= weights.sum() / 2 + 1e-9
    assert weighted_median(values, factor * weights) == middle


@given(
    relative=hnp.arrays(float, 12, elements=st.floats(0.5, 2.5)),
    opacity=hnp.arrays(float, 12, elements=st.floats(0, 1)),
)
def test_scores_are_chances_and_ranks_a_permutation(relative: Floats, opacity: Floats) -> None:
    length = np.ones(12)
    score = RULE(relative, opacity, length)
    assert ((score >= 0) & (score <= 1)).all()
    rank = ranks(score, relative, np.full(12, 5.0))
    assert sorted(rank) == list(range(1, 13))
    assert (np.diff(np.round(score, 6)[np.argsort(rank)]) <= 1e-9).all()
    assert features(relative, opacity, length).shape == (12, 6)


def test_what_is_hardly_seen_comes_last() -> None:
    rank = ranks(np.array((0.9, 0.1)), np.array((2.0, 1.0)), np.array((0.8, 5.0)))
    assert rank.tolist() == [2, 1]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [(Rule.WIDE_300, (89 / 245, 16 / 19)), (Rule.SCO_100, (0.25, 0.031))],
)
def test_the_rules_of_the_literature(rule: Rule, expected: tuple[float, float]) -> None:
    assert absolute_scores(rule, np.array((90.0, 320.0))) == pytest.approx(expected)
    with pytest.raises(SettingError, match="micrometres"):
        absolute_scores(rule, None)


def test_a_clear_tubule_is_called_clear() -> None:
    said = reasons(np.ones(3), np.array((0.1, 0.5, 0.6)), np.ones(3))
    assert [text.split(", ")[1] for text in said] == [
        "clearer than most",
        "opacity as most",
        "opacity as most",
    ]


@pytest.mark.parametrize(
    "wrong",
    [{"dilated_from": 1.0}, {"dilated_from": float("nan")}, {"opacity": 1.5}, {"opacity": -0.1}],
)
def test_settings_that_make_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingError):
        FieldSettings(**wrong)  # type: ignore[arg-type]
