"""The audit: one entry a transaction, chained per clinic, with what was and what is below it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sertoli.case._schema._base import Base
from sertoli.case._schema._fields import Key, Moment


class AuditEntry(Base):
    """A transaction: who, when, why, and the hash of all of it and of the entry before.

    ``sequence`` counts from 1 in each clinic. ``hash`` is described in ``sertoli.case._chain``.
    """

    __tablename__ = "audit_entry"

    clinic_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    sequence: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    happened_at: Mapped[datetime] = mapped_column(Moment())
    staff_code: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(String(500))
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditChange(Base):
    """One row changed by a transaction.

    ``content`` is canonical JSON ``{"was": ..., "is": ...}`` and ``content_hash`` the SHA-256 of
    ``salt`` and ``content``. A lawful erasure empties ``salt`` and ``content`` and leaves the hash,
    which then tells nothing: without the salt it cannot be guessed.
    """

    __tablename__ = "audit_change"
    __table_args__ = (
        ForeignKeyConstraint(
            ["clinic_id", "sequence"],
            ["audit_entry.clinic_id", "audit_entry.sequence"],
            name="fk_audit_change__sequence",
        ),
        Index("ix_audit_change__row", "clinic_id", "entity", "row_id", "sequence"),
    )

    clinic_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    sequence: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    entity: Mapped[str] = mapped_column(String(40))
    row_id: Mapped[int] = mapped_column(Key)
    action: Mapped[str] = mapped_column(String(10))
    content_hash: Mapped[str] = mapped_column(String(64))
    salt: Mapped[str | None] = mapped_column(String(32))
    content: Mapped[str | None] = mapped_column(Text)


class Erasure(Base):
    """A row whose content was lawfully erased; it permits exactly that and nothing else."""

    __tablename__ = "erasure"
    __table_args__ = (
        UniqueConstraint("clinic_id", "entity", "row_id", name="uq_erasure__row_id"),
        ForeignKeyConstraint(
            ["clinic_id", "sequence"],
            ["audit_entry.clinic_id", "audit_entry.sequence"],
            name="fk_erasure__sequence",
            deferrable=True,
            initially="DEFERRED",
        ),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    clinic_id: Mapped[int] = mapped_column(Key)
    entity: Mapped[str] = mapped_column(String(40))
    row_id: Mapped[int] = mapped_column(Key)
    sequence: Mapped[int] = mapped_column(Key)
