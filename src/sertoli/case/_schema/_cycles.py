"""From the oocytes to the newborn."""

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
    yes_no,
)
from sertoli.case._schema._words import (
    EmbryoFate,
    PregnancyOutcome,
    Sex,
    SpermSource,
    TransferKind,
)


class Cycle(ClinicRow):
    """A treatment cycle: an initiated cycle in the sense of ICMART."""

    __tablename__ = "cycle"

    patient_id: Mapped[int] = refers_to("patient", "the man")
    partner_id: Mapped[int] = refers_to("partner", "the partner")
    code: Mapped[str] = label("label of the cycle")
    started_on: Mapped[date] = on_day("when stimulation or preparation began")
    sperm_source: Mapped[SpermSource] = one_of(SpermSource, "whose sperm, and how kept")
    cancelled_on: Mapped[date | None] = on_day("when it was given up")
    cancelled_why: Mapped[str | None] = words("why it was given up")
    ordered: ClassVar = (("started_on", "cancelled_on"),)


class OocyteRetrieval(ClinicRow):
    """Oocytes aspirated: an aspiration cycle in the sense of ICMART."""

    __tablename__ = "oocyte_retrieval"
    ordered: ClassVar = (("mii", "oocytes"),)
    different: ClassVar = (("done_by_id", "witness_id"),)

    cycle_id: Mapped[int] = refers_to("cycle", "the cycle")
    retrieved_at: Mapped[datetime] = at_moment("when")
    oocytes: Mapped[int] = count("oocytes retrieved", 0, 100)
    mii: Mapped[int | None] = count("of these in metaphase II", 0, 100)
    done_by_id: Mapped[int | None] = refers_to("staff", "by whom")
    witness_id: Mapped[int | None] = refers_to("staff", "who witnessed")


class Injection(ClinicRow):
    """One oocyte injected with one sperm (ICSI)."""

    __tablename__ = "injection"
    together: ClassVar = (("oocyte_retrieval_id", "oocyte"),)
    exclusive: ClassVar = (("specimen_id", "straw_id"),)
    different: ClassVar = (("injected_by_id", "witness_id"),)

    oocyte_retrieval_id: Mapped[int] = refers_to("oocyte_retrieval", "where the oocyte is from")
    oocyte: Mapped[int] = count("number of the oocyte", 1, 100)
    specimen_id: Mapped[int | None] = refers_to("specimen", "the fresh specimen of the sperm")
    straw_id: Mapped[int | None] = refers_to("straw", "the thawed straw of the sperm")
    injected_at: Mapped[datetime] = at_moment("when")
    injected_by_id: Mapped[int] = refers_to("staff", "by whom")
    witness_id: Mapped[int] = refers_to("staff", "who witnessed")
    sperm_motile: Mapped[bool | None] = yes_no("whether the sperm moved")
    degenerated: Mapped[bool | None] = yes_no("whether the oocyte was lost")
    pronuclei: Mapped[int | None] = count("pronuclei; 2 is normal fertilisation", 0, 10)
    cleaved: Mapped[bool | None] = yes_no("whether it divided")
    blastocyst: Mapped[bool | None] = yes_no("whether it became a blastocyst")


class Embryo(ClinicRow):
    """An embryo worth naming."""

    __tablename__ = "embryo"
    together: ClassVar = (("injection_id",),)

    injection_id: Mapped[int] = refers_to("injection", "the injection it came from")
    code: Mapped[str] = label("label of the embryo")
    day: Mapped[int | None] = count("day of development when judged", 0, 8)
    quality: Mapped[str | None] = words("grade, in the clinic's own scheme", 40)
    fate: Mapped[EmbryoFate | None] = one_of(EmbryoFate, "if it was not transferred fresh")
    fate_on: Mapped[date | None] = on_day("when it was frozen, discarded, donated")


class Transfer(ClinicRow):
    """Embryos put into the womb: a transfer cycle in the sense of ICMART."""

    __tablename__ = "transfer"
    different: ClassVar = (("done_by_id", "witness_id"),)

    cycle_id: Mapped[int] = refers_to("cycle", "the cycle")
    transferred_on: Mapped[date] = on_day("when")
    kind: Mapped[TransferKind] = one_of(TransferKind, "fresh, or thawed embryos")
    embryos: Mapped[int] = count("embryos transferred", 1, 10)
    done_by_id: Mapped[int] = refers_to("staff", "by whom")
    witness_id: Mapped[int] = refers_to("staff", "who witnessed")


class TransferredEmbryo(ClinicRow):
    """An embryo of a transfer; an embryo is transferred once."""

    __tablename__ = "transferred_embryo"
    together: ClassVar = (("embryo_id",),)

    transfer_id: Mapped[int] = refers_to("transfer", "the transfer")
    embryo_id: Mapped[int] = refers_to("embryo", "the embryo")


class Pregnancy(ClinicRow):
    """What followed a transfer (terms of ICMART 2017).

    ``clinical``: seen by ultrasound (a sac) or definitive clinical signs, ectopic included.
    """

    __tablename__ = "pregnancy"
    together: ClassVar = (("transfer_id",),)
    ordered: ClassVar = (("noted_on", "ended_on"),)

    transfer_id: Mapped[int] = refers_to("transfer", "the transfer it came from")
    noted_on: Mapped[date] = on_day("first positive test")
    clinical: Mapped[bool | None] = yes_no("whether a clinical pregnancy")
    sacs: Mapped[int | None] = count("sacs seen by ultrasound", 0, 8)
    hearts: Mapped[int | None] = count("heart beats seen", 0, 8)
    outcome: Mapped[PregnancyOutcome] = one_of(PregnancyOutcome, "how it went")
    ended_on: Mapped[date | None] = on_day("when it ended")
    weeks: Mapped[int | None] = count("completed weeks when it ended", 0, 45)


class Newborn(ClinicRow):
    """A child born."""

    __tablename__ = "newborn"
    together: ClassVar = (("pregnancy_id", "number"),)

    pregnancy_id: Mapped[int] = refers_to("pregnancy", "the pregnancy")
    number: Mapped[int] = count("1, or its place among multiples", 1, 8)
    born_on: Mapped[date] = on_day("day of birth")
    alive: Mapped[bool] = yes_no("whether born alive")
    sex: Mapped[Sex] = one_of(Sex, "sex")
    weight_g: Mapped[float | None] = measure("birth weight", 100, 8000)
    anomaly: Mapped[str | None] = words("congenital anomaly, if any", 200)
