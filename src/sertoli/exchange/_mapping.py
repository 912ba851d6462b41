"""Which column of a clinic's tables goes into which field: a TOML file that a person edits."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sertoli.case import entity_named, zone_named
from sertoli.errors import InputError, SertoliError
from sertoli.exchange._values import DayOrder, Reading, field_names

_FIELD_KEYS = {"column", "value", "unit", "words", "time", "prefix"}


@dataclass(frozen=True)
class Source:
    """Where the values of a field come from.

    Parameters
    ----------
    column : str or None
        Header of the column; None: every row has the same value.
    value : str
        That value.
    reading : Reading
        How its cells are read.
    """

    column: str | None
    value: str
    reading: Reading


@dataclass(frozen=True)
class EntryMapping:
    """What one row of a table says about one entity: column of the record -> its source."""

    entity: str
    fields: dict[str, Source]


@dataclass(frozen=True)
class TableMapping:
    """How one file is read.

    Parameters
    ----------
    file : str
        Its name, without its folder.
    entries : tuple of EntryMapping
    leave_out : tuple of str
        Headers that are known to have no place in the record.
    decimal, days
        As in `Manner`; None: told from the file.
    """

    file: str
    entries: tuple[EntryMapping, ...]
    leave_out: tuple[str, ...] = ()
    decimal: str | None = None
    days: DayOrder | None = None


@dataclass(frozen=True)
class Mapping:
    """How the files of an import are read.

    Parameters
    ----------
    tables : tuple of TableMapping
    zone : ZoneInfo or None
        Of times without their own; None: the clinic's.
    """

    tables: tuple[TableMapping, ...]
    zone: ZoneInfo | None = None
    path: Path = field(default=Path("mapping.toml"))


def read_mapping(path: Path) -> Mapping:
    """Read a mapping.

    Raises
    ------
    InputError
        If it is no mapping, names an entity or field that there is not, or says what is not
        understood.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", "check the name") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(
            f"{path} is no mapping: {error}", "make one with `sertoli import --propose`"
        ) from error
    try:
        return _mapping(path, content)
    except _WrongError as wrong:
        raise InputError(f"{path}: {wrong}", "see `sertoli case fields`, or propose anew") from None


class _WrongError(Exception):
    pass


def _mapping(path: Path, content: dict[str, Any]) -> Mapping:
    _only(content, {"table", "time_zone"}, "the file")
    tables = content.get("table")
    if not isinstance(tables, list) or not tables:
        raise _WrongError("it has no [[table]]")
    zone = None
    if "time_zone" in content:
        zone = zone_named(_text(content, "time_zone"))
        if zone is None:
            raise _WrongError(f"time_zone = {content['time_zone']!r} is no time zone")
    read = tuple(_table(table) for table in tables)
    names = [table.file for table in read]
    if len(set(names)) < len(names):
        raise _WrongError("a file has more than one [[table]]")
    return Mapping(read, zone, path)


def _table(table: Any) -> TableMapping:
    _only(table, {"file", "decimal", "dates", "leave_out", "entry"}, "a [[table]]")
    name = _text(table, "file")
    decimal = table.get("decimal")
    if decimal not in {None, ",", "."}:
        raise _WrongError(f'decimal = {decimal!r} in {name} is neither "," nor "."')
    days = table.get("dates")
    if days not in {None, *DayOrder}:
        raise _WrongError(f'dates = {days!r} in {name} is neither "day first" nor "month first"')
    left = table.get("leave_out", [])
    if not isinstance(left, list) or not all(isinstance(header, str) for header in left):
        raise _WrongError(f"leave_out in {name} is no list of columns")
    entries = table.get("entry", [])
    if not isinstance(entries, list) or not entries:
        raise _WrongError(f"{name} has no [[table.entry]]")
    return TableMapping(
        name,
        tuple(_entry(entry, name) for entry in entries),
        tuple(left),
        decimal,
        None if days is None else DayOrder(days),
    )


def _entry(entry: Any, file: str) -> EntryMapping:
    if not isinstance(entry, dict):
        raise _WrongError(f"an entry of {file} is no table")
    try:
        entity = entity_named(_text(entry, "entity")).__tablename__
    except SertoliError as error:
        raise _WrongError(error.what) from None
    if entity == "clinic":
        raise _WrongError("a clinic is made by `sertoli case init`, not imported from a table")
    known = field_names(entity)
    fields = {}
    for name, source in entry.items():
        if name == "entity":
            continue
        if name.removesuffix("_id") not in known:
            raise _WrongError(f"{entity}.{name} is no field; choose of {', '.join(known)}")
        fields[known[name.removesuffix("_id")]] = _source(source, f"{file}, {entity}.{name}")
    if not any(source.column is not None for source in fields.values()):
        raise _WrongError(f"the entry {entity} of {file} takes nothing from any column")
    return EntryMapping(entity, fields)


def _source(source: Any, where: str) -> Source:
    if isinstance(source, str):
        source = {"column": source}
    _only(source, _FIELD_KEYS, where)
    if ("column" in source) == ("value" in source):
        raise _WrongError(f"{where} needs either a column or a value")
    words = source.get("words", {})
    if not isinstance(words, dict) or not all(isinstance(word, str) for word in words.values()):
        raise _WrongError(f"words of {where} are no table of texts")
    clock = source.get("time")
    if clock is not None and not re.fullmatch(r"\d\d:\d\d", str(clock)):
        raise _WrongError(f"time = {clock!r} of {where} is not HH:MM")
    reading = Reading(
        unit=_text(source, "unit") if "unit" in source else None,
        words=words,
        clock=clock,
        prefix=_text(source, "prefix") if "prefix" in source else "",
    )
    if "column" in source:
        return Source(" ".join(_text(source, "column").split()), "", reading)
    value = source["value"]
    if isinstance(value, bool):
        value = "yes" if value else "no"
    return Source(None, str(value), reading)


def _only(content: Any, known: set[str], where: str) -> None:
    if not isinstance(content, dict):
        raise _WrongError(f"{where} is no table")
    for name in content.keys() - known:
        raise _WrongError(
            f"{name!r} of {where} is not understood; it knows {', '.join(sorted(known))}"
        )


def _text(content: dict[str, Any], name: str) -> str:
    text = content.get(name)
    if not isinstance(text, str) or not text:
        raise _WrongError(f"{name} is missing or no text")
    return text
