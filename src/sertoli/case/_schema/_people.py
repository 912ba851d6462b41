"""The man, his partner, what they agreed to, and what he brought with him."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from sqlalchemy.orm import Mapped

from sertoli.case._schema._base import ClinicRow
from sertoli.case._schema._fields import (
    count,
    measure,
    on_day,
    one_of,
    pseudonym,
    refers_to,
    words,
    yes_no,
)
from sertoli.case._schema._words import Agent, Condition, Purpose, Side


class Patient(ClinicRow):
    """A man, by pseudonym; a case is all that hangs on him."""

    __tablename__ = "patient"

    code: Mapped[str] = pseudonym("pseudonym of the man")
    birth_year: Mapped[int | None] = count("year of birth", 1900, 2100)
    referred_on: Mapped[date | None] = on_day("when he came to the clinic")
    wants_sperm: Mapped[bool | None] = yes_no("whether he wants (or may yet want) sperm")
    height_cm: Mapped[float | None] = measure("height", 100, 250)
    weight_kg: Mapped[float | None] = measure("weight", 30, 350)
    duration_of_infertility_years: Mapped[float | None] = measure("since when they try", 0, 40)


class Partner(ClinicRow):
    """The partner of a man, by pseudonym."""

    __tablename__ = "partner"

    patient_id: Mapped[int] = refers_to("patient", "the man")
    code: Mapped[str] = pseudonym("pseudonym of the partner")
    birth_year: Mapped[int | None] = count("year of birth", 1900, 2100)
    amh_pmol_per_l: Mapped[float | None] = measure("anti-Mullerian hormone", 0, 500)


class Consent(ClinicRow):
    """What somebody agreed to, and whether it was withdrawn."""

    __tablename__ = "consent"
    ordered: ClassVar = (("given_on", "withdrawn_on"), ("given_on", "valid_until"))

    patient_id: Mapped[int] = refers_to("patient", "the man")
    partner_id: Mapped[int | None] = refers_to("partner", "the partner, if it is hers")
    purpose: Mapped[Purpose] = one_of(Purpose, "what for")
    given_on: Mapped[date] = on_day("when it was given")
    valid_until: Mapped[date | None] = on_day("when it ends by itself", future=True)
    withdrawn_on: Mapped[date | None] = on_day("when it was withdrawn")


class Exposure(ClinicRow):
    """Something that acts on spermatogenesis, now or in the past."""

    __tablename__ = "exposure"
    ordered: ClassVar = (("started_on", "ended_on"),)

    patient_id: Mapped[int] = refers_to("patient", "the man")
    agent: Mapped[Agent] = one_of(Agent, "what it was")
    started_on: Mapped[date | None] = on_day("first day")
    ended_on: Mapped[date | None] = on_day("last day; empty while it goes on, or if not known")
    ongoing: Mapped[bool | None] = yes_no("whether it goes on")
    detail: Mapped[str | None] = words("substance, dose, regimen")
    denied: Mapped[bool | None] = yes_no("yes: he was asked, and was never exposed to it")


class HistoryItem(ClinicRow):
    """A disease, injury or operation of the past."""

    __tablename__ = "history_item"

    patient_id: Mapped[int] = refers_to("patient", "the man")
    condition: Mapped[Condition] = one_of(Condition, "what it was")
    side: Mapped[Side | None] = one_of(Side, "on which side, if on one")
    year: Mapped[int | None] = count("in which year", 1900, 2100)
    detail: Mapped[str | None] = words("anything further")
    denied: Mapped[bool | None] = yes_no("yes: he was asked, and never had it")
