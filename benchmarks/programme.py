"""A made-up programme as a clinical record: the rows that its outcomes need, and no others.

Nothing in it is a finding; every clinic is marked as synthetic.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sertoli.case import (
    BenchSearch,
    Complication,
    Cycle,
    Decision,
    Diagnosis,
    Entering,
    FollowUpVisit,
    Injection,
    Newborn,
    OocyteRetrieval,
    Partner,
    Patient,
    Pregnancy,
    Procedure,
    Record,
    Row,
    Specimen,
    Staff,
    Straw,
    Thaw,
    Transfer,
    entering,
)
from sertoli.outcomes import Programme, synthetic_programme

CLINICS = 40
SURGEONS = 4
TERM_WEEKS = 39
"""Of a pregnancy that ends with a birth."""

OOCYTES = 2
"""Oocytes injected a cycle, at most: fewer than there are, for the sake of the time it takes."""


@dataclass
class Loaded:
    """What was entered.

    Attributes
    ----------
    rows : int
    samples : dict
        Entity -> the rows entered, kept where they are asked for.
    """

    rows: int = 0
    samples: dict[type[Row], list[dict[str, Any]]] = field(default_factory=dict)


def make_clinics(place: str) -> None:
    """Make the programme's clinics; the director of the first may read all of them."""
    for number in range(1, CLINICS + 1):
        Record.create(
            place,
            clinic=f"C{number:02d}",
            staff="S-0",
            synthetic=True,
            reads_all_clinics=number == 1,
        ).close()


def load(place: str, men: int, wave: int, *, keep: bool = False) -> Loaded:
    """Enter a made-up programme by bulk import, one transaction a clinic.

    Parameters
    ----------
    place : str
        A record with the clinics of ``make_clinics``.
    men : int
    wave : int
        Tells loads into the same record apart; 0 is the first and brings the staff.
    keep : bool
        Keep the rows, to enter them elsewhere too.
    """
    programme = synthetic_programme(
        men, clinics=CLINICS, surgeons_per_clinic=SURGEONS, seed=2000 + wave
    )
    loaded = Loaded()
    groups = programme.biopsies.groupby("clinic", sort=True)
    for name, biopsies in groups:
        clinic = f"C{int(str(name).split()[-1]):02d}"
        with (
            Record.open(place, clinic=clinic, staff="S-0") as record,
            entering(record, reason="a made-up programme") as transaction,
        ):
            _Clinic(transaction, loaded, keep).take(biopsies, programme, wave)
    return loaded


class _Biopsy(NamedTuple):
    man: int
    specimen: int
    taken_at: datetime
    sperm: float


class _Clinic:
    def __init__(self, transaction: Entering, loaded: Loaded, keep: bool) -> None:
        self._transaction = transaction
        self._loaded = loaded
        self._keep = keep

    def take(self, biopsies: pd.DataFrame, programme: Programme, wave: int) -> None:
        """Enter the rows of one clinic."""
        staff = self._staff(wave)
        men = biopsies.drop_duplicates("man_id")
        codes = [f"W{wave}-{code}" for code in men["man_id"]]
        numbers = self._add(Patient, [{"code": code, "birth_year": 1970} for code in codes])
        man = dict(zip(men["man_id"], numbers, strict=True))
        self._add(Diagnosis, list(_diagnoses(men, man)))
        at = pd.to_datetime(biopsies["date"]).dt.tz_localize("UTC") + pd.Timedelta(hours=9)
        rows = biopsies.assign(at=at, man=biopsies["man_id"].map(man))
        procedures = self._add(
            Procedure,
            [
                {
                    "patient_id": row.man,
                    "code": f"W{wave}-{row.biopsy_id}",
                    "kind": row.technique,
                    "surgeon_id": staff[int(row.surgeon.rpartition("-")[2]) - 1],
                    "started_at": row.at.to_pydatetime(),
                }
                for row in _each(rows)
            ],
        )
        specimens = self._add(
            Specimen,
            [
                {
                    "procedure_id": number,
                    "code": f"W{wave}-{row.biopsy_id}",
                    "kind": "tissue",
                    "taken_at": row.at.to_pydatetime(),
                    "mass_mg": row.tissue_mg,
                }
                for number, row in zip(procedures, _each(rows), strict=True)
            ],
        )
        self._add(BenchSearch, list(_searches(rows, specimens, staff[-1])))
        self._afterwards(rows, procedures)
        by_biopsy = {
            row.biopsy_id: _Biopsy(row.man, specimen, row.at.to_pydatetime(), row.sperm)
            for row, specimen in zip(_each(rows), specimens, strict=True)
        }
        cycles = programme.cycles[programme.cycles["biopsy_id"].isin(by_biopsy)]
        # One cycle a biopsy; the programme of tables has up to three.
        cycles = cycles.drop_duplicates("biopsy_id")
        self._cycles(cycles, programme.transfers, by_biopsy, staff, wave)

    def _add(self, entity: type[Row], rows: list[dict[str, Any]]) -> list[int]:
        if self._keep:
            self._loaded.samples.setdefault(entity, []).extend(rows)
        self._loaded.rows += len(rows)
        return self._transaction.add(entity, rows)

    def _staff(self, wave: int) -> list[int]:
        if wave == 0:
            self._add(
                Staff,
                [
                    {
                        "code": f"S-{number}",
                        "role": "surgeon" if number <= SURGEONS else "embryologist",
                        "reads_all_clinics": False,
                    }
                    for number in range(1, SURGEONS + 3)
                ],
            )
        there = {row["code"]: row["id"] for row in self._transaction.there(Staff)}
        return [there[f"S-{number}"] for number in range(1, SURGEONS + 3)]

    def _afterwards(self, rows: pd.DataFrame, procedures: list[int]) -> None:
        days = rows["at"].dt.date + pd.Timedelta(days=14)
        visits, complications = [], []
        for row, number, day in zip(_each(rows), procedures, days, strict=True):
            visits.append({"patient_id": row.man, "procedure_id": number, "visited_on": day})
            if row.complications > 0:
                grade = "3a" if row.severe_complications > 0 else "1"
                noted = {"procedure_id": number, "noted_on": day, "kind": "haematoma"}
                complications.append({**noted, "grade": grade})
        self._add(FollowUpVisit, visits)
        self._add(Complication, complications)
        ended = rows[rows["ended_on"].notna()].drop_duplicates("man")
        self._add(
            Decision,
            [
                {
                    "patient_id": row.man,
                    "decided_on": row.ended_on.date(),
                    "option": "no_treatment",
                }
                for row in _each(ended)
            ],
        )

    def _cycles(
        self,
        cycles: pd.DataFrame,
        transfers: pd.DataFrame,
        by_biopsy: dict[str, _Biopsy],
        staff: list[int],
        wave: int,
    ) -> None:
        couples = cycles.drop_duplicates("couple_id")
        partners = self._add(
            Partner,
            [
                {"patient_id": by_biopsy[row.biopsy_id].man, "code": f"W{wave}-{row.couple_id}"}
                for row in _each(couples)
            ],
        )
        partner = dict(zip(couples["couple_id"], partners, strict=True))
        numbers = self._add(
            Cycle,
            [
                {
                    "patient_id": by_biopsy[row.biopsy_id].man,
                    "partner_id": partner[row.couple_id],
                    "code": f"W{wave}-{row.cycle_id}",
                    "started_on": row.date.date(),
                    "sperm_source": f"{row.sperm_state}_testicular",
                }
                for row in _each(cycles)
            ],
        )
        number = dict(zip(cycles["cycle_id"], numbers, strict=True))
        aspirated = cycles[cycles["aspirated"]]
        at = aspirated["date"].dt.tz_localize("UTC") + pd.Timedelta(days=1)
        retrievals = self._add(
            OocyteRetrieval,
            [
                {"cycle_id": number[row.cycle_id], "retrieved_at": when, "oocytes": 14}
                for row, when in zip(_each(aspirated), at.dt.to_pydatetime(), strict=True)
            ],
        )
        self._injections(aspirated, by_biopsy, retrievals, at.dt.to_pydatetime(), staff, wave)
        made = transfers[transfers["cycle_id"].isin(number)]
        self._transfers(made, number, staff)

    def _injections(
        self,
        aspirated: pd.DataFrame,
        by_biopsy: dict[str, _Biopsy],
        retrievals: list[int],
        at: Sequence[datetime],
        staff: list[int],
        wave: int,
    ) -> None:
        made = []
        for row, retrieval, when in zip(_each(aspirated), retrievals, at, strict=True):
            biopsy = by_biopsy[row.biopsy_id]
            made.append(
                (row, retrieval, when, biopsy, int(min(OOCYTES, row.injected, biopsy.sperm)))
            )
        frozen = [one for one in made if one[0].sperm_state == "frozen" and one[-1]]
        straws = self._add(
            Straw,
            [
                {
                    "specimen_id": biopsy.specimen,
                    "code": f"W{wave}-{row.cycle_id}",
                    "frozen_at": biopsy.taken_at,
                    "frozen_by_id": staff[-1],
                    "witness_id": staff[-2],
                    "sperm": count,
                }
                for row, _, _, biopsy, count in frozen
            ],
        )
        thawed = zip(straws, (when for _, _, when, _, _ in frozen), strict=True)
        people = {"thawed_by_id": staff[-1], "witness_id": staff[-2]}
        self._add(Thaw, [{"straw_id": one, "thawed_at": when} | people for one, when in thawed])
        straw = {retrieval: one for one, (_, retrieval, *_) in zip(straws, frozen, strict=True)}
        self._add(
            Injection,
            [
                {
                    "oocyte_retrieval_id": retrieval,
                    "oocyte": oocyte,
                    "specimen_id": None if retrieval in straw else biopsy.specimen,
                    "straw_id": straw.get(retrieval),
                    "injected_at": when,
                    "injected_by_id": staff[-1],
                    "witness_id": staff[-2],
                    "pronuclei": 2 if oocyte <= row.fertilised else 0,
                }
                for row, retrieval, when, biopsy, count in made
                for oocyte in range(1, 1 + count)
            ],
        )

    def _transfers(self, made: pd.DataFrame, number: dict[str, int], staff: list[int]) -> None:
        numbers = self._add(
            Transfer,
            [
                {
                    "cycle_id": number[row.cycle_id],
                    "transferred_on": row.date.date(),
                    "kind": "fresh",
                    "embryos": 1,
                    "done_by_id": staff[-1],
                    "witness_id": staff[-2],
                }
                for row in _each(made)
            ],
        )
        pregnant = list(made["clinical_pregnancy"])
        rows = [
            (transfer, row)
            for transfer, row, is_pregnant in zip(numbers, _each(made), pregnant, strict=True)
            if is_pregnant
        ]
        pregnancies = self._add(Pregnancy, [_pregnancy(transfer, row) for transfer, row in rows])
        born = [
            (pregnancy, row.date)
            for pregnancy, (_, row) in zip(pregnancies, rows, strict=True)
            if _outcome(row) == "live_birth"
        ]
        self._add(
            Newborn,
            [
                {
                    "pregnancy_id": pregnancy,
                    "number": 1,
                    "born_on": _weeks_after(day, TERM_WEEKS),
                    "alive": True,
                    "sex": "unknown",
                }
                for pregnancy, day in born
            ],
        )


def _each(table: pd.DataFrame) -> Iterator[Any]:
    """Give the rows of a table, whose columns are attributes."""
    yield from table.itertuples()


def _column(table: pd.DataFrame, name: str) -> list[Any]:
    return list(table[name])


def _outcome(row: Any) -> str:
    if row.live_birth is pd.NA:
        return "ongoing"
    return "miscarriage" if row.miscarriage else "live_birth"


def _pregnancy(transfer: int, row: Any) -> dict[str, Any]:
    outcome = _outcome(row)
    weeks = {"miscarriage": 9, "live_birth": TERM_WEEKS}.get(outcome)
    values: dict[str, Any] = {
        "transfer_id": transfer,
        "noted_on": (row.date + pd.Timedelta(days=14)).date(),
        "clinical": True,
        "outcome": outcome,
    }
    if weeks is not None:
        values |= {"weeks": weeks, "ended_on": _weeks_after(row.date, weeks)}
    return values


def _weeks_after(transfer: pd.Timestamp, weeks: int) -> date:
    """Return the day on which a pregnancy, counted from two weeks before transfer, is so old."""
    return (transfer + pd.Timedelta(weeks=weeks - 2)).date()


def _diagnoses(men: pd.DataFrame, man: dict[str, int]) -> Iterator[dict[str, Any]]:
    for row in _each(men):
        name = str(row.diagnosis).split()[0]
        made_on = (pd.Timestamp(row.date) - pd.Timedelta(days=30)).date()
        values = {"patient_id": man[row.man_id], "made_on": made_on}
        if name == "obstructive":
            yield {**values, "kind": "obstructive"}
        else:
            yield {**values, "kind": "non_obstructive", "cause": name}


def _searches(rows: pd.DataFrame, specimens: list[int], who: int) -> Iterator[dict[str, Any]]:
    for row, specimen in zip(_each(rows), specimens, strict=True):
        ended = row.at + pd.Timedelta(minutes=float(row.search_min))
        open_ = row.outcome == "open"
        sperm = int(row.sperm) if np.isfinite(row.sperm) else 0
        yield {
            "specimen_id": specimen,
            "searched_by_id": who,
            "method": "assisted",
            "started_at": row.at.to_pydatetime(),
            "ended_at": ended.to_pydatetime(),
            "share_searched": 0.5 if open_ else 1.0,
            "complete": not open_,
            "confirmed_sperm": None if open_ else sperm,
        }
