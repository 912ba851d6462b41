from __future__ import annotations

import json
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sertoli.case.follow_up import PUBLISHED_MEANS, FlagKind, Plan, Visit, follow_up
from sertoli.case.workup import HormoneSample
from sertoli.errors import InputError

OPERATED = date(2025, 1, 15)
TODAY = date(2025, 6, 1)


def sample(day: date, nmol_per_l: float, hour: int = 8) -> HormoneSample:
    return HormoneSample(datetime(day.year, day.month, day.day, hour), nmol_per_l)


def after(*values: float, hour: int = 8) -> list[HormoneSample]:
    return [
        sample(OPERATED + timedelta(days=90 + 7 * number), value, hour)
        for number, value in enumerate(values)
    ]


BEFORE = [sample(date(2024, 12, 1), 18.0), sample(date(2024, 12, 8), 22.0)]

CASES: dict[str, tuple[list[HormoneSample], list[Visit], date, set[FlagKind]]] = {
    "fine": (BEFORE + after(16.0), [], TODAY, set()),
    "the published mean is no flag": (BEFORE + after(11.0, 11.0), [], TODAY, set()),
    "half of the baseline, above the limit": (BEFORE + after(10.5, 10.5), [], TODAY, set()),
    "low once": (BEFORE + after(8.0), [], TODAY, set()),
    "low twice": (BEFORE + after(8.0, 9.0), [], TODAY, {FlagKind.REPEATED_LOW}),
    "low, then mended": (BEFORE + after(8.0, 8.0, 15.0), [], TODAY, set()),
    "low in the afternoon": (BEFORE + after(8.0, 8.0, hour=15), [], TODAY, set()),
    "low twice without a baseline": (after(8.0, 8.0), [], TODAY, {FlagKind.REPEATED_LOW}),
    "symptoms": (
        BEFORE + after(18.0),
        [Visit(date(2025, 5, 1), symptoms=True)],
        TODAY,
        {FlagKind.SYMPTOMS},
    ),
    "symptoms gone": (
        BEFORE,
        [Visit(date(2025, 4, 1), symptoms=True), Visit(date(2025, 5, 1), symptoms=False)],
        TODAY,
        set(),
    ),
    "overdue": (BEFORE, [], date(2025, 9, 1), {FlagKind.OVERDUE}),
    "within the grace": (BEFORE, [], date(2025, 8, 1), set()),
    "seen in time": (BEFORE, [Visit(date(2025, 5, 1))], date(2025, 9, 1), set()),
    "seen once, then lost": (
        BEFORE,
        [Visit(date(2025, 5, 1))],
        date(2026, 6, 1),
        {FlagKind.OVERDUE},
    ),
    "the clinic's own date": (
        BEFORE,
        [Visit(None, due_on=date(2025, 3, 1))],
        TODAY,
        {FlagKind.OVERDUE},
    ),
    "the clinic's own later date": (
        BEFORE,
        [Visit(None, due_on=date(2026, 3, 1))],
        date(2025, 12, 1),
        set(),
    ),
    "came late": (
        BEFORE,
        [Visit(None, due_on=date(2025, 3, 1)), Visit(date(2025, 4, 20))],
        TODAY,
        set(),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_only_three_things_are_flagged(name: str) -> None:
    hormones, visits, today, flags = CASES[name]
    found = follow_up(OPERATED, hormones, visits, today=today)
    assert {flag.kind for flag in found.flags} == flags


def test_the_baseline_is_his_own() -> None:
    found = follow_up(OPERATED, BEFORE + after(15.0), [], today=TODAY)
    assert found.baseline_nmol_per_l == pytest.approx(20.0)
    assert found.points[0].share == pytest.approx(0.75)
    assert found.points[0].months == pytest.approx(2.96, abs=0.01)


def test_without_a_morning_value_there_is_no_baseline() -> None:
    found = follow_up(OPERATED, after(15.0), [], today=TODAY)
    assert found.baseline_nmol_per_l is None
    assert found.points[0].share is None
    assert "no baseline" in found.notes[0]


def test_the_published_means_are_ramasamys() -> None:
    # Ramasamy 2005: 80 % at 3-6 months, 85 % at 12, 95 % at 18.
    assert [mean.share for mean in PUBLISHED_MEANS] == [0.80, 0.85, 0.95]


def test_a_low_value_warns_of_testosterone_only_while_sperm_are_wanted() -> None:
    low = BEFORE + after(8.0, 9.0)
    (flag,) = follow_up(OPERATED, low, [], today=TODAY).flags
    assert "Never suggest testosterone" in flag.text
    (flag,) = follow_up(OPERATED, low, [], today=TODAY, wants_sperm=False).flags
    assert "testosterone to a man" not in flag.text


def test_taking_testosterone_while_wanting_sperm_is_said() -> None:
    visits = [Visit(date(2025, 5, 1), on_testosterone=True)]
    assert "suppresses" in follow_up(OPERATED, BEFORE, visits, today=TODAY).notes[0]


def test_the_clinics_own_limit_counts() -> None:
    plan = Plan(low_nmol_per_l=12.0)
    found = follow_up(OPERATED, BEFORE + after(11.0, 11.0), [], today=TODAY, plan=plan)
    assert [flag.kind for flag in found.flags] == [FlagKind.REPEATED_LOW]


def test_an_operation_in_the_future_is_refused() -> None:
    with pytest.raises(InputError, match="2025-01-15"):
        follow_up(OPERATED, [], [], today=date(2024, 1, 1))


@given(
    st.lists(st.tuples(st.integers(1, 600), st.floats(11, 40), st.integers(0, 23)), max_size=8),
    st.booleans(),
)
@settings(deadline=None)
def test_values_above_the_limit_are_never_flagged(
    values: list[tuple[int, float, int]], wants_sperm: bool
) -> None:
    hormones = BEFORE + [
        sample(OPERATED + timedelta(days=day), value, hour) for day, value, hour in values
    ]
    today = OPERATED + timedelta(days=700)
    visits = [Visit(today - timedelta(days=1))]
    found = follow_up(OPERATED, hormones, visits, today=today, wants_sperm=wants_sperm)
    assert found.flags == ()
    json.dumps(found.to_json(), allow_nan=False)
