"""What outcomes are computed from: three plain tables, each row with its group columns.

A "biopsy" is one procedure on one man, the programme's own unit. Only sperm that a person
confirmed make a biopsy positive; one whose search is unfinished or unconfirmed is ``open``, never
negative, and stands in no retrieval rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from sertoli.errors import InputError

GROUPINGS = ("clinic", "surgeon", "year", "diagnosis", "technique")
"""Columns by which every table can be split."""

POSITIVE, NEGATIVE, OPEN = "positive", "negative", "open"
FRESH, FROZEN = "fresh", "frozen"

_TEXT, _DAY, _NUMBER, _COUNT, _YES_NO, _MAYBE = "text", "date", "number", "count", "yes/no", "maybe"

_GROUPS = {"clinic": _TEXT, "surgeon": _TEXT, "diagnosis": _TEXT, "technique": _TEXT, "date": _DAY}

BIOPSIES: Mapping[str, str] = {
    "biopsy_id": _TEXT,
    "man_id": _TEXT,
    **_GROUPS,
    "outcome": _TEXT,
    "tissue_mg": _NUMBER,
    "sperm": _NUMBER,
    "search_min": _NUMBER,
    "complications": _NUMBER,
    "severe_complications": _NUMBER,
    "ended_on": _DAY,
}
"""Columns of the biopsies.

``outcome`` is ``positive``, ``negative`` or ``open``; ``tissue_mg`` all tissue removed;
``sperm`` those confirmed; ``search_min`` minutes at the bench; ``severe_complications`` those of
Clavien-Dindo grade 3 and above (empty, as ``complications``, where nobody looked); ``ended_on``
the day on which the couple's treatment with his sperm ended without a pregnancy (empty while it
goes on, or after a pregnancy).
"""

CYCLES: Mapping[str, str] = {
    "cycle_id": _TEXT,
    "couple_id": _TEXT,
    "biopsy_id": _TEXT,
    **_GROUPS,
    "sperm_state": _TEXT,
    "aspirated": _YES_NO,
    "injected": _COUNT,
    "fertilised": _COUNT,
}
"""Columns of the cycles, one row an initiated cycle (ICMART).

``biopsy_id`` names the biopsy that gave the sperm (empty if another source did);
``sperm_state`` is ``fresh``, ``frozen`` or another word; ``aspirated`` whether oocytes were
retrieved; ``injected`` oocytes injected (ICSI); ``fertilised`` of these with two pronuclei.
"""

TRANSFERS: Mapping[str, str] = {
    "transfer_id": _TEXT,
    "cycle_id": _TEXT,
    "date": _DAY,
    "clinical_pregnancy": _MAYBE,
    "miscarriage": _MAYBE,
    "live_birth": _MAYBE,
}
"""Columns of the transfers: empty where it is not known yet (an ongoing pregnancy, say)."""

_KEYS = {"biopsies": "biopsy_id", "cycles": "cycle_id", "transfers": "transfer_id"}


@dataclass(frozen=True)
class Programme:
    """A programme's records, ready to be counted.

    Parameters
    ----------
    name : str
        What stands at the head of the report.
    as_of : date
        The day on which the records were read.
    biopsies, cycles, transfers : DataFrame
        Columns as in `BIOPSIES`, `CYCLES`, `TRANSFERS`.
    notes : tuple of str
        What has to be said beside the figures.
    synthetic_splits : bool
        Whether the splits into groups are made up: then every one of them says so.
    unknown : frozenset of str
        Keys of measures that the records cannot answer.

    Raises
    ------
    InputError
        If a column is missing, a value is impossible, or a row refers to one that is not there.
    """

    name: str
    as_of: date
    biopsies: pd.DataFrame
    cycles: pd.DataFrame
    transfers: pd.DataFrame
    notes: tuple[str, ...] = ()
    synthetic_splits: bool = False
    unknown: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        biopsies = _checked("biopsies", self.biopsies, BIOPSIES)
        cycles = _checked("cycles", self.cycles, CYCLES)
        transfers = _checked("transfers", self.transfers, TRANSFERS)
        _require(
            biopsies["outcome"].isin([POSITIVE, NEGATIVE, OPEN]).all(),
            "biopsies: an outcome is neither positive, negative nor open",
        )
        _require(
            (cycles["fertilised"] <= cycles["injected"]).all(),
            "cycles: more oocytes are fertilised than were injected",
        )
        _require(
            transfers["cycle_id"].isin(cycles["cycle_id"]).all(),
            "transfers: a cycle_id is not among the cycles",
        )
        known = cycles["biopsy_id"].isin(biopsies["biopsy_id"]) | (cycles["biopsy_id"] == "")
        _require(known.all(), "cycles: a biopsy_id is not among the biopsies")
        born = transfers["live_birth"].eq(True) & transfers["clinical_pregnancy"].ne(True)
        _require(not born.any(), "transfers: a live birth without a clinical pregnancy")
        object.__setattr__(self, "biopsies", _with_year(biopsies))
        object.__setattr__(self, "cycles", _with_year(cycles))
        object.__setattr__(self, "transfers", transfers)

    @property
    def period(self) -> tuple[int, int] | None:
        """First and last year of the biopsies."""
        years = self.biopsies["year"]
        return None if years.empty else (int(years.min()), int(years.max()))


def _require(holds: object, what: str) -> None:
    if not holds:
        raise InputError(what, "mend the table")


def _checked(name: str, table: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    absent = [column for column in columns if column not in table.columns]
    if absent:
        raise InputError(
            f"the table of {name} lacks {', '.join(absent)}", f"it needs {', '.join(columns)}"
        )
    made = {column: _typed(name, table[column], kind) for column, kind in columns.items()}
    checked = pd.DataFrame(made).reset_index(drop=True)
    _require(checked[_KEYS[name]].is_unique, f"{name}: {_KEYS[name]} is not unique")
    return checked


def _typed(name: str, values: pd.Series, kind: str) -> pd.Series:
    try:
        if kind == _TEXT:
            return values.astype(object).where(values.notna(), "").astype(str)
        if kind == _DAY:
            return pd.to_datetime(values)
        if kind == _MAYBE:
            return values.astype("boolean")
        if kind == _YES_NO:
            return values.astype("boolean").fillna(False).astype(bool)
        numbers = pd.to_numeric(values).astype(np.float64)
        if kind == _COUNT:
            numbers = numbers.fillna(0.0)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"the table of {name} holds a {values.name} that is no {kind}", "mend the table"
        ) from error
    _require(not (numbers < 0).any(), f"{name}: {values.name} is below zero")
    return numbers


def _with_year(table: pd.DataFrame) -> pd.DataFrame:
    _require(table["date"].notna().all(), "a date is missing")
    year = table["date"].dt.year
    # Groups are few and rows are many: categories are grouped several times as fast as text.
    few = {name: table[name].astype("category") for name in GROUPINGS if name in table.columns}
    return table.assign(**few, year=year)
