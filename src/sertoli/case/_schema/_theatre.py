"""The operation: procedures, sides, complications, specimens."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from sertoli.case._schema._base import ClinicRow
from sertoli.case._schema._fields import (
    at_moment,
    count,
    label,
    measure,
    on_day,
    one_of,
    refers_to,
    words,
)
from sertoli.case._schema._words import (
    ComplicationKind,
    Grade,
    ProcedureKind,
    Side,
    SpecimenKind,
)


class Procedure(ClinicRow):
    """One procedure on one man: a "biopsy" in the outcomes."""

    __tablename__ = "procedure"
    ordered: ClassVar = (("started_at", "ended_at"),)

    patient_id: Mapped[int] = refers_to("patient", "the man")
    code: Mapped[str] = label("label of the procedure")
    kind: Mapped[ProcedureKind] = one_of(ProcedureKind, "technique")
    surgeon_id: Mapped[int] = refers_to("staff", "the surgeon")
    started_at: Mapped[datetime] = at_moment("when it began")
    ended_at: Mapped[datetime | None] = at_moment("when it ended")
    anaesthesia: Mapped[str | None] = words("anaesthesia", 80)


class ProcedureSide(ClinicRow):
    """One testis within a procedure."""

    __tablename__ = "procedure_side"
    together: ClassVar = (("procedure_id", "side"),)
    ordered: ClassVar = (("started_at", "ended_at"),)

    procedure_id: Mapped[int] = refers_to("procedure", "the procedure")
    side: Mapped[Side] = one_of(Side, "which testis")
    started_at: Mapped[datetime | None] = at_moment("when the testis was opened")
    ended_at: Mapped[datetime | None] = at_moment("when it was closed")
    magnification: Mapped[float | None] = measure("of the operating microscope", 1, 60)
    needle_passes: Mapped[int | None] = count("sites aspirated", 0, 200)


class Complication(ClinicRow):
    """What went wrong after a procedure."""

    __tablename__ = "complication"

    procedure_id: Mapped[int] = refers_to("procedure", "the procedure")
    noted_on: Mapped[date] = on_day("when it was noted")
    kind: Mapped[ComplicationKind] = one_of(ComplicationKind, "what")
    grade: Mapped[Grade] = one_of(Grade, "severity by Clavien and Dindo")
    side: Mapped[Side | None] = one_of(Side, "on which side, if on one")
    detail: Mapped[str | None] = words("anything further")


class Specimen(ClinicRow):
    """A piece of tissue or an aspirate, with the place it came from (``SiteRef``).

    ``x_px``, ``y_px``: x right, y down, zero-based, the centre of the top-left pixel is (0, 0).
    """

    __tablename__ = "specimen"

    procedure_id: Mapped[int] = refers_to("procedure", "the procedure")
    code: Mapped[str] = label("label on the tube, as given to `sertoli search --specimen`")
    kind: Mapped[SpecimenKind] = one_of(SpecimenKind, "what it is")
    side: Mapped[Side | None] = one_of(Side, "which testis")
    taken_at: Mapped[datetime] = at_moment("when it was taken")
    mass_mg: Mapped[float | None] = measure("mass of the tissue", 0, 20_000)
    recording_id: Mapped[str | None] = words("recording of the field", 200)
    frame: Mapped[int | None] = count("frame of the recording, 0-based", 0, 2**31 - 1)
    tubule_id: Mapped[int | None] = count("tubule in that frame", 0, 2**31 - 1)
    x_px: Mapped[float | None] = measure("point on the tubule's centreline", -0.5, 100_000)
    y_px: Mapped[float | None] = measure("point on the tubule's centreline", -0.5, 100_000)
    clock_position: Mapped[float | None] = measure("clock position on the testis", 0, 12)
    depth_mm: Mapped[float | None] = measure("depth below the tunica", 0, 60)
