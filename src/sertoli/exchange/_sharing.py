"""Whose rows may leave the clinic: what an export is for, and who agreed to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import select

from sertoli.case import Consent, Partner, Patient, Purpose

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class Use(StrEnum):
    """What an export is for; the first two are purposes of a consent."""

    DATA_SHARING = "data_sharing"
    RESEARCH = "research"
    OWN_USE = "own_use"


Person = tuple[int, int | None]
"""Numbers of the man, and of his partner if it is she."""


def withheld(session: Session, use: Use, on: date) -> set[tuple[str, int]]:
    """Name the men and partners (table, number) whose rows may not be exported.

    To share, or for research, each of them has to have agreed to that, and the consent has to be
    in force: given, not withdrawn since, not run out. For the clinic's own use it is enough not
    to have withdrawn either.

    Parameters
    ----------
    session : Session
        Of the clinic.
    use : Use
    on : date
        The day of the export.
    """
    given: dict[tuple[Purpose, Person], list[Consent]] = defaultdict(list)
    for consent in session.scalars(select(Consent).where(Consent.given_on <= on)):
        given[consent.purpose, (consent.patient_id, consent.partner_id)].append(consent)

    def may(person: Person) -> bool:
        if use is not Use.OWN_USE:
            return _in_force(given[Purpose(use), person], on)
        both = (given[purpose, person] for purpose in (Purpose.DATA_SHARING, Purpose.RESEARCH))
        return all(_last_withdrawal(one, on) is None or _in_force(one, on) for one in both)

    kept_back = {
        ("patient", man) for man in session.scalars(select(Patient.id)) if not may((man, None))
    }
    for partner, man in session.execute(select(Partner.id, Partner.patient_id)):
        if not may((man, partner)):
            kept_back.add(("partner", partner))
    return kept_back


def _last_withdrawal(consents: Iterable[Consent], on: date) -> date | None:
    days = (consent.withdrawn_on for consent in consents)
    return max((day for day in days if day is not None and day <= on), default=None)


def _in_force(consents: list[Consent], on: date) -> bool:
    """Whether one holds on a day: what was given before a withdrawal went with it."""
    withdrawn = _last_withdrawal(consents, on)
    return any(
        (consent.withdrawn_on is None or consent.withdrawn_on > on)
        and (consent.valid_until is None or consent.valid_until >= on)
        and (withdrawn is None or consent.given_on >= withdrawn)
        for consent in consents
    )
