"""The cryobank. Where a straw is follows from its last move alone, so it is in one place."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from sertoli.case._schema._base import ClinicRow
from sertoli.case._schema._fields import (
    at_moment,
    count,
    label,
    measure,
    one_of,
    refers_to,
    words,
)
from sertoli.case._schema._words import Fate


class Tank(ClinicRow):
    """A tank of liquid nitrogen."""

    __tablename__ = "tank"

    code: Mapped[str] = label("label of the tank")


class Canister(ClinicRow):
    """A canister in a tank."""

    __tablename__ = "canister"
    together: ClassVar = (("tank_id", "number"),)

    tank_id: Mapped[int] = refers_to("tank", "the tank")
    number: Mapped[int] = count("number in the tank", 1, 1000)


class Cane(ClinicRow):
    """A cane in a canister."""

    __tablename__ = "cane"
    together: ClassVar = (("canister_id", "number"),)

    canister_id: Mapped[int] = refers_to("canister", "the canister")
    number: Mapped[int] = count("number in the canister", 1, 1000)


class Goblet(ClinicRow):
    """A goblet on a cane; its places are numbered from 1 to ``places``."""

    __tablename__ = "goblet"
    together: ClassVar = (("cane_id", "number"),)

    cane_id: Mapped[int] = refers_to("cane", "the cane")
    code: Mapped[str] = label("label of the goblet")
    number: Mapped[int] = count("number on the cane", 1, 1000)
    places: Mapped[int] = count("how many straws it takes", 1, 1000)


class Straw(ClinicRow):
    """A straw of frozen sperm."""

    __tablename__ = "straw"
    ordered: ClassVar = (("motile_sperm", "sperm"),)
    different: ClassVar = (("frozen_by_id", "witness_id"),)

    specimen_id: Mapped[int] = refers_to("specimen", "what is in it")
    code: Mapped[str] = label("label on the straw")
    frozen_at: Mapped[datetime] = at_moment("when it was frozen")
    frozen_by_id: Mapped[int] = refers_to("staff", "who froze it")
    witness_id: Mapped[int] = refers_to("staff", "who witnessed")
    sperm: Mapped[int] = count("sperm in it", 0, 10_000_000)
    motile_sperm: Mapped[int | None] = count("of these motile before freezing", 0, 10_000_000)
    medium: Mapped[str | None] = words("cryoprotectant", 120)


class StrawMove(ClinicRow):
    """A straw put somewhere, or taken out for good. The highest ``number`` says where it is."""

    __tablename__ = "straw_move"
    together: ClassVar = (("straw_id", "number"),)
    different: ClassVar = (("moved_by_id", "witness_id"),)

    straw_id: Mapped[int] = refers_to("straw", "the straw")
    number: Mapped[int] = count("1 for the first place, then counting up", 1, 10_000)
    fate: Mapped[Fate] = one_of(Fate, "what was done")
    moved_at: Mapped[datetime] = at_moment("when")
    goblet_id: Mapped[int | None] = refers_to("goblet", "where to; empty when taken out")
    place: Mapped[int | None] = count("place in the goblet", 1, 1000)
    moved_by_id: Mapped[int] = refers_to("staff", "who moved it")
    witness_id: Mapped[int] = refers_to("staff", "who witnessed")
    reason: Mapped[str | None] = words("why")


class Thaw(ClinicRow):
    """What a thawed straw held."""

    __tablename__ = "thaw"
    together: ClassVar = (("straw_id",),)
    ordered: ClassVar = (("motile_sperm", "sperm"),)
    different: ClassVar = (("thawed_by_id", "witness_id"),)

    straw_id: Mapped[int] = refers_to("straw", "the straw")
    thawed_at: Mapped[datetime] = at_moment("when")
    thawed_by_id: Mapped[int] = refers_to("staff", "who thawed it")
    witness_id: Mapped[int] = refers_to("staff", "who witnessed")
    sperm: Mapped[int | None] = count("sperm found again", 0, 10_000_000)
    motile_sperm: Mapped[int | None] = count("of these motile", 0, 10_000_000)
    motility_percent: Mapped[float | None] = measure("motility after thawing", 0, 100)
