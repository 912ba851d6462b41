"""Records to import into and to export from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sertoli.case import Clinic, Record


@pytest.fixture(scope="session")
def empty_record(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Give the bytes of a record with the clinic MAD and its director S-01."""
    path = tmp_path_factory.mktemp("template") / "record.db"
    Record.create(path, clinic="MAD", staff="S-01").close()
    with Record.open(path, clinic="MAD", staff="S-01") as record, record.change() as session:
        clinic = session.get(Clinic, record.clinic_id)
        assert clinic is not None
        clinic.time_zone = "Europe/Madrid"
    return path.read_bytes()


@pytest.fixture
def new_record(tmp_path: Path, empty_record: bytes) -> Iterator[Callable[[], Record]]:
    """Give a function that makes a record and opens it."""
    made: list[Record] = []

    def make() -> Record:
        path = tmp_path / f"record-{len(made)}.db"
        path.write_bytes(empty_record)
        made.append(Record.open(path, clinic="MAD", staff="S-01"))
        return made[-1]

    yield make
    for record in made:
        record.close()
