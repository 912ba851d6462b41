"""Nonsense is refused twice: by the model, and by the database when another client writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from case_samples import (  # type: ignore[import-not-found]
    WholeCase,
    everything,
    hour,
    in_the_bank,
    move,
    on,
    operation,
)
from sqlalchemy import Connection, text
from sqlalchemy.exc import DataError, ProgrammingError

from sertoli.case import ENTITIES, Consent, Partner, Record, Row, Staff, void
from sertoli.case._admission import _ask
from sertoli.case._refusals import refusals
from sertoli.errors import RecordError

FAR = date(2999, 1, 1)
TOMORROWS = datetime.now(UTC) + timedelta(days=5)
Values = dict[str, Any]


@dataclass(frozen=True)
class Spoil:
    """A row of the whole case that is changed, or taken as the pattern of a further one.

    ``field`` is what the refusal has to name; without a table it is the row's own.
    """

    row: str
    values: Values | Callable[[WholeCase], Values]
    field: str
    new: bool = False

    def given(self, case: WholeCase) -> Values:
        return self.values(case) if callable(self.values) else self.values


def change(row: str, field: str, **values: Any) -> Spoil:
    return Spoil(row, values, field)


def further(row: str, field: str, values: Values | Callable[[WholeCase], Values]) -> Spoil:
    return Spoil(row, values, field, new=True)


VOID = {"voided_at": datetime(2025, 1, 1, tzinfo=UTC), "void_reason": "a mistake"}
NEWCOMER: Values = {"code": "S-4", "role": "andrologist", "reads_all_clinics": False}


def of_newcomer(case: WholeCase, field: str) -> Values:
    """Name somebody who came after all was done."""
    if "newcomer" not in case.rows:
        case.add("newcomer", Staff(**NEWCOMER, active_from=on(400)))
    return {field: case.newcomer.id}


SPOILS = {
    # dates out of order, seen from the child and from the parent
    "the operation ends before it begins": change("procedure", "ended_at", ended_at=hour(-1)),
    "a specimen before the operation": change("specimen", "taken_at", taken_at=hour(-1)),
    "the operation after its specimen": change("procedure", "started_at", started_at=hour(1.1)),
    "a dish before its specimen": change("dish", "prepared_at", prepared_at=hour(0.5)),
    "a search before its specimen": change("search", "started_at", started_at=hour(0.5)),
    "a sperm confirmed before the search": change("sperm", "confirmed_at", confirmed_at=hour(1)),
    "frozen before it was taken": change("straw", "frozen_at", frozen_at=hour(0.5)),
    "thawed before it was frozen": change("thaw", "thawed_at", thawed_at=hour(1)),
    "stored before it was frozen": change("stored", "moved_at", moved_at=hour(1)),
    "taken out before it was stored": change("taken_out", "moved_at", moved_at=hour(5.5)),
    "a complication before the operation": change("complication", "noted_on", noted_on=on(-3)),
    "a visit due before the operation": change("visit", "due_on", due_on=on(-100)),
    "an operation of days": change("procedure", "ended_at", ended_at=hour(24 * 3)),
    "thawed before it was taken out": change("thaw", "thawed_at", thawed_at=hour(24 * 30)),
    "taken out after it was thawed": change("taken_out", "moved_at", moved_at=hour(24 * 30 + 3)),
    "out of the incubator while out of it": further("absence", "out_at", {"out_at": hour(1.6)}),
    "a man who came before he was born": change(
        "patient", "referred_on", referred_on=date(1980, 1, 1)
    ),
    "semen of a child": change("semen", "sampled_on", sampled_on=date(1987, 1, 1)),
    "oocytes of a child": change("partner", "birth_year", birth_year=2015),
    "a diagnosis by nobody there yet": Spoil(
        "diagnosis", lambda case: of_newcomer(case, "made_by_id"), "made_by_id"
    ),
    "a decision by nobody there yet": Spoil(
        "decision", lambda case: of_newcomer(case, "decided_by_id"), "decided_by_id"
    ),
    "viability tested by nobody there yet": Spoil(
        "viability", lambda case: of_newcomer(case, "tested_by_id"), "tested_by_id"
    ),
    "a visit before the operation": change("visit", "visited_on", visited_on=on(-3)),
    "oocytes before the cycle": change("retrieval", "retrieved_at", retrieved_at=hour(24)),
    "injected before the oocytes": change("injection", "injected_at", injected_at=hour(24 * 29)),
    "a transfer before the cycle": change("transfer", "transferred_on", transferred_on=on(2)),
    "a pregnancy before the transfer": change("pregnancy", "noted_on", noted_on=on(30)),
    "a birth before the pregnancy": change("newborn", "born_on", born_on=on(40)),
    "a semen sample before birth": change("semen", "sampled_on", sampled_on=date(1984, 1, 1)),
    "a man born after his sample": change("patient", "birth_year", birth_year=2024),
    "a child operated upon": change("patient", "birth_year", birth_year=2015),
    "a consent withdrawn before it was given": change(
        "consent", "withdrawn_on", withdrawn_on=on(-30)
    ),
    "the future": change("semen", "sampled_on", sampled_on=FAR),
    "in five days": change("procedure", "ended_at", ended_at=TOMORROWS),
    "a specimen after the operation": change("specimen", "taken_at", taken_at=hour(4)),
    "an operation that ended before its specimen": change(
        "procedure", "ended_at", ended_at=hour(0.5)
    ),
    "a testis closed after the operation": change("side", "ended_at", ended_at=hour(4)),
    "a history before birth": change("history", "year", year=1984),
    "a history in the future": change("history", "year", year=2100),
    "a man born after his history": change("patient", "birth_year", birth_year=2000),
    "a fresh transfer before the oocytes": change(
        "transfer", "transferred_on", transferred_on=on(25)
    ),
    "oocytes after the fresh transfer": change("retrieval", "retrieved_at", retrieved_at=hour(999)),
    "a birth after the pregnancy's end": change("newborn", "born_on", born_on=on(301)),
    "a birth before it can be one": change("newborn", "born_on", born_on=on(120)),
    "a transfer shortly before the birth": change(
        "transfer", "transferred_on", transferred_on=on(49)
    ),
    "more weeks than there were": change("pregnancy", "weeks", weeks=45),
    "fewer weeks than there were": change("pregnancy", "weeks", weeks=23),
    "a pregnancy of two years": change("pregnancy", "ended_on", ended_on=on(700)),
    "a pregnancy noted when it was long over": change(
        "pregnancy", "noted_on", noted_on=on(690), ended_on=on(700)
    ),
    "oocytes after the cycle was given up": change("cycle", "cancelled_on", cancelled_on=on(20)),
    "a surgeon who had left": change("surgeon", "active_until", active_until=on(-10)),
    "a witness who had not come": change("witness", "active_from", active_from=on(200)),
    # what contradicts itself
    "fresh sperm out of straws alone": change(
        "cycle", "sperm_source", sperm_source="fresh_testicular"
    ),
    "sperm that move where there are none": change(
        "semen",
        "motility_percent",
        pellet="not_examined",
        concentration_million_per_ml=0.0,
        motility_percent=20.0,
    ),
    "sperm in a sample without any": change("semen", "pellet", concentration_million_per_ml=5.0),
    "forms of sperm in a sample without any": change("semen", "pellet", normal_forms_percent=4.0),
    "live sperm in a sample without any": change("semen", "pellet", vitality_percent=40.0),
    "swimming sperm in a sample without any": change("semen", "pellet", progressive_percent=4.0),
    "motility of none that moves": change(
        "thaw", "motility_percent", motile_sperm=0, motility_percent=20.0
    ),
    "none moves of those that do": change("thaw", "motility_percent", motility_percent=0.0),
    "histology of the other testis": change("histology", "side", side="right"),
    "a specimen of the other testis": change("specimen", "side", side="right"),
    "thawed sperm in a cycle with ejaculated ones": change(
        "cycle", "sperm_source", sperm_source="ejaculated"
    ),
    "sperm of the testis in a cycle with those of the epididymis": change(
        "cycle", "sperm_source", sperm_source="frozen_epididymal"
    ),
    "a partner with two X and a Y": Spoil(
        "genes",
        lambda case: {"partner_id": case.partner.id, "azfc": None, "karyotype": "klinefelter"},
        "karyotype",
    ),
    "sperm counted in a pellet without any": change("semen", "pellet", pellet_sperm=3),
    "sperm counted in a pellet not looked at": change(
        "semen", "pellet", pellet="not_examined", pellet_sperm=3
    ),
    "sperm in urine without any": change("urine", "sperm_seen", sperm_million=2.0),
    "ended and going on": change("exposure", "ongoing", ongoing=True, ended_on=on(-3)),
    "denied and begun": change("exposure", "denied", denied=True),
    "denied and dated": change("history", "denied", denied=True),
    "a Y chromosome of the partner": Spoil(
        "genes", lambda case: {"partner_id": case.partner.id}, "azfc"
    ),
    "a biochemical pregnancy with a sac": change(
        "pregnancy", "outcome", outcome="biochemical", clinical=None
    ),
    "a miscarriage that was none": change(
        "pregnancy", "outcome", outcome="miscarriage", weeks=9, clinical=False, sacs=None
    ),
    # more than there is
    "more sperm injected than the straw held": change("thaw", "sperm", sperm=0),
    "more thawed than frozen": change("thaw", "sperm", sperm=7),
    "a straw with less than was injected": change("straw", "sperm", sperm=0, motile_sperm=0),
    "more frozen than found": change("straw", "sperm", sperm=11),
    "fewer found than frozen": change("search", "confirmed_sperm", confirmed_sperm=5),
    "found no longer known": change(
        "search", "confirmed_sperm", confirmed_sperm=None, motile_sperm=None
    ),
    "more motile than found": change("search", "confirmed_sperm", motile_sperm=11),
    "the search void, its sperm frozen": Spoil("search", VOID, "voided_at"),
    "more listed than confirmed": Spoil(
        "search", {"confirmed_sperm": 0, "motile_sperm": 0}, "confirmed_sperm"
    ),
    "the same sperm listed twice": further("sperm", "track_id", {}),
    "more embryos transferred fresh than oocytes": change("transfer", "embryos", embryos=9),
    "more mature oocytes than oocytes": change("retrieval", "oocytes", mii=9),
    "fewer oocytes than injected": change("retrieval", "mii", mii=0),
    "an oocyte that was not there": change("injection", "oocyte", oocyte=9),
    "more alive than tested": change("viability", "tested", viable=10),
    "progressive beyond motile": change(
        "semen", "motility_percent", progressive_percent=40.0, motility_percent=30.0
    ),
    "fewer embryos than listed": further(
        "transferred", "embryo_id", lambda case: {"embryo_id": case.embryo.id}
    ),
    # the bank
    "a straw stored twice": further("stored", "number", {}),
    "a move out of turn": further("stored", "number", {"number": 4, "fate": "moved"}),
    "a straw moved after it was thawed": further(
        "stored", "straw_id", {"number": 3, "fate": "moved", "moved_at": hour(24 * 60)}
    ),
    "a place that is not there": change("stored", "place", place=6),
    "a goblet smaller than a place in it": change("stored", "place", place=99),
    "stored nowhere": change("stored", "fate", goblet_id=None, place=None),
    "thawed twice": further("thaw", "straw_id", {}),
    "a move void below another": Spoil("stored", VOID, "voided_at"),
    "taken out void, thawed": Spoil("taken_out", VOID, "voided_at"),
    "a thaw void, sperm injected": Spoil("thaw", VOID, "voided_at"),
    # witnesses
    "the same person twice at the straw": Spoil(
        "straw", lambda case: {"witness_id": case.embryologist.id}, "witness_id"
    ),
    "the same person twice at a move": Spoil(
        "stored", lambda case: {"witness_id": case.embryologist.id}, "witness_id"
    ),
    "the same person twice at the thaw": Spoil(
        "thaw", lambda case: {"witness_id": case.embryologist.id}, "witness_id"
    ),
    "no witness at the injection": change("injection", "witness_id", witness_id=None),
    "the same person twice at the injection": Spoil(
        "injection", lambda case: {"witness_id": case.embryologist.id}, "witness_id"
    ),
    "a witness nobody knows": change("transfer", "witness_id", witness_id=9999),
    # from the oocyte to the newborn
    "a pregnancy without a transfer": change("pregnancy", "transfer_id", transfer_id=None),
    "a second pregnancy of a transfer": further("pregnancy", "transfer_id", {}),
    "a lost oocyte that became an embryo": change("injection", "degenerated", degenerated=True),
    "an undivided embryo": change("injection", "blastocyst", cleaved=False),
    "an embryo of an undivided oocyte": change(
        "injection", "cleaved", cleaved=False, blastocyst=False
    ),
    "sperm from dish and straw at once": Spoil(
        "injection", lambda case: {"specimen_id": case.specimen.id}, "straw_id"
    ),
    "a fresh transfer of a frozen embryo": change("embryo", "fate", fate="frozen", fate_on=on(34)),
    "a fate without its day": change("embryo", "fate", fate="discarded"),
    "a frozen transfer of a fresh embryo": change("transfer", "transferred_on", kind="frozen"),
    "a transfer of nothing": change("transfer", "embryos", embryos=0),
    "a miscarriage with a child": change("pregnancy", "outcome", outcome="miscarriage", weeks=9),
    "a late miscarriage": change("pregnancy", "outcome", outcome="miscarriage", weeks=23),
    "an early birth that is none": change("pregnancy", "outcome", weeks=21),
    "a child alive of a stillbirth": change("pregnancy", "outcome", outcome="stillbirth"),
    "a clinical biochemical pregnancy": change("pregnancy", "outcome", outcome="biochemical"),
    "a live birth that was not clinical": change("pregnancy", "outcome", clinical=False),
    "a pregnancy that goes on and ended": change("pregnancy", "outcome", outcome="ongoing"),
    "the same child twice": further("newborn", "number", {}),
    # what holds the record together
    "an embryo void that was transferred": Spoil("embryo", VOID, "voided_at"),
    "a man void with all he has": Spoil("patient", VOID, "voided_at"),
    "void without a reason": change("semen", "void_reason", voided_at=VOID["voided_at"]),
    "a specimen of another operation": change("specimen", "procedure_id", procedure_id=9999),
    "a code taken": further("patient", "code", {}),
    "a name instead of a pseudonym": change("patient", "code", code="Garcia"),
    "a side twice": further("side", "side", {}),
}


def base(case: WholeCase, spoil: Spoil) -> Values:
    row: Row = case.rows[spoil.row]
    return {name: getattr(row, name) for name in row.fields if getattr(row, name) is not None}


def test_the_model_refuses(record: Record) -> None:
    missed = {}
    with record.change("test") as session:
        case = everything(session)
        for name, spoil in SPOILS.items():
            row: Row = case.rows[spoil.row]
            try:
                if spoil.new:
                    session.add(type(row)(**{**base(case, spoil), **spoil.given(case)}))
                else:
                    for field, value in spoil.given(case).items():
                        setattr(row, field, value)
                session.flush()
                missed[name] = "accepted"
            except RecordError as error:
                if error.field != f"{row.__tablename__}.{spoil.field}":
                    missed[name] = str(error)
            # Back to the whole case: what was refused leaves the session.
            for new in list(session.new):
                session.expunge(new)
            for dirty in list(session.dirty):
                session.refresh(dirty)
            session.flushing.clear()  # type: ignore[attr-defined]
    assert missed == {}


def raw(value: Any, dialect: str) -> Any:
    """Give a value as another client would write it."""
    if isinstance(value, datetime):
        return (
            value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if dialect == "sqlite" else value
        )
    if isinstance(value, date):
        return value.isoformat() if dialect == "sqlite" else value
    return value.value if hasattr(value, "value") else value


def write(connection: Connection, row: Row, values: Values, new: bool) -> None:
    table, dialect = row.__tablename__, connection.dialect.name
    given = {name: raw(value, dialect) for name, value in values.items()}
    if new:
        given |= {"version": 1, "clinic_id": row.__dict__["clinic_id"]}
        names = ", ".join(given)
        marks = ", ".join(f":{name}" for name in given)
        connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), given)
    else:
        marks = ", ".join(f"{name} = :{name}" for name in given)
        connection.execute(
            text(f"UPDATE {table} SET {marks} WHERE id = {row.__dict__['id']}"), given
        )


def refused_by_database(
    connection: Connection, row: Row, values: Values, new: bool = False
) -> str | None:
    """Write past the model; give the field that the database names, or None if it took it."""
    connection.execute(text("SAVEPOINT spoil"))
    try:
        with refusals():
            write(connection, row, values, new)
    except RecordError as error:
        return error.field
    except (DataError, ProgrammingError):
        # PostgreSQL's types refuse what is no number, or too long, before anything else does.
        return f"{row.__tablename__}.{next(iter(values))}"
    else:
        return None
    finally:
        connection.execute(text("ROLLBACK TO SAVEPOINT spoil"))


def test_the_database_refuses(record: Record) -> None:
    missed = {}
    with record.change("test") as session:
        case = everything(session)
        connection = session.connection()
        for name, spoil in SPOILS.items():
            row: Row = case.rows[spoil.row]
            values = spoil.given(case)
            if spoil.new:
                values = {**base(case, spoil), **values}
            found = refused_by_database(connection, row, values, spoil.new)
            if found != f"{row.__tablename__}.{spoil.field}":
                missed[name] = found or "accepted"
    assert missed == {}


def impossible(row: Row) -> Iterator[tuple[str, Any]]:
    """Give impossible values for every field of a row."""
    for name, field in row.fields.items():
        required = not row.table().columns[name].nullable
        if required:
            yield name, None
        if field.kind in {"number", "whole"}:
            assert field.low is not None
            assert field.high is not None
            yield from ((name, field.low - 1), (name, field.high + 1), (name, float("inf")))
            if field.kind == "whole":
                yield name, field.low + 0.5
        elif field.kind == "day":
            yield from ((name, date(1899, 12, 31)), (name, date(2200, 1, 1)))
        elif field.kind == "moment":
            yield from ((name, datetime(1850, 1, 1, tzinfo=UTC)), (name, hour(24 * 365 * 900)))
        elif field.kind == "choice":
            yield from ((name, "nonsense"), (name, ""))
        elif field.kind in {"text", "code", "pseudonym"}:
            yield from ((name, ""), (name, "   "), (name, "x1" * (field.longest // 2 + 1)))
        elif field.kind == "flag":
            yield name, 7
        elif field.kind == "reference":
            yield name, 10**12


def test_every_field_refuses_what_is_impossible_in_the_model(record: Record) -> None:
    missed = []
    with record.change("test") as session:
        case = everything(session)
        rows = {type(row): row for row in case.rows.values()}
        rows[record_clinic(case)[0]] = record_clinic(case)[1]
        assert set(rows) == set(ENTITIES)
        for row in rows.values():
            for name, value in impossible(row):
                if value is None or row.fields[name].kind == "reference":
                    continue  # seen when it is flushed: above
                with pytest.raises(RecordError) as refusal:
                    setattr(row, name, value)
                if refusal.value.field != f"{row.__tablename__}.{name}":
                    missed.append(str(refusal.value))
        session.rollback()
    assert missed == []


def record_clinic(case: WholeCase) -> tuple[type[Row], Row]:
    from sertoli.case import Clinic

    clinic = case.session.get(Clinic, case.patient.clinic_id)
    assert clinic is not None
    return Clinic, clinic


def test_every_field_refuses_what_is_impossible_in_the_database(record: Record) -> None:
    missed = []
    with record.change("test") as session:
        case = everything(session)
        rows = {type(row): row for row in case.rows.values()}
        rows[record_clinic(case)[0]] = record_clinic(case)[1]
        connection = session.connection()
        postgresql = connection.dialect.name == "postgresql"
        for row in rows.values():
            for name, value in impossible(row):
                kind = row.fields[name].kind
                if postgresql and kind == "whole" and isinstance(value, float):
                    continue  # it rounds
                found = refused_by_database(connection, row, {name: value})
                # Some values contradict several fields at once, and PostgreSQL asks in the order
                # of the alphabet.
                named = found is not None and found.endswith(f".{name}")
                if found is None or not (named or postgresql or kind == "reference"):
                    missed.append((row.__tablename__, name, value, found))
        session.rollback()
    assert missed == []


TWO_YEARS = -730
ENDS: dict[str, Values] = {
    "withdrawn that day": {"withdrawn_on": 0},
    "withdrawn before": {"withdrawn_on": -1},
    "run out": {"valid_until": -1},
}
STANDS: dict[str, Values] = {
    "withdrawn later": {"withdrawn_on": 1},
    "valid to that day": {"valid_until": 0},
}
ACTS = {
    "straw": ("storage", "frozen_at", 0),
    "taken_out": ("use_of_stored_sperm", "straw_id", 30),
    "thaw": ("use_of_stored_sperm", "straw_id", 30),
    "injection": ("treatment", "injected_at", 30),
    "transfer": ("treatment", "transferred_on", 35),
}
"""Row -> what consent it needs, the field that the refusal names, its day after the operation."""


def consent(case: WholeCase, purpose: str, **days: int | None) -> Row:
    given: Values = {"given_on": on(TWO_YEARS), "partner_id": days.pop("partner_id", None)}
    given |= {name: None if day is None else on(day) for name, day in days.items()}
    return Consent(patient_id=case.patient.id, purpose=purpose, **given)


def refused_again(case: WholeCase, name: str) -> tuple[str | None, str | None]:
    """Ask the model and the database for the row once more; give the fields that they name."""
    row: Row = case.rows[name]
    try:
        _ask(case.session, row)
        by_model = None
    except RecordError as error:
        by_model = error.field
    return by_model, refused_by_database(case.session.connection(), row, {"version": row.version})


@pytest.mark.parametrize("name", ACTS)
def test_nothing_is_done_after_consent_has_ended(record: Record, name: str) -> None:
    purpose, field, day = ACTS[name]
    refusal = (f"{case_table(name)}.{field}",) * 2
    with record.change() as session:
        case = everything(session)
        void(case.consent, "a mistake")
        for given in [*ENDS.values(), *STANDS.values()]:
            ended = consent(case, purpose, **{key: day + days for key, days in given.items()})
            session.add(ended)
            session.flush()
            expected = refusal if given in ENDS.values() else (None, None)
            assert refused_again(case, name) == expected, given
            void(ended, "a mistake")
            session.flush()


def case_table(name: str) -> str:
    return "straw_move" if name == "taken_out" else name


def test_only_the_same_person_renews_a_consent(record: Record) -> None:
    refusal = ("transfer.transferred_on",) * 2
    with record.change() as session:
        case = everything(session)
        session.add(consent(case, "treatment", partner_id=case.partner.id, withdrawn_on=1))
        session.add(consent(case, "treatment", given_on=2))
        session.flush()
        assert refused_again(case, "transfer") == refusal
        session.add(consent(case, "treatment", partner_id=case.partner.id, given_on=2))
        session.flush()
        assert refused_again(case, "transfer") == (None, None)


def test_a_former_partner_does_not_stop_the_treatment(record: Record) -> None:
    with record.change() as session:
        case = everything(session)
        former = case.add("former", Partner(patient_id=case.patient.id, code="F-9"))
        session.add(consent(case, "treatment", partner_id=former.id, withdrawn_on=1))
        session.flush()
        assert refused_again(case, "transfer") == (None, None)


def test_two_straws_do_not_share_a_place(record: Record) -> None:
    with record.change() as session:
        first, second = operation(session, 1), operation(session, 2)
        in_the_bank(first, 1)
        in_the_bank(second, 2)
        again = move(second, 2, "moved", hour(7), 1)
        again.goblet_id = first.goblet.id
        session.add(again)
        with pytest.raises(RecordError, match=r"straw_move\.place is taken"):
            session.flush()
        session.expunge(again)
