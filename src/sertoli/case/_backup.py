"""Copies of a record: taken while it is in use, verified before they count, restored verified."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, Engine

from sertoli.case._schema import Base
from sertoli.case._schema._triggers import guard_texts
from sertoli.case._store import (
    engine_for,
    is_record,
    place_of,
    require_folder,
    require_known,
    upgrade,
    url_of,
)
from sertoli.case._verify import Verdict, verify_store
from sertoli.errors import InputError, MissingExtraError, OutputError

NAME = "record-"
_ENDINGS = {"sqlite": ".db", "postgresql": ".dump"}


def backup(place: Path | str, folder: Path, keep: int | None = None) -> Path:
    """Copy a record into a folder while others go on writing.

    The copy of a SQLite record is verified before it gets its name; that of a PostgreSQL record is
    a dump whose table of contents is read (restoring it verifies the rest). A record of an earlier
    version is copied as it is.

    Parameters
    ----------
    place : Path or str
        The record.
    folder : Path
        Where to; the copy is called ``record-YYYYMMDDTHHMMSSZ`` with ``.db`` or ``.dump``.
    keep : int or None
        Remove all but so many of the newest copies afterwards.

    Returns
    -------
    Path
        The copy.

    Raises
    ------
    InputError
        If the record cannot be opened, or the copy does not verify.
    OutputError
        If the folder cannot be written.
    """
    url = url_of(place)
    database = url.get_backend_name()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot make {folder}: {error.strerror}", "name another folder"
        ) from error
    with _engine(url) as engine:
        require_known(engine)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    final = folder / f"{NAME}{stamp}{_ENDINGS[database]}"
    with _unfinished(final) as partial:
        if database == "sqlite":
            _copy_sqlite(Path(url.database or ""), partial)
            _require_sound_file(partial)
        else:
            _run("pg_dump", url, "--format=custom", "--no-owner", f"--file={partial}")
            _run("pg_restore", None, "--list", str(partial))
    if keep is not None:
        for old in sorted(folder.glob(f"{NAME}*{_ENDINGS[database]}"))[: -max(keep, 1)]:
            old.unlink()
    return final


def restore(copy: Path, place: Path | str) -> Verdict:
    """Make a record of a copy, in a place that holds none, and verify it.

    A copy of an earlier version's record is brought up to this version's. A copy that does not
    verify leaves nothing behind. A PostgreSQL dump is restored in one transaction, verified, and
    taken away again if it is not sound.

    Raises
    ------
    InputError
        If the copy is none, or does not verify.
    OutputError
        If the place holds a record already.
    """
    url = url_of(place)
    if not copy.is_file():
        raise InputError(f"there is no copy {copy}", "name one that `case backup` made")
    if url.get_backend_name() == "sqlite":
        require_folder(url)
        final = Path(url.database or "")
        if final.exists():
            raise OutputError(f"{final} exists already", "restore to another file")
        with _unfinished(final) as partial:
            _copy_sqlite(copy, partial)
            return _require_sound(url_of(partial), copy)
    with _engine(url) as engine:
        if is_record(engine):
            raise OutputError(
                f"{place_of(url)} holds a record already", "restore to an empty database"
            )
    _run("pg_restore", url, "--single-transaction", "--exit-on-error", "--no-owner", str(copy))
    try:
        return _require_sound(url, copy)
    except BaseException:
        _take_away(url)
        raise


def _take_away(url: URL) -> None:
    """Empty a PostgreSQL database of a record that this program has just put there."""
    tables = ", ".join([*Base.metadata.tables, "alembic_version"])
    with _engine(url) as engine, engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {tables} CASCADE")
        for name in guard_texts("postgresql"):
            connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {name}()")


def _copy_sqlite(source: Path, target: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as original,
            closing(sqlite3.connect(target)) as copy,
        ):
            original.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE").close()
    except sqlite3.Error as error:
        raise InputError(f"{source} cannot be copied: {error}", "name a SQLite record") from error


def _require_sound_file(copy: Path) -> None:
    """Refuse a SQLite copy that does not verify; one of an earlier version is left as it is."""
    with _engine(url_of(copy)) as engine:
        here, head = require_known(engine)
    if here == head:
        _require_sound(url_of(copy), copy)
        return
    brought_up = copy.with_name(f"{copy.name}.{head}")
    try:
        _copy_sqlite(copy, brought_up)
        _require_sound(url_of(brought_up), copy)
    finally:
        _remove(brought_up)


def _require_sound(url: URL, copy: Path) -> Verdict:
    """Bring a record up to this version, and refuse it if it does not verify."""
    with _engine(url) as engine:
        here, head = require_known(engine)
        if here != head:
            upgrade(engine)
        verdict = verify_store(engine)
    if not verdict.sound:
        raise InputError(
            f"{copy} does not verify: {verdict.problems[0]}", "run `sertoli case verify` on it"
        )
    return verdict


@contextmanager
def _engine(url: URL) -> Iterator[Engine]:
    engine = engine_for(url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _unfinished(final: Path) -> Iterator[Path]:
    """Give a name beside ``final``; what lies there in the end, on the disk, becomes it."""
    partial = final.with_name(final.name + ".partial")
    partial.unlink(missing_ok=True)
    try:
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(final)
    finally:
        _remove(partial)


def _remove(file: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            file.with_name(file.name + ending).unlink()


def _run(program: str, url: URL | None, *arguments: str) -> None:
    path = shutil.which(program) or next(
        (str(found) for found in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))), None
    )
    if path is None:
        raise MissingExtraError(
            f"{program} is not installed", "install PostgreSQL's client programs"
        )
    environment = dict(os.environ)
    target: list[str] = []
    if url is not None:
        # The password goes by the environment: a command line is seen by every user of a machine.
        if url.password:
            environment["PGPASSWORD"] = str(url.password)
        address = url.set(drivername="postgresql", password=None)
        target = [f"--dbname={address.render_as_string()}"]
    run = subprocess.run(
        [path, *target, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if run.returncode:
        why = run.stderr.strip().splitlines()
        raise InputError(
            f"{program} failed: {why[0] if why else run.returncode}", "mend that first"
        )
