"""The whole report: the mission's year to the last digit, and made-up programmes by hand count."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sertoli.errors import InputError, OutputError, SettingError
from sertoli.outcomes import (
    BIOPSIES,
    CYCLES,
    TRANSFERS,
    Outcomes,
    Programme,
    compute,
    example_programme,
    suppress,
    synthetic_programme,
    write_outcomes,
)


@cache
def computed(men: int = 300) -> Outcomes:
    return compute(synthetic_programme(men, clinics=3, surgeons_per_clinic=2, seed=3))


@cache
def example() -> Outcomes:
    return suppress(compute(example_programme()))


def test_the_missions_year_is_reproduced_exactly() -> None:
    summary = example().to_json()
    assert (summary["biopsies"], summary["positive"], summary["pregnancies"]) == (23, 13, 6)
    assert round(100 * summary["retrieval_rate"], 2) == 56.52
    # Clinical facts, section 1: Wilson 36.8-74.4 %; 6/13 = 46.2 %, 6/23 = 26.1 %.
    assert round(100 * summary["retrieval_rate_low"], 1) == 36.8
    assert round(100 * summary["retrieval_rate_high"], 1) == 74.4
    rates = summary["rates"]
    assert round(100 * rates["pregnancy_per_positive_biopsy"]["all"]["rate"], 1) == 46.2
    assert round(100 * rates["pregnancy_per_biopsy"]["all"]["rate"], 1) == 26.1


def test_the_example_says_what_is_made_up_and_shows_nothing_else() -> None:
    summary = example().to_json()
    assert summary["synthetic_splits"]
    assert any("split by clinic is synthetic" in note for note in summary["notes"])
    assert set(summary["rates"]) == {
        "retrieval_per_biopsy",
        "pregnancy_per_biopsy",
        "pregnancy_per_positive_biopsy",
    }
    assert summary["medians"] == {}
    assert summary["men"] is summary["cycles"] is summary["live_births"] is None
    assert summary["time_to_pregnancy"] is None


def tables(
    outcomes: list[str] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return four biopsies on three men, three cycles, three transfers, counted by hand below."""
    biopsies = pd.DataFrame(
        {
            "biopsy_id": ["b1", "b2", "b3", "b4"],
            "man_id": ["m1", "m1", "m2", "m3"],
            "clinic": ["A", "A", "A", "B"],
            "surgeon": ["s1", "s1", "s2", "s3"],
            "date": [date(2024, 1, 1), date(2024, 9, 1), date(2024, 2, 1), date(2025, 1, 1)],
            "diagnosis": ["x", "x", "y", "y"],
            "technique": ["micro_tese"] * 4,
            "outcome": outcomes or ["negative", "positive", "positive", "open"],
            "tissue_mg": [100.0, 60.0, 30.0, 50.0],
            "sperm": [0.0, 20.0, 3.0, np.nan],
            "search_min": [100.0, 200.0, 60.0, np.nan],
            "complications": [0.0, 1.0, 0.0, np.nan],
            "severe_complications": [0.0, 0.0, 0.0, np.nan],
        }
    ).reindex(columns=list(BIOPSIES))
    cycles = pd.DataFrame(
        {
            "cycle_id": ["c1", "c2", "c3"],
            "couple_id": ["m1", "m1", "m2"],
            "biopsy_id": ["b2", "b2", "b3"],
            "clinic": ["A"] * 3,
            "date": [date(2024, 9, 2), date(2025, 1, 2), date(2024, 2, 1)],
            "sperm_state": ["fresh", "frozen", "frozen"],
            "aspirated": [True, True, False],
            "injected": [8.0, 4.0, 0.0],
            "fertilised": [4.0, 3.0, 0.0],
        }
    ).reindex(columns=list(CYCLES))
    transfers = pd.DataFrame(
        {
            "transfer_id": ["t1", "t2", "t3"],
            "cycle_id": ["c1", "c1", "c2"],
            "date": [date(2024, 9, 7), date(2025, 3, 1), date(2025, 1, 7)],
            "clinical_pregnancy": [False, True, True],
            "miscarriage": [False, False, None],
            "live_birth": [False, True, None],
        }
    ).reindex(columns=list(TRANSFERS))
    return biopsies, cycles, transfers


def by_hand(outcomes: list[str] | None = None) -> Programme:
    return Programme("by hand", date(2025, 6, 1), *tables(outcomes))


COUNTED = {
    # measure: (events, denominator), counted from the three tables above
    "retrieval_per_biopsy": (2, 3),
    "retrieval_per_man": (2, 2),
    "fertilisation": (7, 12),
    "pregnancy_per_biopsy": (1, 3),
    "pregnancy_per_positive_biopsy": (1, 2),
    "pregnancy_per_initiated_cycle": (2, 3),
    "pregnancy_per_aspiration_cycle": (2, 2),
    "pregnancy_per_transfer": (2, 3),
    "live_birth_per_initiated_cycle": (1, 2),
    "live_birth_per_aspiration_cycle": (1, 1),
    "live_birth_per_transfer": (1, 2),
    "miscarriage": (0, 1),
    "complications": (1, 3),
    "severe_complications": (0, 3),
}


def test_every_measure_counts_as_by_hand() -> None:
    rates = compute(by_hand()).rates
    found = {key: split["all"]["all"] for key, split in rates.items()}
    assert {key: (cell.events, cell.denominator) for key, cell in found.items()} == COUNTED


def test_an_open_search_is_never_a_negative() -> None:
    rates = compute(by_hand(["open", "positive", "positive", "open"])).rates
    cell = rates["retrieval_per_biopsy"]["all"]["all"]
    assert (cell.events, cell.denominator) == (2, 2)


def test_tissue_and_time_as_by_hand() -> None:
    medians = compute(by_hand()).medians
    # b2: 60 mg / 20 sperm, b3: 30 / 3; a man with two biopsies counts by his own median.
    assert medians["tissue_per_sperm"]["all"]["all"].value == pytest.approx((3 + 10) / 2)
    assert medians["tissue"]["all"]["all"].value == pytest.approx((80 + 30) / 2)
    assert medians["search_time"]["all"]["all"].value == pytest.approx((150 + 60) / 2)


Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


def broken(which: int, column: str, value: object) -> Tables:
    made = tables()
    made[which][column] = pd.Series([value] * len(made[which]), dtype=object)
    return made


NONSENSE = {
    "an outcome": (broken(0, "outcome", "perhaps"), "outcome"),
    "below zero": (broken(0, "tissue_mg", -1.0), "tissue_mg"),
    "text for a number": (broken(0, "sperm", "many"), "sperm"),
    "twice the same": (broken(0, "biopsy_id", "b1"), "unique"),
    "more fertilised than injected": (broken(1, "fertilised", 99.0), "fertilised"),
    "an unknown biopsy": (broken(1, "biopsy_id", "b9"), "biopsy_id"),
    "an unknown cycle": (broken(2, "cycle_id", "c9"), "cycle_id"),
    "a birth without a pregnancy": (broken(2, "clinical_pregnancy", False), "live birth"),
    "a missing date": (broken(0, "date", None), "date"),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_refused(name: str) -> None:
    (biopsies, cycles, transfers), message = NONSENSE[name]
    with pytest.raises(InputError, match=message):
        Programme("x", date(2025, 6, 1), biopsies, cycles, transfers)


def test_a_missing_column_is_named() -> None:
    biopsies, cycles, transfers = tables()
    with pytest.raises(InputError, match="lacks outcome"):
        Programme("x", date(2025, 6, 1), biopsies.drop(columns="outcome"), cycles, transfers)


@pytest.mark.parametrize("grouping", ["clinic", "surgeon", "year", "diagnosis", "technique"])
def test_every_split_adds_up(grouping: str) -> None:
    for measure, split in computed().rates.items():
        whole, parts = split["all"]["all"], split[grouping].values()
        assert sum(part.events or 0 for part in parts) == whole.events, measure
        assert sum(part.denominator or 0 for part in parts) == whole.denominator, measure


def test_nothing_computed_is_still_a_report(tmp_path: Path) -> None:
    biopsies, cycles, transfers = (table.iloc[:0] for table in tables())
    outcomes = compute(Programme("empty", date(2025, 1, 1), biopsies, cycles, transfers))
    assert outcomes.rates == {}
    place = write_outcomes(tmp_path / "out", outcomes)
    assert json.loads((place / "summary.json").read_text(encoding="utf-8"))["biopsies"] == 0


class TestSuppression:
    def test_no_small_number_is_left(self) -> None:
        shown = suppress(computed(), 5)
        for split in shown.rates.values():
            for groups in split.values():
                for cell in groups.values():
                    for number in (cell.events, cell.denominator, cell.clusters):
                        assert number is None or number == 0 or number >= 5

    def test_no_lone_hidden_cell_can_be_had_by_subtraction(self) -> None:
        shown = suppress(computed(), 5)
        for split in shown.rates.values():
            for grouping, groups in split.items():
                if grouping != "all" and not split["all"]["all"].suppressed:
                    hidden = [cell for cell in groups.values() if cell.suppressed]
                    assert len(hidden) != 1 or len(groups) == 1

    def test_a_number_that_is_hidden_is_hidden_in_every_rate(self) -> None:
        shown = suppress(computed(), 5)
        per_biopsy = shown.rates["pregnancy_per_biopsy"]["diagnosis"]
        per_positive = shown.rates["pregnancy_per_positive_biopsy"]["diagnosis"]
        for group, cell in per_biopsy.items():
            if cell.suppressed:
                assert per_positive[group].suppressed

    def test_the_limit_is_said_and_zero_hides_nothing(self) -> None:
        assert suppress(computed(), 5).to_json()["small_cells"] == 5
        everything = suppress(computed(), 0)
        assert everything.rates == computed().rates
        assert everything.to_json()["small_cells"] == 0

    def test_small_totals_are_hidden_too(self) -> None:
        summary = suppress(compute(by_hand()), 5).to_json()
        assert summary["biopsies"] is summary["positive"] is summary["retrieval_rate"] is None

    def test_a_negative_limit_is_refused(self) -> None:
        with pytest.raises(SettingError, match="small-cells"):
            suppress(computed(), -1)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_outcomes(tmp_path_factory.mktemp("o") / "out", suppress(computed()))


class TestFolder:
    def test_it_holds_the_reports_and_the_tables(self, place: Path) -> None:
        names = {path.name for path in place.iterdir()}
        assert names == {"summary.json", "rates.csv", "report.html", "report.pdf"}
        assert (place / "report.pdf").read_bytes().startswith(b"%PDF")

    def test_the_page_needs_no_network_and_says_what_it_is_not(self, place: Path) -> None:
        text = (place / "report.html").read_text(encoding="utf-8")
        body = text.split("<script>")[0]
        assert "Research software, not a medical device" in body
        assert "default-src &#39;none&#39;" in body or "default-src 'none'" in body
        assert "http" not in body.replace("http-equiv", "")
        assert "never a verdict" in body
        assert "synthetic split" in body

    def test_the_table_reads_back(self, place: Path) -> None:
        table = pd.read_csv(place / "rates.csv")
        whole = table[(table["measure"] == "retrieval_per_biopsy") & (table["grouping"] == "all")]
        summary = json.loads((place / "summary.json").read_text(encoding="utf-8"))
        assert whole["rate"].item() == pytest.approx(summary["retrieval_rate"])

    def test_the_same_outcomes_make_the_same_files(self, place: Path, tmp_path: Path) -> None:
        again = write_outcomes(tmp_path / "again", suppress(computed()))
        for path in place.iterdir():
            assert path.read_bytes() == (again / path.name).read_bytes(), path.name

    def test_it_is_not_overwritten_unless_asked(self, place: Path) -> None:
        with pytest.raises(OutputError, match="exists already"):
            write_outcomes(place, suppress(computed()))
