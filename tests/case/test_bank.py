"""The cryobank under whatever is done to it: one straw one place, no more sperm than were found."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from case_samples import (  # type: ignore[import-not-found]
    START,
    hour,
    in_the_bank,
    injection,
    operation,
    whole,
)
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import insert, select, text

from sertoli.case import (
    BenchSearch,
    Cycle,
    Injection,
    OocyteRetrieval,
    Record,
    Specimen,
    Straw,
    StrawMove,
    Thaw,
    bench_answer,
    move_straw,
    verify,
    void,
    whereabouts,
)
from sertoli.case._refusals import refusals
from sertoli.errors import ConflictError, RecordError

PLACES = 3


class Bank(RuleBasedStateMachine):
    """Does at random what people do, sensible or not, by the model or past it."""

    template: bytes

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="sertoli-bank-"))
        place = self.folder / "record.db"
        place.write_bytes(self.template)
        self.record = Record.create(place, clinic="MAD", staff="S-01")
        self.hours = itertools.count(24 * 40)
        self.labels = itertools.count(1)

    def teardown(self) -> None:
        assert verify_rows(self.record)
        self.record.close()
        shutil.rmtree(self.folder)

    @initialize()
    def a_man(self) -> None:
        with self.record.change() as session:
            case = operation(session)
            in_the_bank(case)
            cycle = Cycle(
                patient_id=case.patient.id,
                partner_id=case.partner.id,
                code="C-1",
                started_on=START.date(),
                sperm_source="frozen_testicular",
            )
            case.add("cycle", cycle)
            retrieval = OocyteRetrieval(cycle_id=cycle.id, retrieved_at=hour(24), oocytes=20)
            case.add("retrieval", retrieval)
            case.goblet.places = PLACES
            self.case = case
            self.people = (case.embryologist.id, case.witness.id, case.surgeon.id)

    def attempt(self, entity: type[Any], values: dict[str, Any], past_the_model: bool) -> None:
        try:
            if past_the_model:
                with refusals(), self.record.engine.begin() as connection:
                    row = {"clinic_id": 1, "version": 1, **values}
                    connection.execute(insert(entity.table()), row)
            else:
                with self.record.change() as session:
                    session.add(entity(**values))
        except RecordError:
            pass

    straws = st.integers(1, 4)
    people_drawn = st.tuples(st.integers(0, 2), st.integers(0, 2))

    @rule(sperm=st.integers(0, 6), past=st.booleans(), who=people_drawn)
    def freeze(self, sperm: int, past: bool, who: tuple[int, int]) -> None:
        values = {
            "specimen_id": self.case.specimen.id,
            "code": f"ST-{next(self.labels) + 1}",
            "frozen_at": hour(next(self.hours)),
            "frozen_by_id": self.people[who[0]],
            "witness_id": self.people[who[1]],
            "sperm": sperm,
        }
        self.attempt(Straw, values, past)

    @rule(
        straw=straws,
        number=st.integers(1, 4),
        fate=st.sampled_from(["stored", "moved", "thawed", "discarded"]),
        place=st.one_of(st.none(), st.integers(1, PLACES + 1)),
        past=st.booleans(),
        who=people_drawn,
    )
    def move(
        self,
        straw: int,
        number: int,
        fate: str,
        place: int | None,
        past: bool,
        who: tuple[int, int],
    ) -> None:
        values = {
            "straw_id": straw,
            "number": number,
            "fate": fate,
            "moved_at": hour(next(self.hours)),
            "goblet_id": None if place is None else self.case.goblet.id,
            "place": place,
            "moved_by_id": self.people[who[0]],
            "witness_id": self.people[who[1]],
        }
        self.attempt(StrawMove, values, past)

    @rule(straw=straws, sperm=st.one_of(st.none(), st.integers(0, 7)), past=st.booleans())
    def thaw(self, straw: int, sperm: int | None, past: bool) -> None:
        values = {
            "straw_id": straw,
            "thawed_at": hour(next(self.hours)),
            "thawed_by_id": self.people[0],
            "witness_id": self.people[1],
            "sperm": sperm,
        }
        self.attempt(Thaw, values, past)

    @rule(straw=st.one_of(st.none(), straws), oocyte=st.integers(1, 21), past=st.booleans())
    def inject(self, straw: int | None, oocyte: int, past: bool) -> None:
        made = injection(
            self.case,
            oocyte,
            injected_at=hour(next(self.hours)),
            straw_id=straw,
            specimen_id=self.case.specimen.id if straw is None else None,
        )
        values = {name: getattr(made, name) for name in made.fields}
        self.attempt(Injection, values, past)

    @rule(confirmed=st.one_of(st.none(), st.integers(0, 12)))
    def count_again(self, confirmed: int | None) -> None:
        def act(session: Any) -> None:
            search = session.scalars(select(BenchSearch)).one()
            search.motile_sperm = None
            search.confirmed_sperm = confirmed

        self.change(act)

    @rule(entity=st.sampled_from([Straw, StrawMove, Thaw, Injection]), number=st.integers(1, 9))
    def take_back(self, entity: type[Any], number: int) -> None:
        def act(session: Any) -> None:
            row = session.get(entity, number)
            if row is not None:
                void(row, "a mistake")

        self.change(act)

    def change(self, act: Callable[[Any], None]) -> None:
        try:
            with self.record.change() as session:
                act(session)
        except RecordError:
            pass

    @precondition(lambda self: hasattr(self, "case"))
    @invariant()
    def nothing_impossible(self) -> None:
        with self.record.reading() as session:
            found = session.scalars(select(BenchSearch.confirmed_sperm)).one() or 0
            straws = session.scalars(select(Straw)).all()
            injections = session.scalars(select(Injection)).all()
            fresh = [one for one in injections if one.straw_id is None]
            assert len(fresh) + sum(straw.sperm for straw in straws) <= found
            taken = set()
            for straw in straws:
                used = [one for one in injections if one.straw_id == straw.id]
                thawed = session.scalars(select(Thaw).where(Thaw.straw_id == straw.id)).all()
                assert len(used) <= straw.sperm
                assert len(thawed) <= 1
                assert thawed or not used
                assert straw.frozen_by_id != straw.witness_id
                where = whereabouts(session, straw)
                if where.place is not None:
                    assert not thawed
                    assert 1 <= where.place <= PLACES
                    assert where.place not in taken
                    taken.add(where.place)
            for move in session.scalars(select(StrawMove)):
                assert move.moved_by_id != move.witness_id


def verify_rows(record: Record) -> bool:
    """Tell whether only rows written past the model are unknown to the audit."""
    past_the_model = ("knows nothing of it", "is not what the entry before left")
    return all(
        any(sign in problem for sign in past_the_model) for problem in verify(record).problems
    )


def test_whatever_is_done_no_nonsense_is_held(sqlite_template: bytes) -> None:
    Bank.template = sqlite_template
    run_state_machine_as_test(
        Bank,
        settings=settings(
            max_examples=6,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_of_two_who_move_a_straw_at_once_one_is_told(record: Record) -> None:
    """Both saw it in place 1 and want it elsewhere; their moves begin at the same moment."""
    with record.change() as session:
        case = operation(session)
        in_the_bank(case)
        goblet, straw = case.goblet.id, case.straw.id
        people = (case.embryologist.id, case.witness.id)
    with record.reading() as session:
        found = session.get(Straw, straw)
        assert found is not None
        seen = whereabouts(session, found)
    ready = threading.Barrier(2)
    told: list[ConflictError] = []
    moved: list[int] = []

    def move(place: int) -> None:
        ready.wait()
        try:
            with record.change() as session:
                mine = session.get(Straw, straw)
                assert mine is not None
                move_straw(
                    session,
                    mine,
                    to=(goblet, place),
                    moved_by_id=people[0],
                    witness_id=people[1],
                    seen=seen,
                )
            moved.append(place)
        except ConflictError as error:
            told.append(error)

    threads = [threading.Thread(target=move, args=(place,)) for place in (2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(moved) == len(told) == 1
    with record.reading() as session:
        found = session.get(Straw, straw)
        assert found is not None
        assert whereabouts(session, found).place == moved[0]


@pytest.mark.postgresql
def test_clients_past_the_model_take_turns_too(postgresql_place: str) -> None:
    """Ten sperm were found, six of them frozen; eight clients inject a fresh one at once."""
    with Record.create(postgresql_place, clinic="MAD", staff="S-01") as record:
        with record.change() as session:
            case = whole(session)
            values = {
                "clinic_id": case.patient.clinic_id,
                "specimen_id": case.specimen.id,
                "code": "ST",
                "frozen_at": hour(9),
                "frozen_by_id": case.embryologist.id,
                "witness_id": case.witness.id,
            }
        ready = threading.Barrier(8)
        refused: list[RecordError] = []

        def freeze(number: int) -> None:
            names = ", ".join(values)
            marks = ", ".join(f":{name}" for name in values)
            with record.engine.connect() as connection:
                ready.wait()
                try:
                    with refusals():
                        connection.execute(
                            text(
                                f"INSERT INTO straw ({names}, version, sperm)"
                                f" VALUES ({marks}, 1, 1)"
                            ),
                            {**values, "code": f"ST-9{number}"},
                        )
                        connection.commit()
                except RecordError as error:
                    refused.append(error)

        threads = [threading.Thread(target=freeze, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [error.field for error in refused] == ["straw.sperm"] * 4


def test_the_bench_answers_only_what_a_person_confirmed(record: Record) -> None:
    with record.change() as session:
        case = operation(session)
        specimen = session.get(Specimen, case.specimen.id)
        assert specimen is not None
        answer = bench_answer(session, specimen)
        assert (answer.confirmed_sperm, answer.motile_sperm, answer.complete) == (10, 3, True)
        case.search.confirmed_sperm = case.search.motile_sperm = None
        session.flush()
        answer = bench_answer(session, specimen)
        assert (answer.confirmed_sperm, answer.complete) == (None, False)
