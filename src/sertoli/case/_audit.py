"""Every transaction leaves its audit entry, written in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, event, insert, select

from sertoli.case._chain import (
    FIRST_PREVIOUS,
    canonical,
    content_hash,
    entry_hash,
    new_salt,
    state_of,
)
from sertoli.case._schema._audit import AuditChange, AuditEntry
from sertoli.case._session import Bounds, Change, RecordSession


@event.listens_for(RecordSession, "after_flush")
def _note(session: RecordSession, _context: Any) -> None:
    for thing, was in session.flushing:
        now = {column.name: getattr(thing, column.name) for column in thing.table().columns}
        action = "insert" if was is None else "update"
        if was is not None and now["voided_at"] is not None:
            action = "void"
        session.changes.append(Change(thing.__tablename__, thing.id, action, was, now))
    session.flushing.clear()


@event.listens_for(RecordSession, "before_commit")
def _write(session: RecordSession) -> None:
    session.flush()
    if session.changes:
        append_entry(session.connection(), session.bounds, session.changes)
        session.changes.clear()


@event.listens_for(RecordSession, "after_rollback")
def _forget(session: RecordSession) -> None:
    session.flushing.clear()
    session.changes.clear()


def next_link(connection: Connection, clinic_id: int) -> tuple[int, str]:
    """Return the sequence of the clinic's next entry, and the hash it has to name."""
    entries = AuditEntry.__table__
    last = connection.execute(
        select(entries.c.sequence, entries.c.hash)
        .where(entries.c.clinic_id == clinic_id)
        .order_by(entries.c.sequence.desc())
        .limit(1)
    ).first()
    return (1, FIRST_PREVIOUS) if last is None else (last.sequence + 1, last.hash)


def append_entry(connection: Connection, bounds: Bounds, changes: Iterable[Change]) -> int:
    """Append the entry of a transaction to the chain of its clinic.

    The transaction must hold the clinic (as ``Record.change`` does), so that nobody else appends
    at the same time.

    Returns
    -------
    int
        The entry's sequence.
    """
    clinic_id = bounds.clinic_id
    assert clinic_id is not None
    sequence, previous = next_link(connection, clinic_id)
    rows: list[dict[str, Any]] = []
    for number, change in enumerate(changes, 1):
        salt = new_salt()
        content = canonical(
            {
                "was": None if change.was is None else state_of(change.was),
                "is": None if change.now is None else state_of(change.now),
            }
        )
        rows.append(
            {
                "clinic_id": clinic_id,
                "sequence": sequence,
                "number": number,
                "entity": change.entity,
                "row_id": change.row_id,
                "action": change.action,
                "content_hash": content_hash(salt, content),
                "salt": salt,
                "content": content,
            }
        )
    entry: dict[str, Any] = {
        "clinic_id": clinic_id,
        "sequence": sequence,
        "happened_at": datetime.now(UTC),
        "staff_code": bounds.staff_code,
        "reason": bounds.reason,
        "previous_hash": previous,
    }
    entry["hash"] = entry_hash(
        **entry,
        changes=(
            (row["number"], row["entity"], row["row_id"], row["action"], row["content_hash"])
            for row in rows
        ),
    )
    connection.execute(insert(AuditEntry), entry)
    connection.execute(insert(AuditChange), rows)
    return sequence
