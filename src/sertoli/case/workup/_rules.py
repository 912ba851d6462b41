"""The rules of the work-up as data: what each says, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from sertoli.case.evidence import Mark, Source

AZOOSPERMIA_SAMPLES = 2
LOW_VOLUME_ML = 1.4
TESTOSTERONE_AUA_NMOL_PER_L = 300 * 0.03467
TESTOSTERONE_EAU_NMOL_PER_L = 12.0
FSH_UPPER_IU_PER_L = 7.6
LH_UPPER_IU_PER_L = 8.6
SCHOOR_FSH_IU_PER_L = 7.6
SCHOOR_AXIS_MM = 46.0
SECOND_FSH_IU_PER_L = 8.9
SECOND_AXIS_MM = 39.0
TESA_FSH_IU_PER_L = 8.5
TESA_VOLUME_ML = 7.75
CORONA_VOLUME_ML = 12.5
GNESSI_SCO = 1.0
GNESSI_AZOOSPERMIA = 0.33
GNESSI_FSH = 0.004


@dataclass(frozen=True)
class Rule:
    """One rule.

    Parameters
    ----------
    text : str
        What it says.
    source : Source
        Where it comes from, and how that was checked.
    """

    text: str
    source: Source


AZOOSPERMIA = Rule(
    "Azoospermia: no sperm in the centrifuged pellet of at least 2 samples.",
    Source("clinical definition, WHO manual", Mark.VERIFIED),
)
RETROGRADE = Rule(
    "Low volume (below 1.4 mL): look for sperm in the urine after orgasm.",
    Source("WHO 2021 lower reference limit of the volume, 1.4 mL (1.3-1.5)", Mark.SECOND_HAND),
)
EXPOSURE = Rule(
    "Present or past testosterone, anabolic steroid or opioid use imitates "
    "hypogonadotropic hypogonadism: exclude it first.",
    Source("order of the work-up, the project's clinical brief, section 3", Mark.VERIFIED),
)
HYPOGONADOTROPIC = Rule(
    "Low testosterone in repeated morning samples with low or inappropriately normal LH and FSH: "
    "prolactin and pituitary imaging; gonadotropins first, not surgery.",
    Source("order of the work-up, the project's clinical brief, section 3", Mark.VERIFIED),
)
TESTOSTERONE_LIMITS = Rule(
    "Testosterone is low below 300 ng/dL (10.4 nmol/L, AUA) and not low from 12 nmol/L (EAU); "
    "between the two the guidelines disagree.",
    Source("AUA and EAU guidelines", Mark.RECALLED),
)
PRINTED_RANGES = Rule(
    "Printed ranges: FSH 1.5-7.6 IU/L, LH 1.7-8.6 IU/L, total testosterone 300-1000 ng/dL.",
    Source("World J Mens Health 10.5534/wjmh.210138", Mark.VERIFIED),
)
SCHOOR = Rule(
    "96 % of obstructed men had FSH <= 7.6 IU/L or a long axis > 4.6 cm; 89 % of non-obstructed "
    "men FSH > 7.6 or <= 4.6 cm. The rules overlap: both obstructive suggests obstruction and does "
    "not exclude maturation arrest; both non-obstructive suggests that; else indeterminate.",
    Source("Schoor 2002, n = 153", Mark.VERIFIED),
)
SECOND_OPINION = Rule(
    "FSH > 8.9 IU/L and a long axis < 39 mm: non-obstructive with a PPV of 97 %.",
    Source("PMID 36029050", Mark.VERIFIED),
)
VASA = Rule(
    "Palpate both vasa. One absent: CFTR testing of the man and his partner, renal ultrasound.",
    Source("the project's clinical brief, section 3", Mark.RECALLED),
)
SEMINAL_PLASMA = Rule(
    "Obstruction also needs ejaculate volume, pH, and fructose or alpha-glucosidase.",
    Source("the project's clinical brief, section 3", Mark.RECALLED),
)
AZF = Rule(
    "Complete AZFa, AZFb or AZFb+c deletion: retrieval virtually nil, advise against surgery. "
    "AZFc: sperm in 50-70 %, and every son inherits the deletion.",
    Source("PMC8304267", Mark.VERIFIED),
)
KLINEFELTER = Rule(
    "Klinefelter syndrome: sperm in about 47-50 %, not a reason to exclude.",
    Source("the project's clinical brief, section 3", Mark.VERIFIED),
)
NO_TESTOSTERONE = Rule(
    "Never suggest testosterone to a man who still wants sperm: it suppresses spermatogenesis.",
    Source("the project's clinical brief, section 4", Mark.RECALLED),
)
PUBLISHED_MODELS = Rule(
    "Published models: SpermFinder external AUC 0.83, a neural network 0.64, FSH alone 0.61. "
    "No coefficients are public, so none is computed here; a clinic's own data beat all of these.",
    Source("the project's clinical brief, section 3", Mark.VERIFIED),
)
GNESSI = Rule(
    "Score = 1 x Sertoli-cell-only + 0.33 x azoospermia + 0.004 x FSH (mIU/mL): higher is worse, "
    "AUC 0.843. It needs histology, and it is a score, not a probability.",
    Source("Gnessi 2018", Mark.VERIFIED),
)
TESA_TRIAGE = Rule(
    "TESA triage: FSH < 8.5 IU/L and mean testis > 7.75 mL.",
    Source("Majzoub", Mark.VERIFIED),
)
CORONA_VOLUME = Rule(
    "Mean testis volume > 12.5 mL: sperm retrieval above 60 % (a figure of studies, not of men).",
    Source("Corona 2019", Mark.VERIFIED),
)
MICRO_AGAINST_CONVENTIONAL = (
    Rule(
        "For Micro-TESE: 15 studies, 1,890 men, success 1.5 times (1.4-1.6) that of "
        "conventional TESE.",
        Source("Bernie 2015", Mark.VERIFIED),
    ),
    Rule(
        "Against: 117 studies, 21,404 men, retrieval 46 % (43-49) conventional, "
        "46 % (42-49) Micro-TESE.",
        Source("Corona 2019", Mark.SECOND_HAND),
    ),
)
