from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from sertoli.errors import SettingError
from sertoli.search.hidden import (
    EvenSpread,
    Sensitivity,
    UnevenSpread,
    bound_sentence,
    known_sensitivity,
    least_bound,
    parse_sensitivity,
    upper_bound,
)
from sertoli.search.hidden import _known as known
from sertoli.search.hidden._share import CLUMPS, clump_weights

GOOD = Sensitivity((18, 17, 19, 18, 16, 20), (20,) * 6, "counted")


@given(st.integers(0, 60), st.floats(0.05, 0.999))
@settings(max_examples=60, deadline=None)
def test_is_the_exact_binomial_bound_where_the_chance_is_known(shown: int, chance: float) -> None:
    bound = least_bound(shown, np.array([chance]))
    assert bound is not None
    assert bound >= shown
    assert binom.cdf(shown, bound + 1, chance) <= 0.05 + 1e-12
    if bound > shown:
        assert binom.cdf(shown, bound, chance) > 0.05


def test_nothing_found_by_a_perfect_search_leaves_nothing() -> None:
    assert least_bound(0, np.array([1.0])) == 0
    assert least_bound(7, np.array([1.0])) == 7


def test_no_bound_where_nothing_can_be_found() -> None:
    assert least_bound(0, np.array([0.0])) is None
    assert least_bound(3, np.zeros(10)) is None


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"confirmed": 2}, {"confirmed": 3}),
        ({"share_searched": 0.9}, {"share_searched": 0.3}),
        ({"unsure": 0}, {"unsure": 4}),
        ({"spread": EvenSpread()}, {"spread": UnevenSpread()}),
    ],
)
def test_grows_with_what_speaks_for_more(better: dict[str, Any], worse: dict[str, Any]) -> None:
    basis = {"confirmed": 2, "share_searched": 0.5, "sensitivity": GOOD}
    less, more = (upper_bound(**{**basis, **changed}) for changed in (better, worse))
    assert less.in_specimen is not None
    assert more.in_specimen is not None
    assert less.in_specimen < more.in_specimen
    assert less.in_material is not None
    assert less.in_material <= less.in_specimen


def test_more_trials_and_more_alike_dishes_narrow_it() -> None:
    few = Sensitivity((9,), (10,), "x")
    alike = Sensitivity((90,) * 20, (100,) * 20, "x")
    unlike = Sensitivity((100, 80) * 10, (100,) * 20, "x")
    width = [high - low for low, high in (one.interval for one in (alike, unlike, few))]
    assert width == sorted(width)
    assert alike.mean == pytest.approx(0.9, abs=0.01)
    assert GOOD.of_a_dish().shape == (200,)
    assert np.all(np.diff(GOOD.of_a_dish()) >= 0)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"unreviewed": None}, "no person has looked"),
        ({"unreviewed": 1}, "1 candidate has not been looked at"),
        ({"unreviewed": 1200}, "1,200 candidates have not been looked at"),
        ({"sensitivity": None}, "is not known"),
        ({"sensitivity": Sensitivity((0, 1), (20, 20), "x")}, "told apart from none"),
        ({"unfamiliar": True}, "unlike anything"),
    ],
)
def test_words_instead_of_a_number(more: dict[str, Any], words: str) -> None:
    bound = upper_bound(**{"confirmed": 0, "share_searched": 1.0, "sensitivity": GOOD, **more})
    assert bound.in_material is None
    assert bound.in_specimen is None
    sentence = bound_sentence(bound)
    assert words in sentence
    assert "would not prove that there are none" in sentence
    assert not any(
        character.isdigit() for character in sentence.replace("1,200", "").replace("1 ", "")
    )


def test_an_unknown_share_leaves_the_material() -> None:
    bound = upper_bound(3, sensitivity=GOOD, share_searched=None)
    assert bound.in_material is not None
    assert bound.in_specimen is None
    assert "which share" in bound_sentence(bound)


def test_the_whole_specimen_is_the_material() -> None:
    bound = upper_bound(3, sensitivity=GOOD, share_searched=1.0)
    assert bound.in_material == bound.in_specimen
    assert "which is the whole specimen" in bound_sentence(bound)


def test_the_sentence_counts_what_hides_beyond_the_confirmed() -> None:
    bound = upper_bound(3, sensitivity=GOOD, share_searched=0.5, unsure=1)
    assert bound.in_material is not None
    assert bound.in_specimen is not None
    sentence = bound_sentence(bound)
    assert "3 sperm were confirmed and 1 left open" in sentence
    assert f"at most {bound.in_material - 3} more, that one included, hide" in sentence
    assert f"at most {bound.in_specimen - 3} more" in sentence


@pytest.mark.parametrize("share", [0.0, -0.1, 1.01, math.nan, math.inf])
def test_refuses_impossible_shares(share: float) -> None:
    with pytest.raises(SettingError, match="share"):
        upper_bound(0, sensitivity=GOOD, share_searched=share)


def test_refuses_negative_counts() -> None:
    with pytest.raises(SettingError):
        upper_bound(-1, sensitivity=GOOD, share_searched=1.0)


@pytest.mark.parametrize(
    "text", ["", "90", "90/", "-1/10", "11/10", "0/0", "1/2/3", "a/b", "1e3/1e3", "9" * 30 + "/1"]
)
def test_refuses_trials_that_make_no_sense(text: str) -> None:
    with pytest.raises(SettingError):
        parse_sensitivity([text])


def test_reads_trials_dish_by_dish() -> None:
    read = parse_sensitivity([" 18/20", "9 / 10"])
    assert (read.hits, read.trials) == ((18, 9), (20, 10))


def test_counts_in_heaps_speak_for_clumps() -> None:
    fields = 400
    heaps = clump_weights([20, 15, *([0] * (fields - 2))], 0.5)
    even = clump_weights([1] * 35 + [0] * (fields - 35), 0.5)
    assert heaps @ np.log(CLUMPS) < even @ np.log(CLUMPS)
    assert clump_weights([], 0.5) == pytest.approx(1 / len(CLUMPS))


def test_the_share_of_sperm_has_the_share_searched_as_its_mean() -> None:
    for share in (0.05, 0.3, 0.9):
        assert UnevenSpread().share_of_sperm(share).mean() == pytest.approx(share, abs=0.01)


def test_coverage_over_simulated_dishes() -> None:
    """A small version of `benchmarks.hidden_sperm`, with what it draws spelt out."""
    rng = np.random.default_rng(7)
    covered, count = 0, 60
    for _ in range(count):
        mean, total = rng.uniform(0.5, 0.9), 1 / 0.05 - 1
        dishes = rng.beta(mean * total, (1 - mean) * total, 21)
        hits = rng.binomial(20, dishes[1:])
        told = Sensitivity(tuple(hits.tolist()), (20,) * 20, "simulated")
        sperm = int(rng.poisson(rng.uniform(1, 60)))
        searched = int(rng.binomial(sperm, 0.5))
        confirmed = int(rng.binomial(searched, dishes[0]))
        bound = upper_bound(confirmed, sensitivity=told, share_searched=0.5, spread=EvenSpread())
        assert bound.in_specimen is not None
        covered += sperm <= bound.in_specimen
    assert covered >= binom.ppf(0.001, count, 0.95)


def test_packaged_trials_hold_for_their_weights_only(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {
        "weights_sha256": "a" * 64,
        "lowest_confidence": 0.01,
        "date": "2026-11-23",
        "dishes": [{"modality": "dic", "probability": [0.2, 0.6]}] * 15
        + [{"modality": "hoffman", "probability": [0.6, 0.7]}],
    }
    monkeypatch.setattr(known, "_read", lambda: told)
    every = known_sensitivity("a" * 64, 0.5)
    assert every is not None
    assert (sum(every.hits), sum(every.trials)) == (17, 32)
    assert "simulated dishes" in every.source
    alike = known_sensitivity("a" * 64, 0.5, "dic")
    assert alike is not None
    assert sum(alike.trials) == 30
    assert "dic" in alike.source
    few = known_sensitivity("a" * 64, 0.5, "hoffman")
    assert few is not None
    assert sum(few.trials) == 32
    assert known_sensitivity("b" * 64, 0.5) is None
    assert known_sensitivity("a" * 64, 0.005) is None


def test_the_packaged_file_is_whole() -> None:
    told = known._read()
    assert told is not None
    assert "SYNTHETIC" in told["what"]
    assert len(told["weights_sha256"]) == 64
    assert sum(len(dish["probability"]) for dish in told["dishes"]) > 100
    json.dumps(told, allow_nan=False)
