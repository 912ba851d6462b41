"""Copies: taken in use, verified, restored; and what is no copy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from case_samples import whole  # type: ignore[import-not-found]
from earlier import go_back  # type: ignore[import-not-found]
from postgres import run_sql  # type: ignore[import-not-found]
from sqlalchemy import select

from sertoli.case import Patient, Record, backup, head_of, restore, upgrade_record, verify
from sertoli.errors import InputError, OutputError


@pytest.fixture
def elsewhere(place: str, tmp_path: Path) -> Iterator[str]:
    """Give an empty place of the same kind."""
    if "://" not in place:
        yield str(tmp_path / "restored.db")
        return
    server, _, _ = place.rpartition("/")
    run_sql(f"{server}/", "DROP DATABASE IF EXISTS restored")
    run_sql(f"{server}/", "CREATE DATABASE restored")
    yield f"{server}/restored"
    run_sql(f"{server}/", "DROP DATABASE restored WITH (FORCE)")


def test_a_copy_is_the_record_of_its_moment(
    record: Record, place: str, elsewhere: str, tmp_path: Path
) -> None:
    with record.change() as session:
        whole(session)
        session.flush()
    head = head_of(record)
    with record.change() as session:
        session.add(Patient(code="P-77"))
        session.flush()
        # Somebody writes while the copy is made; what is not yet whole is not in it.
        copy = backup(place, tmp_path / "copies")
    assert restore(copy, elsewhere).sound
    with Record.open(elsewhere, clinic="MAD", staff="S-01") as restored:
        assert verify(restored, [head]).sound
        with restored.reading() as session:
            assert session.scalars(select(Patient.code)).all() == ["P-1"]
        with restored.change() as session:
            whole(session, 2)
        assert verify(restored, [head]).sound
    with pytest.raises(OutputError):
        restore(copy, elsewhere)


def test_a_record_of_an_earlier_version_is_copied_and_comes_back_as_this_ones(
    record: Record, place: str, elsewhere: str, tmp_path: Path
) -> None:
    with record.change() as session:
        whole(session)
    go_back(record.engine)
    with pytest.raises(InputError, match="version 0002"):
        Record.open(place, clinic="MAD", staff="S-01")
    copy = backup(place, tmp_path / "copies")
    assert list((tmp_path / "copies").iterdir()) == [copy]
    assert restore(copy, elsewhere).sound
    with Record.open(elsewhere, clinic="MAD", staff="S-01") as restored:
        assert verify(restored).sound
    # The copy, and the record it is of, are still of the earlier version.
    with pytest.raises(InputError, match="version 0002"):
        Record.open(place, clinic="MAD", staff="S-01")
    if copy.suffix == ".db":
        with pytest.raises(InputError, match="version 0002"):
            Record.open(copy, clinic="MAD", staff="S-01")
    upgrade_record(place)  # other tests use the same database


def test_only_the_newest_copies_are_kept(sqlite_place: str, tmp_path: Path) -> None:
    Record.create(sqlite_place, clinic="MAD", staff="S-01").close()
    copies = [backup(sqlite_place, tmp_path / "copies", keep=2) for _ in range(4)]
    assert sorted((tmp_path / "copies").iterdir()) == copies[-2:]


@pytest.mark.postgresql
def test_a_dump_that_does_not_verify_leaves_nothing(postgresql_place: str, tmp_path: Path) -> None:
    server, _, _ = postgresql_place.rpartition("/")
    with Record.create(postgresql_place, clinic="MAD", staff="S-01") as record:
        with record.change() as session:
            session.add(Patient(code="P-1"))
        with record.engine.begin() as connection:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            connection.exec_driver_sql("UPDATE patient SET code = 'P-2'")
    copy = backup(postgresql_place, tmp_path / "copies")
    run_sql(f"{server}/", "CREATE DATABASE unsound")
    try:
        for _ in range(2):
            with pytest.raises(InputError, match="does not verify"):
                restore(copy, f"{server}/unsound")
    finally:
        run_sql(f"{server}/", "DROP DATABASE unsound WITH (FORCE)")


def test_a_damaged_copy_leaves_nothing(sqlite_place: str, tmp_path: Path) -> None:
    with Record.create(sqlite_place, clinic="MAD", staff="S-01") as record, record.change() as one:
        one.add(Patient(code="P-0001"))
    copy = backup(sqlite_place, tmp_path / "copies")
    damaged = copy.read_bytes().replace(b"P-0001", b"P-0002", 1)
    copy.write_bytes(damaged)
    with pytest.raises(InputError, match="does not verify"):
        restore(copy, tmp_path / "restored.db")
    copy.write_bytes(b"nothing")
    with pytest.raises(InputError):
        restore(copy, tmp_path / "restored.db")
    with pytest.raises(InputError, match="no copy"):
        restore(tmp_path / "none.db", tmp_path / "restored.db")
    assert not [file for file in tmp_path.iterdir() if "restored" in file.name]
