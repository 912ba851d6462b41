"""Clinics and their staff."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from sertoli.case._schema._base import ClinicRow, Row
from sertoli.case._schema._fields import (
    label,
    measure,
    on_day,
    one_of,
    pseudonym,
    time_zone,
    words,
    yes_no,
)
from sertoli.case._schema._words import Role


class Clinic(Row):
    """A clinic. Every other row of the record belongs to one."""

    __tablename__ = "clinic"
    __table_args__ = (
        UniqueConstraint("code", name="uq_clinic__code"),
        {"sqlite_autoincrement": True},
    )

    code: Mapped[str] = label("short name, as in the record's other files")
    country: Mapped[str | None] = words("country", 80)
    time_zone: Mapped[str | None] = time_zone("IANA time zone, for sampling times")
    synthetic: Mapped[bool] = yes_no("whether all of its records are made up")
    testosterone_limit_nmol_per_l: Mapped[float | None] = measure(
        "below this a repeated morning testosterone is flagged", 1, 30
    )


class Staff(ClinicRow):
    """A member of staff, by pseudonym."""

    __tablename__ = "staff"
    ordered: ClassVar = (("active_from", "active_until"),)

    code: Mapped[str] = pseudonym("pseudonym of the member of staff")
    role: Mapped[Role] = one_of(Role, "what the person does")
    reads_all_clinics: Mapped[bool] = yes_no("whether the person may read across clinics")
    active_from: Mapped[date | None] = on_day("first day at the clinic")
    active_until: Mapped[date | None] = on_day("last day at the clinic", future=True)
