"""A clinical record, opened by a member of staff of a clinic."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from sertoli.case import _admission, _audit  # noqa: F401  (they listen to the session)
from sertoli.case._refusals import refusals
from sertoli.case._schema import Clinic, Staff
from sertoli.case._schema._words import Role
from sertoli.case._session import Bounds, RecordSession
from sertoli.case._store import (
    WRITES,
    engine_for,
    is_record,
    require_current,
    require_folder,
    upgrade,
    url_of,
)
from sertoli.errors import InputError, RecordError, RightsError


class Record:
    """The record of a clinic (or, for reading, of all), as one member of staff sees it.

    Use ``Record.open`` or ``Record.create``; it is a context manager.

    Attributes
    ----------
    engine : sqlalchemy.Engine
        The database.
    clinic, staff : str or None, str
        Codes of the clinic (None: all clinics) and of the member of staff.
    """

    def __init__(self, engine: Engine, clinic: Clinic | None, staff: Staff) -> None:
        self.engine = engine
        self.clinic = None if clinic is None else clinic.code
        self.clinic_id = None if clinic is None else clinic.id
        self.staff = staff.code
        self.staff_id = staff.id
        self.role = staff.role

    @classmethod
    def create(
        cls,
        place: Path | str,
        *,
        clinic: str,
        staff: str,
        reads_all_clinics: bool = False,
        synthetic: bool = False,
    ) -> Record:
        """Make a clinic and its first member of staff, a director; and the record, if need be.

        Parameters
        ----------
        place : Path or str
            SQLite file, or address of a PostgreSQL database.
        clinic, staff : str
            Codes of both.
        reads_all_clinics : bool
            Whether the director may read across clinics.
        synthetic : bool
            Whether all records of the clinic are made up.

        Raises
        ------
        RecordError
            If the clinic is there already, or a code is no code.
        InputError, OutputError
            If the place cannot hold a record.
        """
        made = Clinic(code=clinic, synthetic=synthetic)
        director = Staff(code=staff, role=Role.DIRECTOR, reads_all_clinics=reads_all_clinics)
        url = url_of(place)
        require_folder(url)
        engine = engine_for(url)
        try:
            if is_record(engine):
                require_current(engine)
            else:
                upgrade(engine)
            bounds = Bounds(None, staff, None, writes=True, reason="the clinic joins")
            with refusals(), session_for(engine, bounds) as session:
                session.add(made)
                session.flush()
                bounds.clinic_id = made.id
                session.add(director)
                session.commit()
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, made, director)

    @classmethod
    def open(
        cls, place: Path | str, *, clinic: str, staff: str, all_clinics: bool = False
    ) -> Record:
        """Open a record.

        Parameters
        ----------
        place : Path or str
            SQLite file, or address of a PostgreSQL database.
        clinic, staff : str
            Codes of the clinic and of its member of staff.
        all_clinics : bool
            Read across all clinics; nothing can be written then.

        Raises
        ------
        InputError
            If there is no record of this version.
        RightsError
            If the member of staff does not belong to the clinic, or may not read across clinics.
        """
        engine = engine_for(url_of(place))
        try:
            require_current(engine)
            with session_for(engine, Bounds(None, staff, None)) as session:
                found = session.execute(
                    select(Clinic, Staff)
                    .join(Staff, Staff.clinic_id == Clinic.id)
                    .where(Clinic.code == clinic, Staff.code == staff)
                ).first()
            if found is None:
                raise RightsError(
                    "staff", f"{staff} does not belong to a clinic {clinic}", "check both codes"
                )
            last_day = found.Staff.active_until
            if last_day is not None and last_day < datetime.now(UTC).date():
                raise RightsError("staff", f"{staff} left the clinic on {last_day}", "ask there")
            if all_clinics and not found.Staff.reads_all_clinics:
                raise RightsError("staff", f"{staff} may not read across clinics", "ask a director")
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, None if all_clinics else found.Clinic, found.Staff)

    def __enter__(self) -> Record:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    @contextmanager
    def reading(self, *, voided: bool = False) -> Iterator[Session]:
        """Give a session to read with; it sees this clinic, and void rows only if asked.

        Selects of mapped classes only: what would go around the bounds of the clinic is refused
        with ``RightsError``.
        """
        bounds = Bounds(self.clinic_id, self.staff, self.role, voided=voided)
        with refusals(), session_for(self.engine, bounds) as session:
            yield session

    @contextmanager
    def change(self, reason: str | None = None) -> Iterator[Session]:
        """Give a session to write with: one transaction, whole and audited, or nothing.

        Add new objects, change or void loaded ones. What is nonsense is refused when it is
        flushed, at the latest at the end, and then nothing of the transaction stays.

        Parameters
        ----------
        reason : str or None
            Why, for the audit.

        Raises
        ------
        RecordError
            What cannot be held, with the field.
        ConflictError
            Somebody else was faster.
        RightsError
            The member of staff may not do this.
        """
        if self.clinic_id is None:
            raise RightsError("the record", "was opened over all clinics", "open one to write")
        if reason is not None and not 0 < len(reason) <= 500:
            raise RecordError("reason", "is empty or too long", "use 1 to 500 signs")
        bounds = Bounds(self.clinic_id, self.staff, self.role, writes=True, reason=reason)
        with refusals(), session_for(self.engine, bounds) as session:
            hold_clinic(session, self.clinic_id)
            yield session
            session.commit()


@contextmanager
def session_for(engine: Engine, bounds: Bounds) -> Iterator[RecordSession]:
    """Give a session within bounds, for use inside this room."""
    bind = engine.execution_options(**{WRITES: True}) if bounds.writes else engine
    with RecordSession(bind, bounds) as session:
        yield session


def hold_clinic(session: RecordSession, clinic_id: int) -> None:
    """Take the turn of writing in a clinic, until the transaction ends.

    SQLite has one writer at a time anyway; on PostgreSQL the row of the clinic is the turn.

    Raises
    ------
    InputError
        If the clinic is gone.
    """
    clinics = Clinic.table()
    turn = select(clinics.c.id).where(clinics.c.id == clinic_id).with_for_update(key_share=True)
    if session.connection().execute(turn).first() is None:
        raise InputError("the clinic is gone from the record", "open the record again")
