"""Medians with exact intervals: tissue, sperm, time at the bench."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sertoli.outcomes._measures import finished
from sertoli.outcomes._rates import LEVEL
from sertoli.outcomes._tables import POSITIVE, Programme

LEAST_MEN = 6
"""With fewer, no interval from order statistics reaches 95 %."""


@dataclass(frozen=True)
class Median:
    """The median over men of each man's own median.

    Parameters
    ----------
    men : int or None
        How many; None where suppressed.
    value, low, high : float or None
        The median and its 95 % interval (order statistics); None where there is none.
    suppressed : bool
        Whether the cell was too small to be shown.
    """

    men: int | None
    value: float | None
    low: float | None
    high: float | None
    suppressed: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the median as plain values."""
        return {
            "men": self.men,
            "median": _rounded(self.value),
            "low": _rounded(self.low),
            "high": _rounded(self.high),
            "suppressed": self.suppressed,
        }


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")


@dataclass(frozen=True)
class Spread:
    """Something of which the median is told.

    ``number`` names the men behind it as a measure does: where theirs is hidden, so is this.
    """

    key: str
    title: str
    unit: str
    of: str
    number: str
    values: Callable[[Programme], pd.Series]


def _tissue_per_sperm(programme: Programme) -> pd.Series:
    rows = programme.biopsies
    found = (rows["outcome"] == POSITIVE) & (rows["sperm"] > 0)
    return (rows["tissue_mg"] / rows["sperm"]).where(found)


def _of_finished(column: str) -> Callable[[Programme], pd.Series]:
    def values(programme: Programme) -> pd.Series:
        return finished(programme)[column].reindex(programme.biopsies.index)

    return values


SPREADS = (
    Spread(
        "tissue_per_sperm",
        "Tissue per sperm",
        "mg",
        "all tissue of a biopsy by its confirmed sperm, positive biopsies",
        "positive_men",
        _tissue_per_sperm,
    ),
    Spread(
        "tissue",
        "Tissue per biopsy",
        "mg",
        "all tissue removed in a biopsy with a finished search",
        "men",
        _of_finished("tissue_mg"),
    ),
    Spread(
        "search_time",
        "Search time per biopsy",
        "min",
        "time at the bench for a biopsy with a finished search",
        "men",
        _of_finished("search_min"),
    ),
)


def median(own: npt.NDArray[np.float64]) -> Median:
    """Return the median of men's own medians.

    Parameters
    ----------
    own : ndarray, shape (men,)
    """
    if len(own) == 0:
        return Median(0, None, None, None)
    middle = float(np.median(own))
    if len(own) < LEAST_MEN:
        return Median(len(own), middle, None, None)
    from scipy.stats import quantile_test

    bounds = quantile_test(own, q=middle, p=0.5).confidence_interval(LEVEL)
    low, high = (float(end) if np.isfinite(end) else None for end in (bounds.low, bounds.high))
    return Median(len(own), middle, low, high)


def medians_by(programme: Programme, spread: Spread, column: str) -> Iterator[tuple[str, Median]]:
    """Give (group, median) in the order of the groups' names."""
    rows = programme.biopsies.assign(value=spread.values(programme)).dropna(subset=["value"])
    rows["man"] = pd.factorize(rows["man_id"])[0]
    own = rows.groupby([column, "man"], sort=True, observed=True)["value"].median()
    for group, part in own.groupby(level=0, sort=True, observed=True):
        yield str(group), median(part.to_numpy(dtype=np.float64))


def median_of_all(programme: Programme, spread: Spread) -> Median:
    """Return the median over all men; a man with several values counts once, by his own."""
    values = spread.values(programme)
    own = values.groupby(pd.factorize(programme.biopsies["man_id"])[0]).median().dropna()
    return median(own.to_numpy(dtype=np.float64))
