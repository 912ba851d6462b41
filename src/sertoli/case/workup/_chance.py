"""Steps 3 and 4: genetics, and the chance of finding sperm."""

from __future__ import annotations

from dataclasses import dataclass

from sertoli.case.workup import _rules as rules
from sertoli.case.workup._man import ELLIPSOID_SOURCE, Deletion, Man
from sertoli.case.workup._report import Advice, AdviceKind, Answer, Step


@dataclass(frozen=True)
class Estimate:
    """What a clinic's own model says of a man: see `RetrievalModel`.

    Parameters
    ----------
    probability, low, high : float
        Chance of finding sperm (0-1), with its 95 % interval.
    basis : str
        What the model was fitted on, in words.
    """

    probability: float
    low: float
    high: float
    basis: str


def speaks_against_surgery(man: Man) -> bool:
    """Whether AZFa or AZFb (alone or with AZFc) is wholly missing."""
    return Deletion.COMPLETE in {man.genetics.azfa, man.genetics.azfb}


def y_chromosome(man: Man) -> Step:
    """3a: deletions of the Y chromosome."""
    genetics = man.genetics
    regions = {"AZFa": genetics.azfa, "AZFb": genetics.azfb, "AZFc": genetics.azfc}
    missing = tuple(f"{name} deletion test" for name, found in regions.items() if found is None)
    shown = ", ".join(f"{name} {found or 'not tested'}" for name, found in regions.items())
    advice: list[Advice] = []
    conclusion = ""
    if speaks_against_surgery(man):
        answer, conclusion = Answer.YES, "against_surgery"
        lost = [name for name, found in regions.items() if found is Deletion.COMPLETE]
        advice.append(
            Advice(
                AdviceKind.AGAINST_SURGERY,
                f"Complete deletion of {' and '.join(lost)}: advise against surgery, as finding "
                "sperm is virtually excluded.",
                rules.AZF,
            )
        )
    elif genetics.azfa is Deletion.NONE and genetics.azfb is Deletion.NONE:
        answer = Answer.NO
    else:
        # Untested, or partly missing: the rule speaks of complete deletions only.
        answer = Answer.INDETERMINATE
    if genetics.azfc is Deletion.COMPLETE:
        text = "AZFc is deleted: every son inherits it."
        if not speaks_against_surgery(man):
            text += " Sperm are found in 50-70 %."
        advice.append(Advice(AdviceKind.COUNSEL, text, rules.AZF))
    return Step(
        "3a",
        "Does the Y chromosome speak against surgery?",
        answer,
        f"{shown}.",
        (rules.AZF,),
        missing,
        tuple(advice),
        conclusion,
    )


def karyotype(man: Man) -> Step:
    """3b: the karyotype."""
    written = man.genetics.karyotype
    advice: tuple[Advice, ...] = ()
    missing: tuple[str, ...] = ()
    if written is None:
        answer, missing = Answer.INDETERMINATE, ("karyotype",)
    elif man.genetics.is_klinefelter:
        answer = Answer.NO
        advice = (
            Advice(
                AdviceKind.COUNSEL,
                "Klinefelter syndrome: sperm are found in about 47-50 %; not a reason to exclude.",
                rules.KLINEFELTER,
            ),
        )
    elif written.replace(" ", "").upper() == "46,XY":
        answer = Answer.NO
    else:
        answer, missing = Answer.INDETERMINATE, ("a geneticist's reading of the karyotype",)
    return Step(
        "3b",
        "Does the karyotype speak against surgery?",
        answer,
        f"Karyotype {written or 'unknown'}.",
        (rules.KLINEFELTER,),
        missing,
        advice,
    )


def chance(man: Man, estimate: Estimate | None = None) -> Step:
    """4: what can be said of the chance of finding sperm."""
    fsh, volume = man.latest("fsh_iu_per_l"), man.mean_testis_volume_ml
    used = [
        rules.AZF,
        rules.PUBLISHED_MODELS,
        rules.GNESSI,
        rules.TESA_TRIAGE,
        rules.CORONA_VOLUME,
        *rules.MICRO_AGAINST_CONVENTIONAL,
        rules.Rule("Volume of an ellipsoid from three axes.", ELLIPSOID_SOURCE),
    ]
    if speaks_against_surgery(man):
        return Step(
            "4",
            "What is the chance of finding sperm?",
            Answer.NO,
            "Virtually nil with this deletion (step 3a), whatever the other figures say.",
            tuple(used),
            conclusion="virtually_nil",
        )
    said = []
    missing = []
    if estimate is not None:
        said.append(
            f"The clinic's own model: {estimate.probability:.0%} "
            f"(95 % interval {estimate.low:.0%}-{estimate.high:.0%}; {estimate.basis})"
        )
    else:
        missing.append("a model fitted on the clinic's own records")
    score = gnessi_score(man)
    if score is None:
        missing.append("histology and FSH for the Gnessi score")
    else:
        said.append(f"Gnessi score {score:.2f} (higher is worse)")
    if fsh is None or volume is None:
        missing.append("FSH and the volume of both testes")
    else:
        met = fsh < rules.TESA_FSH_IU_PER_L and volume > rules.TESA_VOLUME_ML
        said.append(f"TESA triage {'met' if met else 'not met'}")
    if volume is not None:
        above = volume > rules.CORONA_VOLUME_ML
        said.append(f"mean testis {volume:.1f} mL, {'above' if above else 'not above'} 12.5 mL")
    return Step(
        "4",
        "What is the chance of finding sperm?",
        Answer.INDETERMINATE if estimate is None else Answer.SUGGESTS,
        "; ".join(said) + "." if said else "Nothing can be computed from what is known.",
        tuple(used[1:]),
        tuple(missing),
    )


def gnessi_score(man: Man) -> float | None:
    """Return the Gnessi 2018 score of an azoospermic man, or None without histology or FSH.

    Source: Gnessi 2018 [V]. Higher is worse; no probability goes with it.
    """
    fsh = man.latest("fsh_iu_per_l")
    if man.histology is None or fsh is None:
        return None
    return (
        rules.GNESSI_SCO * man.histology.sertoli_cell_only
        + rules.GNESSI_AZOOSPERMIA
        + rules.GNESSI_FSH * fsh
    )
