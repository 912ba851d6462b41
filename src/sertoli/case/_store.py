"""The database behind a record: where it is, how it is opened, which version it has."""

from __future__ import annotations

import sqlite3
from importlib.resources import files
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from sertoli.errors import InputError, MissingExtraError, OutputError

WRITES = "sertoli_writes"
"""Execution option of an engine whose transactions write."""

BUSY_S = 30.0
"""How long a writer waits for its turn."""


def url_of(place: Path | str) -> URL:
    """Return the address of a record: a URL, or the path of a SQLite file.

    Raises
    ------
    InputError
        If it is neither SQLite nor PostgreSQL.
    """
    if isinstance(place, Path) or "://" not in place:
        return URL.create("sqlite+pysqlite", database=str(Path(place).absolute()))
    try:
        url = make_url(place)
    except ArgumentError as error:
        raise InputError(f"{place!r} is no address of a database", "give a file or URL") from error
    backend = url.get_backend_name()
    if backend in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and url.database:
        return url.set(drivername="sqlite+pysqlite", database=str(Path(url.database).absolute()))
    raise InputError(
        f"a record cannot be kept in {backend}", "give a SQLite file or a postgresql:// address"
    )


def engine_for(url: URL) -> Engine:
    """Return an engine; on SQLite durable (WAL, synchronous FULL) and with foreign keys."""
    if url.get_backend_name() == "postgresql":
        try:
            return create_engine(
                url, connect_args={"options": "-c timezone=UTC -c lock_timeout=30s"}
            )
        except ModuleNotFoundError as error:
            raise MissingExtraError(
                "PostgreSQL needs the package psycopg",
                'install it: pip install "sertoli[postgres]"',
            ) from error
    engine = create_engine(url, connect_args={"timeout": BUSY_S})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # SQLAlchemy's own BEGIN, instead of sqlite3's guess of when one is needed.
    connection.isolation_level = None
    for setting in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
    ):
        connection.execute(f"PRAGMA {setting}").close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its turn at once: a reader that became one could be refused half-way.
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def migrations() -> Config:
    """Return Alembic's settings: the migrations lie in the package."""
    config = Config()
    config.set_main_option("script_location", str(files("sertoli.case") / "migrations"))
    return config


def upgrade(engine: Engine) -> None:
    """Bring the database to this version's schema and guards; a new one gets all of it.

    It happens in one transaction: a database is of the old version or of the new one.
    """
    config = migrations()
    with engine.execution_options(**{WRITES: True}).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_record(engine: Engine) -> bool:
    """Tell whether there is a record in the database, of any version."""
    return revision(engine) is not None


def revision(engine: Engine) -> str | None:
    """Return the version of the schema in the database."""
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except OperationalError as error:
        raise InputError(
            f"the record at {place_of(engine.url)} cannot be opened", f"look after it: {error.orig}"
        ) from error
    except Exception as error:
        if "not a database" in str(error):
            raise InputError(f"{engine.url.database} is no record", "name another file") from error
        raise


def require_current(engine: Engine) -> None:
    """Refuse a database without a record, or one of another version.

    Raises
    ------
    InputError
        Saying which, and what to do.
    """
    here, head = require_known(engine)
    if here != head:
        raise InputError(
            f"the record at {place_of(engine.url)} has version {here}, this program {head}",
            "back it up, then run `sertoli case upgrade`",
        )


def require_known(engine: Engine) -> tuple[str, str]:
    """Return the version of a record and this program's, to which it can be brought.

    Raises
    ------
    InputError
        If there is no record, or one of a later version.
    """
    place = place_of(engine.url)
    here = revision(engine) if exists(engine.url) else None
    if here is None:
        raise InputError(f"there is no record at {place}", "make one with `sertoli case init`")
    script = ScriptDirectory.from_config(migrations())
    head = script.get_current_head()
    assert head is not None
    if here not in {step.revision for step in script.walk_revisions()}:
        raise InputError(
            f"the record at {place} has version {here}, this program {head}",
            "use the later Sertoli that wrote it",
        )
    return here, head


def place_of(url: URL) -> str:
    """Write a record's place as people give it: the path of a file, or an address, no password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return url.set(drivername="postgresql").render_as_string(hide_password=True)


def exists(url: URL) -> bool:
    """Tell whether there may be a record: opening a SQLite file would make it."""
    if url.get_backend_name() != "sqlite":
        return True
    assert url.database
    return Path(url.database).is_file()


def require_folder(url: URL) -> None:
    """Refuse a SQLite file in a folder that is not there.

    Raises
    ------
    OutputError
        Naming the folder.
    """
    if url.get_backend_name() == "sqlite":
        assert url.database
        folder = Path(url.database).parent
        if not folder.is_dir():
            raise OutputError(f"the folder {folder} does not exist", "make it first")


def upgrade_record(place: Path | str) -> None:
    """Bring a record of an earlier version to this one.

    Raises
    ------
    InputError
        If there is no record.
    """
    engine = engine_for(url_of(place))
    try:
        if not exists(engine.url) or not is_record(engine):
            raise InputError(
                f"there is no record at {place_of(engine.url)}", "make one with `case init`"
            )
        require_known(engine)
        upgrade(engine)
    finally:
        engine.dispose()
