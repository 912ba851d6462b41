"""The tables of outcomes, read from the clinical record: the only place that knows both."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd
from sqlalchemy import case, func, select

from sertoli.case import (
    Clinic,
    Complication,
    Consent,
    Cycle,
    Decision,
    Diagnosis,
    FollowUpVisit,
    Grade,
    Injection,
    OocyteRetrieval,
    Option,
    Pregnancy,
    PregnancyOutcome,
    Procedure,
    Purpose,
    Specimen,
    SpermSource,
    Staff,
    Straw,
    Transfer,
)
from sertoli.case.retrievals import retrievals
from sertoli.outcomes._tables import BIOPSIES, CYCLES, FRESH, FROZEN, TRANSFERS, Programme

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from sertoli.case import Record

WAIT_FOR_TEST_DAYS = 42
"""A transfer without a word on a pregnancy is unknown until then, and without one afterwards."""

_STATES = {
    SpermSource.FRESH_TESTICULAR: FRESH,
    SpermSource.FRESH_EPIDIDYMAL: FRESH,
    SpermSource.FROZEN_TESTICULAR: FROZEN,
    SpermSource.FROZEN_EPIDIDYMAL: FROZEN,
}
"""Sperm of a procedure; cycles with ejaculated or donated sperm are no outcome of one."""

_SEVERE = (Grade.IIIA, Grade.IIIB, Grade.IVA, Grade.IVB, Grade.V)
_PREGNANT = {
    PregnancyOutcome.BIOCHEMICAL: False,
    PregnancyOutcome.ECTOPIC: True,
    PregnancyOutcome.STILLBIRTH: True,
    PregnancyOutcome.LIVE_BIRTH: True,
    PregnancyOutcome.ONGOING: True,
}
_UNKNOWN_END = {PregnancyOutcome.ONGOING, PregnancyOutcome.LOST_TO_FOLLOW_UP}


def programme_from_record(record: Record, *, as_of: date, name: str | None = None) -> Programme:
    """Read the outcomes of a clinic, or of all that the record was opened over.

    Parameters
    ----------
    record : Record
        Open; what its session may see is what is counted.
    as_of : date
        The day to count at; later procedures, cycles and transfers are left out.
    name : str or None
        What stands at the head of the report; the clinic's code unless told.
    """
    with record.reading() as session:
        clinics = _read(
            session, clinic_id=Clinic.id, clinic=Clinic.code, synthetic=Clinic.synthetic
        )
        biopsies = _biopsies(session, clinics, as_of)
        cycles = _cycles(session, biopsies, as_of)
        transfers = _transfers(session, cycles, as_of)
    notes: tuple[str, ...] = ()
    if clinics["synthetic"].any():
        made_up = ", ".join(sorted(clinics.loc[clinics["synthetic"].astype(bool), "clinic"]))
        notes = (f"All records of these clinics are made up: {made_up}.",)
    return Programme(
        name=name or (record.clinic if record.clinic else "All clinics"),
        as_of=as_of,
        biopsies=biopsies.reindex(columns=list(BIOPSIES)),
        cycles=cycles.reindex(columns=list(CYCLES)),
        transfers=transfers.reindex(columns=list(TRANSFERS)),
        notes=notes,
        synthetic_splits=bool(clinics["synthetic"].all()) and not clinics.empty,
    )


def _read(session: Session, **columns: Any) -> pd.DataFrame:
    query = select(*(column.label(name) for name, column in columns.items()))
    return _frame(session.execute(query).all(), list(columns))


def _frame(rows: Sequence[Any], columns: list[str]) -> pd.DataFrame:
    """Make a table of rows; its numbers of rows of the record are numbers even if it is empty."""
    table = pd.DataFrame.from_records(rows, columns=columns)
    numbers = [name for name in columns if name.endswith("_id") or name in {"cycle", "transfer"}]
    return table.astype(dict.fromkeys(numbers, "int64"))


def _looked_up(keys: pd.Series, values: pd.Series) -> pd.Series:
    """Return the value of each key, empty where there is none."""
    found = values.reindex(keys)
    found.index = keys.index
    return found


def _days(moments: pd.Series) -> pd.Series:
    """Return days without a zone, of moments or of days."""
    return pd.to_datetime(moments, utc=True).dt.tz_localize(None).dt.normalize()


def _biopsies(session: Session, clinics: pd.DataFrame, as_of: date) -> pd.DataFrame:
    procedures = _read(
        session,
        procedure_id=Procedure.id,
        clinic_id=Procedure.clinic_id,
        technique=Procedure.kind,
        surgeon_id=Procedure.surgeon_id,
    )
    staff = _read(session, surgeon_id=Staff.id, surgeon=Staff.code)
    table = (
        procedures.merge(clinics[["clinic_id", "clinic"]], on="clinic_id")
        .merge(staff, on="surgeon_id", how="left")
        .merge(retrievals(session), on="procedure_id")
    )
    table["date"] = _days(table["started_at"])
    table = table[table["date"] <= pd.Timestamp(as_of)].reset_index(drop=True)
    table["technique"] = table["technique"].astype(str)
    table["biopsy_id"] = table["procedure_id"].astype(str)
    table["man_id"] = table["patient_id"].astype(str)
    # A code is a surgeon's own only within a clinic.
    if clinics["clinic"].nunique() > 1:
        table["surgeon"] = table["clinic"] + " " + table["surgeon"].astype(str)
    table["diagnosis"] = _diagnosis(session, table)
    table["ended_on"] = _ended(session, table)
    return _with_complications(session, table)


def _diagnosis(session: Session, procedures: pd.DataFrame) -> pd.Series:
    """Return the last diagnosis made until each procedure, with its cause."""
    made = _read(
        session,
        patient_id=Diagnosis.patient_id,
        made_on=Diagnosis.made_on,
        kind=Diagnosis.kind,
        cause=Diagnosis.cause,
    )
    made["made_on"] = _days(made["made_on"])
    cause = made["cause"].astype(object).where(made["cause"].notna(), "").astype(str)
    made["diagnosis"] = made["kind"].astype(str) + cause.map(lambda text: text and f", {text}")
    known = procedures[["procedure_id", "patient_id", "date"]].merge(made, on="patient_id")
    known = known[known["made_on"] <= known["date"]].sort_values("made_on", kind="stable")
    last = known.drop_duplicates("procedure_id", keep="last").set_index("procedure_id")
    return _looked_up(procedures["procedure_id"], last["diagnosis"])


def _ended(session: Session, procedures: pd.DataFrame) -> pd.Series:
    """Return the first day after each procedure on which treatment with his sperm was given up."""
    decided = _read(
        session,
        patient_id=Decision.patient_id,
        day=Decision.decided_on,
        option=Decision.option,
    )
    decided = decided[decided["option"].isin([Option.DONOR_SPERM, Option.NO_TREATMENT])]
    withdrawn = _read(
        session,
        patient_id=Consent.patient_id,
        day=Consent.withdrawn_on,
        purpose=Consent.purpose,
    )
    withdrawn = withdrawn[withdrawn["day"].notna() & (withdrawn["purpose"] == Purpose.TREATMENT)]
    ends = pd.concat([decided[["patient_id", "day"]], withdrawn[["patient_id", "day"]]])
    ends["day"] = _days(ends["day"])
    after = procedures[["procedure_id", "patient_id", "date"]].merge(ends, on="patient_id")
    first = after[after["day"] >= after["date"]].groupby("procedure_id")["day"].min()
    return _looked_up(procedures["procedure_id"], first)


def _with_complications(session: Session, procedures: pd.DataFrame) -> pd.DataFrame:
    """Count complications; where none is noted, a visit afterwards says that there was none."""
    noted = _read(session, procedure_id=Complication.procedure_id, grade=Complication.grade)
    noted["severe"] = noted["grade"].isin(_SEVERE)
    per = noted.groupby("procedure_id")["severe"].agg(["size", "sum"])
    seen = _read(session, patient_id=FollowUpVisit.patient_id, day=FollowUpVisit.visited_on)
    seen = seen[seen["day"].notna()].assign(day=lambda rows: _days(rows["day"]))
    last_seen = _looked_up(procedures["patient_id"], seen.groupby("patient_id")["day"].max())
    looked = procedures["procedure_id"].isin(per.index) | (last_seen > procedures["date"])
    count, severe = (
        procedures["procedure_id"].map(per[name]).fillna(0) for name in ("size", "sum")
    )
    return procedures.assign(
        complications=count.astype(float).where(looked),
        severe_complications=severe.astype(float).where(looked),
    )


def _cycles(session: Session, biopsies: pd.DataFrame, as_of: date) -> pd.DataFrame:
    cycles = _read(
        session,
        cycle=Cycle.id,
        patient_id=Cycle.patient_id,
        partner_id=Cycle.partner_id,
        date=Cycle.started_on,
        source=Cycle.sperm_source,
    )
    cycles["date"] = _days(cycles["date"])
    cycles["sperm_state"] = cycles["source"].map(_STATES)
    cycles = cycles[cycles["sperm_state"].notna() & (cycles["date"] <= pd.Timestamp(as_of))]
    cycles = cycles.merge(_oocytes(session), on="cycle", how="left")
    cycles["aspirated"] = cycles["retrieved"].notna()
    cycles["procedure_id"] = _procedure_of(session, cycles, biopsies)
    # Sperm that another house retrieved are no outcome of a biopsy of this record.
    cycles = cycles.dropna(subset=["procedure_id"]).astype({"procedure_id": "int64"})
    cycles = cycles.merge(
        biopsies[["procedure_id", "biopsy_id", "clinic", "surgeon", "diagnosis", "technique"]],
        on="procedure_id",
    )
    return cycles.assign(
        cycle_id=cycles["cycle"].astype(str),
        couple_id=cycles["patient_id"].astype(str) + "+" + cycles["partner_id"].astype(str),
    )


def _oocytes(session: Session) -> pd.DataFrame:
    """Return what became of the oocytes of each cycle: one row a cycle with a retrieval."""
    retrieved = select(OocyteRetrieval.cycle_id, func.count()).group_by(OocyteRetrieval.cycle_id)
    # An oocyte of which the pronuclei are not noted yet is not counted; a lost one is.
    known = case(
        (Injection.pronuclei.is_not(None), 1), (Injection.degenerated.is_(True), 1), else_=0
    )
    injected = (
        select(
            OocyteRetrieval.cycle_id,
            func.sum(known),
            func.sum(case((Injection.pronuclei == 2, 1), else_=0)),
        )
        .join(Injection, Injection.oocyte_retrieval_id == OocyteRetrieval.id)
        .group_by(OocyteRetrieval.cycle_id)
    )
    first = _frame(session.execute(retrieved).all(), ["cycle", "retrieved"])
    second = _frame(session.execute(injected).all(), ["cycle", "injected", "fertilised"])
    return first.merge(second, on="cycle", how="left")


def _procedure_of(session: Session, cycles: pd.DataFrame, biopsies: pd.DataFrame) -> pd.Series:
    """Return the procedure that gave the sperm: by its injections, else his last one before."""
    procedure = Specimen.procedure_id
    by_specimen = (
        select(OocyteRetrieval.cycle_id, func.min(procedure))
        .join(Injection, Injection.oocyte_retrieval_id == OocyteRetrieval.id)
        .join(Specimen, Specimen.id == Injection.specimen_id)
        .group_by(OocyteRetrieval.cycle_id)
    )
    by_straw = (
        select(OocyteRetrieval.cycle_id, func.min(procedure))
        .join(Injection, Injection.oocyte_retrieval_id == OocyteRetrieval.id)
        .join(Straw, Straw.id == Injection.straw_id)
        .join(Specimen, Specimen.id == Straw.specimen_id)
        .group_by(OocyteRetrieval.cycle_id)
    )
    used = pd.concat(
        [
            _frame(session.execute(query).all(), ["cycle", "procedure_id"])
            for query in (by_specimen, by_straw)
        ]
    )
    used = used.drop_duplicates("cycle").set_index("cycle")
    earlier = cycles[["cycle", "patient_id", "date"]].merge(
        biopsies[["procedure_id", "patient_id", "date"]].rename(columns={"date": "operated"}),
        on="patient_id",
    )
    # Stimulation begins before the operation when fresh sperm are hoped for.
    near = earlier["operated"] <= earlier["date"] + pd.Timedelta(days=31)
    last = earlier[near].sort_values("operated", kind="stable")
    last = last.drop_duplicates("cycle", keep="last").set_index("cycle")
    known = _looked_up(cycles["cycle"], used["procedure_id"]).astype(float)
    return known.fillna(_looked_up(cycles["cycle"], last["procedure_id"]).astype(float))


def _transfers(session: Session, cycles: pd.DataFrame, as_of: date) -> pd.DataFrame:
    transfers = _read(
        session, transfer=Transfer.id, cycle=Transfer.cycle_id, date=Transfer.transferred_on
    )
    pregnancies = _read(
        session,
        transfer=Pregnancy.transfer_id,
        clinical=Pregnancy.clinical,
        outcome=Pregnancy.outcome,
        weeks=Pregnancy.weeks,
    )
    transfers["date"] = _days(transfers["date"])
    table = transfers[transfers["date"] <= pd.Timestamp(as_of)]
    table = table[table["cycle"].isin(cycles["cycle"])].merge(
        pregnancies.drop_duplicates("transfer", keep="last"), on="transfer", how="left"
    )
    outcome = table["outcome"]
    clinical = table["clinical"].astype("boolean")
    clinical = clinical.fillna(outcome.map(_PREGNANT).astype("boolean"))
    late = table["date"] <= pd.Timestamp(as_of) - pd.Timedelta(days=WAIT_FOR_TEST_DAYS)
    clinical = clinical.mask(outcome.isna() & late, False)
    ended = clinical.notna() & ~outcome.isin(_UNKNOWN_END)
    born = pd.Series(outcome == PregnancyOutcome.LIVE_BIRTH, dtype="boolean") & clinical
    early = ~(table["weeks"].astype(float) >= 22)
    lost = pd.Series((outcome == PregnancyOutcome.MISCARRIAGE) & early, dtype="boolean")
    return pd.DataFrame(
        {
            "transfer_id": table["transfer"].astype(str),
            "cycle_id": table["cycle"].astype(str),
            "date": table["date"],
            "clinical_pregnancy": clinical,
            "miscarriage": lost.where(ended),
            "live_birth": born.where(ended),
        }
    )
