"""What may be written: asked of every row before it goes to the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, event, select

from sertoli.case._schema import Clinic, ClinicRow, Row, Staff
from sertoli.case._schema._rules import fixed_fields
from sertoli.case._schema._triggers import question, rules_of
from sertoli.case._schema._words import Role
from sertoli.case._session import RecordSession
from sertoli.errors import ConflictError, RecordError, RightsError


@event.listens_for(RecordSession, "before_flush")
def _check(session: RecordSession, _context: Any, _instances: Any) -> None:
    bounds = session.bounds
    if session.deleted:
        raise RecordError("the record", "deletes nothing", "void the row and say why")
    changed = [thing for thing in session.dirty if session.is_modified(thing)]
    if not session.new and not changed:
        return
    if not bounds.writes:
        raise RightsError("the record", "was opened for reading", "use Record.change")
    with session.no_autoflush:
        for thing in [*session.new, *changed]:
            if not isinstance(thing, Row):
                raise RightsError("the audit", "is written by the record alone", "leave it")
            was = None if thing in session.new else _row_state(session, thing)
            _admit(session, thing, was)
            session.flushing.append((thing, was))


def _admit(session: RecordSession, thing: Row, was: dict[str, Any] | None) -> None:
    bounds = session.bounds
    if isinstance(thing, (Clinic, Staff)) and bounds.role not in {None, Role.DIRECTOR}:
        raise RightsError(
            thing.__tablename__, "is changed by a director only", "ask a director of the clinic"
        )
    if isinstance(thing, ClinicRow):
        if was is None and bounds.clinic_id is not None and "clinic_id" not in vars(thing):
            thing.clinic_id = bounds.clinic_id
        if thing.clinic_id != bounds.clinic_id:
            raise RightsError(
                f"{thing.__tablename__}.clinic_id", "is another clinic's", "write in your own"
            )
    elif bounds.clinic_id not in {None, thing.id}:
        raise RightsError("clinic", "is made by `sertoli case init`", "use that")
    thing.require_sound()
    if was is not None:
        _require_kept(thing, was)
    _ask(session, thing)


def _require_kept(thing: Row, was: dict[str, Any]) -> None:
    """Refuse changes to a row that is void, and to what a row never changes."""
    table = thing.__tablename__
    if was["version"] != thing.version:
        raise ConflictError(
            f"{table}.version", "is not the latest: somebody else changed the row", "look again"
        )
    if was["voided_at"] is not None:
        raise RecordError(f"{table}.voided_at", "is set: a void row stays", "enter it anew")
    for name in fixed_fields(type(thing)):
        if was[name] is not None and was[name] != getattr(thing, name):
            raise RecordError(f"{table}.{name}", "cannot change", "void the row, enter it anew")


def _ask(session: RecordSession, thing: Row) -> None:
    """Ask whether a row is the only one of its kind, and all rules."""
    connection = session.connection()
    table = thing.table()
    _require_only(connection, thing)
    query = question(type(thing), connection.dialect.name)
    values = {f"new_{column.name}": getattr(thing, column.name) for column in table.columns}
    broken = connection.execute(
        query, {name: values[name] for name in query.compile().params}
    ).scalar()
    if broken is not None:
        rule = rules_of(table.name)[broken]
        raise RecordError(f"{table.name}.{rule.field}", rule.what, rule.remedy)


def _require_only(connection: Connection, thing: Row) -> None:
    """Refuse a code, or fields that stand for a thing together, that another row has."""
    table = thing.table()
    alone: list[tuple[tuple[str, ...], bool]] = [(names, True) for names in thing.together]
    alone += [((name,), False) for name in thing.fields if thing.fields[name].is_code]
    for names, voided_are_free in alone:
        wanted = [table.c[name] == getattr(thing, name) for name in names]
        if isinstance(thing, ClinicRow):
            wanted.append(table.c.clinic_id == thing.clinic_id)
        if thing.id is not None:
            wanted.append(table.c.id != thing.id)
        if voided_are_free:
            wanted.append(table.c.voided_at.is_(None))
            if thing.voided_at is not None:
                continue
        if connection.execute(select(table.c.id).where(*wanted)).first() is not None:
            raise RecordError(f"{table.name}.{names[-1]}", "is taken already", "choose another")


def _row_state(session: RecordSession, thing: Row) -> dict[str, Any]:
    """Return a row as it stands in the database, before what is about to be written."""
    table = thing.table()
    row = session.connection().execute(select(table).where(table.c.id == thing.id)).one()
    return dict(row._mapping)
