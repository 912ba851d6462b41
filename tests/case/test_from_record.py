"""The work-up, the follow-up and the outcomes, read from a record."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from case_samples import everything, hour, on, operation, whole  # type: ignore[import-not-found]
from sqlalchemy import select

from sertoli.case import (
    BenchSearch,
    Clinic,
    Cycle,
    Decision,
    Diagnosis,
    Exposure,
    FollowUpVisit,
    GeneticTest,
    HormonePanel,
    Patient,
    Record,
    Row,
    SemenAnalysis,
    Specimen,
    TestisExam,
)
from sertoli.case.follow_up import FlagKind, follow_up_from_record, write_page
from sertoli.case.retrievals import retrievals
from sertoli.case.workup import (
    AdviceKind,
    Answer,
    Deletion,
    Man,
    Side,
    men_from_record,
    retrieval_table,
    work_up,
)
from sertoli.case.workup import Exposure as Use
from sertoli.errors import InputError
from sertoli.outcomes import compute, programme_from_record


def man_of(record: Record) -> Man:
    with record.reading() as session:
        (man,) = men_from_record(session).values()
        return man


class TestWorkUp:
    def test_a_man_is_read_with_all_that_is_known(self, record: Record) -> None:
        with record.change() as session:
            everything(session)
        man = man_of(record)
        assert man.wants_sperm
        assert [sample.pellet_has_sperm for sample in man.semen] == [False]
        assert man.urine_has_sperm is False
        assert man.opioid_use is Use.PRESENT
        assert man.testosterone_use is None
        assert man.latest("fsh_iu_per_l") == 21.5
        assert man.genetics.azfc is Deletion.COMPLETE
        assert man.genetics.azfa is None
        assert man.histology is not None
        assert not man.histology.sertoli_cell_only
        kinds = {advice.kind for advice in work_up(man).advice}
        assert kinds == {AdviceKind.CLARIFY_EXPOSURE, AdviceKind.COUNSEL}

    def test_sides_markers_and_denied_exposures(self, record: Record) -> None:
        with record.change() as session:
            number = operation(session).patient.id
            session.add_all(
                [
                    SemenAnalysis(
                        patient_id=number, sampled_on=on(-60), fructose_umol=12.9, pellet="sperm"
                    ),
                    TestisExam(patient_id=number, examined_on=on(-50), side="left", length_mm=41.0),
                    TestisExam(patient_id=number, examined_on=on(-40), side="left", vas="absent"),
                    Exposure(patient_id=number, agent="testosterone", detail="never"),
                    Exposure(patient_id=number, agent="anabolic_steroid", denied=True),
                    Exposure(patient_id=number, agent="opioid", ended_on=on(-400)),
                    GeneticTest(
                        patient_id=number, tested_on=on(-9), karyotype="klinefelter_mosaic"
                    ),
                ]
            )
        man = man_of(record)
        assert man.semen[0].fructose_low is True
        assert man.semen[0].pellet_has_sperm is True
        assert man.testes[Side.LEFT].long_axis_mm == 41.0
        assert man.vas_present == {Side.LEFT: False}
        assert man.testosterone_use is Use.NEVER
        assert man.anabolic_use is Use.NEVER
        assert man.opioid_use is Use.PAST
        assert man.genetics.is_klinefelter

    @pytest.mark.parametrize(
        ("zone", "morning", "counts"),
        [
            ("Europe/Madrid", None, True),
            ("America/Lima", None, False),
            (None, None, False),
            (None, True, True),
            ("Europe/Madrid", False, False),
        ],
    )
    def test_morning_is_the_clinics_own_clock(
        self, record: Record, zone: str | None, morning: bool | None, counts: bool
    ) -> None:
        hour_utc = 17 if zone == "America/Lima" else 8
        with record.change() as session:
            number = operation(session).patient.id
            session.scalars(select(Clinic)).one().time_zone = zone
            session.add(
                HormonePanel(
                    patient_id=number,
                    # 9:30 in Madrid's winter; noon in Lima.
                    sampled_at=datetime(2024, 1, 10, hour_utc, 30, tzinfo=UTC),
                    testosterone_nmol_per_l=9.0,
                    morning=morning,
                )
            )
        (sample,) = man_of(record).hormones
        assert sample.is_morning is counts

    def test_what_came_after_the_biopsy_is_no_predictor(self, record: Record) -> None:
        with record.change() as session:
            number = operation(session).patient.id
            for days, fsh in ((-20, 8.0), (20, 30.0)):
                session.add(
                    HormonePanel(patient_id=number, sampled_at=hour(24 * days), fsh_iu_per_l=fsh)
                )
        with record.reading() as session:
            table = retrieval_table(session)
        assert table["sperm_found"].tolist() == [True]
        assert table["fsh_iu_per_l"].tolist() == [8.0]


class TestFollowUp:
    def test_low_values_and_a_missed_visit_are_flagged(
        self, record: Record, tmp_path: Path
    ) -> None:
        with record.change() as session:
            number = operation(session).patient.id
            session.scalars(select(Clinic)).one().testosterone_limit_nmol_per_l = 11.0
            for days, value in ((-30, 20.0), (100, 10.8), (120, 10.9)):
                session.add(
                    HormonePanel(
                        patient_id=number,
                        sampled_at=hour(24 * days),
                        testosterone_nmol_per_l=value,
                        morning=True,
                    )
                )
            session.add(FollowUpVisit(patient_id=number, due_on=on(90)))
        with record.reading() as session:
            patient = session.scalars(select(Patient)).one()
            found = follow_up_from_record(session, patient, today=on(200))
        assert found.baseline_nmol_per_l == 20.0
        assert {flag.kind for flag in found.flags} == {FlagKind.REPEATED_LOW, FlagKind.OVERDUE}
        write_page(tmp_path / "page.html", "P-1", found)
        page = (tmp_path / "page.html").read_text(encoding="utf-8").split("<script>")[0]
        assert "not a medical device" in page
        assert "context and never a flag" in page

    def test_without_a_procedure_there_is_nothing_to_follow(self, record: Record) -> None:
        with record.change() as session:
            session.add(Patient(code="P-9"))
        with record.reading() as session:
            patient = session.scalars(select(Patient)).one()
            with pytest.raises(InputError, match="P-9 had no procedure"):
                follow_up_from_record(session, patient, today=on(0))


def void(row: Row, reason: str) -> None:
    row.voided_at, row.void_reason = datetime.now(UTC), reason


def outcome_of(record: Record) -> str:
    with record.reading() as session:
        return str(retrievals(session)["outcome"].item())


class TestRetrievals:
    def test_confirmed_sperm_make_it_positive(self, record: Record) -> None:
        with record.change() as session:
            operation(session)
        with record.reading() as session:
            (row,) = retrievals(session).to_dict("records")
        assert (row["outcome"], row["sperm"], row["tissue_mg"]) == ("positive", 10, 9.4)
        assert row["search_min"] == pytest.approx(60)

    @pytest.mark.parametrize(
        ("complete", "confirmed", "outcome"),
        [(True, 0, "negative"), (False, 0, "open"), (True, None, "open"), (False, 1, "positive")],
    )
    def test_only_a_finished_and_confirmed_search_is_a_negative(
        self, record: Record, complete: bool, confirmed: int | None, outcome: str
    ) -> None:
        with record.change() as session:
            case = operation(session)
            case.search.complete = complete
            case.search.share_searched = 1.0 if complete else 0.5
            case.search.motile_sperm = None
            case.search.confirmed_sperm = confirmed
        assert outcome_of(record) == outcome

    def test_a_specimen_nobody_searched_keeps_it_open(self, record: Record) -> None:
        with record.change() as session:
            case = operation(session)
            case.search.motile_sperm, case.search.confirmed_sperm = None, 0
            session.add(
                Specimen(
                    procedure_id=case.procedure.id, code="SP-9", kind="tissue", taken_at=hour(1)
                )
            )
        assert outcome_of(record) == "open"

    def test_a_voided_search_does_not_count(self, record: Record) -> None:
        with record.change() as session:
            operation(session)
        with record.change("the wrong dish") as session:
            search = session.scalars(select(BenchSearch)).one()
            void(search, "the wrong dish")
        assert outcome_of(record) == "open"


class TestOutcomes:
    def test_a_whole_case_is_counted(self, record: Record) -> None:
        with record.change() as session:
            case = whole(session)
            number = case.patient.id
            session.add(
                Diagnosis(
                    patient_id=number,
                    made_on=on(-9),
                    kind="non_obstructive",
                    cause="klinefelter",
                )
            )
            session.add(FollowUpVisit(patient_id=number, visited_on=on(90)))
        programme = programme_from_record(record, as_of=date(2026, 1, 1))
        assert programme.biopsies["diagnosis"].tolist() == ["non_obstructive, klinefelter"]
        rates = {
            key: (split["all"]["all"].events, split["all"]["all"].denominator)
            for key, split in compute(programme).rates.items()
        }
        assert rates == {
            "retrieval_per_biopsy": (1, 1),
            "retrieval_per_man": (1, 1),
            "fertilisation": (1, 1),
            "pregnancy_per_biopsy": (1, 1),
            "pregnancy_per_positive_biopsy": (1, 1),
            "pregnancy_per_initiated_cycle": (1, 1),
            "pregnancy_per_aspiration_cycle": (1, 1),
            "pregnancy_per_transfer": (1, 1),
            "live_birth_per_initiated_cycle": (1, 1),
            "live_birth_per_aspiration_cycle": (1, 1),
            "live_birth_per_transfer": (1, 1),
            "miscarriage": (0, 1),
            "complications": (0, 1),
            "severe_complications": (0, 1),
        }

    def test_what_lies_ahead_is_not_counted(self, record: Record) -> None:
        with record.change() as session:
            whole(session)
        programme = programme_from_record(record, as_of=on(20))
        assert len(programme.biopsies) == len(programme.cycles) == 1
        assert programme.transfers.empty

    def test_a_transfer_without_a_word_is_unknown_and_then_none(self, record: Record) -> None:
        with record.change() as session:
            case = whole(session)
            void(case.newborn, "entered for another couple")
            session.flush()
            void(case.pregnancy, "entered for another couple")
        early = programme_from_record(record, as_of=on(40)).transfers
        late = programme_from_record(record, as_of=on(90)).transfers
        assert early["clinical_pregnancy"].isna().all()
        assert late["clinical_pregnancy"].tolist() == [False]

    def test_a_cycle_without_injections_belongs_to_his_last_biopsy(self, record: Record) -> None:
        with record.change() as session:
            for number in (1, 2, 3):
                case = operation(session, number)
            session.add(
                Cycle(
                    patient_id=case.patient.id,
                    partner_id=case.partner.id,
                    code="C-9",
                    started_on=on(-10),
                    sperm_source="fresh_testicular",
                )
            )
            last = case.procedure.id
        cycles = programme_from_record(record, as_of=on(9)).cycles
        assert cycles["biopsy_id"].tolist() == [str(last)]
        assert cycles["aspirated"].tolist() == [False]

    def test_treatment_given_up_ends_the_waiting(self, record: Record) -> None:
        with record.change() as session:
            number = operation(session).patient.id
            session.add(Decision(patient_id=number, decided_on=on(50), option="donor_sperm"))
        biopsies = programme_from_record(record, as_of=on(90)).biopsies
        assert biopsies["ended_on"].dt.date.tolist() == [on(50)]

    def test_an_empty_record_has_no_rates(self, record: Record) -> None:
        assert compute(programme_from_record(record, as_of=on(0))).rates == {}

    def test_clinics_stay_apart_and_come_together(self, sqlite_place: str) -> None:
        for number, clinic in ((1, "MAD"), (2, "VLC")):
            made = Record.create(sqlite_place, clinic=clinic, staff="S-01", reads_all_clinics=True)
            with made, made.change() as session:
                operation(session, number)
        with Record.open(sqlite_place, clinic="MAD", staff="S-01") as one:
            assert programme_from_record(one, as_of=on(9)).biopsies["clinic"].tolist() == ["MAD"]
        with Record.open(sqlite_place, clinic="MAD", staff="S-01", all_clinics=True) as both:
            biopsies = programme_from_record(both, as_of=on(9)).biopsies
        assert biopsies["clinic"].tolist() == ["MAD", "VLC"]
        assert biopsies["surgeon"].tolist() == ["MAD S-11", "VLC S-21"]


def test_the_answer_of_a_man_not_asked_is_indeterminate(record: Record) -> None:
    with record.change() as session:
        session.add(Patient(code="P-9"))
    assert work_up(man_of(record)).step("0c").answer is Answer.INDETERMINATE
    json.dumps(work_up(man_of(record)).to_json())
