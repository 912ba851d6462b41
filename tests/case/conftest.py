"""Records to test with, on SQLite and, where its programs are installed, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres import (  # type: ignore[import-not-found]
    cluster,
    make_empty,
    programs,
    run_sql,
)

from sertoli.case import Record
from sertoli.case._store import engine_for, upgrade, url_of

NO_POSTGRESQL = "PostgreSQL's programs not found"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Give the address of a server with a database named ``record``, or skip."""
    folder = programs()
    if folder is None:
        pytest.skip(f"{NO_POSTGRESQL}: install initdb, pg_ctl and pg_dump")
    with cluster(folder) as server:
        run_sql(server, "CREATE DATABASE record")
        engine = engine_for(url_of(server + "record"))
        upgrade(engine)
        engine.dispose()
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Give the bytes of an empty record."""
    path = tmp_path_factory.mktemp("template") / "record.db"
    engine = engine_for(url_of(path))
    upgrade(engine)
    engine.dispose()
    return path.read_bytes()


@pytest.fixture
def sqlite_place(sqlite_template: bytes, tmp_path: Path) -> str:
    """Give the path of an empty record."""
    path = tmp_path / "record.db"
    path.write_bytes(sqlite_template)
    return str(path)


@pytest.fixture
def postgresql_place(postgresql_server: str) -> str:
    """Give the address of an empty record."""
    make_empty(postgresql_server + "record")
    return postgresql_server + "record"


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)],
)
def place(request: pytest.FixtureRequest) -> str:
    """Give the place of an empty record, once on each database."""
    found: str = request.getfixturevalue(f"{request.param}_place")
    return found


@pytest.fixture
def record(place: str) -> Iterator[Record]:
    """Give a record with the clinic MAD, opened by its director S-01."""
    with Record.create(place, clinic="MAD", staff="S-01") as made:
        yield made
