"""Funnel, CUSUM, competing risks, fresh against frozen: laws, and small cases by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sertoli.outcomes import (
    Programme,
    cumulative_incidence,
    cusum,
    cusums,
    funnel,
    incidence,
    synthetic_programme,
)
from sertoli.outcomes._case_mix import expected_chance
from sertoli.outcomes._compare import comparisons
from sertoli.outcomes._cusum import running_sum, weights


@pytest.fixture(scope="module")
def programme() -> Programme:
    return synthetic_programme(400, clinics=4, surgeons_per_clinic=2, seed=5)


def biopsies(*strata: tuple[str, int, int]) -> pd.DataFrame:
    """Return finished biopsies: (diagnosis, positive, all)."""
    return pd.DataFrame(
        [
            {"diagnosis": diagnosis, "outcome": "positive" if row < positive else "negative"}
            for diagnosis, positive, total in strata
            for row in range(total)
        ]
    )


class TestCaseMix:
    def test_a_stratum_is_its_own_reference(self) -> None:
        chance = expected_chance(biopsies(("x", 8, 10), ("y", 5, 20)))
        assert chance.iloc[0] == pytest.approx(0.8)
        assert chance.iloc[-1] == pytest.approx(0.25)

    def test_small_strata_share_a_chance(self) -> None:
        chance = expected_chance(biopsies(("x", 10, 20), ("y", 5, 6), ("z", 1, 6)))
        assert chance.iloc[0] == pytest.approx(0.5)
        assert chance.iloc[-1] == pytest.approx(6 / 12)

    def test_expected_and_observed_agree_over_the_programme(self) -> None:
        table = biopsies(("x", 8, 10), ("y", 5, 20), ("z", 9, 30))
        assert expected_chance(table).sum() == pytest.approx(22)


class TestFunnel:
    def test_clinics_add_up_and_lie_within_wide_limits(self, programme: Programme) -> None:
        found = funnel(programme)
        assert found is not None
        finished = programme.biopsies[programme.biopsies["outcome"] != "open"]
        assert sum(point.biopsies for point in found.points) == len(finished)
        assert sum(point.expected for point in found.points) == pytest.approx(
            sum(point.positive for point in found.points)
        )
        for point in found.points:
            (low95, high95), (low998, high998) = point.limits
            assert low998 <= low95 <= found.rate <= high95 <= high998

    def test_a_clinic_that_finds_nothing_is_seen(self, programme: Programme) -> None:
        worse = programme.biopsies.copy()
        worse.loc[worse["clinic"] == "Clinic 04", "outcome"] = "negative"
        found = funnel(
            Programme("x", date(2025, 12, 31), worse, programme.cycles, programme.transfers)
        )
        assert found is not None
        places = {point.clinic: point.place for point in found.points}
        assert places["Clinic 04"] == "below the 99.8 % limit"

    def test_repeated_biopsies_move_no_limit(self, programme: Programme) -> None:
        again = programme.biopsies.assign(biopsy_id=lambda rows: rows["biopsy_id"] + "-again")
        twice = pd.concat([programme.biopsies, again])
        once, repeated = (
            funnel(Programme("x", date(2025, 12, 31), rows, programme.cycles, programme.transfers))
            for rows in (programme.biopsies, twice)
        )
        assert once is not None
        assert repeated is not None
        for point, doubled in zip(once.points, repeated.points, strict=True):
            assert doubled.biopsies == 2 * point.biopsies
            assert doubled.men == point.men
            assert doubled.limits == point.limits

    def test_one_clinic_is_no_funnel(self, programme: Programme) -> None:
        alone = programme.biopsies.assign(clinic="one")
        assert (
            funnel(Programme("x", date(2025, 12, 31), alone, programme.cycles, programme.transfers))
            is None
        )


class TestCusum:
    @given(st.lists(st.floats(-2, 2), min_size=1, max_size=50))
    @settings(max_examples=50, deadline=None)
    def test_the_running_sum_is_the_recursion(self, scores: list[float]) -> None:
        expected, total = [], 0.0
        for score in scores:
            total = max(0.0, total + score)
            expected.append(total)
        assert running_sum(np.array(scores)) == pytest.approx(expected, abs=1e-9)

    def test_the_scores_are_steiners(self) -> None:
        # Steiner 2000: log(R / (1 - p + R p)) for an event, log(1 / (1 - p + R p)) for none.
        good, bad = weights(np.array([0.5]))
        assert good[0] == pytest.approx(np.log(0.5 / 0.75))
        assert bad[0] == pytest.approx(np.log(1 / 0.75))

    def test_unchanged_surgeons_seldom_cross_and_bad_ones_do(self) -> None:
        rng = np.random.default_rng(2)
        chance = rng.uniform(0.3, 0.7, 60)
        crossed = [
            cusum(rng.random(60) < chance, chance, surgeon="s", seed=run).crossed
            for run in range(60)
        ]
        assert 0 <= sum(crossed) <= 10
        assert cusum([False] * 30, [0.5] * 30, surgeon="s").crossed

    def test_observed_less_expected_ends_at_the_difference(self) -> None:
        found = cusum([True, False, True, True], [0.5, 0.5, 0.25, 0.25], surgeon="s")
        assert found.above_expected[-1] == pytest.approx(3 - 1.5)

    def test_each_man_counts_by_his_first_biopsy_with_the_surgeon(
        self, programme: Programme
    ) -> None:
        finished = programme.biopsies[programme.biopsies["outcome"] != "open"]
        men = finished.groupby("surgeon", observed=True)["man_id"].nunique()
        assert any(finished.groupby("surgeon", observed=True).size() > men)
        for found in cusums(programme):
            assert len(found.score) == men[found.surgeon]

    def test_surgeons_with_few_biopsies_are_left_out(self, programme: Programme) -> None:
        assert all(len(found.score) >= 20 for found in cusums(programme))
        few = synthetic_programme(30, clinics=4, surgeons_per_clinic=2)
        assert cusums(few) == ()


class TestIncidence:
    def test_aalen_johansen_by_hand(self) -> None:
        # Ten men. Month 1: two pregnant of ten. Month 2: one ends of eight. Month 3: one is
        # censored. Month 4: three pregnant of six.
        months = np.array([1, 1, 2, 3, 4, 4, 4, 5, 5, 5])
        status = np.array([1, 1, 2, 0, 1, 1, 1, 0, 0, 0])
        pregnant, ended = cumulative_incidence(months, status)
        assert pregnant[[0, 1, 3, 4]] == pytest.approx([0, 0.2, 0.2, 0.2 + 0.7 * 3 / 6])
        assert ended[[1, 2, 5]] == pytest.approx([0, 0.8 / 8, 0.8 / 8])

    @given(
        st.lists(st.tuples(st.integers(0, 30), st.integers(0, 2)), min_size=1, max_size=60).filter(
            lambda men: any(status == 1 for _, status in men)
        )
    )
    @settings(max_examples=40, deadline=None)
    def test_shares_rise_and_never_pass_one(self, men: list[tuple[int, int]]) -> None:
        months, status = (np.array(column, dtype=np.int64) for column in zip(*men, strict=True))
        pregnant, ended = cumulative_incidence(months, status)
        assert np.all(np.diff(pregnant) >= -1e-12)
        assert np.all(np.diff(ended) >= -1e-12)
        assert np.all(pregnant + ended <= 1 + 1e-9)

    def test_without_competing_or_censoring_it_is_the_share(self) -> None:
        months = np.array([1, 2, 3, 4], dtype=np.int64)
        pregnant, _ = cumulative_incidence(months, np.ones(4, dtype=np.int64))
        assert pregnant[1:] == pytest.approx([0.25, 0.5, 0.75, 1.0])

    def test_the_end_of_treatment_is_not_waiting(self, programme: Programme) -> None:
        found = incidence(programme)
        assert found is not None
        assert found.ended > 0
        for _, value, low, high in found.at:
            assert 0 <= low <= value <= high <= 1

    def test_too_few_men_give_no_curve(self) -> None:
        assert incidence(synthetic_programme(12, seed=1)) is None


class TestFreshAgainstFrozen:
    def test_no_difference_gives_a_ratio_about_one(self, programme: Programme) -> None:
        for found in comparisons(programme):
            assert found.ratio is not None
            assert found.low is not None
            assert found.high is not None
            assert found.low < found.ratio < found.high
            assert found.low < 1.25
            assert found.high > 0.8

    def test_a_confounding_diagnosis_is_adjusted_for(self) -> None:
        # Fresh sperm come mostly from the diagnosis that fertilises well; within each diagnosis
        # there is no difference.
        rng = np.random.default_rng(4)
        good = np.arange(400) % 2 == 0
        fresh = rng.random(400) < np.where(good, 0.8, 0.2)
        cycles = pd.DataFrame(
            {
                "diagnosis": np.where(good, "good", "poor"),
                "sperm_state": np.where(fresh, "fresh", "frozen"),
                "fertilised": rng.binomial(10, np.where(good, 0.8, 0.3)),
            }
        ).assign(
            cycle_id=[f"c{row}" for row in range(400)],
            couple_id=[f"m{row // 2}" for row in range(400)],
            biopsy_id="",
            clinic="A",
            surgeon="s",
            technique="micro_tese",
            date=date(2024, 1, 1),
            aspirated=True,
            injected=10.0,
        )
        empty = synthetic_programme(5)
        programme = Programme(
            "x", date(2025, 1, 1), empty.biopsies, cycles, empty.transfers.iloc[:0]
        )
        found = comparisons(programme)[0]
        crude = (found.frozen.rate or 0) / (found.fresh.rate or 1)
        assert crude < 0.8
        assert found.ratio == pytest.approx(1.0, abs=0.1)

    def test_too_little_says_so(self) -> None:
        found = comparisons(synthetic_programme(12, seed=1))
        assert found[2].ratio is None
