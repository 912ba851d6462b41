"""A clinic's rows outside of its record: what every format is made of, and read back into."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select

from sertoli.case import ENTITIES, Clinic, Record, Row
from sertoli.errors import RightsError
from sertoli.exchange._sharing import Use, withheld

ENTITY_OF = {entity.__tablename__: entity for entity in ENTITIES}
"""Name of a table -> its class, each after those it refers to."""


@dataclass(frozen=True)
class Entry:
    """A row on its way.

    Parameters
    ----------
    entity : str
        Name of its table.
    key : str
        By what other entries name it: its code, or ``#`` and its place among the rows of its
        entity where it has none.
    values : mapping
        Column -> value, in the types of the record, without empty ones. A reference
        (``patient_id``) holds the key of the entry it names.
    file, row : str, int or None
        Where it stands, for messages.
    columns : mapping of str to str
        Field -> header of the column that it came from, where it came from one.
    """

    entity: str
    key: str
    values: Mapping[str, Any]
    file: str = ""
    row: int | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


def numbered(place: int) -> str:
    """Return the key of a row without a code, by its place among those of its entity (from 1)."""
    return f"#{place}"


def extract(record: Record, use: Use = Use.OWN_USE, on: date | None = None) -> list[Entry]:
    """Return all rows of a clinic that hold, void ones left out, in an order that can be entered.

    Men and partners who did not agree to the use (see `withheld`) are left out with all that
    hangs on them: a cycle without the partner's consent, say.

    Rows with a code come in the order of their codes; moves of straws as they happened; injections
    by their oocytes; others as they were entered. Two records that hold the same give the same
    entries, whatever numbers their rows have.

    Parameters
    ----------
    record : Record
        Opened in a clinic.
    use : Use
        What for.
    on : date or None
        The day at which consents are read; today unless told.

    Raises
    ------
    RightsError
        If the record was opened over all clinics.
    """
    if record.clinic_id is None:
        raise RightsError("an export", "is of one clinic", "open the record of a clinic")
    found: list[Entry] = []
    keys: dict[tuple[str, int], str] = {}
    with record.reading() as session:
        left_out = withheld(session, use, on or datetime.now(UTC).date())
        for name, entity in ENTITY_OF.items():
            rows = list(session.scalars(select(entity).order_by(entity.id)))
            left_out |= {(name, row.id) for row in rows if _hangs_on(row, left_out)}
            rows = [row for row in rows if (name, row.id) not in left_out]
            rows.sort(key=_order)
            for place, row in enumerate(rows, 1):
                key = getattr(row, "code", None) or numbered(place)
                keys[name, row.id] = key
                found.append(Entry(name, key, _values(row, keys)))
    return found


def _hangs_on(row: Row, left_out: Collection[tuple[str, int]]) -> bool:
    return any(
        (kind.target, getattr(row, name)) in left_out
        for name, kind in row.fields.items()
        if kind.kind == "reference"
    )


def _order(row: Row) -> Any:
    if row.__tablename__ == "straw_move":
        return (row.moved_at, row.number, row.id)  # type: ignore[attr-defined]
    if row.__tablename__ == "injection":
        return (row.oocyte_retrieval_id, row.oocyte)  # type: ignore[attr-defined]
    return (getattr(row, "code", ""), row.id)


def _values(row: Row, keys: Mapping[tuple[str, int], str]) -> dict[str, Any]:
    values = {}
    for name, kind in row.fields.items():
        value = getattr(row, name)
        if value is not None and kind.kind == "reference":
            value = keys[kind.target, value]
        if value is not None:
            values[name] = value
    return values


def by_entity(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Return the entries of each entity, in an order in which they can be entered."""
    found: dict[str, list[Entry]] = {name: [] for name in ENTITY_OF}
    for entry in entries:
        found[entry.entity].append(entry)
    return {name: rows for name, rows in found.items() if rows}


def clinic_of(entries: Iterable[Entry]) -> Entry | None:
    """Return the entry of the clinic itself, if it is among them."""
    return next((entry for entry in entries if entry.entity == Clinic.__tablename__), None)


def men_of(entries: Iterable[Entry]) -> dict[tuple[str, str], str]:
    """Return the man's code of every entry (entity, key) that belongs to one."""
    men: dict[tuple[str, str], str] = {}
    for entity, rows in by_entity(entries).items():
        references = {
            name: kind.target
            for name, kind in ENTITY_OF[entity].fields.items()
            if kind.kind == "reference"
        }
        for entry in rows:
            if entity == "patient":
                men[entity, entry.key] = entry.key
                continue
            for name, target in references.items():
                man = men.get((target, str(entry.values.get(name))))
                if man is not None:
                    men[entity, entry.key] = man
                    break
    return men
