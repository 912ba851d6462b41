"""The record: who sees what, what is kept, what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from case_samples import whole  # type: ignore[import-not-found]
from sqlalchemy import (
    Executable,
    Select,
    column,
    delete,
    func,
    literal_column,
    select,
    table,
    text,
    true,
    update,
)
from sqlalchemy.orm import Session, aliased

from sertoli.case import (
    Clinic,
    Patient,
    Procedure,
    Record,
    Specimen,
    Staff,
    add_many,
    verify,
)
from sertoli.errors import ConflictError, InputError, RecordError, RightsError


def test_what_was_written_is_read_back(record: Record) -> None:
    with record.change("a whole case") as session:
        case = whole(session)
        written = {name: dict(vars(row)) for name, row in case.rows.items()}
    with record.reading() as session:
        for name, row in case.rows.items():
            found = session.get(type(row), row.id)
            assert found is not None, name
            values = {key: getattr(found, key) for key in found.fields}
            assert values == {key: written[name].get(key) for key in found.fields}


def test_a_block_that_fails_leaves_nothing(record: Record) -> None:
    def fail() -> None:
        with record.change() as session:
            whole(session)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with record.reading() as session:
        assert session.scalar(select(func.count()).select_from(Patient)) == 0


@pytest.fixture
def two_clinics(place: str) -> tuple[str, dict[str, int]]:
    """Write a man in each of two clinics; the director of VAL may read everywhere."""
    numbers = {}
    for clinic, staff, reads in (("MAD", "S-01", False), ("VAL", "S-02", True)):
        with (
            Record.create(place, clinic=clinic, staff=staff, reads_all_clinics=reads) as made,
            made.change() as session,
        ):
            man = Patient(code=f"{clinic}-1")
            session.add(man)
            session.flush()
            numbers[clinic] = man.id
    return place, numbers


QUERIES: dict[str, Select[Any]] = {
    "entities": select(Patient),
    "columns": select(Patient.code),
    "an alias": select(aliased(Patient)),
    "counted": select(func.count(Patient.id)).group_by(Patient.id),
    "a subquery": select(select(Patient.id).subquery()),
    "a common table": select(select(Patient.id).cte()),
    "a join": select(Clinic.code).join(Patient, Patient.clinic_id == Clinic.id),
    "a union's half": select(
        select(Patient.id).union_all(select(Patient.id)).subquery()
    ).distinct(),
}


@pytest.mark.parametrize("name", QUERIES)
def test_no_query_leaves_the_clinic(name: str, two_clinics: tuple[str, dict[str, int]]) -> None:
    place, _ = two_clinics
    with Record.open(place, clinic="MAD", staff="S-01") as record, record.reading() as session:
        assert len(session.execute(QUERIES[name]).all()) == 1
    with (
        Record.open(place, clinic="VAL", staff="S-02", all_clinics=True) as record,
        record.reading() as session,
    ):
        assert len(session.execute(QUERIES[name]).all()) == 2


def test_another_clinics_row_is_not_found_by_number(
    two_clinics: tuple[str, dict[str, int]],
) -> None:
    place, numbers = two_clinics
    with Record.open(place, clinic="MAD", staff="S-01") as record, record.reading() as session:
        assert session.get(Patient, numbers["MAD"]) is not None
        assert session.get(Patient, numbers["VAL"]) is None


AROUND: dict[str, Executable] = {
    "a text": text("SELECT code FROM patient"),
    "a table": select(Patient.table()),
    "a table beside a class": select(Clinic.code, Patient.table().c.code),
    "a table below a class": select(Clinic).where(Clinic.id.in_(select(Patient.table().c.id))),
    "a text below a class": select(Clinic).where(text("1 = 1")),
    "a table beside its class": select(
        Clinic.code,
        select(func.count(Patient.id)).scalar_subquery(),
        select(func.count()).select_from(Patient.table()).scalar_subquery(),
    ),
    "a table under another name beside its class": select(Patient.code).join(
        Patient.table().alias("other"), true()
    ),
    "a table by its name": select(Clinic.code, table("patient", column("code")).c.code),
    "a column in words": select(Clinic.code, literal_column("(SELECT max(code) FROM patient)")),
    "words at the end": select(Clinic.code).suffix_with("UNION SELECT code FROM patient"),
    "words instead of a statement": select(Patient).from_statement(text("SELECT * FROM patient")),
    "an update": update(Patient).values(birth_year=1980),
    "a deletion": delete(Patient),
}


@pytest.mark.parametrize("name", AROUND)
def test_what_goes_around_the_bounds_is_refused(name: str, record: Record) -> None:
    with record.reading() as session, pytest.raises(RightsError, match="bounds"):
        session.execute(AROUND[name])


def test_rights_are_needed(two_clinics: tuple[str, dict[str, int]]) -> None:
    place, numbers = two_clinics
    with pytest.raises(RightsError, match="may not read across"):
        Record.open(place, clinic="MAD", staff="S-01", all_clinics=True)
    with pytest.raises(RightsError, match="does not belong"):
        Record.open(place, clinic="MAD", staff="S-02")
    with Record.open(place, clinic="VAL", staff="S-02", all_clinics=True) as record:
        with pytest.raises(RightsError, match="over all clinics"), record.change():
            pass
        with record.reading() as session:
            session.add(Patient(code="P-9"))
            with pytest.raises(RightsError, match="for reading"):
                session.flush()
    with Record.open(place, clinic="MAD", staff="S-01") as record, record.change() as session:
        gone = {"active_until": date(2024, 1, 31), "reads_all_clinics": False}
        session.add(Staff(code="S-07", role="nurse", **gone))
    with pytest.raises(RightsError, match="left the clinic"):
        Record.open(place, clinic="MAD", staff="S-07")
    with Record.open(place, clinic="MAD", staff="S-01") as record:
        with pytest.raises(RightsError, match="another clinic"), record.change() as session:
            session.add(Patient(code="P-9", clinic_id=2 if numbers["MAD"] == 1 else 1))
        with record.change() as session:
            session.add(Staff(code="S-05", role="nurse", reads_all_clinics=False))
    with (
        Record.open(place, clinic="MAD", staff="S-05") as record,
        pytest.raises(RightsError, match="director"),
        record.change() as session,
    ):
        session.add(Staff(code="S-06", role="director", reads_all_clinics=True))


def test_two_clinics_may_use_the_same_code(two_clinics: tuple[str, dict[str, int]]) -> None:
    place, _ = two_clinics
    with Record.open(place, clinic="VAL", staff="S-02") as record, record.change() as session:
        session.add(Patient(code="MAD-1"))


def void(session: Session, thing: type[Patient] | type[Procedure] | type[Specimen]) -> None:
    row = session.scalars(select(thing)).first()
    assert row is not None
    row.voided_at, row.void_reason = datetime.now(UTC), "entered for another man"


def test_void_rows_stay_and_are_hidden(record: Record) -> None:
    with record.change() as session:
        session.add(Patient(code="P-1"))
    with record.change("a mix-up") as session:
        void(session, Patient)
    with record.reading() as session:
        assert session.scalars(select(Patient)).all() == []
    with record.reading(voided=True) as session:
        assert session.scalars(select(Patient.void_reason)).all() == ["entered for another man"]
    anyway = select(Patient).execution_options(voided=True)
    with pytest.raises(RecordError, match=r"patient\.voided_at"), record.change() as session:
        session.scalars(anyway).one().birth_year = 1980


def test_what_others_depend_on_is_not_voided(record: Record) -> None:
    with record.change() as session:
        whole(session)
    for thing in (Patient, Procedure, Specimen):
        with pytest.raises(RecordError, match="voided_at"), record.change() as session:
            void(session, thing)


def test_of_two_writers_one_wins(record: Record) -> None:
    with record.change() as session:
        session.add(Patient(code="P-1"))
    with record.reading() as session:
        seen_by_both = session.scalars(select(Patient)).one()
        session.expunge(seen_by_both)
    with record.change() as session:
        session.scalars(select(Patient)).one().birth_year = 1980
    seen_by_both.birth_year = 1990
    with pytest.raises(ConflictError, match="somebody else"), record.change() as session:
        session.add(seen_by_both)
    with record.reading() as session:
        assert session.scalars(select(Patient.birth_year)).one() == 1980


WRONG_PLACES = {
    "no file": "nowhere.db",
    "another database": "mysql://host/record",
    "no address": "postgresql://[",
}


@pytest.mark.parametrize("name", WRONG_PLACES)
def test_a_wrong_place_is_refused(
    name: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(str(tmp_path))
    with pytest.raises(InputError):
        Record.open(WRONG_PLACES[name], clinic="MAD", staff="S-01")


def test_many_rows_at_once_are_as_good_as_one_by_one(record: Record) -> None:
    men = add_many(record, Patient, ({"code": f"P-{n}", "birth_year": 1980} for n in range(250)))
    assert len(set(men)) == 250
    procedures = [
        {
            "patient_id": man,
            "code": f"OP-{man}",
            "kind": "micro_tese",
            "surgeon_id": record.staff_id,
            "started_at": datetime(2024, 3, 4, tzinfo=UTC),
        }
        for man in men
    ]
    add_many(record, Procedure, procedures, reason="import", at_once=100)
    assert verify(record).problems == ()
    with record.reading() as session:
        assert session.get(Patient, men[7]).code == "P-7"  # type: ignore[union-attr]
    wrong = [{"code": "P-900"}, {"code": "Garcia"}]
    with pytest.raises(RecordError, match=r"patient\.code"):
        add_many(record, Patient, wrong)
    early = {**procedures[0], "code": "OP-X", "started_at": datetime(1985, 1, 1, tzinfo=UTC)}
    with pytest.raises(RecordError, match=r"procedure\.started_at"):
        add_many(record, Procedure, [early])
    with pytest.raises(RightsError):
        add_many(record, Clinic, [])
    assert verify(record).rows == 502


@pytest.mark.parametrize("zone", ["Mars/Phobos", "Europe", "../../etc/passwd", "CEST ", "/UTC"])
def test_a_time_zone_is_one(zone: str, record: Record) -> None:
    with record.change() as session:
        clinic = session.scalars(select(Clinic)).one()
        with pytest.raises(RecordError, match=r"clinic\.time_zone"):
            clinic.time_zone = zone
        clinic.time_zone = "Europe/Madrid"
