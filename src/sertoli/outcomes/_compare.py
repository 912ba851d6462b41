"""Fresh against frozen sperm, adjusted for diagnosis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sertoli.case.evidence import Mark, Source
from sertoli.outcomes._measures import cycles_with
from sertoli.outcomes._rates import LEVEL, Rate, overall
from sertoli.outcomes._tables import FRESH, FROZEN, Programme

LEAST_EVENTS = 5
LEAST_COUPLES = 20

METHOD = (
    "Risk ratio, frozen by fresh, of a Poisson model with the diagnosis beside the sperm and a "
    f"covariance clustered by couple; not computed below {LEAST_EVENTS} events in either arm or "
    f"{LEAST_COUPLES} couples."
)
CAVEAT = (
    "Who gets fresh and who gets frozen sperm is no accident: numbers, motility and timing "
    "differ. The ratio is adjusted for the diagnosis only."
)
PUBLISHED = {
    "fertilisation": "RR 1.02",
    "clinical_pregnancy": "RR 1.03 (0.86-1.24)",
    "live_birth": "RR 1.11 (0.88-1.41)",
}
PUBLISHED_SOURCE = Source("Yu 2018, 17 studies, 1,261 cycles, NOA", Mark.VERIFIED)


@dataclass(frozen=True)
class Comparison:
    """One measure with fresh and with frozen sperm.

    Parameters
    ----------
    key, title, denominator : str
    fresh, frozen : Rate
    ratio, low, high : float or None
        Risk ratio with its 95 % interval; None where there is too little to say.
    """

    key: str
    title: str
    denominator: str
    fresh: Rate
    frozen: Rate
    ratio: float | None
    low: float | None
    high: float | None

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as plain values."""
        return {
            "denominator": self.denominator,
            "fresh": self.fresh.to_json(),
            "frozen": self.frozen.to_json(),
            "risk_ratio": None if self.ratio is None else round(self.ratio, 4),
            "low": None if self.low is None else round(self.low, 4),
            "high": None if self.high is None else round(self.high, 4),
            "published": PUBLISHED[self.key],
        }


def comparisons(programme: Programme) -> tuple[Comparison, ...]:
    """Compare fertilisation, clinical pregnancy and live birth."""
    injected = programme.cycles[programme.cycles["injected"] > 0]
    return (
        _compare(
            "fertilisation",
            "Fertilisation",
            "oocytes injected (ICSI)",
            injected.assign(events=injected["fertilised"], trials=injected["injected"]),
        ),
        _compare(
            "clinical_pregnancy",
            "Clinical pregnancy",
            "initiated cycles",
            _cycles(programme, "clinical_pregnancy"),
        ),
        _compare(
            "live_birth",
            "Live birth",
            "initiated cycles whose outcome is known",
            _cycles(programme, "live_birth"),
        ),
    )


def _cycles(programme: Programme, event: str) -> pd.DataFrame:
    rows = cycles_with(programme, event)
    return rows.assign(events=rows["happened"].astype(float), trials=1.0)


def _compare(key: str, title: str, denominator: str, rows: pd.DataFrame) -> Comparison:
    rows = rows.assign(cluster=rows["couple_id"])
    fresh, frozen = (overall(rows[rows["sperm_state"] == state]) for state in (FRESH, FROZEN))
    both = rows[rows["sperm_state"].isin([FRESH, FROZEN])]
    enough = (
        min(fresh.events or 0, frozen.events or 0) >= LEAST_EVENTS
        and both["cluster"].nunique() >= LEAST_COUPLES
    )
    ratio = _risk_ratio(both) if enough else (None, None, None)
    return Comparison(key, title, denominator, fresh, frozen, *ratio)


def _risk_ratio(rows: pd.DataFrame) -> tuple[float, float, float]:
    from statsmodels.genmod import families
    from statsmodels.genmod.generalized_linear_model import GLM

    # One row a couple, arm and diagnosis says all that the model can use.
    sums = rows.groupby(
        ["cluster", "sperm_state", "diagnosis"], as_index=False, sort=False, observed=True
    )[["events", "trials"]].sum()
    # A diagnosis without an event has no finite effect: it says nothing of the ratio either.
    happened = sums.groupby("diagnosis", observed=True)["events"].transform("sum") > 0
    sums = sums[happened]
    diagnoses = pd.get_dummies(sums["diagnosis"].astype(str), drop_first=True).to_numpy(
        dtype=np.float64
    )
    exog = np.column_stack(
        [np.ones(len(sums)), (sums["sperm_state"] == FROZEN).to_numpy(np.float64), diagnoses]
    )
    model = GLM(
        sums["events"].to_numpy(np.float64),
        exog,
        family=families.Poisson(),
        exposure=sums["trials"].to_numpy(np.float64),
    )
    groups = pd.factorize(sums["cluster"])[0]
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": groups})
    low, high = np.asarray(fit.conf_int(alpha=1 - LEVEL))[1]
    return float(np.exp(fit.params[1])), float(np.exp(low)), float(np.exp(high))
