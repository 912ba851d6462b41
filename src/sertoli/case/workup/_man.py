"""What is known of a man before surgery. Nothing here guesses: unknown is None."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from sertoli.case.evidence import Mark, Source

MORNING_ENDS_HOUR = 11
MORNING_SOURCE = Source("samples drawn before 11:00 local time count as morning", Mark.OURS)

ELLIPSOID = 0.71
ELLIPSOID_SOURCE = Source("Lambert: volume = 0.71 x length x width x height", Mark.RECALLED)


_EXTRA_X = ("47,XXY", "48,XXXY", "48,XXYY", "49,XXXXY")


class Side(StrEnum):
    """The man's own left or right."""

    LEFT = "left"
    RIGHT = "right"


class Exposure(StrEnum):
    """Whether he takes, or took, a substance."""

    NEVER = "never"
    PAST = "past"
    PRESENT = "present"


class Deletion(StrEnum):
    """How much of an AZF region of the Y chromosome is missing."""

    NONE = "none"
    PARTIAL = "partial"
    COMPLETE = "complete"


@dataclass(frozen=True)
class SemenSample:
    """One semen analysis.

    Parameters
    ----------
    taken_on : date
        Day of the sample.
    volume_ml : float or None
        Volume of the ejaculate.
    pellet_has_sperm : bool or None
        What the centrifuged pellet showed; None if it was not examined.
    ph : float or None
        Acidity.
    fructose_low, alpha_glucosidase_low : bool or None
        Below the laboratory's own limit.
    """

    taken_on: date
    volume_ml: float | None = None
    pellet_has_sperm: bool | None = None
    ph: float | None = None
    fructose_low: bool | None = None
    alpha_glucosidase_low: bool | None = None


@dataclass(frozen=True)
class HormoneSample:
    """Hormones of one blood sample, in the units of `sertoli.case.units.CANONICAL`.

    Parameters
    ----------
    taken_at : datetime
        Local time of the sample.
    morning : bool or None
        Whether it was drawn in the morning, if somebody wrote that down; else the time decides.
    time_known : bool
        False if only the day is known: then the time decides nothing.
    on_testosterone : bool
        Drawn under testosterone replacement: such a testosterone says nothing of his own.
    """

    taken_at: datetime
    testosterone_nmol_per_l: float | None = None
    fsh_iu_per_l: float | None = None
    lh_iu_per_l: float | None = None
    prolactin_miu_per_l: float | None = None
    oestradiol_pmol_per_l: float | None = None
    inhibin_b_ng_per_l: float | None = None
    time_known: bool = True
    on_testosterone: bool = False
    morning: bool | None = None

    @property
    def is_morning(self) -> bool:
        """Whether the sample was drawn in the morning (`MORNING_ENDS_HOUR`)."""
        if self.morning is not None:
            return self.morning
        return self.time_known and self.taken_at.hour < MORNING_ENDS_HOUR


@dataclass(frozen=True)
class MeasuredTestis:
    """Size of one testis."""

    long_axis_mm: float | None = None
    width_mm: float | None = None
    height_mm: float | None = None
    measured_volume_ml: float | None = None

    @property
    def volume_ml(self) -> float | None:
        """The measured volume, else that of an ellipsoid of the three axes."""
        if self.measured_volume_ml is not None:
            return self.measured_volume_ml
        axes = (self.long_axis_mm, self.width_mm, self.height_mm)
        if any(axis is None for axis in axes):
            return None
        product = 1.0
        for axis in axes:
            product *= axis or 0.0
        return ELLIPSOID * product / 1000.0


@dataclass(frozen=True)
class Genetics:
    """Results of genetic tests; None was not tested.

    Parameters
    ----------
    karyotype : str or None
        As the laboratory writes it, such as ``46,XY`` or ``47,XXY``.
    azfa, azfb, azfc : Deletion or None
        Deletions of the Y chromosome.
    cftr_man_variant, cftr_partner_variant : bool or None
        Whether a CFTR variant was found.
    """

    karyotype: str | None = None
    azfa: Deletion | None = None
    azfb: Deletion | None = None
    azfc: Deletion | None = None
    cftr_man_variant: bool | None = None
    cftr_partner_variant: bool | None = None

    @property
    def is_klinefelter(self) -> bool | None:
        """Whether a line with an extra X stands in the karyotype (mosaics too)."""
        if self.karyotype is None:
            return None
        lines = re.sub(r"\s|mos|\[[^\]]*\]", "", self.karyotype, flags=re.IGNORECASE).upper()
        return any(
            re.match(r"(?:47,XXY|48,XXXY|48,XXYY|49,XXXXY)", line) for line in lines.split("/")
        )


@dataclass(frozen=True)
class Histology:
    """The reading of an earlier biopsy."""

    sertoli_cell_only: bool


@dataclass(frozen=True)
class Man:
    """Everything the work-up looks at; every part may be missing.

    Parameters
    ----------
    wants_sperm : bool
        Whether he still wants sperm for a child. Unless he says no, he does.
    semen : tuple of SemenSample
    urine_has_sperm : bool or None
        Urine after orgasm; None if it was not examined.
    testosterone_use, anabolic_use, opioid_use : Exposure or None
    hormones : tuple of HormoneSample
    testes : dict of Side to MeasuredTestis
    vas_present : dict of Side to bool
        Palpation; a side not examined is absent from it.
    genetics : Genetics
    histology : Histology or None
    """

    wants_sperm: bool = True
    semen: tuple[SemenSample, ...] = ()
    urine_has_sperm: bool | None = None
    testosterone_use: Exposure | None = None
    anabolic_use: Exposure | None = None
    opioid_use: Exposure | None = None
    hormones: tuple[HormoneSample, ...] = ()
    testes: dict[Side, MeasuredTestis] = field(default_factory=dict)
    vas_present: dict[Side, bool] = field(default_factory=dict)
    genetics: Genetics = field(default_factory=Genetics)
    histology: Histology | None = None

    def latest(self, name: str) -> float | None:
        """Return the newest value of a hormone (a field of `HormoneSample`), or None."""
        known = [sample for sample in self.hormones if getattr(sample, name) is not None]
        if not known:
            return None
        value = getattr(max(known, key=lambda sample: sample.taken_at), name)
        return float(value)

    @property
    def mean_testis_volume_ml(self) -> float | None:
        """Mean volume of both testes; None unless both are known."""
        volumes = [self.testes[side].volume_ml for side in Side if side in self.testes]
        known = [volume for volume in volumes if volume is not None]
        return sum(known) / 2 if len(known) == 2 else None


def morning_testosterone(samples: Iterable[HormoneSample]) -> list[tuple[datetime, float]]:
    """Return (time, nmol/L) of his own morning testosterones, one a day, oldest first."""
    by_day: dict[date, tuple[datetime, float]] = {}
    for sample in sorted(samples, key=lambda sample: sample.taken_at):
        value = sample.testosterone_nmol_per_l
        if value is not None and sample.is_morning and not sample.on_testosterone:
            # The first of a day counts: a second one is the same answer, not a repeat.
            by_day.setdefault(sample.taken_at.date(), (sample.taken_at, value))
    return list(by_day.values())
