"""A clinic's tables into the record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from sertoli.case import Clinic, Record, zone_named
from sertoli.errors import InputError, RecordError
from sertoli.exchange._csv import CsvTable, read_csv
from sertoli.exchange._enter import Entered, enter, key_fields, keyed
from sertoli.exchange._entries import ENTITY_OF, Entry
from sertoli.exchange._identifiers import is_day_of_birth, is_identifier
from sertoli.exchange._mapping import EntryMapping, Mapping, TableMapping
from sertoli.exchange._problems import Problem
from sertoli.exchange._values import CellError, Manner, manner_of, value_of


@dataclass(frozen=True)
class LeftOut:
    """A column of which the record takes nothing.

    Parameters
    ----------
    file, column : str
    values : int
        Cells of it that are not empty.
    why : str
    """

    file: str
    column: str
    values: int
    why: str


@dataclass(frozen=True)
class CsvImport:
    """What came of an import of tables.

    Parameters
    ----------
    entered : Entered
    rows : dict of str to int
        File -> rows read.
    left_out : tuple of LeftOut
    """

    entered: Entered
    rows: dict[str, int]
    left_out: tuple[LeftOut, ...]


def import_csv(
    record: Record,
    files: Sequence[Path],
    mapping: Mapping,
    *,
    reason: str | None = None,
    trial: bool = False,
) -> CsvImport:
    """Enter tables by a mapping, all or nothing.

    Parameters
    ----------
    record : Record
        Opened in a clinic.
    files : sequence of Path
        CSV files; each needs its ``[[table]]`` in the mapping.
    mapping : Mapping
    reason : str or None
        Why, for the audit.
    trial : bool
        Only find out what would happen.

    Returns
    -------
    CsvImport
        With any problem in it, nothing was entered.

    Raises
    ------
    InputError
        If a file is no table, or the mapping does not know it.
    """
    tables = [read_csv(path) for path in files]
    known = {table.file: table for table in mapping.tables}
    names = [table.file for table in tables]
    if len(set(names)) < len(names):
        raise InputError("two files have the same name", "give each its own name")
    for table in tables:
        if table.file not in known:
            raise InputError(
                f"{mapping.path} has no [[table]] for {table.file}",
                f'add one with file = "{table.file}"',
            )
    zone = mapping.zone or _zone_of(record)
    problems: list[Problem] = []
    entries: list[Entry] = []
    left_out: list[LeftOut] = []
    for table in tables:
        how = known[table.file]
        problems += _table_problems(table, how)
        left_out += _left_out(table, how)
        entries += _entries(table, how, zone, problems)
    merged = keyed(_merged(entries, problems))
    entered = enter(record, merged, reason=reason, trial=trial, problems=problems)
    entered.problems.sort(key=lambda problem: (names.index(problem.file), problem.row or 0))
    return CsvImport(entered, {table.file: len(table.rows) for table in tables}, tuple(left_out))


def _zone_of(record: Record) -> ZoneInfo | None:
    with record.reading() as session:
        return zone_named(session.scalars(select(Clinic.time_zone)).first())


def _table_problems(table: CsvTable, how: TableMapping) -> Iterator[Problem]:
    for row, cells in table.ragged:
        yield Problem(
            table.file,
            row,
            None,
            f"has {cells} cells, the header {len(table.headers)}",
            "look for a separator inside a value: such a value needs quotation marks",
        )
    for entry in how.entries:
        for name, source in entry.fields.items():
            column = source.column
            if column is None:
                continue
            if column not in table.headers:
                yield Problem(
                    table.file,
                    None,
                    column,
                    f"is not there, but {entry.entity}.{name} shall come from it",
                    "mend the mapping",
                )
            elif is_identifier(column) and not (is_day_of_birth(column) and name == "birth_year"):
                yield Problem(
                    table.file,
                    None,
                    column,
                    "says who a person is and has no place in a pseudonymous record",
                    "take it out of the mapping",
                )


def _left_out(table: CsvTable, how: TableMapping) -> Iterator[LeftOut]:
    used = {source.column for entry in how.entries for source in entry.fields.values()}
    for place, header in enumerate(table.headers):
        if header in used:
            continue
        values = sum(1 for _, cells in table.rows if cells[place])
        if is_identifier(header):
            why = "says who a person is: the record is pseudonymous"
        elif header in how.leave_out:
            why = "the mapping leaves it out"
        else:
            why = "the mapping does not name it"
        yield LeftOut(table.file, header, values, why)


def _entries(
    table: CsvTable, how: TableMapping, zone: ZoneInfo | None, problems: list[Problem]
) -> Iterator[Entry]:
    seen = manner_of((cell for _, cells in table.rows for cell in cells), separator=table.separator)
    manner = Manner(how.decimal or seen.decimal, how.days or seen.days, zone)
    places = {header: place for place, header in enumerate(table.headers)}
    for row, cells in table.rows:
        by_header = {header: cells[place] for header, place in places.items()}
        for entry in how.entries:
            made = _entry(table.file, row, entry, by_header, manner, problems)
            if made is not None:
                yield made


def _entry(
    file: str,
    row: int,
    how: EntryMapping,
    cells: dict[str, str],
    manner: Manner,
    problems: list[Problem],
) -> Entry | None:
    """Read one row as one entity; None if it says nothing of it or cannot be read."""
    values: dict[str, Any] = {}
    columns: dict[str, str] = {}
    whole, says_something = True, False
    kinds = ENTITY_OF[how.entity].fields
    for name, source in how.fields.items():
        cell = source.value if source.column is None else cells.get(source.column, "")
        if source.column is not None:
            columns[name] = source.column
        try:
            value = value_of(how.entity, name, cell, source.reading, manner)
            if value is not None and kinds[name].kind != "reference":
                value = kinds[name].check(f"{how.entity}.{name}", value)
        except CellError as error:
            problems.append(Problem(file, row, source.column, error.what, error.remedy))
            whole = False
            continue
        except RecordError as error:
            what = error.what.removeprefix(error.field).strip()
            problems.append(Problem(file, row, source.column, what, error.remedy))
            whole = False
            continue
        if value is None:
            continue
        values[name] = value
        says_something |= source.column is not None and kinds[name].kind != "reference"
    if not whole or not says_something:
        return None
    return Entry(how.entity, "", values, file, row, columns)


def _merged(entries: Sequence[Entry], problems: list[Problem]) -> list[Entry]:
    """Make one entry of those that are about the same thing.

    Of the same code: wherever they stand. Of the same man and day (or whatever else tells rows
    without a code apart): if they stand in different files. The same row twice in a file is a
    problem.
    """
    found: list[Entry] = []
    by_key: dict[tuple[Any, ...], list[int]] = {}
    for entry in entries:
        key = _key_of(entry)
        places = by_key.setdefault(key, [])
        with_code = "code" in entry.values
        other = next(
            (place for place in places if with_code or found[place].file != entry.file), None
        )
        same = [found[place] for place in places if found[place].values == entry.values]
        if not with_code and any(twin.file == entry.file for twin in same):
            first = next(twin for twin in same if twin.file == entry.file)
            problems.append(
                Problem(
                    entry.file,
                    entry.row,
                    None,
                    f"says the same of a {entry.entity} as row {first.row}",
                    "take one of the two rows out",
                )
            )
        elif other is None:
            places.append(len(found))
            found.append(entry)
        else:
            found[other] = _both(found[other], entry, problems)
    return found


def _key_of(entry: Entry) -> tuple[Any, ...]:
    if "code" in entry.values:
        return (entry.entity, entry.values["code"])
    names = key_fields(ENTITY_OF[entry.entity])
    return (entry.entity, *(entry.values.get(name) for name in names))


def _both(first: Entry, second: Entry, problems: list[Problem]) -> Entry:
    for name, value in second.values.items():
        if first.values.get(name, value) != value:
            problems.append(
                Problem(
                    second.file,
                    second.row,
                    second.columns.get(name),
                    f"contradicts row {first.row} of {first.file} in {second.entity}.{name}",
                    "mend one of the two",
                )
            )
            return first
    return replace(
        first,
        values={**second.values, **first.values},
        columns={**second.columns, **first.columns},
    )
