"""What a reader of a report who can subtract may not find out."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from sertoli.outcomes import (
    MEASURES,
    Outcomes,
    compute,
    suppress,
    synthetic_programme,
)
from sertoli.outcomes._page import page

LIMIT = 5
DIVISORS = {measure.divisor for measure in MEASURES} - {measure.numerator for measure in MEASURES}


@cache
def computed(men: int) -> Outcomes:
    return compute(synthetic_programme(men, clinics=3, surgeons_per_clinic=3, seed=men))


def shown_numbers(outcomes: Outcomes) -> dict[tuple[str, str, str], int]:
    """Return every number of the rates that a reader sees, by (grouping, group, name)."""
    seen = {}
    for measure in MEASURES:
        for grouping, groups in outcomes.rates.get(measure.key, {}).items():
            for group, cell in groups.items():
                if cell.events is None or cell.denominator is None:
                    continue
                seen[grouping, group, measure.numerator] = cell.events
                seen[grouping, group, measure.divisor] = cell.denominator
                others = f"{measure.divisor} without {measure.numerator}"
                seen[grouping, group, others] = cell.denominator - cell.events
    return seen


@pytest.mark.parametrize("men", [40, 80, 150, 300])
def test_no_small_number_can_be_had_by_subtraction(men: int) -> None:
    everything, shown = shown_numbers(computed(men)), shown_numbers(suppress(computed(men), LIMIT))
    surgeons = {
        clinic: [group for group in computed(men).rates["retrieval_per_biopsy"]["surgeon"]
                 if group.split()[1].startswith(clinic.split()[1])]
        for clinic in computed(men).rates["retrieval_per_biopsy"]["clinic"]
    }  # fmt: skip
    wholes = [key for key in shown if key[0] in {"all", "clinic"}]
    assert wholes
    for whole in wholes:
        grouping, group, name = whole
        families = (
            [("surgeon", surgeons[group])]
            if grouping == "clinic"
            else [
                (split, list(computed(men).rates["retrieval_per_biopsy"][split]))
                for split in ("clinic", "surgeon", "year", "diagnosis", "technique")
            ]
        )
        for split, members in families:
            parts = [(split, member, name) for member in members]
            hidden = [everything[part] for part in parts if part in everything.keys() - shown]
            # A denominator that is not small may be had: its cell was hidden for its events.
            assert len(hidden) != 1 or name in DIVISORS, (whole, split)
            assert not 0 < sum(hidden) < LIMIT, (whole, split)


@pytest.mark.parametrize("men", [40, 80, 150, 300])
def test_a_hidden_clinic_is_not_the_sum_of_its_surgeons(men: int) -> None:
    everything, shown = shown_numbers(computed(men)), shown_numbers(suppress(computed(men), LIMIT))
    for grouping, group, name in everything.keys() - shown:
        if grouping == "clinic":
            own = [
                key
                for key in everything
                if key[0] == "surgeon" and key[2] == name and key[1].split()[1][:2] == group[-2:]
            ]
            assert any(key not in shown for key in own) or not own


@cache
def with_a_traveller() -> Outcomes:
    """Compute a programme in which a surgeon of the first clinic operates in the second, too.

    One surgeon of these two clinics and one of the third found sperm three times only.
    """
    made = synthetic_programme(480, clinics=3, surgeons_per_clinic=3, seed=1)
    biopsies = made.biopsies.copy()
    there = biopsies.index[biopsies["clinic"] == "Clinic 02"]
    biopsies.loc[there[::4], "surgeon"] = "Surgeon 01-1"
    place = biopsies.groupby("surgeon").cumcount()
    few = biopsies["surgeon"].isin(["Surgeon 02-2", "Surgeon 03-1"])
    found = np.where(few, place < 3, place % 2 == 0)
    biopsies["outcome"] = np.where(found, "positive", "negative")
    return compute(replace(made, biopsies=biopsies))


def test_surgeons_of_several_clinics_give_nobody_away() -> None:
    everything, shown = (
        shown_numbers(made) for made in (with_a_traveller(), suppress(with_a_traveller(), LIMIT))
    )
    of_both = {"Clinic 01", "Clinic 02"}
    surgeons = set(with_a_traveller().programme.biopsies.query("clinic in @of_both")["surgeon"])
    for name in {key[2] for key in everything} - DIVISORS:
        one_side = [("surgeon", surgeon, name) for surgeon in surgeons]
        other_side = [("clinic", clinic, name) for clinic in of_both]
        hidden, others = (
            [everything[key] for key in side if key in everything.keys() - shown]
            for side in (one_side, other_side)
        )
        if not (hidden and others):
            assert len(hidden + others) != 1, name
            assert not 0 < sum(hidden + others) < LIMIT, name


@pytest.mark.parametrize("men", [40, 80, 150, 300])
def test_men_behind_medians_are_hidden_with_company(men: int) -> None:
    for split in suppress(computed(men), LIMIT).medians.values():
        for grouping, groups in split.items():
            if grouping != "all":
                assert sum(cell.suppressed for cell in groups.values()) != 1


def test_few_open_biopsies_cannot_be_had_from_all_less_the_finished() -> None:
    few = computed(150)
    assert 0 < (few.counts["open"] or 0) < LIMIT
    counts = suppress(few, LIMIT).counts
    assert counts["open"] is counts["biopsies"] is None
    assert counts["finished"] == few.counts["finished"]
    (first, *_) = page(suppress(few, LIMIT))["tiles"]
    assert first["label"] == "finished biopsies"


def test_a_count_goes_with_the_rate_that_shows_it() -> None:
    programme = synthetic_programme(60, clinics=2, seed=1)
    transfers = programme.transfers.assign(
        clinical_pregnancy=True, live_birth=True, miscarriage=False
    )
    transfers.loc[:1, "clinical_pregnancy"] = False
    transfers.loc[:1, "live_birth"] = False
    nearly_all = type(programme)(
        "x", programme.as_of, programme.biopsies, programme.cycles, transfers
    )
    shown = suppress(compute(nearly_all), LIMIT)
    assert shown.rates["pregnancy_per_transfer"]["all"]["all"].suppressed
    assert shown.counts["pregnancies"] is shown.counts["live_births"] is None


def test_the_funnel_shows_no_clinic_that_the_table_hides() -> None:
    for men in (40, 80, 150):
        shown = suppress(computed(men), LIMIT)
        cells = shown.rates["retrieval_per_biopsy"]["clinic"]
        points = shown.funnel.points if shown.funnel else ()
        assert all(not cells[point.clinic].suppressed for point in points)


def test_a_surgeons_course_with_few_of_a_kind_is_hidden() -> None:
    shown = suppress(computed(300), LIMIT)
    assert shown.cusums
    for found in computed(300).cusums:
        few = min(found.positive, len(found.score) - found.positive) in range(1, LIMIT)
        assert not few or found not in shown.cusums
