"""The rows of a clinic, held against the last state that the audit has of each."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, select

from sertoli.case._chain import state_of
from sertoli.case._follow import stream
from sertoli.case._schema import ENTITIES, Row
from sertoli.case._schema._audit import AuditChange, Erasure


def row_problems(connection: Connection, clinic_id: int) -> tuple[list[str], int]:
    """Compare every row of a clinic with the last state that the audit has of it.

    Returns
    -------
    problems : list of str
    rows : int
        How many rows there are.
    """
    problems: list[str] = []
    rows = 0
    erased = {
        (gone.entity, gone.row_id)
        for gone in connection.execute(
            select(Erasure.entity, Erasure.row_id).where(Erasure.clinic_id == clinic_id)
        )
    }
    for entity in ENTITIES:
        table = entity.__tablename__
        wanted = _last_states(connection, clinic_id, table, erased, problems)
        found = _rows(connection, clinic_id, entity, problems)
        for row_id, state, there in _side_by_side(wanted, found):
            rows += there is not None
            if _given(there) == _given(state):
                continue
            if there is None:
                problems.append(f"{table} {row_id} is gone")
            elif state is None:
                problems.append(f"{table} {row_id} is there, the audit knows nothing of it")
            else:
                names = ", ".join(
                    sorted(
                        key
                        for key in there.keys() | state.keys()
                        if there.get(key) != state.get(key)
                    )
                )
                problems.append(f"{table} {row_id} was altered past the audit: {names}")
    return problems, rows


def _given(state: dict[str, Any] | None) -> dict[str, Any] | None:
    """Leave empty fields out: the audit of an earlier version does not know those added since."""
    if state is None:
        return None
    return {name: value for name, value in state.items() if value is not None}


def _rows(
    connection: Connection, clinic_id: int, entity: type[Row], problems: list[str]
) -> Iterator[tuple[int, dict[str, Any]]]:
    table = entity.table()
    owner = table.c.id if entity.__tablename__ == "clinic" else table.c.clinic_id
    query = select(table).where(owner == clinic_id).order_by(table.c.id)
    for row in stream(connection, query, problems):
        yield row.id, state_of(dict(zip(row._fields, row, strict=True)))


def _last_states(
    connection: Connection,
    clinic_id: int,
    table: str,
    erased: set[tuple[str, int]],
    problems: list[str],
) -> Iterator[tuple[int, dict[str, Any]]]:
    history = stream(
        connection,
        select(AuditChange.row_id, AuditChange.sequence, AuditChange.action, AuditChange.content)
        .where(AuditChange.clinic_id == clinic_id, AuditChange.entity == table)
        .order_by(AuditChange.row_id, AuditChange.sequence, AuditChange.number),
        problems,
    )
    for row_id, steps in itertools.groupby(history, attrgetter("row_id")):
        state: dict[str, Any] | None = None
        was_erased = False
        for step in steps:
            name = f"audit entry {step.sequence}, {table} {row_id}"
            was_erased = step.action == "erase"
            if was_erased:
                state = None
                continue
            if step.content is None:
                if (table, row_id) not in erased:
                    problems.append(f"{name}: the content was taken away without an erasure")
                continue
            try:
                content = json.loads(step.content)
                was, now = content["was"], content["is"]
            except (ValueError, KeyError, TypeError):
                continue  # the chain has named it already
            if _given(was) != _given(state):
                problems.append(f"{name}: what was is not what the entry before left")
            state = now
        if ((table, row_id) in erased) != was_erased:
            problems.append(f"{table} {row_id}: the erasure and the audit contradict one another")
        if state is not None:
            yield row_id, state


def _side_by_side(
    wanted: Iterator[tuple[int, dict[str, Any]]], there: Iterator[tuple[int, dict[str, Any]]]
) -> Iterator[tuple[int, dict[str, Any] | None, dict[str, Any] | None]]:
    """Pair two streams, each ordered by number: (number, wanted, there)."""
    one, other = next(wanted, None), next(there, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0] < other[0]):
            assert one is not None
            yield one[0], one[1], None
            one = next(wanted, None)
        elif one is None or other[0] < one[0]:
            yield other[0], None, other[1]
            other = next(there, None)
        else:
            yield one[0], one[1], other[1]
            one, other = next(wanted, None), next(there, None)
