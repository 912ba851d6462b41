"""The man before surgery: semen, urine, hormones, testes, genes, tissue, diagnosis, decision."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped

from sertoli.case._schema._base import ClinicRow
from sertoli.case._schema._fields import (
    at_moment,
    count,
    measure,
    on_day,
    one_of,
    refers_to,
    words,
    yes_no,
)
from sertoli.case._schema._words import (
    Cause,
    Cftr,
    Deletion,
    DiagnosisKind,
    Karyotype,
    Option,
    Pattern,
    Pellet,
    Side,
    Vas,
    VolumeMethod,
)


class SemenAnalysis(ClinicRow):
    """One semen sample. Azoospermia takes at least two whose pellet was examined."""

    __tablename__ = "semen_analysis"

    patient_id: Mapped[int] = refers_to("patient", "the man")
    sampled_on: Mapped[date] = on_day("when the sample was given")
    abstinence_days: Mapped[float | None] = measure("days of abstinence", 0, 365)
    volume_ml: Mapped[float | None] = measure("volume of the ejaculate", 0, 20)
    ph: Mapped[float | None] = measure("pH", 4, 10)
    concentration_million_per_ml: Mapped[float | None] = measure("sperm concentration", 0, 1000)
    motility_percent: Mapped[float | None] = measure("total motility", 0, 100)
    progressive_percent: Mapped[float | None] = measure("progressive motility", 0, 100)
    normal_forms_percent: Mapped[float | None] = measure("normal forms", 0, 100)
    vitality_percent: Mapped[float | None] = measure("live sperm", 0, 100)
    pellet: Mapped[Pellet] = one_of(Pellet, "what the centrifuged pellet showed")
    pellet_sperm: Mapped[int | None] = count("sperm counted in the pellet", 0, 1_000_000)
    fructose_umol: Mapped[float | None] = measure("fructose per ejaculate", 0, 1000)
    alpha_glucosidase_mu: Mapped[float | None] = measure(
        "neutral alpha-glucosidase per ejaculate", 0, 1000
    )
    dna_fragmentation_percent: Mapped[float | None] = measure("sperm with fragmented DNA", 0, 100)
    ordered: ClassVar = (("progressive_percent", "motility_percent"),)


class PostEjaculatoryUrine(ClinicRow):
    """Urine after orgasm, looked through for sperm that went backwards."""

    __tablename__ = "post_ejaculatory_urine"

    patient_id: Mapped[int] = refers_to("patient", "the man")
    sampled_on: Mapped[date] = on_day("when it was passed")
    sperm_seen: Mapped[bool] = yes_no("whether it held sperm")
    sperm_million: Mapped[float | None] = measure("sperm in it", 0, 10_000)


class HormonePanel(ClinicRow):
    """Hormones of one blood sample; conversions of units are in ``sertoli.case``."""

    __tablename__ = "hormone_panel"

    patient_id: Mapped[int] = refers_to("patient", "the man")
    sampled_at: Mapped[datetime] = at_moment("when the blood was drawn")
    morning: Mapped[bool | None] = yes_no("whether drawn before 11 o'clock, local time")
    testosterone_nmol_per_l: Mapped[float | None] = measure("total testosterone", 0, 150)
    fsh_iu_per_l: Mapped[float | None] = measure("FSH", 0, 300)
    lh_iu_per_l: Mapped[float | None] = measure("LH", 0, 300)
    prolactin_miu_per_l: Mapped[float | None] = measure("prolactin", 0, 500_000)
    oestradiol_pmol_per_l: Mapped[float | None] = measure("oestradiol", 0, 20_000)
    inhibin_b_ng_per_l: Mapped[float | None] = measure("inhibin B", 0, 2000)
    shbg_nmol_per_l: Mapped[float | None] = measure("SHBG", 0, 500)
    on_testosterone: Mapped[bool | None] = yes_no("whether drawn under testosterone replacement")


class TestisExam(ClinicRow):
    """One testis examined: size and vas."""

    __test__ = False  # pytest would take it for a test class
    __tablename__ = "testis_exam"

    patient_id: Mapped[int] = refers_to("patient", "the man")
    examined_on: Mapped[date] = on_day("when")
    side: Mapped[Side] = one_of(Side, "which testis")
    method: Mapped[VolumeMethod | None] = one_of(VolumeMethod, "how the volume was measured")
    volume_ml: Mapped[float | None] = measure("volume", 0, 60)
    length_mm: Mapped[float | None] = measure("long axis", 0, 100)
    width_mm: Mapped[float | None] = measure("width", 0, 70)
    height_mm: Mapped[float | None] = measure("height (depth)", 0, 70)
    vas: Mapped[Vas | None] = one_of(Vas, "what palpation of the vas deferens found")


class GeneticTest(ClinicRow):
    """Genes of the man, or of the partner where ``partner_id`` is given."""

    __tablename__ = "genetic_test"

    patient_id: Mapped[int] = refers_to("patient", "the man")
    partner_id: Mapped[int | None] = refers_to("partner", "the partner, if the test is hers")
    tested_on: Mapped[date] = on_day("when")
    karyotype: Mapped[Karyotype | None] = one_of(Karyotype, "karyotype, in classes")
    karyotype_formula: Mapped[str | None] = words("karyotype, such as 47,XXY", 80)
    azfa: Mapped[Deletion | None] = one_of(Deletion, "AZFa region")
    azfb: Mapped[Deletion | None] = one_of(Deletion, "AZFb region")
    azfc: Mapped[Deletion | None] = one_of(Deletion, "AZFc region")
    cftr: Mapped[Cftr | None] = one_of(Cftr, "CFTR gene")
    cftr_variants: Mapped[str | None] = words("CFTR variants", 200)


class Histology(ClinicRow):
    """Tissue under the pathologist's microscope."""

    __tablename__ = "histology"

    patient_id: Mapped[int] = refers_to("patient", "the man")
    specimen_id: Mapped[int | None] = refers_to("specimen", "the specimen, if from one")
    reported_on: Mapped[date] = on_day("when")
    side: Mapped[Side] = one_of(Side, "which testis")
    pattern: Mapped[Pattern] = one_of(Pattern, "what was seen")
    johnsen_score: Mapped[float | None] = measure("mean Johnsen score", 1, 10)


class Diagnosis(ClinicRow):
    """What the andrologist concludes; comparisons are stratified by it."""

    __tablename__ = "diagnosis"

    patient_id: Mapped[int] = refers_to("patient", "the man")
    made_on: Mapped[date] = on_day("when")
    made_by_id: Mapped[int | None] = refers_to("staff", "by whom")
    kind: Mapped[DiagnosisKind] = one_of(DiagnosisKind, "why there is no sperm")
    cause: Mapped[Cause | None] = one_of(Cause, "the cause below it")


class Decision(ClinicRow):
    """What was decided with the couple, and why."""

    __tablename__ = "decision"

    patient_id: Mapped[int] = refers_to("patient", "the man")
    decided_on: Mapped[date] = on_day("when")
    decided_by_id: Mapped[int | None] = refers_to("staff", "who advised")
    option: Mapped[Option] = one_of(Option, "what")
    reason: Mapped[str | None] = words("why")
