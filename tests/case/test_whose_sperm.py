"""What a cycle says of its sperm, what was injected, and whose embryos were transferred."""

from __future__ import annotations

from typing import Any

from case_samples import (  # type: ignore[import-not-found]
    WholeCase,
    hour,
    injection,
    on,
    operation,
    whole,
)
from test_nonsense import VOID, refused_by_database  # type: ignore[import-not-found]

from sertoli.case import (
    Cycle,
    OocyteRetrieval,
    Partner,
    Procedure,
    Record,
    Row,
    Specimen,
    Transfer,
    TransferredEmbryo,
    void,
)
from sertoli.case._admission import _ask
from sertoli.errors import RecordError


def refused(case: WholeCase, row: Any, **values: Any) -> str | None:
    """Ask the model and the database for a row, new or changed; give the field both refuse."""
    new = row.id is None
    asked: Row = type(row)(**{name: getattr(row, name) for name in row.fields} | values)
    asked.id, asked.clinic_id, asked.version = row.id, case.patient.clinic_id, row.version or 1
    given = {name: getattr(asked, name) for name in row.fields} if new else values
    by_database = refused_by_database(case.session.connection(), asked, given, new)
    by_model = None
    try:
        asked.require_sound()
        _ask(case.session, asked)
    except RecordError as error:
        by_model = error.field
    assert by_model == by_database
    return by_model


def fresh(case: WholeCase, oocyte: int, **more: Any) -> Any:
    """Make an injection with sperm of the case's specimen, the day after."""
    values = {"specimen_id": case.specimen.id, "injected_at": hour(30)} | more
    return injection(case, oocyte, **values)


def make_void(case: WholeCase, *names: str) -> None:
    for name in names:
        void(case.rows[name], "a mistake")
        case.session.flush()


def mixed(case: WholeCase) -> tuple[Any, Any]:
    """Give a cycle one injection with fresh sperm and one from a straw, fresh by its word."""
    case.cycle.started_on = on(-9)
    case.session.flush()
    case.retrieval.retrieved_at = hour(24)
    case.session.flush()
    one = case.add("fresh", fresh(case, 2))
    case.cycle.sperm_source = "fresh_testicular"
    case.session.flush()
    return one, case.injection


def test_a_frozen_cycle_has_thawed_sperm(record: Record) -> None:
    with record.change() as session:
        case = operation(session)
        case.add("cycle", of_cycle(case, "frozen_testicular"))
        case.add("retrieval", oocytes(case, on_hour=24))
        assert refused(case, fresh(case, 1)) == "injection.specimen_id"
        case.cycle.sperm_source = "fresh_testicular"
        session.flush()
        case.add("injection", fresh(case, 1))
        assert refused(case, case.cycle, sperm_source="frozen_testicular") == "cycle.sperm_source"
        assert refused(case, case.cycle, sperm_source="donor") == "cycle.sperm_source"


def test_a_cycle_with_both_may_say_either(record: Record) -> None:
    with record.change() as session:
        case = whole(session)
        one, other = mixed(case)
        assert refused(case, case.cycle, sperm_source="frozen_testicular") is None
        assert refused(case, one, **VOID) == "injection.voided_at"
        case.cycle.sperm_source = "frozen_testicular"
        session.flush()
        assert refused(case, one, **VOID) is None
        make_void(case, "newborn", "pregnancy", "transferred", "embryo")
        assert refused(case, other, **VOID) == "injection.voided_at"


def test_sperm_of_the_epididymis_is_called_so(record: Record) -> None:
    with record.change() as session:
        case = operation(session)
        aspiration = Procedure(
            patient_id=case.patient.id,
            code="OP-9",
            kind="mesa",
            surgeon_id=case.surgeon.id,
            started_at=hour(0),
        )
        session.add(aspiration)
        session.flush()
        aspirate = {"code": "SP-9", "kind": "aspirate", "taken_at": hour(1)}
        case.add("aspirate", Specimen(procedure_id=aspiration.id, **aspirate))
        search = {name: getattr(case.search, name) for name in case.search.fields}
        of_it = {"specimen_id": case.aspirate.id, "dish_id": None}
        case.add("found", type(case.search)(**search | of_it))
        case.add("cycle", of_cycle(case, "fresh_testicular"))
        case.add("retrieval", oocytes(case, on_hour=24))
        of_aspirate = fresh(case, 1, specimen_id=case.aspirate.id)
        assert refused(case, of_aspirate) == "injection.specimen_id"
        case.cycle.sperm_source = "fresh_epididymal"
        session.flush()
        assert refused(case, of_aspirate) is None


def test_fresh_sperm_is_not_old(record: Record) -> None:
    with record.change() as session:
        case = operation(session)
        case.add("cycle", of_cycle(case, "fresh_testicular"))
        case.add("retrieval", oocytes(case, on_hour=24))
        late = fresh(case, 1, injected_at=hour(24 * 30))
        assert refused(case, late) == "injection.injected_at"
        case.add("injection", fresh(case, 1, injected_at=hour(24 * 14)))
        case.specimen.kind = "pool"
        session.flush()
        case.procedure.started_at, case.procedure.ended_at = hour(-48), hour(-40)
        session.flush()
        assert refused(case, case.specimen, taken_at=hour(-24)) == "specimen.taken_at"


def test_fresh_embryos_come_from_the_cycles_oocytes(record: Record) -> None:
    with record.change() as session:
        case = operation(session)
        case.add("cycle", of_cycle(case, "ejaculated"))
        transfer = {"transferred_on": on(5), "kind": "fresh", "embryos": 2}
        people = {"done_by_id": case.embryologist.id, "witness_id": case.witness.id}
        case.add("retrieval", oocytes(case, on_hour=24, count=1))
        put = Transfer(cycle_id=case.cycle.id, **transfer, **people)
        assert refused(case, put) == "transfer.embryos"
        case.retrieval.oocytes = 2
        session.flush()
        case.add("transfer", put)
        assert refused(case, case.retrieval, oocytes=1) == "oocyte_retrieval.oocytes"
        assert refused(case, case.retrieval, **VOID) == "oocyte_retrieval.oocytes"


def test_embryos_stay_with_their_couple(record: Record) -> None:
    with record.change() as session:
        case = whole(session)
        make_void(case, "newborn", "pregnancy", "transferred")
        case.embryo.fate, case.embryo.fate_on = "frozen", on(36)
        other = case.add("other", Partner(patient_id=case.patient.id, code="F-9"))
        people = {"done_by_id": case.embryologist.id, "witness_id": case.witness.id}
        for partner, expected in (
            (case.partner, None),
            (other, "transferred_embryo.embryo_id"),
        ):
            cycle = of_cycle(case, "frozen_testicular", f"C-{partner.code}", partner)
            session.add(cycle)
            session.flush()
            later = {"transferred_on": on(300), "kind": "frozen", "embryos": 1}
            put = Transfer(cycle_id=cycle.id, **later, **people)
            session.add(put)
            session.flush()
            of_it = TransferredEmbryo(transfer_id=put.id, embryo_id=case.embryo.id)
            assert refused(case, of_it) == expected


def test_a_fresh_transfer_is_of_its_own_cycle(record: Record) -> None:
    with record.change() as session:
        case = whole(session)
        make_void(case, "newborn", "pregnancy", "transferred")
        first = case.embryo
        case.add("cycle", of_cycle(case, "frozen_testicular", "C-9"))
        case.add("retrieval", oocytes(case, on_hour=24 * 32))
        people = {"done_by_id": case.embryologist.id, "witness_id": case.witness.id}
        put = {"transferred_on": on(36), "kind": "fresh", "embryos": 1}
        case.add("transfer", Transfer(cycle_id=case.cycle.id, **put, **people))
        of_it = TransferredEmbryo(transfer_id=case.transfer.id, embryo_id=first.id)
        assert refused(case, of_it) == "transferred_embryo.embryo_id"


def of_cycle(case: WholeCase, source: str, code: str = "C-1", partner: Any = None) -> Cycle:
    return Cycle(
        patient_id=case.patient.id,
        partner_id=(partner or case.partner).id,
        code=code,
        started_on=on(-9),
        sperm_source=source,
    )


def oocytes(case: WholeCase, on_hour: float, count: int = 8) -> OocyteRetrieval:
    return OocyteRetrieval(cycle_id=case.cycle.id, retrieved_at=hour(on_hour), oocytes=count)
