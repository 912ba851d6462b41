"""Men, their testes and what an opened testis holds: no pixels here.

Sources of figures: the clinical facts of the project ("Which tubules hold sperm"); marks as there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np


class Patient(StrEnum):
    """What a man's tubules are like."""

    SERTOLI_CELL_ONLY = "sertoli_cell_only"
    MATURATION_ARREST = "maturation_arrest"
    HYPOSPERMATOGENESIS = "hypospermatogenesis"
    FOCAL = "focal"
    NORMAL = "normal"


class TubuleClass(StrEnum):
    """What a tubule holds; ``focal`` testes mix two of them."""

    SERTOLI_CELL_ONLY = "sertoli_cell_only"
    MATURATION_ARREST = "maturation_arrest"
    HYPOSPERMATOGENESIS = "hypospermatogenesis"
    SPERMATOGENESIS = "spermatogenesis"


class Calibre(StrEnum):
    """How the surgeon would call the testis."""

    DILATED = "dilated"
    SLIGHTLY_DILATED = "slightly_dilated"
    NOT_DILATED = "not_dilated"


TESTIS_RATE = {Calibre.DILATED: 0.90, Calibre.SLIGHTLY_DILATED: 0.47, Calibre.NOT_DILATED: 0.07}
"""Share of testes in which sperm were found (Caroppo 2019, 143 men, 222 testes) [V]."""

THIN_RATE = 89 / 245
"""Share of thin tubules with sperm, single-tubule series of n = 264 [V]."""

PUBLISHED_LOG_ODDS = math.log((16 / 3) / (89 / 156))
"""Wide against thin tubules in that series: 16 of 19 against 89 of 245 [V], so 2.24 [D]."""

REVERSED_LOG_ODDS = math.log((0.031 / 0.969) / (0.25 / 0.75))
"""Wide against thin in Sertoli-cell-only: 3.1 % against 25.0 % (n = 56) [V], so -2.34 [D]."""

DILATED_FROM = 1.4
"""A tubule this much wider than the median of its testis counts as dilated."""

MIN_DIAMETER_UM, MAX_DIAMETER_UM = 100.0, 350.0


@dataclass(frozen=True, slots=True)
class Tissue:
    """Assumed make-up of a kind of testis; ranges, drawn once a testis.

    Parameters
    ----------
    median_um : (float, float)
        Median diameter of the common tubules.
    spread : (float, float)
        Relative standard deviation of diameter between them.
    opacity : (float, float)
        Mean opacity of the common tubules, 0 clear to 1 white.
    dilated_share : (float, float)
        Share of tubules that are dilated.
    """

    median_um: tuple[float, float]
    spread: tuple[float, float]
    opacity: tuple[float, float]
    dilated_share: tuple[float, float] = (0.0, 0.0)


TISSUES = {
    Patient.SERTOLI_CELL_ONLY: Tissue((105.0, 190.0), (0.02, 0.08), (0.15, 0.45)),
    Patient.MATURATION_ARREST: Tissue((150.0, 230.0), (0.03, 0.09), (0.35, 0.7)),
    Patient.HYPOSPERMATOGENESIS: Tissue((140.0, 210.0), (0.14, 0.26), (0.3, 0.65), (0.0, 0.12)),
    Patient.FOCAL: Tissue((105.0, 165.0), (0.04, 0.1), (0.12, 0.45), (0.06, 0.3)),
    Patient.NORMAL: Tissue((200.0, 290.0), (0.04, 0.1), (0.65, 0.95)),
}
"""Assumed, within the 100-350 um of the literature; chosen so that size and class overlap."""

COMMON_CLASS = {
    Patient.SERTOLI_CELL_ONLY: TubuleClass.SERTOLI_CELL_ONLY,
    Patient.MATURATION_ARREST: TubuleClass.MATURATION_ARREST,
    Patient.HYPOSPERMATOGENESIS: TubuleClass.HYPOSPERMATOGENESIS,
    Patient.FOCAL: TubuleClass.SERTOLI_CELL_ONLY,
    Patient.NORMAL: TubuleClass.SPERMATOGENESIS,
}

CALIBRES = {
    Patient.SERTOLI_CELL_ONLY: Calibre.NOT_DILATED,
    Patient.MATURATION_ARREST: Calibre.NOT_DILATED,
    Patient.HYPOSPERMATOGENESIS: Calibre.SLIGHTLY_DILATED,
    Patient.FOCAL: Calibre.DILATED,
    Patient.NORMAL: Calibre.DILATED,
}


@dataclass(frozen=True, slots=True)
class TubuleTraits:
    """One tubule, wherever it lies.

    Parameters
    ----------
    diameter_um : float
        Its mean diameter.
    relative_diameter : float
        To the median of the common tubules of its testis.
    opacity : float
        0 clear to 1 white.
    kind : TubuleClass
    has_sperm : bool
    """

    diameter_um: float
    relative_diameter: float
    opacity: float
    kind: TubuleClass
    has_sperm: bool


@dataclass(frozen=True, slots=True)
class OpenedTestis:
    """One testis: what its tubules are drawn from.

    Parameters
    ----------
    patient : Patient
    calibre : Calibre
    has_sperm : bool
        Drawn from `TESTIS_RATE`; if False no tubule holds sperm.
    median_um, spread, opacity, dilated_share : float
        See `Tissue`.
    effect : float
        How much a tubule's size tells of its sperm: 0 nothing, 1 as published, -1 reversed as
        published for Sertoli-cell-only.
    """

    patient: Patient
    calibre: Calibre
    has_sperm: bool
    median_um: float
    spread: float
    opacity: float
    dilated_share: float
    effect: float

    def draw_tubule(self, rng: np.random.Generator) -> TubuleTraits:
        """Draw one tubule of this testis."""
        kind = COMMON_CLASS[self.patient]
        relative = math.exp(rng.normal(0.0, self.spread))
        opacity = rng.normal(self.opacity, 0.07)
        if rng.random() < self.dilated_share:
            kind = TubuleClass.SPERMATOGENESIS
            relative = float(rng.uniform(DILATED_FROM + 0.05, 2.3))
            opacity = self.opacity + rng.normal(0.35, 0.12)
        diameter = min(MAX_DIAMETER_UM, max(MIN_DIAMETER_UM, self.median_um * relative))
        relative = diameter / self.median_um
        has_sperm = bool(rng.random() < sperm_chance(relative, self.effect)) and self.has_sperm
        return TubuleTraits(
            diameter, relative, float(min(0.98, max(0.05, opacity))), kind, has_sperm
        )


def sperm_chance(relative_diameter: float, effect: float) -> float:
    """Return the chance that a tubule of a positive testis holds sperm.

    Logistic in a soft step at `DILATED_FROM`: far below it `THIN_RATE`, far above it the odds
    times ``exp(effect * PUBLISHED_LOG_ODDS)``. The series tells wide from thin at 300 um; here
    the step is at the same testis' own scale.

    Parameters
    ----------
    relative_diameter : float
    effect : float
        From -1 (`REVERSED_LOG_ODDS`) over 0 (none) to 1 (published); beyond is allowed.
    """
    step = 1 / (1 + math.exp(-(relative_diameter - DILATED_FROM) / 0.06))
    change = effect * (PUBLISHED_LOG_ODDS if effect >= 0 else -REVERSED_LOG_ODDS)
    logit = math.log(THIN_RATE / (1 - THIN_RATE)) + change * step
    return 1 / (1 + math.exp(-logit))


def open_testis(
    rng: np.random.Generator, patient: Patient | None = None, effect: float = 1.0
) -> OpenedTestis:
    """Draw a testis: first whether it holds sperm at all, by its calibre.

    Parameters
    ----------
    rng : numpy.random.Generator
    patient : Patient, optional
        Drawn evenly if not given.
    effect : float
        See `sperm_chance`.
    """
    kinds = list(Patient)
    chosen = kinds[int(rng.integers(len(kinds)))]
    patient = patient or chosen
    tissue = TISSUES[patient]
    calibre = CALIBRES[patient]
    return OpenedTestis(
        patient=patient,
        calibre=calibre,
        has_sperm=bool(rng.random() < TESTIS_RATE[calibre]),
        median_um=float(rng.uniform(*tissue.median_um)),
        spread=float(rng.uniform(*tissue.spread)),
        opacity=float(rng.uniform(*tissue.opacity)),
        dilated_share=float(rng.uniform(*tissue.dilated_share)),
        effect=effect,
    )
