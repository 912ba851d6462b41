"""The chain of a clinic, followed from its first entry to its last."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Row, select

from sertoli.case._chain import FIRST_PREVIOUS, content_hash, entry_hash
from sertoli.case._schema._audit import AuditChange, AuditEntry

_AT_ONCE = 1000


def chain_problems(connection: Connection, clinic_id: int) -> tuple[list[str], int, str]:
    """Follow the chain of a clinic.

    Returns
    -------
    problems : list of str
    entries : int
        How many there are.
    last : str
        The hash of the last.
    """
    problems: list[str] = []
    changes = itertools.groupby(_changes(connection, clinic_id, problems), attrgetter("sequence"))
    group = next(changes, None)
    previous, expected = FIRST_PREVIOUS, 1
    for entry in stream(
        connection,
        select(*AuditEntry.__table__.c)
        .where(AuditEntry.clinic_id == clinic_id)
        .order_by(AuditEntry.sequence),
        problems,
    ):
        name = f"audit entry {entry.sequence}"
        if entry.sequence != expected:
            problems.append(f"audit entries {expected} to {entry.sequence - 1} are missing")
        while group is not None and group[0] < entry.sequence:
            problems.append(f"changes of entry {group[0]} are there, the entry is not")
            group = next(changes, None)
        said: list[tuple[int, str, int, str, str]] = []
        if group is not None and group[0] == entry.sequence:
            for change in group[1]:
                said.append(
                    (
                        change.number,
                        change.entity,
                        change.row_id,
                        change.action,
                        change.content_hash,
                    )
                )
                if change.content is not None and (
                    change.salt is None
                    or content_hash(change.salt, change.content) != change.content_hash
                ):
                    problems.append(f"{name}: the content of change {change.number} was altered")
            group = next(changes, None)
        if entry.previous_hash != previous:
            problems.append(f"{name} does not follow the entry before it")
        if entry.hash != entry_hash(
            clinic_id=clinic_id,
            sequence=entry.sequence,
            happened_at=entry.happened_at,
            staff_code=entry.staff_code,
            reason=entry.reason,
            previous_hash=entry.previous_hash,
            changes=said,
        ):
            problems.append(f"{name} was altered, or one of its changes added or removed")
        previous, expected = entry.hash, entry.sequence + 1
    for sequence, _ in itertools.chain([] if group is None else [group], changes):
        problems.append(f"changes of entry {sequence} are there, the entry is not")
    return problems, expected - 1, previous


def stream(connection: Connection, query: Any, problems: list[str]) -> Iterator[Row[Any]]:
    """Give the rows of a query without holding all of them, and name those that cannot be read.

    The program writes no such row; the others are told from it one by one.
    """
    result = connection.execution_options(yield_per=_AT_ONCE).execute(query)
    while True:
        try:
            row = result.fetchone()
        except (ValueError, LookupError) as error:
            (table,) = query.get_final_froms()
            problems.append(f"a row of {table.name} cannot be read: {error}")
            continue
        if row is None:
            return
        yield row


def _changes(connection: Connection, clinic_id: int, problems: list[str]) -> Iterator[Row[Any]]:
    return stream(
        connection,
        select(*AuditChange.__table__.c)
        .where(AuditChange.clinic_id == clinic_id)
        .order_by(AuditChange.sequence, AuditChange.number),
        problems,
    )
