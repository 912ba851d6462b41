"""The bench: dishes, droplets, searches, confirmed sperm, viability."""

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
    yes_no,
)
from sertoli.case._schema._words import Motility, SearchMethod, ViabilityMethod


class Dish(ClinicRow):
    """A dish with a part of a specimen."""

    __tablename__ = "dish"

    specimen_id: Mapped[int] = refers_to("specimen", "what is in it")
    code: Mapped[str] = label("label on the dish")
    prepared_at: Mapped[datetime] = at_moment("when it was prepared")


class IncubatorAbsence(ClinicRow):
    """A time that a dish spent out of the incubator."""

    __tablename__ = "incubator_absence"
    ordered: ClassVar = (("out_at", "back_at"),)

    dish_id: Mapped[int] = refers_to("dish", "the dish")
    out_at: Mapped[datetime] = at_moment("when it left the incubator")
    back_at: Mapped[datetime | None] = at_moment("when it came back")


class Droplet(ClinicRow):
    """A droplet in a dish."""

    __tablename__ = "droplet"
    together: ClassVar = (("dish_id", "number"),)

    dish_id: Mapped[int] = refers_to("dish", "the dish")
    number: Mapped[int] = count("number in the dish", 1, 1000)
    volume_ul: Mapped[float | None] = measure("volume", 0, 5000)


class BenchSearch(ClinicRow):
    """A specimen (or a dish, or a droplet of it) looked through.

    ``confirmed_sperm`` stays empty until a person has looked: an unconfirmed or unfinished search
    is never a negative. ``complete`` says that ``share_searched`` of the specimen is done with.
    """

    __tablename__ = "bench_search"
    ordered: ClassVar = (
        ("started_at", "ended_at"),
        ("motile_sperm", "confirmed_sperm"),
        ("sensitivity_low", "sensitivity_mean"),
        ("sensitivity_mean", "sensitivity_high"),
    )

    specimen_id: Mapped[int] = refers_to("specimen", "what was searched")
    dish_id: Mapped[int | None] = refers_to("dish", "the dish, if one")
    droplet_id: Mapped[int | None] = refers_to("droplet", "the droplet, if one")
    searched_by_id: Mapped[int] = refers_to("staff", "who looked")
    method: Mapped[SearchMethod] = one_of(SearchMethod, "by eye, or with the program's help")
    started_at: Mapped[datetime] = at_moment("when it began")
    ended_at: Mapped[datetime | None] = at_moment("when it ended")
    share_searched: Mapped[float | None] = measure("share of the specimen searched", 0, 1)
    complete: Mapped[bool] = yes_no("whether the search was finished")
    candidates: Mapped[int | None] = count("findings proposed", 0, 10_000_000)
    confirmed_sperm: Mapped[int | None] = count("sperm that a person confirmed", 0, 10_000_000)
    motile_sperm: Mapped[int | None] = count("of these motile", 0, 10_000_000)
    sensitivity_mean: Mapped[float | None] = measure("of the search, for one sperm", 0, 1)
    sensitivity_low: Mapped[float | None] = measure("lower end of its interval", 0, 1)
    sensitivity_high: Mapped[float | None] = measure("upper end of its interval", 0, 1)
    weights_sha256: Mapped[str | None] = words("which detector", 64)
    result_name: Mapped[str | None] = words("folder of the search's files, by name", 200)
    result_sha256: Mapped[str | None] = words("SHA-256 of its summary.json", 64)


class ConfirmedSperm(ClinicRow):
    """One finding that a person confirmed."""

    __tablename__ = "confirmed_sperm"

    bench_search_id: Mapped[int] = refers_to("bench_search", "the search")
    confirmed_by_id: Mapped[int] = refers_to("staff", "who confirmed")
    confirmed_at: Mapped[datetime] = at_moment("when")
    track_id: Mapped[int | None] = count("track in tracks.csv", 0, 2**31 - 1)
    frame: Mapped[int | None] = count("frame in findings.csv, 0-based", 0, 2**31 - 1)
    x_px: Mapped[float | None] = measure("centre of the head", -0.5, 100_000)
    y_px: Mapped[float | None] = measure("centre of the head", -0.5, 100_000)
    probability: Mapped[float | None] = measure("what the detector said", 0, 1)
    motility: Mapped[Motility | None] = one_of(Motility, "grade of motility")


class ViabilityTest(ClinicRow):
    """How it was judged that immotile sperm live."""

    __tablename__ = "viability_test"
    ordered: ClassVar = (("viable", "tested"),)

    specimen_id: Mapped[int] = refers_to("specimen", "the specimen")
    tested_at: Mapped[datetime] = at_moment("when")
    tested_by_id: Mapped[int | None] = refers_to("staff", "by whom")
    method: Mapped[ViabilityMethod] = one_of(ViabilityMethod, "how")
    tested: Mapped[int] = count("sperm tested", 1, 100_000)
    viable: Mapped[int] = count("of these judged alive", 0, 100_000)
