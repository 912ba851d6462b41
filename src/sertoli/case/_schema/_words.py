"""The closed lists of words that records choose from. A word is added, never renamed."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a member of staff does."""

    SURGEON = "surgeon"
    EMBRYOLOGIST = "embryologist"
    ANDROLOGIST = "andrologist"
    NURSE = "nurse"
    DIRECTOR = "director"
    TECHNICIAN = "technician"


class Side(StrEnum):
    """Which testis."""

    LEFT = "left"
    RIGHT = "right"


class Purpose(StrEnum):
    """What a consent is given for."""

    TREATMENT = "treatment"
    STORAGE = "storage"
    USE_OF_STORED_SPERM = "use_of_stored_sperm"
    RESEARCH = "research"
    DATA_SHARING = "data_sharing"


class Agent(StrEnum):
    """What a man was exposed to."""

    TESTOSTERONE = "testosterone"
    ANABOLIC_STEROID = "anabolic_steroid"
    OPIOID = "opioid"
    CHEMOTHERAPY = "chemotherapy"
    RADIOTHERAPY = "radiotherapy"
    GONADOTROPIN = "gonadotropin"
    AROMATASE_INHIBITOR = "aromatase_inhibitor"
    ANTIOESTROGEN = "antioestrogen"
    OTHER = "other"


class Condition(StrEnum):
    """What a man had."""

    CRYPTORCHIDISM = "cryptorchidism"
    MUMPS_ORCHITIS = "mumps_orchitis"
    INFECTION = "infection"
    TORSION = "torsion"
    TRAUMA = "trauma"
    VARICOCELE = "varicocele"
    VASECTOMY = "vasectomy"
    HERNIA_REPAIR = "hernia_repair"
    TESTIS_TUMOUR = "testis_tumour"
    PITUITARY_SURGERY = "pituitary_surgery"
    PITUITARY_DISEASE = "pituitary_disease"
    ANOSMIA = "anosmia"
    PREVIOUS_RETRIEVAL = "previous_retrieval"
    OTHER = "other"


class Pellet(StrEnum):
    """What the centrifuged pellet of a semen sample showed."""

    NOT_EXAMINED = "not_examined"
    NO_SPERM = "no_sperm"
    SPERM = "sperm"


class Vas(StrEnum):
    """What the hand felt of the vas deferens."""

    PRESENT = "present"
    ABSENT = "absent"
    UNCERTAIN = "uncertain"


class VolumeMethod(StrEnum):
    """How the volume of a testis was measured."""

    ORCHIDOMETER = "orchidometer"
    ULTRASOUND = "ultrasound"


class Deletion(StrEnum):
    """State of a region of the Y chromosome."""

    INTACT = "intact"
    PARTIAL = "partial"
    COMPLETE = "complete"


class Cftr(StrEnum):
    """What the CFTR gene showed."""

    NO_VARIANT = "no_variant"
    ONE_VARIANT = "one_variant"
    TWO_VARIANTS = "two_variants"


class Karyotype(StrEnum):
    """The karyotype in broad classes; the formula stands beside it."""

    NORMAL = "normal"
    KLINEFELTER = "klinefelter"
    KLINEFELTER_MOSAIC = "klinefelter_mosaic"
    XX_MALE = "xx_male"
    TRANSLOCATION = "translocation"
    OTHER = "other"


class Pattern(StrEnum):
    """What histology showed, by its most advanced or its only pattern."""

    NORMAL = "normal"
    HYPOSPERMATOGENESIS = "hypospermatogenesis"
    EARLY_MATURATION_ARREST = "early_maturation_arrest"
    LATE_MATURATION_ARREST = "late_maturation_arrest"
    SERTOLI_CELL_ONLY = "sertoli_cell_only"
    HYALINISATION = "hyalinisation"
    MIXED = "mixed"
    NEOPLASIA_IN_SITU = "neoplasia_in_situ"


class DiagnosisKind(StrEnum):
    """Why there is no sperm, as far as it is known."""

    OBSTRUCTIVE = "obstructive"
    NON_OBSTRUCTIVE = "non_obstructive"
    HYPOGONADOTROPIC = "hypogonadotropic"
    RETROGRADE = "retrograde"
    EXOGENOUS_HORMONES = "exogenous_hormones"
    CRYPTOZOOSPERMIA = "cryptozoospermia"
    INDETERMINATE = "indeterminate"


class Cause(StrEnum):
    """The cause below the diagnosis; comparisons are stratified by it."""

    KLINEFELTER = "klinefelter"
    AZFA = "azfa"
    AZFB = "azfb"
    AZFC = "azfc"
    CRYPTORCHIDISM = "cryptorchidism"
    CHEMOTHERAPY = "chemotherapy"
    MUMPS_ORCHITIS = "mumps_orchitis"
    VASECTOMY = "vasectomy"
    ABSENT_VAS = "absent_vas"
    INFECTION = "infection"
    PITUITARY = "pituitary"
    IDIOPATHIC = "idiopathic"
    OTHER = "other"


class Option(StrEnum):
    """What was decided with the couple."""

    MICRO_TESE = "micro_tese"
    CONVENTIONAL_TESE = "conventional_tese"
    TESA = "tesa"
    FNA_MAP = "fna_map"
    MESA = "mesa"
    PESA = "pesa"
    HORMONE_TREATMENT = "hormone_treatment"
    FURTHER_TESTS = "further_tests"
    DONOR_SPERM = "donor_sperm"
    NO_TREATMENT = "no_treatment"


class ProcedureKind(StrEnum):
    """How sperm was sought. One procedure on one man is a "biopsy" in the outcomes."""

    MICRO_TESE = "micro_tese"
    CONVENTIONAL_TESE = "conventional_tese"
    TESA = "tesa"
    FNA_MAP = "fna_map"
    MESA = "mesa"
    PESA = "pesa"


class ComplicationKind(StrEnum):
    """What went wrong after a procedure."""

    HAEMATOMA = "haematoma"
    INFECTION = "infection"
    WOUND = "wound"
    PAIN = "pain"
    HYDROCELE = "hydrocele"
    ATROPHY = "atrophy"
    ANAESTHESIA = "anaesthesia"
    THROMBOSIS = "thrombosis"
    OTHER = "other"


class Grade(StrEnum):
    """Severity by Clavien and Dindo."""

    I = "1"  # noqa: E741
    II = "2"
    IIIA = "3a"
    IIIB = "3b"
    IVA = "4a"
    IVB = "4b"
    V = "5"


class SpecimenKind(StrEnum):
    """What a specimen is."""

    TISSUE = "tissue"
    ASPIRATE = "aspirate"
    POOL = "pool"


class SearchMethod(StrEnum):
    """Who looked."""

    BY_EYE = "by_eye"
    ASSISTED = "assisted"


class Motility(StrEnum):
    """Grade of motility (WHO 2021)."""

    RAPID = "rapid"
    SLOW = "slow"
    NON_PROGRESSIVE = "non_progressive"
    IMMOTILE = "immotile"


class ViabilityMethod(StrEnum):
    """How it was judged that immotile sperm live."""

    HYPO_OSMOTIC_SWELLING = "hypo_osmotic_swelling"
    TAIL_FLEXIBILITY = "tail_flexibility"
    LASER = "laser"
    STIMULANT = "stimulant"
    EOSIN = "eosin"


class Fate(StrEnum):
    """What a move of a straw is."""

    STORED = "stored"
    MOVED = "moved"
    THAWED = "thawed"
    DISCARDED = "discarded"
    SHIPPED = "shipped"


class SpermSource(StrEnum):
    """Whose sperm a cycle used, and how it was kept."""

    FRESH_TESTICULAR = "fresh_testicular"
    FROZEN_TESTICULAR = "frozen_testicular"
    FRESH_EPIDIDYMAL = "fresh_epididymal"
    FROZEN_EPIDIDYMAL = "frozen_epididymal"
    EJACULATED = "ejaculated"
    DONOR = "donor"


class EmbryoFate(StrEnum):
    """What was decided for an embryo that was not transferred."""

    FROZEN = "frozen"
    DISCARDED = "discarded"
    ARRESTED = "arrested"
    DONATED = "donated"


class TransferKind(StrEnum):
    """Fresh, or after thawing of the embryos."""

    FRESH = "fresh"
    FROZEN = "frozen"


class PregnancyOutcome(StrEnum):
    """How a pregnancy went (ICMART 2017; miscarriage below 22 completed weeks)."""

    BIOCHEMICAL = "biochemical"
    ECTOPIC = "ectopic"
    MISCARRIAGE = "miscarriage"
    TERMINATION = "termination"
    STILLBIRTH = "stillbirth"
    LIVE_BIRTH = "live_birth"
    ONGOING = "ongoing"
    LOST_TO_FOLLOW_UP = "lost_to_follow_up"


class Sex(StrEnum):
    """Sex of a newborn."""

    FEMALE = "female"
    MALE = "male"
    UNKNOWN = "unknown"
