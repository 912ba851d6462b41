"""A database session that stays in its clinic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Select, SelectBase, Table, TableClause, TextClause, TextualSelect, event
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ColumnClause
from sqlalchemy.sql.selectable import AliasedReturnsRows

from sertoli.case._schema import Clinic, ClinicRow, Row
from sertoli.case._schema._audit import AuditChange, AuditEntry, Erasure
from sertoli.case._schema._words import Role
from sertoli.errors import RightsError


@dataclass(frozen=True)
class Change:
    """One row changed: its entity and number, what was done, what was and what is."""

    entity: str
    row_id: int
    action: str
    was: dict[str, Any] | None
    now: dict[str, Any] | None


@dataclass
class Bounds:
    """Whose session it is and how far it reaches.

    Parameters
    ----------
    clinic_id : int or None
        None: all clinics (for reading), or a clinic yet to be made.
    staff_code : str
        Who.
    role : Role or None
        What the person does; None for whoever makes a clinic.
    writes : bool
        Whether anything may be changed.
    voided : bool
        Whether rows that were voided are seen.
    reason : str or None
        Why, for the audit.
    """

    clinic_id: int | None
    staff_code: str
    role: Role | None
    writes: bool = False
    voided: bool = False
    reason: str | None = None


class RecordSession(Session):
    """A session within bounds. Make one by ``Record.reading`` or ``Record.change``."""

    def __init__(self, bind: Any, bounds: Bounds) -> None:
        super().__init__(bind, expire_on_commit=False)
        self.bounds = bounds
        self.flushing: list[tuple[Row, dict[str, Any] | None]] = []
        self.changes: list[Change] = []


@event.listens_for(RecordSession, "do_orm_execute")
def _stay_within(execution: ORMExecuteState) -> None:
    if execution.is_column_load or execution.is_relationship_load:
        return
    bounds = execution.session.bounds  # type: ignore[attr-defined]
    statement = cast(visitors.ExternallyTraversible, execution.statement)
    if not execution.is_select or not execution.is_orm_statement or _goes_around(statement):
        raise RightsError(
            "a statement",
            "goes around the bounds of the clinic",
            "select mapped classes; add, change and void their objects",
        )
    options = []
    clinic_id = bounds.clinic_id
    if clinic_id is not None:
        options.append(with_loader_criteria(Clinic, Clinic.id == clinic_id, include_aliases=True))
        options += [
            with_loader_criteria(
                owned, lambda cls: cls.clinic_id == clinic_id, include_aliases=True
            )
            for owned in (ClinicRow, AuditEntry, AuditChange, Erasure)
        ]
    if not bounds.voided and not execution.execution_options.get("voided"):
        options.append(
            with_loader_criteria(Row, lambda cls: cls.voided_at.is_(None), include_aliases=True)
        )
    execution.statement = execution.statement.options(*options)


def _goes_around(part: visitors.ExternallyTraversible) -> bool:
    """Tell whether a statement holds words of SQL, or reads what nothing keeps to the clinic.

    What comes from a mapped class carries a note of it, and by that is kept to the clinic. From
    such columns SQLAlchemy makes out by itself, without a note, which tables a SELECT reads; any
    other table in that SELECT goes around.
    """
    noted: set[object] = set()
    bare: set[object] = set()
    to_see = [part]
    while to_see:
        part = to_see.pop()
        if _is_wording(part):
            return True
        if isinstance(part, ColumnClause) or _is_stored(part):
            source = part.table if isinstance(part, ColumnClause) else part
            if _is_stored(source):
                (noted if "parententity" in part._annotations else bare).add(source)
            continue
        for child in part.get_children():
            if not isinstance(child, SelectBase):
                to_see.append(child)
            elif _goes_around(child):
                return True
    return not bare <= noted


def _is_stored(part: object) -> bool:
    element = part.element if isinstance(part, AliasedReturnsRows) else part
    return isinstance(element, Table)


def _is_wording(part: object) -> bool:
    if isinstance(part, ColumnClause):
        return part.is_literal and part.name != "*"
    if isinstance(part, Select):
        return bool(part._prefixes or part._suffixes)
    return isinstance(part, (TextClause, TextualSelect)) or (
        isinstance(part, TableClause) and not isinstance(part, Table)
    )
