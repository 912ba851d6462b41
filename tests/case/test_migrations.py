"""The migrations make what the mapped classes say, on both databases."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from earlier import ADDED, go_back  # type: ignore[import-not-found]
from sqlalchemy import Connection, create_engine, select, text

from sertoli.case import Exposure, Patient, Record, backup, upgrade_record, verify
from sertoli.case._chain import state_of
from sertoli.case._schema import Base, _audit  # noqa: F401  (its tables are part of the schema)
from sertoli.case._store import engine_for, url_of
from sertoli.errors import InputError

POSTGRESQL = """
SELECT table_name, column_name, data_type, is_nullable, character_maximum_length::text
FROM information_schema.columns WHERE table_schema = '{schema}'
UNION ALL SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', ''
FROM pg_constraint WHERE connamespace = '{schema}'::regnamespace
UNION ALL SELECT tablename, indexname, indexdef, '', ''
FROM pg_indexes WHERE schemaname = '{schema}'
"""


def sqlite_schema(connection: Connection) -> dict[str, list[str]]:
    """Give the parts of every table and index; a column added later stands last, check and all."""
    query = "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql NOT NULL"
    schema = {}
    for name, sql in connection.execute(text(query)):
        if not name.startswith(("sqlite_", "alembic_")):
            whole = re.sub(r"(?<!,) CONSTRAINT ", ", CONSTRAINT ", " ".join(sql.split()))
            first, _, rest = whole.removesuffix(")").partition("(")
            parts = re.split(r",(?![^(]*\))|,(?= CONSTRAINT )", rest)
            schema[name] = [first.strip(), *sorted(part.strip() for part in parts)]
    return schema


def statements(connection: Connection) -> dict[str, str]:
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL"
    return {name: " ".join(sql.split()) for name, sql in connection.execute(text(query))}


def test_on_sqlite(sqlite_place: str) -> None:
    mapped = create_engine("sqlite://")
    Base.metadata.create_all(mapped)
    migrated = engine_for(url_of(sqlite_place))
    with mapped.connect() as one, migrated.connect() as other:
        assert sqlite_schema(one) == sqlite_schema(other)
    mapped.dispose()
    migrated.dispose()


@pytest.mark.postgresql
def test_on_postgresql(postgresql_place: str) -> None:
    engine = engine_for(url_of(postgresql_place))
    with engine.connect() as connection:

        def schema(name: str) -> set[tuple[str, ...]]:
            rows = connection.execute(text(POSTGRESQL.format(schema=name)))
            return {
                tuple(str(part).replace(f"{name}.", "") for part in row)
                for row in rows
                if "alembic" not in row[0]
            }

        migrated = schema("public")
        connection.execute(text("CREATE SCHEMA mapped"))
        connection.execute(text("SET search_path = mapped"))
        Base.metadata.create_all(connection)
        assert schema("mapped") == migrated
        connection.rollback()
    engine.dispose()


def test_a_record_of_a_later_version_is_not_touched(sqlite_place: str, tmp_path: Path) -> None:
    Record.create(sqlite_place, clinic="MAD", staff="S-01").close()
    engine = engine_for(url_of(sqlite_place))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    for refused in (
        lambda: Record.open(sqlite_place, clinic="MAD", staff="S-01"),
        lambda: upgrade_record(sqlite_place),
        lambda: backup(sqlite_place, tmp_path / "copies"),
    ):
        with pytest.raises(InputError, match=r"version 9999.*use the later Sertoli"):
            refused()


def first_state(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give the state of a row as the first version's audit has it."""
    return {name: value for name, value in state_of(values).items() if name not in ADDED.values()}


def test_a_record_of_an_earlier_version_is_brought_up(
    sqlite_place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Record.create(sqlite_place, clinic="MAD", staff="S-01") as record:
        with monkeypatch.context() as earlier, record.change("a man") as session:
            earlier.setattr("sertoli.case._audit.state_of", first_state)
            man = Patient(code="P-0001")
            session.add(man)
            session.flush()
            session.add(Exposure(patient_id=man.id, agent="opioid"))
            session.commit()
        engine = record.engine
        with engine.connect() as connection:
            expected, indexes = sqlite_schema(connection), statements(connection)
        go_back(engine)
        with engine.begin() as connection:
            for name, sql in indexes.items():
                if name.startswith("ix_"):
                    connection.execute(text(f"DROP INDEX {name}"))
                    connection.execute(text(sql.partition(" WHERE ")[0]))
            connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(InputError, match="version 0001"):
        Record.open(sqlite_place, clinic="MAD", staff="S-01")
    upgrade_record(sqlite_place)
    with Record.open(sqlite_place, clinic="MAD", staff="S-01") as record:
        with record.engine.connect() as connection:
            assert sqlite_schema(connection) == expected
        assert verify(record).sound
        with record.change("he denied it") as session:
            session.scalars(select(Exposure)).one().denied = True
        assert verify(record).problems == ()


def test_only_a_record_is_upgraded(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no record"):
        upgrade_record(tmp_path / "none.db")
    (tmp_path / "text.db").write_text("no database at all, but long enough" * 9, encoding="utf-8")
    with pytest.raises(InputError, match="no record"):
        upgrade_record(tmp_path / "text.db")
