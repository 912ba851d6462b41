"""Cells of foreign tables as values of the record: numbers, units, days, words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sertoli.case import fields_of
from sertoli.exchange._entries import ENTITY_OF
from sertoli.exchange._problems import short
from sertoli.exchange._units import factor_to, units_for

EMPTY = {"", "na", "n/a", "n.a.", "nan", "null", "-", "--", "unknown", "missing", "#n/a"}
"""What stands for nothing, in small letters, unless the field has that very word."""

_NUMBER = re.compile(r"([+-]?(?:\d+(?:[.,]\d+)*|[.,]\d+)(?:[eE][+-]?\d+)?)\s*(\D.*)?", re.DOTALL)
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_ISO_DAY = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_LOCAL_DAY = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([ap]m)?", re.IGNORECASE)
_E_MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_YES = {"yes", "y", "true", "1"}
_NO = {"no", "n", "false", "0"}


class DayOrder(StrEnum):
    """How days are written where the year does not come first."""

    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"


class CellError(Exception):
    """A cell that cannot be what it should be."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


@dataclass(frozen=True)
class Manner:
    """How a file writes numbers and days.

    Parameters
    ----------
    decimal : str or None
        ``,`` or ``.``; None: not known, so both are taken where they cannot be confused.
    days : DayOrder or None
        None: not known.
    zone : ZoneInfo or None
        For times without their own.
    """

    decimal: str | None = None
    days: DayOrder | None = None
    zone: ZoneInfo | None = None


@dataclass(frozen=True)
class Reading:
    """How the cells of one column are read.

    Parameters
    ----------
    unit : str or None
        The unit they are printed in, where a cell does not say its own.
    words : mapping of str to str
        Cell -> what is meant by it; an empty text for nothing.
    clock : str or None
        Time of day, ``HH:MM``, of cells that give only the day.
    prefix : str
        Put before a code.
    """

    unit: str | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    clock: str | None = None
    prefix: str = ""


def value_of(entity: str, column: str, cell: str, reading: Reading, manner: Manner) -> Any:
    """Return what a cell says of a field, None for nothing.

    References come back as the code they name. What the field itself refuses (a value out of
    bounds, an unknown word) is left to its own check.

    Raises
    ------
    CellError
        If the cell cannot be read so.
    """
    cell = reading.words.get(cell, cell).strip()
    kind = ENTITY_OF[entity].fields[column]
    words = {_word(str(choice)): str(choice) for choice in kind.choices or ()}
    if kind.choices is not None and _word(cell) in words:
        return words[_word(cell)]
    if cell.lower() in EMPTY:
        return None
    if kind.kind in {"number", "whole"}:
        if column == "birth_year":
            # Of a day of birth the record keeps the year alone.
            for pattern, place in ((_ISO_DAY, 1), (_LOCAL_DAY, 4)):
                match = pattern.fullmatch(cell)
                if match:
                    return int(match[place])
        number = _number(column, cell, reading.unit, manner)
        if kind.kind == "number":
            return number
        if number != int(number):
            raise CellError(f"is {short(cell)}, not a whole number", "give a whole number")
        return int(number)
    if kind.kind == "day":
        return _day(cell.split("T")[0].split(" ")[0], manner)
    if kind.kind == "moment":
        return _moment(cell, reading.clock, manner)
    if kind.kind == "flag":
        if cell.lower() not in _YES | _NO:
            raise CellError(
                f"is {short(cell)}", "give yes or no, or say what it means under `words`"
            )
        return cell.lower() in _YES
    if _E_MAIL.search(cell):
        raise CellError("holds an e-mail address", "take it out: the record is pseudonymous")
    if kind.is_code or kind.kind == "reference":
        return reading.prefix + cell
    return cell


def _word(text: str) -> str:
    return re.sub(r"[\s_-]+", "_", text.strip().lower())


def _number(column: str, cell: str, unit: str | None, manner: Manner) -> float:
    match = _NUMBER.fullmatch(cell.replace("\u00a0", " ").replace("\u2212", "-"))
    if match is None:
        raise CellError(
            f"is {short(cell)}, not a number",
            "give a number, or say what it means under `words` of the mapping",
        )
    digits, printed = match[1], (match[2] or "").strip() or unit
    number = _decimal(digits, cell, manner.decimal)
    if printed is None:
        return number
    factor = factor_to(column, printed)
    if factor is None:
        known = units_for(column)
        raise CellError(
            f"is in {short(printed)}, which is no unit of {column}",
            f"give it in {' or '.join(known)}" if known else "give the number alone",
        )
    # Twelve digits are more than any assay gives, and hide that 0.14 * 1000 is not quite 140.
    return float(f"{number * factor:.12g}")


def _decimal(digits: str, cell: str, decimal: str | None) -> float:
    signs = {sign for sign in digits if sign in ",."}
    if len(signs) == 2:
        last = max(digits.rfind(","), digits.rfind("."))
        other = "," if digits[last] == "." else "."
        if digits.count(digits[last]) == 1 and decimal in {None, digits[last]}:
            whole, _, rest = digits.replace(other, "_").partition(digits[last])
            if _GROUPED.fullmatch(whole.lstrip("+-").replace("_", ",")):
                return float(whole.replace("_", "") + "." + rest)
    elif not signs:
        return float(digits)
    else:
        (sign,) = signs
        clear = decimal == sign or (decimal is None and not _GROUPED.fullmatch(digits.lstrip("+-")))
        if clear and digits.count(sign) == 1:
            return float(digits.replace(sign, "."))
    raise CellError(
        f"is {short(cell)}, of which the decimals are not sure",
        "write numbers without grouping, and the same sign for decimals throughout "
        '(or say decimal = "," or "." in the mapping)',
    )


def _day(cell: str, manner: Manner) -> date:
    match = _ISO_DAY.fullmatch(cell)
    if match:
        return _calendar(cell, int(match[1]), int(match[2]), int(match[3]))
    match = _LOCAL_DAY.fullmatch(cell)
    if match is None:
        raise CellError(
            f"is {short(cell)}, not a day", "write days as 2026-01-31, 31.01.2026 or 31/01/2026"
        )
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    if match[2] == ".":
        return _calendar(cell, year, second, first)
    if manner.days is None:
        raise CellError(
            f"is {short(cell)}: day or month first is not known",
            'say dates = "day first" or "month first" in the mapping',
        )
    if manner.days is DayOrder.DAY_FIRST:
        return _calendar(cell, year, second, first)
    return _calendar(cell, year, first, second)


def _calendar(cell: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise CellError(f"is {short(cell)}, not a day of the calendar", "mend it") from None


def _moment(cell: str, clock: str | None, manner: Manner) -> datetime:
    try:
        moment = datetime.fromisoformat(cell)
    except ValueError:
        pass
    else:
        if len(cell) > len("2026-01-31"):
            return _zoned(cell, moment, manner)
    day, _, at = cell.replace("T", " ").partition(" ")
    at = at.strip() or clock or ""
    match = _CLOCK.fullmatch(at)
    if match is None:
        raise CellError(
            f"is {short(cell)}, without a time of day" if not at else f"is {short(cell)}, no time",
            'give the time as 2026-01-31 09:30, or say time = "HH:MM" in the mapping',
        )
    hours, half = int(match[1]), (match[4] or "").lower()
    if half:
        hours = hours % 12 + (12 if half == "pm" else 0)
    try:
        when = time(hours, int(match[2]), int(match[3] or 0))
    except ValueError:
        raise CellError(f"is {short(cell)}, no time of day", "mend it") from None
    return _zoned(cell, datetime.combine(_day(day, manner), when), manner)


def _zoned(cell: str, moment: datetime, manner: Manner) -> datetime:
    if moment.tzinfo is not None:
        return moment
    if manner.zone is None:
        raise CellError(
            f"is {short(cell)}, of which the time zone is not known",
            "set it: `sertoli case edit clinic CODE time_zone=Europe/Madrid`",
        )
    return moment.replace(tzinfo=manner.zone)


def manner_of(cells: Iterable[str], *, separator: str) -> Manner:
    """Tell how a file writes numbers and days, as far as its cells show it."""
    signs: set[str] = set()
    orders: set[DayOrder] = set()
    for cell in cells:
        number = re.fullmatch(r"[+-]?\d*([.,])\d+(?:\s*[^\d.,].*)?", cell)
        grouped = _GROUPED.match(cell.lstrip("+-"))
        # Where semicolons part the cells, a comma is free to be the sign of decimals.
        if number and (not grouped or (number[1] == "," and separator == ";")):
            signs.add(number[1])
        day = _LOCAL_DAY.match(cell)
        if day and day[2] != ".":
            if int(day[1]) > 12:
                orders.add(DayOrder.DAY_FIRST)
            if int(day[3]) > 12:
                orders.add(DayOrder.MONTH_FIRST)
    return Manner(
        decimal=signs.pop() if len(signs) == 1 else None,
        days=orders.pop() if len(orders) == 1 else None,
    )


def field_names(entity: str) -> dict[str, str]:
    """Return the columns of an entity by the names that people give its fields."""
    return {name: column for name, (column, _, _) in fields_of(ENTITY_OF[entity]).items()}
