import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sertoli.sperm._prevalence import KNOWN_BEFORE, LOWEST, MOST_DOWN, MOST_UP, Prevalence

ODDS = st.lists(st.floats(-20, 20, width=32), max_size=200)
FITTED = 0.3


def shift_of(*parts: np.ndarray, share: float | None = FITTED) -> float:
    prevalence = Prevalence(share)
    for part in parts:
        prevalence.add(np.asarray(part, np.float32))
    return prevalence.shift()


def drawn(share: float, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two-class data whose log odds are right where sperm have the share FITTED."""
    rng = np.random.default_rng(seed)
    is_sperm = rng.random(count) < share
    # normal scores 2 apart have log odds 2 x - 2 at equal shares
    x = rng.normal(np.where(is_sperm, 2.0, 0.0), 1.0)
    return 2 * x - 2 + np.log(FITTED / (1 - FITTED)), is_sperm


@pytest.mark.parametrize("share", [0.08, 0.3, 0.6, 0.85])
def test_shifted_odds_tell_the_share_in_the_picture(share: float) -> None:
    odds, is_sperm = drawn(share, 4000)
    chance = 1 / (1 + np.exp(-(odds + shift_of(odds))))
    assert chance.mean() == pytest.approx(is_sperm.mean(), abs=0.04)


@pytest.mark.parametrize("share", [0.6, 0.85])
def test_more_is_right_after_the_shift_than_before(share: float) -> None:
    odds, is_sperm = drawn(share, 4000)
    before = ((odds > 0) == is_sperm).mean()
    assert ((odds + shift_of(odds) > 0) == is_sperm).mean() > before


@given(odds=ODDS)
@settings(deadline=None)
def test_the_shift_is_bounded(odds: list[float]) -> None:
    assert MOST_DOWN <= shift_of(np.array(odds)) <= MOST_UP


@given(odds=ODDS, cut=st.integers(0, 200))
@settings(deadline=None)
def test_tiles_count_as_one_picture(odds: list[float], cut: int) -> None:
    assert shift_of(np.array(odds[:cut]), np.array(odds[cut:])) == shift_of(np.array(odds))


@given(odds=ODDS, more=st.floats(0, 5))
@settings(deadline=None)
def test_surer_candidates_never_lower_the_shift(odds: list[float], more: float) -> None:
    inside = np.array([one for one in odds if one >= LOWEST])
    assert shift_of(inside + more) >= shift_of(inside) - 1e-2


def test_an_empty_picture_and_weights_without_a_share_change_nothing() -> None:
    assert shift_of(np.zeros(0)) == pytest.approx(0, abs=1e-3)
    assert shift_of(np.full(500, 3.0), share=None) == 0.0
    assert shift_of(np.full(500, LOWEST - 1.0)) == pytest.approx(0, abs=1e-3)


def test_one_clear_candidate_changes_little() -> None:
    assert abs(shift_of(np.array([4.0]))) < 3 / KNOWN_BEFORE / FITTED


def test_a_field_of_specks_lowers_and_a_crowd_lifts() -> None:
    assert shift_of(np.full(300, -4.0)) == MOST_DOWN
    assert shift_of(np.full(300, 1.0)) > 1
