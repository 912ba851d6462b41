"""Steps 0 and 1: is it azoospermia, what imitates it, and do the signals come."""

from __future__ import annotations

from sertoli.case.workup import _rules as rules
from sertoli.case.workup._man import Exposure, Man, morning_testosterone
from sertoli.case.workup._report import Advice, AdviceKind, Answer, Step


def azoospermia(man: Man) -> Step:
    """0a: no sperm in the pellets of at least two samples."""
    examined = [sample for sample in man.semen if sample.pellet_has_sperm is not None]
    with_sperm = sum(bool(sample.pellet_has_sperm) for sample in examined)
    short = max(0, rules.AZOOSPERMIA_SAMPLES - len(examined))
    counted = f"{with_sperm} of {len(examined)} examined pellets hold sperm"
    answer = Answer.YES
    missing: tuple[str, ...] = ()
    advice: tuple[Advice, ...] = ()
    if with_sperm:
        answer = Answer.NO
        advice = (
            Advice(
                AdviceKind.NOT_AZOOSPERMIA,
                "Sperm were seen in a pellet: by definition this is not azoospermia. Settle what "
                "the ejaculate offers before surgery is discussed.",
                rules.AZOOSPERMIA,
            ),
        )
    elif short:
        answer = Answer.INDETERMINATE
        missing = (f"{short} more semen sample{'s' * (short > 1)} with the pellet examined",)
    return Step(
        "0a", "Is it azoospermia?", answer, f"{counted}.", (rules.AZOOSPERMIA,), missing, advice
    )


def retrograde(man: Man) -> Step:
    """0b: sperm that go the wrong way."""
    volumes = [sample.volume_ml for sample in man.semen if sample.volume_ml is not None]
    low = any(volume < rules.LOW_VOLUME_ML for volume in volumes)
    shown = ", ".join(f"{volume:g}" for volume in volumes) or "unknown"
    urine = {None: "not examined", True: "sperm seen", False: "no sperm"}[man.urine_has_sperm]
    answer = Answer.NO
    missing: tuple[str, ...] = ()
    advice: tuple[Advice, ...] = ()
    if man.urine_has_sperm:
        answer = Answer.YES
        advice = (
            Advice(
                AdviceKind.TREAT_RETROGRADE,
                "Sperm in the urine after orgasm: retrograde ejaculation. These sperm come "
                "before surgery.",
                rules.RETROGRADE,
            ),
        )
    elif not volumes and man.urine_has_sperm is None:
        answer, missing = Answer.INDETERMINATE, ("volume of the ejaculate",)
    elif low and man.urine_has_sperm is None:
        answer, missing = Answer.INDETERMINATE, ("urine after orgasm, examined for sperm",)
    return Step(
        "0b",
        "Is it retrograde ejaculation?",
        answer,
        f"Volume (mL): {shown}; urine after orgasm: {urine}.",
        (rules.RETROGRADE,),
        missing,
        advice,
    )


def exposures(man: Man) -> Step:
    """0c: substances that shut the signals off."""
    taken = {
        "testosterone": man.testosterone_use,
        "anabolic steroids": man.anabolic_use,
        "opioids": man.opioid_use,
    }
    exposed = {name: use for name, use in taken.items() if use in {Exposure.PAST, Exposure.PRESENT}}
    unknown = tuple(name for name, use in taken.items() if use is None)
    missing = tuple(f"present or past use of {name}" for name in unknown)
    if exposed:
        answer = Answer.YES
        finding = ", ".join(f"{name}: {use}" for name, use in exposed.items())
    else:
        answer = Answer.INDETERMINATE if unknown else Answer.NO
        finding = "Not asked: " + ", ".join(unknown) if unknown else "None was ever taken"
    advice = (
        Advice(
            AdviceKind.CLARIFY_EXPOSURE,
            "Clarify this exposure with whoever prescribes it, and repeat semen and hormones, "
            "before anything else is concluded.",
            rules.EXPOSURE,
        ),
    )
    return Step(
        "0c",
        "Is he, or was he, exposed to testosterone, anabolic steroids or opioids?",
        answer,
        f"{finding}.",
        (rules.EXPOSURE,),
        missing,
        advice if exposed else (),
    )


def testosterone_is_low(man: Man) -> bool | None:
    """Whether repeated morning testosterone is low; None is undecided (see `signals`)."""
    values = [value for _, value in morning_testosterone(man.hormones)][-2:]
    if len(values) == 2 and all(value < rules.TESTOSTERONE_AUA_NMOL_PER_L for value in values):
        return True
    if values and all(value >= rules.TESTOSTERONE_EAU_NMOL_PER_L for value in values):
        return False
    return None


def signals(man: Man) -> Step:
    """1: hypogonadotropic hypogonadism."""
    values = morning_testosterone(man.hormones)[-2:]
    low = testosterone_is_low(man)
    fsh, lh = man.latest("fsh_iu_per_l"), man.latest("lh_iu_per_l")
    answer, missing = _signals_answer(man, low, fsh, lh, len(values))
    if answer in {Answer.YES, Answer.SUGGESTS}:
        if man.latest("prolactin_miu_per_l") is None:
            missing = (*missing, "prolactin")
        missing = (*missing, "pituitary imaging")
    printed = ", ".join(f"{value:.1f} nmol/L on {at:%Y-%m-%d}" for at, value in values)
    return Step(
        "1",
        "Is it hypogonadotropic hypogonadism?",
        answer,
        f"Morning testosterone: {printed or 'none'}; FSH {_value(fsh)}, LH {_value(lh)}.",
        (rules.HYPOGONADOTROPIC, rules.TESTOSTERONE_LIMITS, rules.PRINTED_RANGES),
        missing,
        tuple(_signals_advice(man, answer, low=bool(low))),
    )


def _signals_answer(
    man: Man, low: bool | None, fsh: float | None, lh: float | None, known: int
) -> tuple[Answer, tuple[str, ...]]:
    if low is False:
        return Answer.NO, ()
    missing = []
    if known == 0:
        missing += ["2 morning testosterones on different days"]
    elif low is None:
        missing += ["another morning testosterone on another day"]
    missing += [name for name, value in (("FSH", fsh), ("LH", lh)) if value is None]
    if fsh is None or lh is None:
        return Answer.INDETERMINATE, tuple(missing)
    raised = (fsh > rules.FSH_UPPER_IU_PER_L) + (lh > rules.LH_UPPER_IU_PER_L)
    if raised == 2:
        # Whatever the testosterone: the signals come, and the testis does not answer.
        return Answer.NO, ()
    if low is None or raised:
        return Answer.INDETERMINATE, tuple(missing)
    if exposures(man).answer is Answer.NO:
        return Answer.YES, ()
    return Answer.SUGGESTS, ("exposures excluded (step 0c), as they imitate this",)


def _signals_advice(man: Man, answer: Answer, *, low: bool) -> list[Advice]:
    advice = []
    if answer in {Answer.YES, Answer.SUGGESTS}:
        advice.append(
            Advice(
                AdviceKind.GONADOTROPINS_FIRST,
                "Measure prolactin and image the pituitary. Gonadotropins come first, not surgery.",
                rules.HYPOGONADOTROPIC,
            )
        )
    if low and man.wants_sperm:
        advice.append(
            Advice(
                AdviceKind.NO_TESTOSTERONE,
                "His testosterone is low and he wants sperm: testosterone must not be given.",
                rules.NO_TESTOSTERONE,
            )
        )
    elif low:
        advice.append(
            Advice(
                AdviceKind.DISCUSS_REPLACEMENT,
                "His testosterone is low and he says that he wants no sperm: replacement may be "
                "discussed, after asking him again.",
                rules.NO_TESTOSTERONE,
            )
        )
    return advice


def _value(value: float | None) -> str:
    return "unknown" if value is None else f"{value:g} IU/L"
