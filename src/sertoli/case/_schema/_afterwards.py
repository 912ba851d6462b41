"""The man after surgery. His hormones are panels like those before."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Mapped

from sertoli.case._schema._base import ClinicRow
from sertoli.case._schema._fields import (
    on_day,
    refers_to,
    words,
    yes_no,
)


class FollowUpVisit(ClinicRow):
    """A visit after a procedure, due or done."""

    __tablename__ = "follow_up_visit"

    patient_id: Mapped[int] = refers_to("patient", "the man")
    procedure_id: Mapped[int | None] = refers_to("procedure", "the procedure it follows")
    due_on: Mapped[date | None] = on_day("when it is due", future=True)
    visited_on: Mapped[date | None] = on_day("when he came; empty while he has not")
    symptoms: Mapped[bool | None] = yes_no("whether he has symptoms of low testosterone")
    testosterone_replacement: Mapped[bool | None] = yes_no("whether he takes testosterone")
    detail: Mapped[str | None] = words("anything further")
