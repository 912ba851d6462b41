"""Who changed what, when and why, for people to read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from sertoli.case._chain import plain
from sertoli.case._schema import Row
from sertoli.case._schema._audit import AuditChange, AuditEntry


@dataclass(frozen=True)
class Step:
    """One row changed.

    ``changed`` is field -> (what was, what is); empty where the content was erased.
    """

    sequence: int
    happened_at: str
    staff: str
    reason: str | None
    action: str
    entity: str
    row_id: int
    changed: Mapping[str, tuple[Any, Any]]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        changed = {name: {"was": was, "is": now} for name, (was, now) in self.changed.items()}
        return {**vars(self), "changed": changed}

    def as_line(self) -> dict[str, Any]:
        """Return it as a line of a table."""
        what = ", ".join(
            f"{name}: {was} -> {now}" if self.action != "insert" else f"{name}={now}"
            for name, (was, now) in self.changed.items()
        )
        return {
            "when": self.happened_at[:19],
            "who": self.staff,
            "did": self.action,
            "row": f"{self.entity} {self.row_id}",
            "what": what,
            "why": self.reason,
        }


def history(session: Session, row: Row | None = None, last: int = 20) -> list[Step]:
    """Return the last changes that a session may see, of one row or of all; oldest first."""
    query = (
        select(AuditEntry, AuditChange)
        .join(
            AuditChange,
            and_(
                AuditChange.clinic_id == AuditEntry.clinic_id,
                AuditChange.sequence == AuditEntry.sequence,
            ),
        )
        .order_by(AuditChange.sequence.desc(), AuditChange.number.desc())
        .limit(last)
    )
    if row is not None:
        query = query.where(AuditChange.entity == row.__tablename__, AuditChange.row_id == row.id)
    steps = []
    for entry, change in session.execute(query):
        content = json.loads(change.content) if change.content else {}
        was, now = content.get("was") or {}, content.get("is") or {}
        steps.append(
            Step(
                sequence=entry.sequence,
                happened_at=plain(entry.happened_at),
                staff=entry.staff_code,
                reason=entry.reason,
                action=change.action,
                entity=change.entity,
                row_id=change.row_id,
                changed={
                    name: (was.get(name), now.get(name))
                    for name in now
                    if was.get(name) != now.get(name) and name not in {"version", "clinic_id", "id"}
                },
            )
        )
    return steps[::-1]
