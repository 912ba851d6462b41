"""The kinds of field a record has, each declared once and checked twice.

A field says what it may hold in its ``info``: from there come both the check of the model (when the
attribute is set) and the CHECK constraint of the database (see ``_base``).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import BigInteger, Boolean, Date, DateTime, Double, Enum, Integer, String
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import MappedColumn, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

from sertoli.errors import RecordError

EARLIEST, LATEST = date(1900, 1, 1), date(2200, 1, 1)
"""No day of a record lies outside of these; the last is not included."""

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,39}")


_WRITTEN = r"(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{6})$"


class Moment(TypeDecorator[datetime]):
    """A point in time: aware in Python, UTC in the database whatever the database keeps."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Read SQLite's text only as it was written: Python would take other separators too."""
        if dialect.name == "sqlite":
            written = sqlite.DATETIME(regexp=_WRITTEN)  # type: ignore[no-untyped-call]
            return dialect.type_descriptor(written)
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn into UTC, without a zone where the database has none."""
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Say that it is UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def zone_named(name: str | None) -> ZoneInfo | None:
    """Return the time zone of that IANA name; None if there is none of the name."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


Key = BigInteger().with_variant(Integer(), "sqlite")
"""Numbers of rows: 64 bits on both databases (SQLite counts up only for INTEGER)."""


@dataclass(frozen=True)
class Field:
    """What a column may hold, for people and for checks.

    ``kind`` is ``number``, ``whole``, ``day``, ``moment``, ``text``, ``zone``, ``code``,
    ``pseudonym``, ``choice``, ``flag`` or ``reference``; ``target`` is the table a reference
    points to.
    """

    kind: str
    help: str
    low: float | None = None
    high: float | None = None
    longest: int = 0
    choices: type[StrEnum] | None = None
    target: str = ""
    future: bool = False

    @property
    def is_code(self) -> bool:
        """Whether people call the row by it."""
        return self.kind in {"code", "pseudonym"}

    def described(self) -> str:
        """Say in a few words what the field holds."""
        if self.choices is not None:
            return "|".join(self.choices)
        if self.kind == "whole":
            return f"whole, {self.low} to {self.high}"
        if self.kind == "number":
            return f"{self.low:g} to {self.high:g}"
        return f"a {self.target}" if self.target else self.kind

    def check(self, name: str, value: Any) -> Any:
        """Return the value as the database will give it back, or refuse it.

        Raises
        ------
        RecordError
            If the value is impossible; ``field`` is ``name``.
        """
        if value is None:
            return None
        if self.kind == "number":
            return self._number(name, value)
        if self.kind in {"whole", "reference"}:
            return self._whole(name, value)
        if self.kind == "day":
            return self._day(name, value)
        if self.kind == "moment":
            return self._moment(name, value)
        if self.kind == "flag":
            if not isinstance(value, bool):
                raise RecordError(name, f"is {value!r}", "give yes or no")
            return value
        if self.choices is not None:
            return self._choice(name, value)
        return self._text(name, value)

    def _number(self, name: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise RecordError(name, f"is {value!r}, not a number", "give a number")
        return self._within(name, float(value))

    def _whole(self, name: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise RecordError(name, f"is {value!r}, not a whole number", "give a whole number")
        self._within(name, float(value))
        return value

    def _within(self, name: str, value: float) -> float:
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        if not low <= value <= high:
            raise RecordError(
                name, f"cannot be {value:g}", f"give a value from {low:g} to {high:g}"
            )
        # The database makes no difference between the zeros, so neither does the audit.
        return value + 0.0

    def _day(self, name: str, value: Any) -> date:
        if isinstance(value, datetime) or not isinstance(value, date):
            raise RecordError(name, f"is {value!r}, not a day", "give a day as YYYY-MM-DD")
        self._sensible(name, value)
        return value

    def _moment(self, name: str, value: Any) -> datetime:
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise RecordError(
                name, f"is {value!r}, not a time with its zone", "give YYYY-MM-DDTHH:MM+00:00"
            )
        try:
            utc: datetime = value.astimezone(UTC)
        except OverflowError:
            raise RecordError(name, f"cannot be {value}", "give the year it happened") from None
        self._sensible(name, utc.date())
        return utc

    def _sensible(self, name: str, day: date) -> None:
        if not EARLIEST <= day < LATEST:
            raise RecordError(name, f"cannot be {day}", f"give a day after {EARLIEST}")
        # Somewhere on earth it is tomorrow already.
        if not self.future and day > datetime.now(UTC).date() + timedelta(days=1):
            raise RecordError(name, f"is {day}, in the future", "give the day it happened")

    def _choice(self, name: str, value: Any) -> StrEnum:
        assert self.choices is not None
        try:
            return self.choices(value)
        except ValueError:
            raise RecordError(
                name, f"cannot be {value!r}", f"choose of {', '.join(self.choices)}"
            ) from None

    def _text(self, name: str, value: Any) -> str:
        if not isinstance(value, str) or not value.strip() or "\0" in value:
            raise RecordError(name, f"is {value!r}", "give a text, or leave it out")
        if any("\ud800" <= sign <= "\udfff" for sign in value):
            raise RecordError(name, "holds a broken character", "type it again")
        if len(value) > self.longest:
            raise RecordError(name, f"has {len(value)} signs", f"use at most {self.longest}")
        if self.is_code and not _CODE.fullmatch(value):
            raise RecordError(
                name, f"cannot be {value!r}", "use 1 to 40 letters, digits, points or hyphens"
            )
        if self.kind == "pseudonym" and not any("0" <= sign <= "9" for sign in value):
            raise RecordError(
                name, f"{value!r} holds no digit and may be a name", "use a pseudonym, like P-0001"
            )
        if self.kind == "zone" and zone_named(value) is None:
            raise RecordError(
                name, f"{value!r} is no time zone", "give one by its IANA name, as Europe/Madrid"
            )
        return value


def _column(type_: TypeEngine[Any], field: Field) -> MappedColumn[Any]:
    return mapped_column(type_, info={"field": field})


def measure(help: str, low: float, high: float) -> MappedColumn[Any]:
    """Declare a measured value within ``low`` to ``high``; the unit stands in the name."""
    return _column(Double(), Field("number", help, low, high))


def count(help: str, low: int, high: int) -> MappedColumn[Any]:
    """Declare a count or year within ``low`` to ``high``."""
    return _column(Integer(), Field("whole", help, low, high))


def on_day(help: str, *, future: bool = False) -> MappedColumn[Any]:
    """Declare a calendar day at the clinic; not in the future unless it is planned."""
    return _column(Date(), Field("day", help, future=future))


def at_moment(help: str) -> MappedColumn[Any]:
    """Declare a point in time."""
    return _column(Moment(), Field("moment", help))


def words(help: str, longest: int = 500) -> MappedColumn[Any]:
    """Declare free text. No names: the record is pseudonymous."""
    return _column(String(longest), Field("text", help, longest=longest))


def time_zone(help: str) -> MappedColumn[Any]:
    """Declare an IANA time zone. The database takes any text: it does not know them."""
    return _column(String(60), Field("zone", help, longest=60))


def label(help: str) -> MappedColumn[Any]:
    """Declare the label people use for the row, unique in its clinic."""
    return _column(String(40), Field("code", help, longest=40))


def pseudonym(help: str) -> MappedColumn[Any]:
    """Declare a label that must not be a person's name."""
    return _column(String(40), Field("pseudonym", help, longest=40))


def one_of(choices: type[StrEnum], help: str) -> MappedColumn[Any]:
    """Declare one of a closed list of words."""
    kind = Enum(
        choices,
        native_enum=False,
        create_constraint=False,
        length=40,
        values_callable=lambda members: [member.value for member in members],
    )
    return _column(kind, Field("choice", help, choices=choices))


def yes_no(help: str) -> MappedColumn[Any]:
    """Declare a yes or no (or unknown, where it may be left out)."""
    return _column(Boolean(), Field("flag", help))


def refers_to(target: str, help: str) -> MappedColumn[Any]:
    """Declare the number of a row of table ``target`` in the same clinic."""
    return _column(Key, Field("reference", help, low=1, high=2**62, target=target))
