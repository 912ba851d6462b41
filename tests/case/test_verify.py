"""`verify` finds whatever was done to a record past the program, down to one byte."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from case_samples import everything, in_the_bank, operation, whole  # type: ignore[import-not-found]
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, text

from sertoli.case import (
    Head,
    Patient,
    Record,
    Staff,
    erase_patient,
    head_of,
    read_head,
    verify,
    write_head,
)
from sertoli.case._compare import row_problems
from sertoli.case._follow import chain_problems
from sertoli.case._schema._audit import AuditChange
from sertoli.case._schema._triggers import guard_texts, install_triggers
from sertoli.case._store import upgrade
from sertoli.case._verify import head_problems
from sertoli.errors import InputError, RecordError, RightsError


@pytest.fixture
def written(record: Record) -> Record:
    """Give a record with a whole case, and a man who was corrected twice and then void."""
    with record.change("a whole case") as session:
        everything(session)
    for year in (1980, 1981):
        with record.change("a slip") as session:
            session.scalars(select(Patient)).one().birth_year = year
    return record


@contextmanager
def meddled(record: Record, *statements: str) -> Iterator[Connection]:
    """Write past all guards, as whoever owns the database can; it is taken back in the end."""
    with record.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))
            for name in guard_texts("sqlite"):
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))
        yield connection
        connection.rollback()


def problems(connection: Connection) -> list[str]:
    return chain_problems(connection, 1)[0] + row_problems(connection, 1)[0]


LAST = "(SELECT max(sequence) FROM audit_entry)"
MEDDLING = {
    "a field changed": ["UPDATE patient SET birth_year = 1970"],
    "a row removed": ["DELETE FROM newborn"],
    "a row added": [
        "INSERT INTO patient (clinic_id, version, code) SELECT clinic_id, 1, 'P-77' FROM patient"
    ],
    "an old content changed": [
        "UPDATE audit_change SET content = replace(content, '1980', '1979') WHERE sequence = 3"
    ],
    "a salt changed": ["UPDATE audit_change SET salt = '00' WHERE sequence = 3"],
    "a content taken away": ["UPDATE audit_change SET content = NULL, salt = NULL"],
    "a change taken away": ["DELETE FROM audit_change WHERE sequence = 2 AND number = 5"],
    "an entry taken away": [
        "DELETE FROM audit_change WHERE sequence = 3",
        "DELETE FROM audit_entry WHERE sequence = 3",
    ],
    "another member of staff": ["UPDATE audit_entry SET staff_code = 'S-99' WHERE sequence = 2"],
    "another reason": ["UPDATE audit_entry SET reason = 'none' WHERE sequence = 2"],
    "two entries exchanged": [
        "UPDATE audit_change SET sequence = sequence + 100 WHERE sequence IN (3, 4)",
        "UPDATE audit_change SET sequence = 107 - sequence WHERE sequence > 100",
        "UPDATE audit_entry SET sequence = sequence + 100 WHERE sequence IN (3, 4)",
        "UPDATE audit_entry SET sequence = 107 - sequence WHERE sequence > 100",
    ],
    "the end cut off": [
        f"DELETE FROM audit_change WHERE sequence = {LAST}",
        f"DELETE FROM audit_entry WHERE sequence = {LAST}",
    ],
    "an erasure made up": [
        "INSERT INTO erasure (clinic_id, entity, row_id, sequence)"
        " SELECT clinic_id, 'newborn', id, 2 FROM newborn",
        "DELETE FROM newborn",
    ],
}


def test_an_honest_record_verifies(written: Record) -> None:
    verdict = verify(written)
    assert verdict.problems == ()
    assert verdict.entries == 4
    assert verdict.rows > 40
    assert verdict.heads == (head_of(written),)


def test_meddling_is_found(written: Record) -> None:
    missed = []
    for name, statements in MEDDLING.items():
        with meddled(written, *statements) as connection:
            if not problems(connection):
                missed.append(name)
    assert missed == []
    with meddled(written) as connection:
        assert problems(connection) == []


def test_a_guard_taken_away_is_found(written: Record) -> None:
    with written.engine.begin() as connection:
        on = " ON patient" if connection.dialect.name == "postgresql" else ""
        connection.execute(text(f"DROP TRIGGER sertoli_patient_delete{on}"))
    assert "sertoli_patient_delete" in verify(written).problems[0]
    with written.engine.begin() as connection:
        install_triggers(connection)


WEAKENED = {
    "sqlite": (
        "DROP TRIGGER sertoli_patient_delete",
        "CREATE TRIGGER sertoli_patient_delete AFTER DELETE ON patient BEGIN SELECT 1; END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION sertoli_patient_delete() RETURNS trigger LANGUAGE plpgsql"
        " AS $guard$ BEGIN RETURN NULL; END $guard$",
    ),
}


def test_a_guard_that_was_weakened_is_found_and_put_back(written: Record) -> None:
    assert verify(written).sound
    with written.engine.begin() as connection:
        for statement in WEAKENED[connection.dialect.name]:
            connection.exec_driver_sql(statement)
    (problem,) = verify(written).problems
    assert "sertoli_patient_delete was changed" in problem
    upgrade(written.engine)
    assert verify(written).sound


@pytest.mark.postgresql
def test_a_guard_that_is_called_elsewhere_or_seldom_is_found(postgresql_place: str) -> None:
    guard = "sertoli_patient_delete"
    with Record.create(postgresql_place, clinic="MAD", staff="S-01") as record:
        for how, condition in [
            ("BEFORE DELETE", ""),
            ("AFTER INSERT", ""),
            ("AFTER DELETE", "WHEN (false)"),
        ]:
            with record.engine.begin() as connection:
                connection.exec_driver_sql(f"DROP TRIGGER {guard} ON patient")
                connection.exec_driver_sql(
                    f"CREATE TRIGGER {guard} {how} ON patient FOR EACH ROW {condition}"
                    f" EXECUTE FUNCTION {guard}()"
                )
            (problem,) = verify(record).problems
            assert guard in problem
        upgrade(record.engine)
        assert verify(record).sound


@pytest.fixture(scope="module")
def unguarded(
    sqlite_template: bytes, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Connection]:
    """Give a connection to a record without guards, constraints looked away from."""
    path = tmp_path_factory.mktemp("bytes") / "record.db"
    path.write_bytes(sqlite_template)
    with Record.create(path, clinic="MAD", staff="S-01") as record:
        with record.change("a whole case") as session:
            everything(session)
        with record.engine.connect() as connection:
            # Not within a transaction, where SQLite would pass over them.
            for setting in ("foreign_keys = OFF", "ignore_check_constraints = ON"):
                connection.connection.cursor().execute(f"PRAGMA {setting}")
            for name in guard_texts("sqlite"):
                connection.execute(text(f"DROP TRIGGER {name}"))
            yield connection
            connection.rollback()
            connection.invalidate()


KEYS = {"id", "clinic_id", "sequence", "number"}
"""Changed by the table of meddling above; here they would only clash."""


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_one_byte_of_any_row_or_audit_is_enough(unguarded: Connection, data: st.DataObject) -> None:
    tables = ["audit_entry", "audit_change", "patient", "specimen", "straw", "pregnancy"]
    table = data.draw(st.sampled_from(tables))
    query = text(f"SELECT rowid AS place, * FROM {table}")
    row = data.draw(st.sampled_from(unguarded.execute(query).mappings().all()))
    full = [name for name, value in row.items() if value is not None]
    name = data.draw(st.sampled_from([name for name in full if name not in {*KEYS, "place"}]))
    old = row[name]
    if isinstance(old, str):
        place = data.draw(st.integers(0, len(old) - 1))
        new: object = old[:place] + chr(ord(old[place]) ^ 1) + old[place + 1 :]
    else:
        new = old ^ 1 if isinstance(old, int) else old + 1
    put = text(f"UPDATE {table} SET {name} = :value WHERE rowid = {row['place']}")
    unguarded.execute(put, {"value": new})
    try:
        assert problems(unguarded), (table, name, old, new)
    finally:
        unguarded.execute(put, {"value": old})
    assert not problems(unguarded)


@pytest.mark.parametrize(
    ("table", "moment"), [("straw", "frozen_at"), ("audit_entry", "happened_at")]
)
@pytest.mark.parametrize(
    ("first", "last", "sign"),
    [(11, 11, "!"), (11, 11, "T"), (20, 20, ","), (5, 5, ","), (9, 10, "32"), (6, 7, "0x")],
)
def test_a_moment_that_cannot_be_read_is_named(
    unguarded: Connection, table: str, moment: str, first: int, last: int, sign: str
) -> None:
    old = unguarded.execute(text(f"SELECT min({moment}) FROM {table}")).scalar_one()
    put = text(f"UPDATE {table} SET {moment} = :new WHERE {moment} = :old")
    new = old[: first - 1] + sign + old[last:]
    unguarded.execute(put, {"old": old, "new": new})
    found = problems(unguarded)
    assert f"a row of {table} cannot be read" in "; ".join(found)
    assert len(found) < 10
    unguarded.execute(put, {"old": new, "new": old})
    assert not problems(unguarded)


def test_a_head_finds_a_record_cut_back_to_an_honest_past(written: Record, tmp_path: Path) -> None:
    file = tmp_path / "head.json"
    write_head(head_of(written), file)
    state = "UPDATE patient SET birth_year = 1980, version = version - 1"
    with meddled(written, state, *MEDDLING["the end cut off"]) as connection:
        assert problems(connection) == []
        (found,) = head_problems(connection, read_head(file))
    assert "cut off" in found


def test_a_head_finds_a_chain_made_anew(record: Record, tmp_path: Path) -> None:
    with record.change() as session:
        session.add(Patient(code="P-1"))
    head = head_of(record)
    other = Head(head.clinic, head.sequence, "0" * 64)
    assert verify(record, [head]).sound
    assert "made anew" in verify(record, [other]).problems[0]


def test_a_signed_head_cannot_be_exchanged(record: Record, tmp_path: Path) -> None:
    private, public = tmp_path / "key.pem", tmp_path / "public.pem"
    key = Ed25519PrivateKey.generate()
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    file = tmp_path / "head.json"
    write_head(head_of(record), file, private)
    assert read_head(file, public) == head_of(record)

    honest = file.read_text(encoding="utf-8")
    for forged in (
        honest.replace('"sequence": 1', '"sequence": 0'),
        honest.replace('"signature": "', '"signature": "A'),
    ):
        file.write_text(forged, encoding="utf-8")
        with pytest.raises(InputError, match="signature"):
            read_head(file, public)
    write_head(head_of(record), file)
    with pytest.raises(InputError, match="signature"):
        read_head(file, public)
    for wrong in (private, file, tmp_path / "none.pem"):
        with pytest.raises(InputError, match="key"):
            read_head(file, wrong)
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="no exported head"):
        read_head(file)


def test_erasure_takes_the_content_and_leaves_the_chain(written: Record) -> None:
    head = head_of(written)
    with pytest.raises(RecordError, match="not in this clinic"):
        erase_patient(written, "P-9", "request of the man")
    assert erase_patient(written, "P-1", "request of the man") > 35

    assert verify(written, [head]).sound
    with written.reading(voided=True) as session:
        assert session.scalars(select(Patient)).all() == []
        assert len(session.scalars(select(Staff)).all()) == 4
    with written.engine.connect() as connection:
        contents = connection.execute(select(AuditChange.content)).scalars().all()
    assert not any("P-1" in content for content in contents if content)
    with written.change() as session:
        whole(session, 2)
    assert verify(written, [head]).sound


def test_nothing_of_an_erased_man_is_left_in_the_file(sqlite_place: str) -> None:
    with Record.create(sqlite_place, clinic="MAD", staff="S-01") as record:
        with record.change() as session:
            session.add(Patient(code="P-REMEMBERED-1"))
        erase_patient(record, "P-REMEMBERED-1", "request of the man")
    folder = Path(sqlite_place).parent
    assert not any(b"REMEMBERED" in file.read_bytes() for file in folder.iterdir())


def test_no_straw_in_the_bank_loses_its_name(record: Record) -> None:
    with record.change() as session:
        in_the_bank(operation(session))
    with pytest.raises(RecordError, match="ST-1 is still in the bank"):
        erase_patient(record, "P-1", "request of the man")


def test_only_a_director_erases(record: Record, place: str) -> None:
    with record.change() as session:
        session.add(Staff(code="S-05", role="nurse", reads_all_clinics=False))
        session.add(Patient(code="P-1"))
    with (
        Record.open(place, clinic="MAD", staff="S-05") as other,
        pytest.raises(RightsError, match="director"),
    ):
        erase_patient(other, "P-1", "request of the man")
