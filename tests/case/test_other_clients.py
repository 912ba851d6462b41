"""What other clients of the database cannot write either, however they are set up."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from case_samples import everything  # type: ignore[import-not-found]

from sertoli.case import ENTITIES, Record

MAN = "patient (version, clinic_id, code) VALUES"


def semen(clinic: int, man: int, day: str) -> str:
    return (
        "INSERT INTO semen_analysis (version, pellet, clinic_id, patient_id, sampled_on)"
        f" VALUES (1, 'sperm', {clinic}, {man}, '{day}')"
    )


def panel(moment: str) -> str:
    return (
        "INSERT INTO hormone_panel (version, clinic_id, patient_id, sampled_at)"
        f" VALUES (1, 1, 1, '{moment}')"
    )


@pytest.fixture
def sqlite_client(sqlite_place: str) -> Iterator[sqlite3.Connection]:
    """Give a client as SQLite makes it: it asks no foreign keys."""
    with (
        Record.create(sqlite_place, clinic="MAD", staff="S-01") as record,
        record.change() as session,
    ):
        everything(session)
    Record.create(sqlite_place, clinic="VAL", staff="S-09").close()
    with closing(sqlite3.connect(sqlite_place)) as client:
        yield client


BY_SQLITE = {
    "a man that is not there": (
        semen(1, 99, "2024-01-01"),
        "patient_id",
    ),
    "a man of another clinic": (
        semen(2, 1, "2024-01-01"),
        "patient_id",
    ),
    "a clinic that is not there": (f"INSERT INTO {MAN} (1, 77, 'P-7')", "clinic_id"),
    "a witness that is not there": ("UPDATE straw SET witness_id = 99", "witness_id"),
    "no day": (semen(1, 1, "2024-02-30"), "sampled_on"),
    "a day and more": (semen(1, 1, "2024-02-20 10:00"), "sampled_on"),
    "a moment of no day": (
        panel("2024-02-30 08:00:00.000000"),
        "sampled_at",
    ),
    "no hour": (panel("2024-02-20 24:00:00.000000"), "sampled_at"),
    "a moment in other letters": (
        panel("2024-02-20T08:00:00Z"),
        "sampled_at",
    ),
    "bytes for a text": ("UPDATE exposure SET detail = x'ff00'", "detail"),
    "half a text": ("UPDATE exposure SET detail = 'a' || char(0) || 'b'", "detail"),
    "a code of other signs": (f"INSERT INTO {MAN} (1, 1, 'P/7')", "code"),
    "a code of two lines": (f"INSERT INTO {MAN} (1, 1, 'P-7' || char(10))", "code"),
    "a row instead of another": (
        "INSERT OR REPLACE INTO patient (id, version, clinic_id, code) VALUES (1, 1, 1, 'P-7')",
        "id",
    ),
    "a row instead of one of the code": (f"INSERT OR REPLACE INTO {MAN} (1, 1, 'P-1')", "code"),
    "a code instead of another's": (
        "UPDATE OR REPLACE staff SET code = 'S-11' WHERE code = 'S-12'",
        "code",
    ),
    "a move instead of another": (
        "UPDATE OR REPLACE straw_move SET number = 1 WHERE number = 2",
        "number",
    ),
    "an entry of the audit instead of another": (
        "INSERT OR REPLACE INTO audit_entry SELECT * FROM audit_entry LIMIT 1",
        "sequence",
    ),
}


@pytest.mark.parametrize("name", BY_SQLITE)
def test_sqlite_refuses(name: str, sqlite_client: sqlite3.Connection) -> None:
    statement, field = BY_SQLITE[name]
    with pytest.raises(sqlite3.IntegrityError, match=rf"sertoli\|\w+\.{field}\|"):
        sqlite_client.execute(statement)


@pytest.mark.postgresql
def test_postgresql_is_not_emptied(postgresql_place: str) -> None:
    Record.create(postgresql_place, clinic="MAD", staff="S-01").close()
    tables = [entity.__tablename__ for entity in ENTITIES] + ["audit_entry", "audit_change"]
    with psycopg.connect(postgresql_place, autocommit=True) as client:
        for table in tables:
            with pytest.raises(psycopg.errors.CheckViolation, match="cannot be emptied"):
                client.execute(f"TRUNCATE {table} CASCADE".encode())


@pytest.mark.postgresql
def test_postgresql_refuses_codes_of_other_signs(postgresql_place: str) -> None:
    Record.create(postgresql_place, clinic="MAD", staff="S-01").close()
    with psycopg.connect(postgresql_place, autocommit=True) as client:
        for code in ("P/7", "P-7\n", "-7", "Jos\u00e97"):
            with pytest.raises(psycopg.errors.CheckViolation, match=r"sertoli\|patient\.code\|"):
                client.execute(
                    "INSERT INTO patient (version, clinic_id, code) VALUES (1, 1, %s)", [code]
                )
