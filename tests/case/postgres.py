"""A PostgreSQL of our own, in a temporary folder, for as long as the tests run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from sertoli.case._schema import Base

OWNER = "postgres"
"""PostgreSQL refuses to run as root; its packages bring this user."""


def programs() -> Path | None:
    """Return the folder of initdb and pg_ctl, in the PATH or where Debian puts it."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        if all((folder / name).is_file() for name in ("initdb", "pg_ctl", "pg_dump")):
            return folder
    return None


def _as_owner() -> list[str]:
    # On Windows there is no root, and PostgreSQL drops its rights by itself.
    if getattr(os, "geteuid", lambda: 1)() != 0:
        return []
    return ["setpriv", f"--reuid={OWNER}", f"--regid={OWNER}", "--clear-groups", "--"]


@contextmanager
def cluster(bin_folder: Path) -> Iterator[str]:
    """Start a cluster and give the address of its server, to which a database's name is added."""
    with tempfile.TemporaryDirectory(prefix="sertoli-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        data = folder / "data"
        data.mkdir()
        log = folder / "log"
        if _as_owner():
            for path in (folder, data):
                shutil.chown(path, OWNER)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]

        def call(program: str, *arguments: str) -> None:
            subprocess.run(
                [*_as_owner(), str(bin_folder / program), *arguments],
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=folder,
            )

        call("initdb", "-D", str(data), "-U", OWNER, "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-p {port} -h 127.0.0.1 -k '' -c fsync=off -c jit=off -c autovacuum=off"
        call("pg_ctl", "-D", str(data), "-l", str(log), "-w", "-o", options, "start")
        try:
            yield f"postgresql://{OWNER}@127.0.0.1:{port}/"
        finally:
            call("pg_ctl", "-D", str(data), "-m", "immediate", "stop")


def make_empty(address: str) -> None:
    """Empty every table of a record, past its guards, and count from one again."""
    tables = [*Base.metadata.tables]
    with psycopg.connect(address, autocommit=True) as connection:
        # As if rows came from another server: triggers and foreign keys look away.
        connection.execute("SET session_replication_role = replica")
        for table in tables:
            connection.execute(f"DELETE FROM {table}".encode())
        connection.execute(
            "SELECT setval(format('%I', sequencename)::regclass, 1, false) FROM pg_sequences"
        )


def run_sql(server: str, statement: str) -> None:
    """Run a statement on the server's own database, outside of a transaction."""
    with psycopg.connect(server + "postgres", autocommit=True) as connection:
        connection.execute(statement.encode())
