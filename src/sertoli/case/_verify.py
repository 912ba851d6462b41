"""Whether a record is still what was written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, select, text

from sertoli.case._compare import row_problems
from sertoli.case._follow import chain_problems
from sertoli.case._head import Head
from sertoli.case._record import Record
from sertoli.case._schema import Clinic
from sertoli.case._schema._audit import AuditEntry
from sertoli.case._schema._triggers import guard_texts, guards_there


@dataclass(frozen=True)
class Verdict:
    """What a verification found.

    Parameters
    ----------
    problems : tuple of str
        Each a sentence; none if the record is what was written.
    entries, rows : int
        How many audit entries and rows were looked at.
    heads : tuple of Head
        The end of each clinic's chain.
    """

    problems: tuple[str, ...]
    entries: int
    rows: int
    heads: tuple[Head, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing was found amiss."""
        return not self.problems


def verify(record: Record, heads: Iterable[Head] = ()) -> Verdict:
    """Find every edit, deletion, reordering and truncation of a record.

    Three things are held against one another: the hash chain of the audit with itself, every row
    with what the audit says of it, and the chain with heads that were exported earlier and kept
    elsewhere. Without a head, a tail that was cut off together with its rows, or a chain that was
    computed anew, cannot be told from an honest one.

    Parameters
    ----------
    record : Record
        Of a clinic, or of all.
    heads : iterable of Head
        Ends of chains exported earlier, their signatures checked.

    Returns
    -------
    Verdict
    """
    return verify_store(record.engine, record.clinic_id, heads)


def verify_store(
    engine: Engine, clinic_id: int | None = None, heads: Iterable[Head] = ()
) -> Verdict:
    """Verify one clinic of a store, or all; see ``verify``."""
    problems: list[str] = []
    ends: list[Head] = []
    entries = rows = 0
    with engine.connect() as connection:
        problems += _guards_missing(connection)
        for number, code in _clinics(connection, clinic_id):
            found, count, last = chain_problems(connection, number)
            altered, seen = row_problems(connection, number)
            problems += (f"{code}: {problem}" for problem in [*found, *altered])
            entries, rows = entries + count, rows + seen
            ends.append(Head(clinic=code, sequence=count, hash=last))
        for head in heads:
            problems += head_problems(connection, head)
    return Verdict(tuple(problems), entries, rows, tuple(ends))


def _clinics(connection: Connection, clinic_id: int | None) -> list[tuple[int, str]]:
    query = select(Clinic.id, Clinic.code).order_by(Clinic.id)
    if clinic_id is not None:
        query = query.where(Clinic.id == clinic_id)
    known = {found.id: found.code for found in connection.execute(query)}
    if clinic_id is None:
        # A clinic whose own row was taken away still has its audit.
        for number in connection.execute(select(AuditEntry.clinic_id).distinct()).scalars():
            known.setdefault(number, f"clinic {number}")
    return list(known.items())


def _guards_missing(connection: Connection) -> Iterator[str]:
    if connection.dialect.name == "sqlite":
        for (line,) in connection.execute(text("PRAGMA integrity_check")):
            if line != "ok":
                yield f"the database file is damaged: {line}"
        for broken in connection.execute(text("PRAGMA foreign_key_check")):
            yield f"{broken[0]} {broken[1]} refers to a {broken[2]} that is not there"
    there = guards_there(connection)
    for name, said in sorted(guard_texts(connection.dialect.name).items()):
        if name not in there:
            yield f"the guard {name} was taken away"
        elif there[name] != said:
            yield (
                f"the guard {name} was changed, or is another version's: `sertoli case upgrade` "
                "puts this version's in place"
            )


def head_problems(connection: Connection, head: Head) -> Iterator[str]:
    """Hold the chain of a clinic against a head that was exported earlier."""
    name = f"{head.clinic}: the exported head names entry {head.sequence}"
    found = connection.execute(
        select(AuditEntry.hash)
        .join(Clinic, Clinic.id == AuditEntry.clinic_id)
        .where(Clinic.code == head.clinic, AuditEntry.sequence == head.sequence)
    ).scalar()
    if found is None:
        yield f"{name}, which is not there: the end of the chain was cut off"
    elif found != head.hash:
        yield f"{name}, which now has another hash: the chain was made anew"
