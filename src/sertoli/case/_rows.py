"""Rows by the names people use for them: entities, codes, fields as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sertoli.case._chain import plain
from sertoli.case._schema import ENTITIES, Clinic, Row
from sertoli.case._schema._fields import Field, zone_named
from sertoli.case.units import CONVERSIONS, HORMONE_FIELDS, to_canonical
from sertoli.errors import InputError, RecordError

ENTITY_NAMES = {entity.__tablename__.replace("_", "-"): entity for entity in ENTITIES}
"""What people call an entity -> its class."""

_WITH_UNIT = re.compile(r"([0-9][0-9.,]*)\s*([^0-9.,\s].*)")
_FIELD_OF = {str(hormone): field for field, hormone in HORMONE_FIELDS.items()}

_YES = {"yes", "y", "true", "1"}
_NO = {"no", "n", "false", "0"}


def entity_named(name: str) -> type[Row]:
    """Return the class of an entity, such as ``semen-analysis``.

    Raises
    ------
    RecordError
        Naming the entities there are.
    """
    entity = ENTITY_NAMES.get(name.replace("_", "-").lower())
    if entity is None:
        raise RecordError(name, "is no entity", f"choose of {', '.join(ENTITY_NAMES)}")
    return entity


def fields_of(entity: type[Row]) -> dict[str, tuple[str, Field, bool]]:
    """Return (column, field, required) by the name a person gives the field.

    References lose their ``_id``: ``patient`` is a man's code, ``patient_id`` his number.
    """
    return {
        name.removesuffix("_id"): (name, field, not entity.table().columns[name].nullable)
        for name, field in entity.fields.items()
        if name not in {"voided_at", "void_reason"}
    }


def code_of(row: Row) -> str:
    """Return what people call a row: its code, or its number where it has none."""
    return str(getattr(row, "code", None) or row.id)


def find(session: Session, entity: type[Row], name: str) -> Row:
    """Return the row that a code or a number names.

    Raises
    ------
    RecordError
        If there is none in the clinic.
    """
    query = select(entity)
    columns: Any = entity
    has_code = "code" in entity.fields
    row = session.scalars(query.where(columns.code == name)).first() if has_code else None
    if row is None and name.isascii() and name.isdigit():
        row = session.scalars(query.where(columns.id == int(name))).first()
    if row is None:
        raise RecordError(
            entity.__tablename__,
            f"{name!r} is not in this clinic",
            f"look it up with `sertoli case list {entity.__tablename__.replace('_', '-')}`",
        )
    return row


def values_of(session: Session, entity: type[Row], given: Mapping[str, str]) -> dict[str, Any]:
    """Turn fields given as text into values; an empty text empties a field.

    Parameters
    ----------
    session : Session
        To look up what references name, and the clinic's time zone.
    entity : type of Row
    given : mapping of str to str
        ``{"patient": "P-1", "volume_ml": "0.8", "sampled_on": "2026-01-31"}``. A hormone may
        bring its unit: ``{"testosterone": "310 ng/dL"}``.

    Raises
    ------
    RecordError
        Naming the field that there is not, or whose text makes no sense.
    """
    known = fields_of(entity)
    values: dict[str, Any] = {}
    for name, text in given.items():
        name = name.strip().replace("-", "_")
        bare = _FIELD_OF.get(name) if name not in known else None
        name = bare or name
        if name.removesuffix("_id") not in known:
            raise RecordError(
                f"{entity.__tablename__}.{name}", "is no field", f"choose of {', '.join(known)}"
            )
        column, field, _ = known[name.removesuffix("_id")]
        value, full = text.strip(), f"{entity.__tablename__}.{column}"
        if not value:
            values[column] = None
        elif column in HORMONE_FIELDS and (bare or _WITH_UNIT.fullmatch(value)):
            values[column] = _hormone(full, column, value)
        else:
            values[column] = _value(session, full, field, value)
    return values


def _hormone(name: str, column: str, text: str) -> float:
    """Convert a hormone as the laboratory printed it, such as ``310 ng/dL``."""
    hormone = HORMONE_FIELDS[column]
    printed = _WITH_UNIT.fullmatch(text)
    if printed is None:
        units = ", ".join(known.unit for known in CONVERSIONS[hormone])
        raise RecordError(name, f"is {text!r}", f"give a number and its unit, one of {units}")
    try:
        converted = to_canonical(hormone, float(printed[1].replace(",", ".")), printed[2])
    except InputError as error:
        raise RecordError(name, f"is {text!r}", error.remedy) from None
    except ValueError:
        raise RecordError(name, f"is {text!r}", "give a number and its unit") from None
    # Twelve digits hide that 0.14 * 1000 is not quite 140.
    return float(f"{converted:.12g}")


def _value(session: Session, name: str, field: Field, text: str) -> Any:
    try:
        if field.kind == "reference":
            return find(session, entity_named(field.target), text).id
        if field.kind == "number":
            return float(text.replace(",", "."))
        if field.kind == "whole":
            return int(text)
        if field.kind == "day":
            return date.fromisoformat(text)
        if field.kind == "moment":
            return _moment(session, name, text)
    except ValueError:
        wanted = {"number": "a number", "whole": "a whole number", "day": "a day as YYYY-MM-DD"}
        remedy = f"give {wanted.get(field.kind, 'a time as YYYY-MM-DDTHH:MM')}"
        raise RecordError(name, f"is {text!r}", remedy) from None
    if field.kind == "flag":
        if text.lower() not in _YES | _NO:
            raise RecordError(name, f"is {text!r}", "give yes or no, or nothing if unknown")
        return text.lower() in _YES
    return text


def _moment(session: Session, name: str, text: str) -> datetime:
    if text.lower() == "now":
        return datetime.now(UTC)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        return moment
    zone = zone_named(session.scalars(select(Clinic.time_zone)).first())
    if zone is None:
        raise RecordError(
            name,
            f"{text} names no time zone, nor does the clinic",
            "add one (+01:00), or set clinic.time_zone",
        )
    return moment.replace(tzinfo=zone)


def shown(session: Session, rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return rows as plain values for a person, with codes in place of numbers."""
    codes: dict[tuple[str, int], str] = {}
    found = []
    for row in rows:
        values: dict[str, Any] = {"row": row.id}
        for name, (column, field, _) in fields_of(type(row)).items():
            value = getattr(row, column)
            if field.kind == "reference" and value is not None:
                key = (field.target, value)
                if key not in codes:
                    target = session.get(entity_named(field.target), value)
                    codes[key] = str(value) if target is None else code_of(target)
                value = codes[key]
            values[name] = plain(value)
        if row.voided_at is not None:
            values |= {"voided_at": plain(row.voided_at), "void_reason": row.void_reason}
        found.append(values)
    return found


def rows_below(session: Session, top: Row) -> dict[str, list[Row]]:
    """Return a row and all that refers to it, directly or not, by entity in the order of the loop.

    Of a man, this is his case.
    """
    found: dict[str, list[Row]] = {}
    for entity in ENTITIES:
        columns: Any = entity
        rows: dict[int, Row] = {top.id: top} if isinstance(top, entity) else {}
        for name, field in entity.fields.items():
            above = [row.id for row in found.get(field.target, [])]
            if field.kind == "reference" and above:
                query = select(entity).where(getattr(columns, name).in_(above))
                rows |= {row.id: row for row in session.scalars(query)}
        if rows:
            found[entity.__tablename__] = [rows[number] for number in sorted(rows)]
    return found


def void(row: Row, reason: str) -> None:
    """Declare a row void; it stays, is no longer seen, and counts for nothing."""
    row.voided_at, row.void_reason = datetime.now(UTC), reason
