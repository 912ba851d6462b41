"""A man's follow-up, read from the record."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select

from sertoli.case import _schema as rows
from sertoli.case.follow_up._follow_up import FollowUp, Plan, Visit, follow_up
from sertoli.case.workup import men_from_record
from sertoli.errors import InputError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def follow_up_from_record(session: Session, patient: rows.Patient, *, today: date) -> FollowUp:
    """Return the follow-up of a man since his last procedure.

    Parameters
    ----------
    session : Session
        Of an open record.
    patient : Patient
    today : date
        For overdue visits.

    Raises
    ------
    InputError
        If he had no procedure until today.
    """
    started = session.scalars(
        select(rows.Procedure.started_at).where(rows.Procedure.patient_id == patient.id)
    )
    operated = [moment.date() for moment in started if moment.date() <= today]
    if not operated:
        raise InputError(
            f"{patient.code} had no procedure until {today}", "there is nothing to follow up"
        )
    man = men_from_record(session, [patient.id])[patient.id]
    clinic = session.get_one(rows.Clinic, patient.clinic_id)
    limit = clinic.testosterone_limit_nmol_per_l
    visits = session.scalars(
        select(rows.FollowUpVisit).where(rows.FollowUpVisit.patient_id == patient.id)
    )
    return follow_up(
        max(operated),
        man.hormones,
        [
            Visit(row.visited_on, row.due_on, row.symptoms, row.testosterone_replacement)
            for row in visits
        ],
        today=today,
        wants_sperm=man.wants_sperm,
        plan=Plan() if limit is None else Plan(low_nmol_per_l=limit),
    )
