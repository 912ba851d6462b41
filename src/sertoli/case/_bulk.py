"""Many rows at once: imports and synthetic programmes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Table, insert, select, text

from sertoli.case._record import Record, hold_clinic, session_for
from sertoli.case._refusals import refusals
from sertoli.case._schema import Clinic, Row, Staff
from sertoli.case._schema._words import Role
from sertoli.case._session import Bounds, Change, RecordSession
from sertoli.errors import RecordError, RightsError


class Entering:
    """One transaction that enters many rows; made by ``entering``.

    Every field is checked as ever; what takes a look at other rows is left to the database's
    guards.
    """

    def __init__(self, session: RecordSession) -> None:
        self._session = session
        self.undone = False

    def undo(self) -> None:
        """Let nothing of the transaction stay when it ends."""
        self.undone = True

    def there(self, entity: type[Row]) -> list[dict[str, Any]]:
        """Return the rows of an entity that hold, as column -> value, in the order of entry."""
        names = ["id", *entity.fields]
        query = select(*(getattr(entity, name) for name in names)).order_by(entity.id)
        if entity is Clinic:
            query = query.where(Clinic.id == self._session.bounds.clinic_id)
        rows = self._session.execute(query).all()
        return [dict(zip(names, row, strict=True)) for row in rows]

    def add(self, entity: type[Row], rows: Iterable[Mapping[str, Any]]) -> list[int]:
        """Enter rows, all or none; return the numbers that they got, in their order.

        Raises
        ------
        RecordError
            If a row is nonsense.
        RightsError
            If the member of staff may not do this.
        """
        _require_right(entity, self._session.bounds.role)
        owned = {"clinic_id": self._session.bounds.clinic_id, "version": 1}
        return self._insert(entity, [owned | entity.checked(row) for row in rows])

    def add_each(
        self, entity: type[Row], rows: Iterable[Mapping[str, Any]]
    ) -> list[int | RecordError]:
        """Enter those of the rows that are not nonsense.

        Returns
        -------
        list of int or RecordError
            Of each row, in their order, its number, or why it was refused.

        Raises
        ------
        RightsError
            If the member of staff may not do this.
        """
        _require_right(entity, self._session.bounds.role)
        owned = {"clinic_id": self._session.bounds.clinic_id, "version": 1}
        found: list[int | RecordError] = []
        sound: list[tuple[int, dict[str, Any]]] = []
        for place, row in enumerate(rows):
            found.append(0)
            try:
                sound.append((place, owned | entity.checked(row)))
            except RecordError as error:
                found[place] = error
        self._insert_or_halve(entity, sound, found)
        return found

    def change(self, entity: type[Row], number: int, values: Mapping[str, Any]) -> None:
        """Change fields of a row that is there.

        Raises
        ------
        RecordError
            If the row would be nonsense; it stays as it was.
        RightsError
            If the member of staff may not do this.
        """
        row = self._session.get(entity, number)
        if row is None:
            raise RecordError(entity.__tablename__, f"has no row {number}", "look again")
        try:
            for name, value in values.items():
                setattr(row, name, value)
            self._session.flush()
        except RecordError:
            self._session.expunge(row)
            self._session.flushing.clear()
            raise

    def _insert_or_halve(
        self,
        entity: type[Row],
        rows: Sequence[tuple[int, dict[str, Any]]],
        found: list[int | RecordError],
    ) -> None:
        # The database names the field that it refuses, but not the row: halve until it is alone.
        if not rows:
            return
        try:
            given = self._insert(entity, [state for _, state in rows])
        except RecordError as error:
            if len(rows) == 1:
                found[rows[0][0]] = error
                return
            middle = len(rows) // 2
            self._insert_or_halve(entity, rows[:middle], found)
            self._insert_or_halve(entity, rows[middle:], found)
        else:
            for (place, _), number in zip(rows, given, strict=True):
                found[place] = number

    def _insert(self, entity: type[Row], states: list[dict[str, Any]]) -> list[int]:
        if not states:
            return []
        connection = self._session.connection()
        with refusals(), connection.begin_nested():
            given = _next_numbers(connection, entity.table(), len(states))
            for number, state in zip(given, states, strict=True):
                state["id"] = number
            connection.execute(insert(entity.table()), states)
        self._session.changes += (
            Change(entity.__tablename__, row["id"], "insert", None, row) for row in states
        )
        return given


@contextmanager
def entering(record: Record, *, reason: str | None = None) -> Iterator[Entering]:
    """Give one transaction that enters many rows of any entities, whole and audited, or nothing.

    Parameters
    ----------
    record : Record
        Opened in a clinic.
    reason : str or None
        Why, for the audit.

    Raises
    ------
    RightsError
        If the record was opened over all clinics.
    RecordError
        If the reason is empty or too long.
    """
    if record.clinic_id is None:
        raise RightsError("many rows", "are entered into one clinic", "open the record of a clinic")
    if reason is not None and not 0 < len(reason) <= 500:
        raise RecordError("reason", "is empty or too long", "use 1 to 500 signs")
    bounds = Bounds(record.clinic_id, record.staff, record.role, writes=True, reason=reason)
    with refusals(), session_for(record.engine, bounds) as session:
        hold_clinic(session, record.clinic_id)
        transaction = Entering(session)
        yield transaction
        if transaction.undone:
            session.rollback()
        else:
            session.commit()


def add_many(
    record: Record,
    entity: type[Row],
    rows: Iterable[Mapping[str, Any]],
    *,
    reason: str | None = None,
    at_once: int = 2000,
) -> list[int]:
    """Enter many rows of an entity, a transaction and an audit entry for so many at once.

    A refused row takes its whole transaction with it; those before stay.

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
        If a row is nonsense. The field is named, but not the row.
    RightsError
        If the member of staff may not do this.
    """
    _require_right(entity, record.role)
    numbers: list[int] = []
    remaining = iter(rows)
    while part := list(itertools.islice(remaining, at_once)):
        with entering(record, reason=reason) as transaction:
            numbers += transaction.add(entity, part)
    return numbers


def _require_right(entity: type[Row], role: Role | None) -> None:
    if entity is Clinic:
        raise RightsError("clinic", "is made by `sertoli case init`", "use that")
    if entity is Staff and role is not Role.DIRECTOR:
        raise RightsError("staff", "is changed by a director only", "ask a director of the clinic")


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
