"""The chance that a search shows a sperm of a dish, as far as counted trials tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sertoli.errors import SettingError

Floats = npt.NDArray[np.float64]

NODES = 200
"""A distribution is held as so many equally probable values."""

ALIKE_PRIOR = (1.0, 9.0)
"""Beta prior of how alike sperm of one dish are (intra-class correlation): mean 0.1."""

CANNOT_TELL_FROM_ZERO = 0.02
"""A dish's sensitivity whose 95 % interval begins below this is not told apart from none."""

MAX_TRIALS = 10_000_000
MAX_DISHES = 10_000


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Trials in which it was known how many sperm there were: one entry a dish.

    Parameters
    ----------
    hits : tuple of int
        Sperm that the search showed, of each dish.
    trials : tuple of int
        Sperm that were there to be seen, of each dish.
    source : str
        Where the trials come from, as the report says it ("measured on simulated dishes").

    Raises
    ------
    SettingError
        If the counts make no sense.
    """

    hits: tuple[int, ...]
    trials: tuple[int, ...]
    source: str

    def __post_init__(self) -> None:
        if len(self.hits) != len(self.trials) or not 0 < len(self.trials) <= MAX_DISHES:
            raise SettingError(
                f"a sensitivity of {len(self.hits)} and {len(self.trials)} dishes is not possible",
                f"give hits and trials of 1 to {MAX_DISHES:,} dishes",
            )
        for hits, trials in zip(self.hits, self.trials, strict=True):
            if not 0 <= hits <= trials <= MAX_TRIALS:
                raise SettingError(
                    f"a sensitivity of {hits}/{trials} is not possible",
                    "give HITS/TRIALS, the sperm found and the sperm that were there",
                )
        if not any(self.trials):
            raise SettingError(
                "a sensitivity without a single trial says nothing", "give HITS/TRIALS"
            )

    def of_a_dish(self) -> Floats:
        """Return the sensitivity of a further dish as `NODES` equally probable values, rising.

        Beta-binomial: dish ``d`` has a sensitivity ``p_d ~ Beta(mean, alikeness)`` of its own and
        shows ``hits_d ~ Binomial(trials_d, p_d)``. Flat prior on the mean, `ALIKE_PRIOR` on the
        alikeness (the intra-class correlation ``rho``, with ``a + b = 1 / rho - 1``). What is
        returned is the posterior predictive of ``p`` for one dish more, so it holds both what the
        trials leave open and how dishes differ.
        """
        return _predictive(self.hits, self.trials)

    @property
    def mean(self) -> float:
        """Expected sensitivity in a further dish."""
        return float(self.of_a_dish().mean())

    @property
    def interval(self) -> tuple[float, float]:
        """Central 95 % of the sensitivity in a further dish."""
        low, high = np.quantile(self.of_a_dish(), (0.025, 0.975))
        return float(low), float(high)

    @property
    def cannot_be_told_from_zero(self) -> bool:
        """Whether a search of this kind may show nothing at all."""
        return self.interval[0] < CANNOT_TELL_FROM_ZERO


def parse_sensitivity(texts: Sequence[str]) -> Sensitivity:
    """Read trials as a person writes them, ``86/100``, one text a dish.

    Raises
    ------
    SettingError
        If a text is no pair of counts.
    """
    hits, trials = [], []
    for text in texts:
        found = re.fullmatch(r"\s*([0-9]{1,9})\s*/\s*([0-9]{1,9})\s*", text)
        if found is None:
            raise SettingError(
                f"{text!r} is no sensitivity",
                "give HITS/TRIALS, such as 86/100: of 100 sperm known to be there, 86 were found",
            )
        hits.append(int(found[1]))
        trials.append(int(found[2]))
    return Sensitivity(tuple(hits), tuple(trials), "counted by the user")


@lru_cache(maxsize=64)
def _predictive(hits: tuple[int, ...], trials: tuple[int, ...]) -> Floats:
    from scipy.special import betainc, betaln

    mean = (np.arange(40) + 0.5) / 40
    alike = np.geomspace(0.002, 0.8, 16)
    more, less = ALIKE_PRIOR
    log_prior = (more - 1) * np.log(alike) + (less - 1) * np.log1p(-alike)
    log_prior += np.log(np.gradient(alike))  # the grid is not even
    total = 1 / alike - 1
    a, b = mean[:, None] * total, (1 - mean[:, None]) * total
    log = np.broadcast_to(log_prior, a.shape).copy()
    alone = betaln(a, b)
    # dishes with the same counts say the same
    for (k, n), times in Counter(zip(hits, trials, strict=True)).items():
        log += times * (betaln(a + k, b + n - k) - alone)
    weight = np.exp(log - log.max()).ravel()
    kept = weight > 1e-3
    weight = weight[kept] / weight[kept].sum()
    grid = np.linspace(0, 1, 126)
    below = weight @ betainc(a.ravel()[kept, None], b.ravel()[kept, None], grid)
    nodes = np.interp((np.arange(NODES) + 0.5) / NODES, below, grid)
    nodes.setflags(write=False)
    return nodes
