"""Lawful erasure: the content goes, from the rows and from the audit; the chain still verifies."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select, text, update

from sertoli.case._audit import append_entry
from sertoli.case._record import Record, hold_clinic, session_for
from sertoli.case._refusals import refusals
from sertoli.case._schema import ENTITIES, Patient
from sertoli.case._schema._audit import AuditChange, Erasure
from sertoli.case._schema._words import Role
from sertoli.case._session import Bounds, Change
from sertoli.errors import RecordError, RightsError

Doomed = dict[str, list[int]]
"""Table -> numbers of its rows."""

_STILL_STORED = text(
    "SELECT s.code FROM straw_move m JOIN straw s ON s.id = m.straw_id"
    " WHERE m.straw_id = :straw AND m.voided_at IS NULL AND m.goblet_id IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM straw_move n WHERE n.straw_id = m.straw_id"
    " AND n.voided_at IS NULL AND n.number > m.number)"
)


def erase_patient(record: Record, code: str, reason: str) -> int:
    """Erase all that the record holds of a man: his rows, his partner's, and what became of them.

    What stays is that there were so many rows, who changed them when, who erased them and why (keep
    persons out of ``reason``). Backups and exports made before are the clinic's to destroy.

    Parameters
    ----------
    record : Record
        Opened by a director.
    code : str
        The man's pseudonym.
    reason : str
        The legal ground.

    Returns
    -------
    int
        How many rows were erased.

    Raises
    ------
    RightsError
        If the member of staff is no director.
    RecordError
        If there is no such man, or a straw of his is still in the bank.
    """
    if record.role is not Role.DIRECTOR or record.clinic_id is None:
        raise RightsError("an erasure", "is a director's decision", "ask a director of the clinic")
    if not 0 < len(reason) <= 500:
        raise RecordError("reason", "is empty or too long", "name the legal ground")
    bounds = Bounds(record.clinic_id, record.staff, record.role, writes=True, reason=reason)
    with refusals(), session_for(record.engine, bounds) as session:
        hold_clinic(session, record.clinic_id)
        anyway = select(Patient.id).where(Patient.code == code).execution_options(voided=True)
        number = session.scalars(anyway).first()
        if number is None:
            raise RecordError("patient.code", f"{code} is not in this clinic", "check the code")
        connection = session.connection()
        doomed = _all_of(connection, number)
        for straw in doomed["straw"]:
            label = connection.execute(_STILL_STORED, {"straw": straw}).scalar()
            if label is not None:
                raise RecordError(
                    "straw",
                    f"{label} is still in the bank and would lose its name",
                    "take it out first",
                )
        _erase(connection, bounds, doomed)
        session.commit()
    _wipe(record)
    return sum(len(numbers) for numbers in doomed.values())


def _all_of(connection: Connection, patient: int) -> Doomed:
    """Follow every reference from a man downwards."""
    doomed: Doomed = {entity.__tablename__: [] for entity in ENTITIES}
    doomed["patient"] = [patient]
    for entity in ENTITIES:  # each comes after those it refers to
        table = entity.table()
        found: set[int] = set()
        for name, field in entity.fields.items():
            if field.kind == "reference" and doomed[field.target]:
                below = select(table.c.id).where(table.c[name].in_(doomed[field.target]))
                found.update(connection.execute(below).scalars())
        doomed[entity.__tablename__] = sorted(found.union(doomed[entity.__tablename__]))
    return doomed


def _erase(connection: Connection, bounds: Bounds, doomed: Doomed) -> None:
    rows = [(table, number) for table, numbers in doomed.items() for number in numbers]
    sequence = append_entry(
        connection, bounds, (Change(table, number, "erase", None, None) for table, number in rows)
    )
    connection.execute(
        insert(Erasure),
        [
            {
                "clinic_id": bounds.clinic_id,
                "entity": table,
                "row_id": number,
                "sequence": sequence,
            }
            for table, number in rows
        ],
    )
    for table, numbers in doomed.items():
        if numbers:
            connection.execute(
                update(AuditChange)
                .where(
                    AuditChange.clinic_id == bounds.clinic_id,
                    AuditChange.entity == table,
                    AuditChange.row_id.in_(numbers),
                )
                .values(salt=None, content=None)
            )
    for entity in reversed(ENTITIES):
        below = doomed[entity.__tablename__]
        if below:
            rows_of = entity.table()
            connection.execute(delete(rows_of).where(rows_of.c.id.in_(below)))


def _wipe(record: Record) -> None:
    """Let nothing linger in the log of a SQLite file (freed pages are zeroed as they are freed)."""
    if record.engine.dialect.name == "sqlite":
        with record.engine.connect() as connection:
            connection.rollback()
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
