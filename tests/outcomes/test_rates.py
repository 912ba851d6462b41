"""Rates: Wilson where everybody counts once, clustered where not, always about the same."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from sertoli.outcomes import rate
from sertoli.outcomes._rates import CLUSTERED, ONCE_EACH, WILSON, overall, rates_by

# (events, denominator, low, high): the first is the mission's year; clinical facts, section 1,
# print 36.8-74.4 %. The second is Newcombe 1998, Stat Med 17:857, his worked example of Wilson's.
WILSON_TABLE = [(13, 23, 0.368, 0.744), (81, 263, 0.2553, 0.3662), (0, 20, 0.0, 0.1611)]


@pytest.mark.parametrize(("events", "total", "low", "high"), WILSON_TABLE)
def test_one_row_a_man_gives_wilson(events: int, total: int, low: float, high: float) -> None:
    found = rate([1] * events + [0] * (total - events), [1] * total)
    assert (found.events, found.denominator, found.clusters) == (events, total, total)
    assert found.method == WILSON
    assert found.low == pytest.approx(low, abs=6e-4)
    assert found.high == pytest.approx(high, abs=6e-4)


def test_the_clustered_interval_is_that_of_estimating_equations() -> None:
    rng = np.random.default_rng(1)
    trials = rng.integers(1, 12, 60)
    events = rng.binomial(trials, expit(rng.normal(0, 1.0, 60)))
    couple = np.repeat(np.arange(60), trials)
    each = np.concatenate([[1] * e + [0] * (t - e) for e, t in zip(events, trials, strict=True)])
    whole = sm.GEE(
        each,
        np.ones((len(each), 1)),
        groups=couple,
        family=sm.families.Binomial(),
        cov_struct=sm.cov_struct.Independence(),
    ).fit()
    low, high = expit(np.asarray(whole.conf_int())[0])
    found = rate(events, trials)
    assert found.method == CLUSTERED
    assert found.rate == pytest.approx(float(expit(whole.params[0])))
    assert found.low == pytest.approx(low, abs=2e-3)
    assert found.high == pytest.approx(high, abs=2e-3)


def test_repeating_every_man_adds_nothing() -> None:
    once = rate([1] * 20 + [0] * 20, [1] * 40)
    thrice = rate([3] * 20 + [0] * 20, [3] * 40)
    assert once.low is not None
    assert thrice.low is not None
    assert thrice.rate == once.rate
    assert thrice.method == CLUSTERED
    assert thrice.low == pytest.approx(once.low, abs=0.01)


@pytest.mark.parametrize(
    ("events", "trials"), [([2, 0, 1], [2, 1, 1]), ([2] * 12, [2] * 12), ([0] * 12, [2] * 12)]
)
def test_too_few_or_too_alike_counts_everybody_once(events: list[int], trials: list[int]) -> None:
    found = rate(events, trials)
    assert found.method == ONCE_EACH
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.low > 0.2


def test_without_a_denominator_there_is_no_rate() -> None:
    found = rate([], [])
    assert (found.events, found.denominator, found.rate, found.low) == (0, 0, None, None)
    assert rate([0, 0], [0, 0]).rate is None


clusters = st.lists(
    st.integers(1, 6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=1,
    max_size=40,
)


@given(clusters)
@settings(max_examples=30, deadline=None)
def test_an_interval_holds_its_rate_and_stays_a_share(sums: list[tuple[int, int]]) -> None:
    events, trials = zip(*sums, strict=True)
    found = rate(events, trials)
    assert found.rate is not None
    assert found.low is not None
    assert found.high is not None
    assert 0.0 <= found.low <= found.rate + 1e-9
    assert found.rate - 1e-9 <= found.high <= 1.0
    assert found.rate == pytest.approx(sum(events) / sum(trials))


@given(clusters)
@settings(max_examples=30, deadline=None)
def test_a_split_adds_up_to_the_whole(sums: list[tuple[int, int]]) -> None:
    table = pd.DataFrame(sums, columns=["events", "trials"]).assign(
        cluster=range(len(sums)), clinic=[f"c{row % 3}" for row in range(len(sums))]
    )
    whole = overall(table)
    parts = [part for _, part in rates_by(table, "clinic")]
    assert sum(part.events or 0 for part in parts) == whole.events
    assert sum(part.denominator or 0 for part in parts) == whole.denominator
