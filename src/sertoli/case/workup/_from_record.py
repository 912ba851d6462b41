"""What the record knows of men, as the work-up wants it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import select

from sertoli.case import _schema as rows
from sertoli.case._schema import _words as words
from sertoli.case._schema._fields import zone_named
from sertoli.case.evidence import Mark, Source
from sertoli.case.retrievals import retrievals
from sertoli.case.workup._man import (
    Deletion,
    Exposure,
    Genetics,
    Histology,
    HormoneSample,
    Man,
    MeasuredTestis,
    SemenSample,
    Side,
)
from sertoli.case.workup._retrieval_model import predictors_of

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy.orm import Session

FRUCTOSE_LOW_UMOL = 13.0
ALPHA_GLUCOSIDASE_LOW_MU = 20.0
MARKER_SOURCE = Source("WHO manual, 5th edition, consensus thresholds", Mark.SECOND_HAND)
"""Per ejaculate: below these the seminal plasma suggests an obstruction."""

DENIED = "never"
"""The ``detail`` by which records of before the field ``denied`` say the same."""

_KARYOTYPES = {
    words.Karyotype.NORMAL: "46,XY",
    words.Karyotype.KLINEFELTER: "47,XXY",
    words.Karyotype.KLINEFELTER_MOSAIC: "46,XY/47,XXY",
    words.Karyotype.XX_MALE: "46,XX",
    words.Karyotype.TRANSLOCATION: "a translocation",
    words.Karyotype.OTHER: "another karyotype",
}
_DELETIONS = {
    words.Deletion.INTACT: Deletion.NONE,
    words.Deletion.PARTIAL: Deletion.PARTIAL,
    words.Deletion.COMPLETE: Deletion.COMPLETE,
}
_PELLETS = {
    words.Pellet.NOT_EXAMINED: None,
    words.Pellet.NO_SPERM: False,
    words.Pellet.SPERM: True,
}

AnyRow = TypeVar("AnyRow")


def men_from_record(
    session: Session,
    patient_ids: Iterable[int] | None = None,
    until: Mapping[int, date] | None = None,
) -> dict[int, Man]:
    """Return men by their number in the record.

    Parameters
    ----------
    session : Session
        Of an open record.
    patient_ids : iterable of int or None
        Which men; None is all that the session may see.
    until : mapping of patient to date or None
        Leave out what was found on that day or later (before an operation, say).
    """
    wanted = None if patient_ids is None else set(patient_ids)
    days = until or {}

    def read(entity: type[AnyRow], when: str) -> dict[int, list[AnyRow]]:
        return _by_patient(session, entity, when, wanted, days)

    semen = read(rows.SemenAnalysis, "sampled_on")
    urine = read(rows.PostEjaculatoryUrine, "sampled_on")
    exposures = read(rows.Exposure, "started_on")
    hormones = read(rows.HormonePanel, "sampled_at")
    exams = read(rows.TestisExam, "examined_on")
    genes = read(rows.GeneticTest, "tested_on")
    tissue = read(rows.Histology, "reported_on")
    zones = _zones(session)
    query = select(rows.Patient)
    if wanted is not None:
        query = query.where(rows.Patient.id.in_(wanted))
    return {
        man.id: Man(
            wants_sperm=man.wants_sperm is not False,
            semen=tuple(_semen(row) for row in semen[man.id]),
            urine_has_sperm=_any(row.sperm_seen for row in urine[man.id]),
            testosterone_use=_use(exposures[man.id], words.Agent.TESTOSTERONE),
            anabolic_use=_use(exposures[man.id], words.Agent.ANABOLIC_STEROID),
            opioid_use=_use(exposures[man.id], words.Agent.OPIOID),
            hormones=tuple(_blood(row, zones.get(man.clinic_id)) for row in hormones[man.id]),
            testes=_testes(exams[man.id]),
            vas_present=_vasa(exams[man.id]),
            genetics=_genetics(genes[man.id]),
            histology=_histology(tissue[man.id]),
        )
        for man in session.scalars(query)
    }


def retrieval_table(session: Session) -> pd.DataFrame:
    """Return what a retrieval model is fitted on: one row a man, his first finished biopsy.

    Predictors are of before that biopsy. Biopsies still open are left out.
    """
    import pandas as pd

    table = retrievals(session)
    done = table[table["outcome"] != "open"].sort_values("started_at", kind="stable")
    first = done.drop_duplicates("patient_id")
    days = {
        int(patient): started.date()
        for patient, started in zip(first["patient_id"], first["started_at"], strict=True)
    }
    men = men_from_record(session, until=days)
    found = dict(zip(first["patient_id"], first["outcome"] == "positive", strict=True))
    return pd.DataFrame(
        [{"sperm_found": found[number], **predictors_of(men[number])} for number in days],
        columns=["sperm_found", *predictors_of(Man())],
    )


def _by_patient(
    session: Session,
    entity: type[AnyRow],
    when: str,
    wanted: set[int] | None,
    until: Mapping[int, date],
) -> dict[int, list[AnyRow]]:
    """Return the rows of each man, oldest first; those without a day come first of all."""
    kind: Any = entity
    query = select(kind).order_by(kind.id)
    if wanted is not None:
        query = query.where(kind.patient_id.in_(wanted))
    found: dict[int, list[AnyRow]] = defaultdict(list)
    for row in session.scalars(query):
        day = _day(getattr(row, when))
        end = until.get(row.patient_id)
        if end is None or day is None or day < end:
            found[row.patient_id].append(row)
    for listed in found.values():
        listed.sort(key=lambda row: _day(getattr(row, when)) or date.min)
    return found


def _day(moment: date | datetime | None) -> date | None:
    return moment.date() if isinstance(moment, datetime) else moment


def _zones(session: Session) -> dict[int, ZoneInfo | None]:
    return {
        clinic.id: zone_named(clinic.time_zone) for clinic in session.scalars(select(rows.Clinic))
    }


def _any(answers: Iterable[bool]) -> bool | None:
    known = list(answers)
    return any(known) if known else None


def _semen(row: rows.SemenAnalysis) -> SemenSample:
    return SemenSample(
        taken_on=row.sampled_on,
        volume_ml=row.volume_ml,
        pellet_has_sperm=_PELLETS[row.pellet],
        ph=row.ph,
        fructose_low=_below(row.fructose_umol, FRUCTOSE_LOW_UMOL),
        alpha_glucosidase_low=_below(row.alpha_glucosidase_mu, ALPHA_GLUCOSIDASE_LOW_MU),
    )


def _below(value: float | None, limit: float) -> bool | None:
    return None if value is None else value < limit


def _use(found: list[rows.Exposure], agent: words.Agent) -> Exposure | None:
    told = [row for row in found if row.agent == agent]
    taken = [row for row in told if not row.denied and (row.detail or "").strip().lower() != DENIED]
    if not told:
        return None
    if not taken:
        return Exposure.NEVER
    # Without an end, and not said to be over, it goes on: the cautious reading.
    present = any(row.ongoing or (row.ongoing is None and row.ended_on is None) for row in taken)
    return Exposure.PRESENT if present else Exposure.PAST


def _blood(row: rows.HormonePanel, zone: ZoneInfo | None) -> HormoneSample:
    return HormoneSample(
        taken_at=row.sampled_at.astimezone(zone) if zone else row.sampled_at,
        testosterone_nmol_per_l=row.testosterone_nmol_per_l,
        fsh_iu_per_l=row.fsh_iu_per_l,
        lh_iu_per_l=row.lh_iu_per_l,
        prolactin_miu_per_l=row.prolactin_miu_per_l,
        oestradiol_pmol_per_l=row.oestradiol_pmol_per_l,
        inhibin_b_ng_per_l=row.inhibin_b_ng_per_l,
        # Without the clinic's zone the hour on the wall is not known.
        time_known=zone is not None,
        on_testosterone=bool(row.on_testosterone),
        morning=row.morning,
    )


def _testes(found: list[rows.TestisExam]) -> dict[Side, MeasuredTestis]:
    testes = {}
    for side in Side:
        exams = [row for row in found if row.side == side.value]
        if exams:
            testes[side] = MeasuredTestis(
                _newest(row.length_mm for row in exams),
                _newest(row.width_mm for row in exams),
                _newest(row.height_mm for row in exams),
                _newest(row.volume_ml for row in exams),
            )
    return testes


def _newest(values: Iterable[Any]) -> Any:
    """Return the last value that is known."""
    known = [value for value in values if value is not None]
    return known[-1] if known else None


def _vasa(found: list[rows.TestisExam]) -> dict[Side, bool]:
    vasa = {}
    for side in Side:
        felt = _newest(
            row.vas if row.vas != words.Vas.UNCERTAIN else None
            for row in found
            if row.side == side.value
        )
        if felt is not None:
            vasa[side] = felt == words.Vas.PRESENT
    return vasa


def _genetics(found: list[rows.GeneticTest]) -> Genetics:
    own = [row for row in found if row.partner_id is None]
    hers = [row for row in found if row.partner_id is not None]

    def deletion(name: str) -> Deletion | None:
        state = _newest(getattr(row, name) for row in own)
        return None if state is None else _DELETIONS[words.Deletion(state)]

    def variant(tests: list[rows.GeneticTest]) -> bool | None:
        state = _newest(row.cftr for row in tests)
        return None if state is None else state != words.Cftr.NO_VARIANT

    written = _newest(
        row.karyotype_formula or (_KARYOTYPES[row.karyotype] if row.karyotype else None)
        for row in own
    )
    return Genetics(
        written, deletion("azfa"), deletion("azfb"), deletion("azfc"), variant(own), variant(hers)
    )


def _histology(found: list[rows.Histology]) -> Histology | None:
    if not found:
        return None
    newest = {row.side: row.pattern for row in found}
    # Sertoli cells alone means on every side that was looked at.
    return Histology(all(kind == words.Pattern.SERTOLI_CELL_ONLY for kind in newest.values()))
