"""Many rows at once: imports and synthetic programmes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Table, insert, text

from sertoli.case._audit import append_entry
from sertoli.case._record import Record, hold_clinic, session_for
from sertoli.case._refusals import refusals
from sertoli.case._schema import Clinic, Row, Staff
from sertoli.case._schema._words import Role
from sertoli.case._session import Bounds, Change
from sertoli.errors import RightsError


def add_many(
    record: Record,
    entity: type[Row],
    rows: Iterable[Mapping[str, Any]],
    *,
    reason: str | None = None,
    at_once: int = 2000,
) -> list[int]:
    """Enter many rows of an entity, a transaction and an audit entry for so many at once.

    Every field is checked as ever; what takes a look at other rows is left to the database's
    guards, so that a refusal names the field, but not the row. A refused row takes its whole
    transaction with it; those before stay.

    Parameters
    ----------
    record : Record
    entity : type of Row
        Not ``Clinic``.
    rows : iterable of mappings
        Column -> value, of the types that the class takes; may be a generator.
    reason : str or None
        Why, for the audit.
    at_once : int
        Rows a transaction.

    Returns
    -------
    list of int
        The numbers that the rows got, in their order.

    Raises
    ------
    RecordError
        If a row is nonsense.
    RightsError
        If the member of staff may not do this.
    """
    if record.clinic_id is None or entity is Clinic:
        raise RightsError("many rows", "are entered into one clinic", "open the record of a clinic")
    if entity is Staff and record.role is not Role.DIRECTOR:
        raise RightsError("staff", "is changed by a director only", "ask a director of the clinic")
    numbers: list[int] = []
    remaining = iter(rows)
    while part := list(itertools.islice(remaining, at_once)):
        owned = {"clinic_id": record.clinic_id, "version": 1}
        states = [owned | entity.checked(row) for row in part]
        bounds = Bounds(record.clinic_id, record.staff, record.role, writes=True, reason=reason)
        with refusals(), session_for(record.engine, bounds) as session:
            hold_clinic(session, record.clinic_id)
            connection = session.connection()
            given = _next_numbers(connection, entity.table(), len(states))
            for number, state in zip(given, states, strict=True):
                state["id"] = number
            connection.execute(insert(entity.table()), states)
            append_entry(
                connection,
                bounds,
                (Change(entity.__tablename__, row["id"], "insert", None, row) for row in states),
            )
            session.commit()
        numbers += given
    return numbers


def _next_numbers(connection: Connection, table: Table, count: int) -> list[int]:
    """Take so many numbers that no row of the table ever had.

    To ask for them beforehand lets the rows be written in one go.
    """
    if connection.dialect.name == "sqlite":
        query = text("SELECT seq FROM sqlite_sequence WHERE name = :table")
        last = connection.execute(query, {"table": table.name}).scalar() or 0
        return list(range(last + 1, last + 1 + count))
    taken = text(
        "SELECT nextval(pg_get_serial_sequence(:table, 'id')) FROM generate_series(1, :count)"
    )
    return list(connection.execute(taken, {"table": table.name, "count": count}).scalars())
