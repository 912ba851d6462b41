"""Clinics side by side: a funnel plot, adjusted for diagnosis.

Two biopsies of one man are no two independent chances. Every biopsy is counted, but the limits
are as wide as if each man had come once: exact if his biopsies always agree, else too wide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sertoli.outcomes._case_mix import expected_chance
from sertoli.outcomes._measures import finished
from sertoli.outcomes._tables import POSITIVE, Programme

LEVELS = (0.95, 0.998)
"""Limits within which that share of clinics lies by chance alone."""


@dataclass(frozen=True)
class ClinicPoint:
    """One clinic in the funnel.

    Parameters
    ----------
    clinic : str
    biopsies, positive : int
        Finished biopsies, and those with sperm.
    men : int
        Men behind the biopsies.
    expected : float
        Positive biopsies expected from its diagnoses.
    adjusted_rate : float
        Observed by expected, times the programme's rate.
    limits : tuple of (float, float)
        Adjusted rates within which a clinic of as many men and this mix lies by chance, by
        `LEVELS`.
    """

    clinic: str
    biopsies: int
    positive: int
    men: int
    expected: float
    adjusted_rate: float
    limits: tuple[tuple[float, float], ...]

    @property
    def place(self) -> str:
        """Where the clinic lies: within, or beyond the 95 or the 99.8 % limits."""
        place = "within the limits"
        for level, (low, high) in zip(LEVELS, self.limits, strict=True):
            if self.adjusted_rate < low:
                place = f"below the {level * 100:g} % limit"
            elif self.adjusted_rate > high:
                place = f"above the {level * 100:g} % limit"
        return place

    def to_json(self) -> dict[str, Any]:
        """Return the point as plain values."""
        return {
            "clinic": self.clinic,
            "biopsies": self.biopsies,
            "positive": self.positive,
            "men": self.men,
            "expected": round(self.expected, 3),
            "adjusted_rate": round(self.adjusted_rate, 6),
            "limits": {
                f"{level * 100:g}": [round(low, 6), round(high, 6)]
                for level, (low, high) in zip(LEVELS, self.limits, strict=True)
            },
            "place": self.place,
        }


@dataclass(frozen=True)
class Funnel:
    """All clinics, the programme's rate, and the curves of the limits."""

    rate: float
    points: tuple[ClinicPoint, ...]

    def curves(self) -> tuple[npt.NDArray[np.int64], list[tuple[npt.NDArray[np.float64], ...]]]:
        """Return numbers of men, and (low, high) of an average clinic's limits, by `LEVELS`."""
        largest = max(point.men for point in self.points)
        sizes = np.unique(np.linspace(1, largest * 1.1 + 1, 200).astype(np.int64))
        return sizes, [
            tuple(np.array(ends) for ends in _limits(level, sizes, self.rate, self.rate))
            for level in LEVELS
        ]


def _limits(
    level: float, men: npt.ArrayLike, chance: float, rate: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    from scipy.stats import binom

    low, high = binom.interval(level, men, chance)
    scale = rate / chance / np.asarray(men)
    return np.maximum(low, 0) * scale, high * scale


def funnel(programme: Programme) -> Funnel | None:
    """Compare the clinics' retrieval rates; None with fewer than two clinics or no spread."""
    rows = finished(programme)
    found = (rows["outcome"] == POSITIVE).astype(float)
    if rows["clinic"].nunique() < 2 or not 0 < found.mean() < 1:
        return None
    rate = float(found.mean())
    sums = (
        rows.assign(found=found, expected=expected_chance(rows))
        .groupby("clinic", sort=True, observed=True)
        .agg(
            found=("found", "sum"),
            expected=("expected", "sum"),
            size=("found", "size"),
            men=("man_id", "nunique"),
        )
    )
    points = []
    for clinic, row in sums.iterrows():
        count, size, men, expected = int(row.found), int(row["size"]), int(row.men), row.expected
        if expected <= 0 or expected >= size:
            continue
        limits = tuple(
            (float(low), float(high))
            for low, high in (_limits(level, men, expected / size, rate) for level in LEVELS)
        )
        adjusted = count / expected * rate
        points.append(ClinicPoint(str(clinic), size, count, men, expected, adjusted, limits))
    return Funnel(rate, tuple(points)) if len(points) > 1 else None
