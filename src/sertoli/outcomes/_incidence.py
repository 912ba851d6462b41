"""How long until a pregnancy, when treatment can also end without one.

Counting those whose treatment ended as if they still waited would promise too much. The
Aalen-Johansen estimate counts pregnancy and the end of treatment as competing events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sertoli.outcomes._rates import LEVEL
from sertoli.outcomes._tables import POSITIVE, Programme

MONTHS = (6, 12, 24)
LEAST_MEN = 10
LEAST_EVENTS = 5
RESAMPLES = 200
DAYS_PER_MONTH = 365.25 / 12

WAITING, PREGNANT, ENDED = 0, 1, 2

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Incidence:
    """Time from a man's first positive biopsy to the first clinical pregnancy.

    Parameters
    ----------
    men, pregnancies, ended : int
    months : ndarray, shape (steps,)
        Whole months since the biopsy, from 0.
    pregnant, treatment_ended : ndarray, shape (steps,)
        Cumulative incidence of either event (0-1).
    at : tuple of (int, float, float, float)
        Months, incidence of pregnancy, low and high of its 95 % interval.
    """

    men: int
    pregnancies: int
    ended: int
    months: Ints
    pregnant: Floats
    treatment_ended: Floats
    at: tuple[tuple[int, float, float, float], ...]

    def to_json(self) -> dict[str, Any]:
        """Return the curve as plain values."""
        return {
            "men": self.men,
            "pregnancies": self.pregnancies,
            "ended": self.ended,
            "months": self.months.tolist(),
            "pregnant": np.round(self.pregnant, 6).tolist(),
            "treatment_ended": np.round(self.treatment_ended, 6).tolist(),
            "at": [
                {"months": at, "pregnant": round(value, 6), "low": round(low, 6)}
                | {"high": round(high, 6)}
                for at, value, low, high in self.at
            ],
        }


def cumulative_incidence(months: Ints, status: Ints) -> tuple[Floats, Floats]:
    """Return the Aalen-Johansen estimates of `PREGNANT` and `ENDED`, by month from 0.

    Parameters
    ----------
    months, status : ndarray, shape (men,)
        When something happened to each, and what (`WAITING`: nothing until then).

    Returns
    -------
    tuple of ndarray, shape (last month + 1,)
    """
    from statsmodels.duration.survfunc import CumIncidenceRight

    last = int(months.max())
    counts = np.bincount(months * 3 + status, minlength=3 * (last + 1))
    (filled,) = np.nonzero(counts)
    estimate = CumIncidenceRight(filled // 3, filled % 3, freq_weights=counts[filled].astype(float))
    curves = []
    for cause in (PREGNANT, ENDED):
        curve = np.zeros(last + 1)
        if cause <= len(estimate.cinc):
            curve[estimate.times.astype(np.int64)] = estimate.cinc[cause - 1]
        curves.append(np.maximum.accumulate(curve))
    return curves[0], curves[1]


def incidence(programme: Programme, *, seed: int = 0) -> Incidence | None:
    """Follow every man from his first positive biopsy; None with too few men or pregnancies."""
    months, status = _followed(programme)
    pregnancies, ended = int((status == PREGNANT).sum()), int((status == ENDED).sum())
    if len(months) < LEAST_MEN or pregnancies < LEAST_EVENTS:
        return None
    pregnant, treatment_ended = cumulative_incidence(months, status)
    reached = [month for month in MONTHS if month <= months.max()]
    return Incidence(
        len(months),
        pregnancies,
        ended,
        np.arange(len(pregnant)),
        pregnant,
        treatment_ended,
        tuple(_with_intervals(months, status, pregnant, reached, seed)),
    )


def _with_intervals(
    months: Ints, status: Ints, pregnant: Floats, reached: list[int], seed: int
) -> list[tuple[int, float, float, float]]:
    from scipy.stats import bootstrap

    if not reached:
        return []

    def at_reached(what: Ints) -> Floats:
        curve, _ = cumulative_incidence(what // 3, what % 3)
        # A resample can end before the month that is asked for: it stays as it was.
        return curve[np.minimum(reached, len(curve) - 1)]

    bounds = bootstrap(
        (months * 3 + status,),
        at_reached,
        vectorized=False,
        n_resamples=RESAMPLES,
        confidence_level=LEVEL,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return [
        (month, float(pregnant[month]), float(low), float(high))
        for month, low, high in zip(reached, bounds.low, bounds.high, strict=True)
    ]


def _followed(programme: Programme) -> tuple[Ints, Ints]:
    """Return whole months and what happened, for each man with a positive biopsy."""
    positive = programme.biopsies[programme.biopsies["outcome"] == POSITIVE]
    first = positive.sort_values("date", kind="stable").drop_duplicates("man_id")
    first = first.set_index("man_id")
    # His treatment ends when the last of his biopsies' does.
    per_man = positive.assign(going_on=positive["ended_on"].isna()).groupby("man_id")
    ended = per_man["ended_on"].max().mask(per_man["going_on"].any())
    pregnant = _first_pregnancy(programme)
    table = pd.DataFrame({"start": first["date"], "ended": ended}).join(pregnant.rename("pregnant"))
    as_of = pd.Timestamp(programme.as_of)
    status = np.where(
        table["pregnant"].notna(), PREGNANT, np.where(table["ended"].notna(), ENDED, WAITING)
    ).astype(np.int64)
    until = table["pregnant"].fillna(table["ended"]).fillna(as_of)
    days = (until - table["start"]).dt.days.clip(lower=0)
    return np.asarray(days / DAYS_PER_MONTH, dtype=np.int64), status


def _first_pregnancy(programme: Programme) -> pd.Series:
    """Return the day of each man's first transfer with a clinical pregnancy."""
    transfers = programme.transfers
    pregnant = transfers[transfers["clinical_pregnancy"].eq(True).fillna(False)]
    biopsy = programme.cycles.set_index("cycle_id")["biopsy_id"]
    man = programme.biopsies.set_index("biopsy_id")["man_id"]
    men = pregnant["cycle_id"].map(biopsy).map(man)
    return pregnant.groupby(men)["date"].min()
