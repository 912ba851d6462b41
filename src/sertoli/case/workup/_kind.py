"""Step 2: obstructive or not."""

from __future__ import annotations

from enum import StrEnum

from sertoli.case.workup import _rules as rules
from sertoli.case.workup._man import Man, Side
from sertoli.case.workup._report import Advice, AdviceKind, Answer, Step


class AzoospermiaKind(StrEnum):
    """What FSH and testis size suggest; neither is proof."""

    OBSTRUCTIVE = "obstructive"
    NON_OBSTRUCTIVE = "non_obstructive"
    INDETERMINATE = "indeterminate"


def _axes(man: Man) -> list[float]:
    axes = [man.testes[side].long_axis_mm for side in Side if side in man.testes]
    return [axis for axis in axes if axis is not None]


def azoospermia_kind(man: Man) -> AzoospermiaKind:
    """Apply Schoor's two limits; testes on either side of the limit stay indeterminate."""
    fsh, axes = man.latest("fsh_iu_per_l"), _axes(man)
    if fsh is None or not axes:
        return AzoospermiaKind.INDETERMINATE
    if fsh <= rules.SCHOOR_FSH_IU_PER_L and min(axes) > rules.SCHOOR_AXIS_MM:
        return AzoospermiaKind.OBSTRUCTIVE
    if fsh > rules.SCHOOR_FSH_IU_PER_L and max(axes) <= rules.SCHOOR_AXIS_MM:
        return AzoospermiaKind.NON_OBSTRUCTIVE
    return AzoospermiaKind.INDETERMINATE


def obstruction(man: Man) -> Step:
    """2a: FSH and long axis."""
    kind = azoospermia_kind(man)
    fsh, axes = man.latest("fsh_iu_per_l"), _axes(man)
    missing = [f"long axis of the {side} testis" for side in Side if _no_axis(man, side)]
    if fsh is None:
        missing.insert(0, "FSH")
    shown = " and ".join(f"{axis:g} mm" for axis in axes) or "unknown"
    finding = f"FSH {'unknown' if fsh is None else f'{fsh:g} IU/L'}, long axis {shown}: "
    finding += {
        AzoospermiaKind.OBSTRUCTIVE: "suggests obstruction, and does not exclude maturation arrest",
        AzoospermiaKind.NON_OBSTRUCTIVE: "suggests non-obstructive azoospermia",
        AzoospermiaKind.INDETERMINATE: "indeterminate",
    }[kind]
    if (
        fsh is not None
        and fsh > rules.SECOND_FSH_IU_PER_L
        and axes
        and max(axes) < rules.SECOND_AXIS_MM
    ):
        finding += "; the second rule says non-obstructive too (PPV 97 %)"
    settled = kind is not AzoospermiaKind.INDETERMINATE
    return Step(
        "2a",
        "Obstructive or non-obstructive, by FSH and testis size?",
        Answer.SUGGESTS if settled else Answer.INDETERMINATE,
        f"{finding}.",
        (rules.SCHOOR, rules.SECOND_OPINION),
        tuple(missing),
        conclusion=kind.value,
    )


def _no_axis(man: Man, side: Side) -> bool:
    return side not in man.testes or man.testes[side].long_axis_mm is None


def vasa(man: Man) -> Step:
    """2b: whether both vasa are there."""
    absent = [side for side in Side if man.vas_present.get(side) is False]
    unknown = [side for side in Side if side not in man.vas_present]
    missing = [f"palpation of the {side} vas" for side in unknown]
    advice: tuple[Advice, ...] = ()
    if absent:
        answer = Answer.YES
        finding = f"Absent: {' and '.join(absent)}."
        missing += [
            f"CFTR test of {who}"
            for who, variant in (
                ("the man", man.genetics.cftr_man_variant),
                ("his partner", man.genetics.cftr_partner_variant),
            )
            if variant is None
        ]
        missing.append("renal ultrasound")
        text = "Test CFTR in the man and his partner, and look at the kidneys by ultrasound."
        if man.genetics.cftr_man_variant and man.genetics.cftr_partner_variant:
            text = "Both carry a CFTR variant: genetic counselling before any treatment cycle."
        advice = (Advice(AdviceKind.TEST_CFTR, text, rules.VASA),)
    elif unknown:
        answer, finding = Answer.INDETERMINATE, "Not palpated on both sides."
    else:
        answer, finding = Answer.NO, "Both were felt."
    return Step("2b", "Is a vas absent?", answer, finding, (rules.VASA,), tuple(missing), advice)


def seminal_plasma(man: Man) -> Step:
    """2c: whether the seminal plasma speaks for an obstruction."""
    volumes = [sample.volume_ml for sample in man.semen if sample.volume_ml is not None]
    acidities = [sample.ph for sample in man.semen if sample.ph is not None]
    markers = [
        low
        for sample in man.semen
        for low in (sample.fructose_low, sample.alpha_glucosidase_low)
        if low is not None
    ]
    missing = []
    if not volumes:
        missing.append("volume of the ejaculate")
    if not acidities:
        missing.append("pH of the ejaculate")
    if not markers:
        missing.append("fructose or alpha-glucosidase")
    low_volume = any(volume < rules.LOW_VOLUME_ML for volume in volumes)
    answer = Answer.INDETERMINATE
    if low_volume or any(markers):
        answer = Answer.SUGGESTS
    elif volumes and markers:
        answer = Answer.NO
    marker = "unknown"
    if markers:
        marker = "low" if any(markers) else "not low"
    return Step(
        "2c",
        "Does the seminal plasma suggest an obstruction?",
        answer,
        f"Volume {'low' if low_volume else 'not low' if volumes else 'unknown'}, "
        f"pH {', '.join(f'{value:g}' for value in acidities) or 'unknown'}, "
        f"fructose or alpha-glucosidase {marker}.",
        (rules.SEMINAL_PLASMA, rules.RETROGRADE),
        tuple(missing),
    )
