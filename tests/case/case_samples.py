"""A whole case, entity by entity, to build tests on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from sertoli.case import (
    BenchSearch,
    Cane,
    Canister,
    Complication,
    ConfirmedSperm,
    Consent,
    Cycle,
    Decision,
    Diagnosis,
    Dish,
    Droplet,
    Embryo,
    Exposure,
    FollowUpVisit,
    GeneticTest,
    Goblet,
    Histology,
    HistoryItem,
    HormonePanel,
    IncubatorAbsence,
    Injection,
    Newborn,
    OocyteRetrieval,
    Partner,
    Patient,
    PostEjaculatoryUrine,
    Pregnancy,
    Procedure,
    ProcedureSide,
    Row,
    SemenAnalysis,
    Specimen,
    Staff,
    Straw,
    StrawMove,
    Tank,
    TestisExam,
    Thaw,
    Transfer,
    TransferredEmbryo,
    ViabilityTest,
)

START = datetime(2024, 3, 4, 9, 0, tzinfo=UTC)


def hour(hours: float) -> datetime:
    """Give a moment so many hours after the operation began."""
    return START + timedelta(hours=hours)


def on(days: int) -> date:
    """Give a day so many days after the operation."""
    return (START + timedelta(days=days)).date()


@dataclass
class WholeCase:
    """A man from the operation to a newborn; attributes are the rows by name."""

    session: Session
    rows: dict[str, Any] = field(default_factory=dict)

    def add(self, name: str, row: Row) -> Any:
        self.session.add(row)
        self.session.flush()
        self.rows[name] = row
        return row

    def __getattr__(self, name: str) -> Any:
        try:
            return self.rows[name]
        except KeyError:
            raise AttributeError(name) from None


def operation(session: Session, number: int = 1) -> WholeCase:
    """Write a man, his operation, a specimen, and a search that confirmed ten sperm."""
    case = WholeCase(session)
    case.add("surgeon", staff(session, f"S-{number}1", "surgeon"))
    case.add("embryologist", staff(session, f"S-{number}2", "embryologist"))
    case.add("witness", staff(session, f"S-{number}3", "embryologist"))
    case.add("patient", Patient(code=f"P-{number}", birth_year=1985, wants_sperm=True))
    case.add("partner", Partner(patient_id=case.patient.id, code=f"F-{number}", birth_year=1988))
    case.add(
        "procedure",
        Procedure(
            patient_id=case.patient.id,
            code=f"OP-{number}",
            kind="micro_tese",
            surgeon_id=case.surgeon.id,
            started_at=hour(0),
            ended_at=hour(3),
        ),
    )
    case.add(
        "specimen",
        Specimen(
            procedure_id=case.procedure.id,
            code=f"SP-{number}",
            kind="tissue",
            side="left",
            taken_at=hour(1),
            mass_mg=9.4,
        ),
    )
    case.add("dish", Dish(specimen_id=case.specimen.id, code=f"D-{number}", prepared_at=hour(1.2)))
    case.add(
        "search",
        BenchSearch(
            specimen_id=case.specimen.id,
            dish_id=case.dish.id,
            searched_by_id=case.embryologist.id,
            method="assisted",
            started_at=hour(1.5),
            ended_at=hour(2.5),
            share_searched=1.0,
            complete=True,
            confirmed_sperm=10,
            motile_sperm=3,
        ),
    )
    return case


def staff(session: Session, code: str, role: str) -> Staff:
    """Make a member of staff."""
    return Staff(code=code, role=role, reads_all_clinics=False)


def in_the_bank(case: WholeCase, number: int = 1) -> None:
    """Write a tank with one goblet, and a straw with six sperm in its first place."""
    case.add("tank", Tank(code=f"T-{number}"))
    case.add("canister", Canister(tank_id=case.tank.id, number=1))
    case.add("cane", Cane(canister_id=case.canister.id, number=1))
    case.add("goblet", Goblet(cane_id=case.cane.id, code=f"G-{number}", number=1, places=5))
    case.add(
        "straw",
        Straw(
            specimen_id=case.specimen.id,
            code=f"ST-{number}",
            frozen_at=hour(5),
            frozen_by_id=case.embryologist.id,
            witness_id=case.witness.id,
            sperm=6,
            motile_sperm=2,
        ),
    )
    case.add("stored", move(case, 1, "stored", hour(6), place=1))


def move(case: WholeCase, number: int, fate: str, at: datetime, place: int | None) -> StrawMove:
    """Make a move of the case's straw, within its goblet or out."""
    return StrawMove(
        straw_id=case.straw.id,
        number=number,
        fate=fate,
        moved_at=at,
        goblet_id=None if place is None else case.goblet.id,
        place=place,
        moved_by_id=case.embryologist.id,
        witness_id=case.witness.id,
    )


def injection(case: WholeCase, oocyte: int, **more: Any) -> Injection:
    """Make an injection of the case's retrieval."""
    values: dict[str, Any] = {
        "oocyte_retrieval_id": case.retrieval.id,
        "oocyte": oocyte,
        "injected_at": hour(24 * 30 + 4),
        "injected_by_id": case.embryologist.id,
        "witness_id": case.witness.id,
    }
    return Injection(**{**values, **more})


def cycle(case: WholeCase, number: int = 1) -> None:
    """Write the thaw of the straw and a cycle with it, as far as a newborn."""
    case.add("taken_out", move(case, 2, "thawed", hour(24 * 30 + 1), None))
    case.add(
        "thaw",
        Thaw(
            straw_id=case.straw.id,
            thawed_at=hour(24 * 30 + 2),
            thawed_by_id=case.embryologist.id,
            witness_id=case.witness.id,
            sperm=5,
            motile_sperm=1,
        ),
    )
    case.add(
        "cycle",
        Cycle(
            patient_id=case.patient.id,
            partner_id=case.partner.id,
            code=f"C-{number}",
            started_on=on(18),
            sperm_source="frozen_testicular",
        ),
    )
    case.add(
        "retrieval",
        OocyteRetrieval(cycle_id=case.cycle.id, retrieved_at=hour(24 * 30), oocytes=8, mii=5),
    )
    case.add(
        "injection",
        injection(case, 1, straw_id=case.straw.id, pronuclei=2, cleaved=True, blastocyst=True),
    )
    case.add("embryo", Embryo(injection_id=case.injection.id, code=f"E-{number}"))
    case.add(
        "transfer",
        Transfer(
            cycle_id=case.cycle.id,
            transferred_on=on(35),
            kind="fresh",
            embryos=1,
            done_by_id=case.embryologist.id,
            witness_id=case.witness.id,
        ),
    )
    case.add(
        "transferred",
        TransferredEmbryo(transfer_id=case.transfer.id, embryo_id=case.embryo.id),
    )
    case.add(
        "pregnancy",
        Pregnancy(
            transfer_id=case.transfer.id,
            noted_on=on(49),
            clinical=True,
            sacs=1,
            outcome="live_birth",
            ended_on=on(300),
            weeks=41,
        ),
    )
    case.add(
        "newborn",
        Newborn(
            pregnancy_id=case.pregnancy.id,
            number=1,
            born_on=on(300),
            alive=True,
            sex="female",
            weight_g=3300.0,
        ),
    )


def whole(session: Session, number: int = 1) -> WholeCase:
    """Write a whole case."""
    case = operation(session, number)
    in_the_bank(case, number)
    cycle(case, number)
    return case


def everything(session: Session) -> WholeCase:
    """Write a whole case, and a row of every other entity."""
    case = whole(session)
    man, side = case.patient.id, "left"
    case.add("consent", Consent(patient_id=man, purpose="treatment", given_on=on(-20)))
    case.add("exposure", Exposure(patient_id=man, agent="opioid", started_on=on(-900)))
    case.add("history", HistoryItem(patient_id=man, condition="mumps_orchitis", year=1999))
    case.add("semen", SemenAnalysis(patient_id=man, sampled_on=on(-60), pellet="no_sperm"))
    case.add("urine", PostEjaculatoryUrine(patient_id=man, sampled_on=on(-60), sperm_seen=False))
    case.add("panel", HormonePanel(patient_id=man, sampled_at=hour(-999), fsh_iu_per_l=21.5))
    case.add("testis", TestisExam(patient_id=man, examined_on=on(-50), side=side))
    case.add("genes", GeneticTest(patient_id=man, tested_on=on(-40), azfc="complete"))
    case.add("diagnosis", Diagnosis(patient_id=man, made_on=on(-30), kind="non_obstructive"))
    case.add("decision", Decision(patient_id=man, decided_on=on(-30), option="micro_tese"))
    case.add("side", ProcedureSide(procedure_id=case.procedure.id, side=side))
    case.add(
        "complication",
        Complication(procedure_id=case.procedure.id, noted_on=on(3), kind="haematoma", grade="1"),
    )
    case.add(
        "histology",
        Histology(
            patient_id=man,
            specimen_id=case.specimen.id,
            reported_on=on(9),
            side=side,
            pattern="mixed",
        ),
    )
    case.add("absence", IncubatorAbsence(dish_id=case.dish.id, out_at=hour(1.5)))
    case.add("droplet", Droplet(dish_id=case.dish.id, number=1, volume_ul=5.0))
    case.add(
        "sperm",
        ConfirmedSperm(
            bench_search_id=case.search.id,
            confirmed_by_id=case.embryologist.id,
            confirmed_at=hour(2),
            track_id=7,
        ),
    )
    case.add(
        "viability",
        ViabilityTest(
            specimen_id=case.specimen.id, tested_at=hour(2), method="laser", tested=9, viable=4
        ),
    )
    case.add(
        "visit",
        FollowUpVisit(patient_id=man, procedure_id=case.procedure.id, visited_on=on(90)),
    )
    return case
