"""Many rows at once: imports and synthetic programmes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import insert

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
        states = [_state(record.clinic_id, entity, row) for row in part]
        bounds = Bounds(record.clinic_id, record.staff, record.role, writes=True, reason=reason)
        with refusals(), session_for(record.engine, bounds) as session:
            hold_clinic(session, record.clinic_id)
            table = entity.table()
            statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
            given = list(session.connection().execute(statement, states).scalars())
            append_entry(
                session.connection(),
                bounds,
                (
                    Change(table.name, number, "insert", None, {**state, "id": number})
                    for number, state in zip(given, states, strict=True)
                ),
            )
            session.commit()
        numbers += given
    return numbers


def _state(clinic_id: int, entity: type[Row], values: Mapping[str, Any]) -> dict[str, Any]:
    row = entity(**values)
    row.require_sound()
    state = {name: getattr(row, name) for name in entity.fields}
    return {"clinic_id": clinic_id, "version": 1, **state}
