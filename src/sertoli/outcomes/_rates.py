"""Rates with intervals: never without a denominator, never as if one man were two.

Where every man (or couple) counts once, the interval is Wilson's. Where somebody counts more
than once, it is that of a logistic model with nothing but an intercept and a covariance
clustered by man or couple: generalised estimating equations with working independence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

LEVEL = 0.95
LEAST_CLUSTERS = 10
"""Below this a clustered covariance is not to be trusted, and each man is counted once."""

WILSON = "Wilson"
CLUSTERED = "clustered"
ONCE_EACH = "Wilson, each counted once"

METHODS = {
    WILSON: "Wilson's interval; every man or couple counts once.",
    CLUSTERED: "Logistic model with a covariance clustered by man or couple (GEE with working "
    "independence), because some count more than once.",
    ONCE_EACH: "Some count more than once, but they are too few (or too alike) for a clustered "
    "interval: Wilson's, as wide as if each man or couple had counted only once.",
}

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rate:
    """Events among a named denominator.

    Parameters
    ----------
    events, denominator : int or None
        None where the cell is suppressed.
    clusters : int or None
        Men or couples behind the denominator.
    rate, low, high : float or None
        Share (0-1) and its 95 % interval; None without a denominator or where suppressed.
    method : str
        One of `METHODS`; empty without a denominator.
    suppressed : bool
        Whether the cell was too small to be shown.
    """

    events: int | None
    denominator: int | None
    clusters: int | None
    rate: float | None
    low: float | None
    high: float | None
    method: str
    suppressed: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the rate as plain values."""
        return {
            "events": self.events,
            "denominator": self.denominator,
            "clusters": self.clusters,
            "rate": _rounded(self.rate),
            "low": _rounded(self.low),
            "high": _rounded(self.high),
            "method": self.method,
            "suppressed": self.suppressed,
        }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def rate(events: npt.ArrayLike, trials: npt.ArrayLike) -> Rate:
    """Return the rate of events over clusters.

    Parameters
    ----------
    events, trials : array_like, shape (clusters,)
        Sums of one man or couple each.

    Returns
    -------
    Rate
    """
    happened = np.asarray(events, dtype=np.float64)
    tried = np.asarray(trials, dtype=np.float64)
    happened, tried = happened[tried > 0], tried[tried > 0]
    total, count, clusters = float(tried.sum()), float(happened.sum()), len(tried)
    if clusters == 0:
        return Rate(0, 0, 0, None, None, None, "")
    if total == clusters:
        low, high = _wilson(count, total)
        method = WILSON
    elif clusters >= LEAST_CLUSTERS and _varies(happened, tried):
        low, high = _clustered(happened, tried)
        method = CLUSTERED
    else:
        low, high = _wilson(count / total * clusters, clusters)
        method = ONCE_EACH
    return Rate(int(count), int(total), clusters, count / total, low, high, method)


def _varies(events: Floats, trials: Floats) -> bool:
    """Whether there is a variance between clusters to be estimated."""
    share = events.sum() / trials.sum()
    return 0.0 < share < 1.0 and bool(np.any(np.abs(events - share * trials) > 1e-9))


def _wilson(count: float, total: float) -> tuple[float, float]:
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(count, total, alpha=1 - LEVEL, method="wilson")
    return max(0.0, float(low)), min(1.0, float(high))


def _clustered(events: Floats, trials: Floats) -> tuple[float, float]:
    from scipy.special import expit, logit
    from statsmodels.genmod import families
    from statsmodels.genmod.generalized_linear_model import GLM

    outcome = np.column_stack([events, trials - events])
    model = GLM(outcome, np.ones((len(events), 1)), family=families.Binomial())
    # One row is one cluster, so that a covariance robust by row is clustered.
    share = events.sum() / trials.sum()
    fit = model.fit(start_params=[logit(share)], cov_type="HC1")
    low, high = np.asarray(fit.conf_int(alpha=1 - LEVEL))[0]
    return float(expit(low)), float(expit(high))


def rates_by(table: pd.DataFrame, column: str) -> Iterator[tuple[str, Rate]]:
    """Give (group, rate) in the order of the groups' names.

    Parameters
    ----------
    table : DataFrame
        Columns ``cluster``, ``events``, ``trials`` and the one to split by.
    column : str
        Which that is.
    """
    sums = table.groupby([column, "cluster"], sort=True, observed=True)[["events", "trials"]].sum()
    groups = sums.index.get_level_values(0).to_numpy()
    if not len(groups):
        return
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    values = sums.to_numpy(dtype=np.float64)
    for start, part in zip(starts, np.split(values, starts[1:]), strict=True):
        yield str(groups[start]), rate(part[:, 0], part[:, 1])


def overall(table: pd.DataFrame) -> Rate:
    """Return the rate of a whole table with ``cluster``, ``events`` and ``trials``."""
    sums = table.groupby("cluster", sort=False)[["events", "trials"]].sum()
    return rate(sums["events"], sums["trials"])
