"""Surgeons over time: cumulative sums, adjusted for diagnosis.

The score of a biopsy is the log likelihood ratio of odds changed by `ODDS_RATIO` against
unchanged odds (Steiner, Cook, Farewell and Treasure, Biostatistics 2000;1:441-452 [V]). The sum
never falls below zero, so that good luck long ago hides nothing. How high it may rise by chance
is simulated for the surgeon's own number and mix of biopsies. As a man's later biopsies repeat
what the first one told, each man counts by the first one that this surgeon finished.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sertoli.case.evidence import Mark, Source
from sertoli.outcomes._case_mix import expected_chance
from sertoli.outcomes._measures import finished
from sertoli.outcomes._tables import POSITIVE, Programme

METHOD = Source("Steiner 2000, Biostatistics 1:441-452", Mark.VERIFIED)
ODDS_RATIO = 0.5
FALSE_ALARMS = 0.05
CHOICES = Source(
    "halved odds of finding sperm; a limit that 5 % of unchanged surgeons would cross", Mark.OURS
)
LEAST_BIOPSIES = 20
SIMULATIONS = 1000

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Cusum:
    """One surgeon's cumulative sums, biopsy by biopsy in order of date.

    Parameters
    ----------
    surgeon : str
    above_expected : ndarray, shape (biopsies,)
        Positive biopsies so far, less those expected from the diagnoses.
    score : ndarray, shape (biopsies,)
        The sum that rises when fewer sperm are found than expected.
    limit : float
        What ``score`` reaches by chance in 5 % of such series.
    """

    surgeon: str
    above_expected: Floats
    score: Floats
    limit: float

    @property
    def positive(self) -> int:
        """How many of the biopsies were positive."""
        return int((np.diff(self.above_expected, prepend=0.0) > 0).sum())

    @property
    def crossed(self) -> bool:
        """Whether the score went beyond its limit."""
        return bool((self.score > self.limit).any())

    def to_json(self) -> dict[str, Any]:
        """Return the sums as plain values (where they end, not their course)."""
        return {
            "surgeon": self.surgeon,
            "biopsies": len(self.score),
            "above_expected": round(float(self.above_expected[-1]), 3),
            "score": round(float(self.score[-1]), 4),
            "highest_score": round(float(self.score.max()), 4),
            "limit": round(self.limit, 4),
            "crossed": self.crossed,
        }


def weights(chance: Floats) -> tuple[Floats, Floats]:
    """Return the scores of (a positive, a negative) biopsy with these chances."""
    changed = 1.0 - chance + ODDS_RATIO * chance
    return np.log(ODDS_RATIO / changed), np.log(1.0 / changed)


def running_sum(scores: Floats) -> Floats:
    """Return the sum that never falls below zero.

    Parameters
    ----------
    scores : ndarray, shape (..., biopsies)

    Returns
    -------
    ndarray, shape (..., biopsies)
    """
    total = np.cumsum(scores, axis=-1)
    floor = np.minimum.accumulate(np.minimum(total, 0.0), axis=-1)
    return np.asarray(total - floor)


def _limit(chance: Floats, rng: np.random.Generator) -> float:
    good, bad = weights(chance)
    drawn = rng.random((SIMULATIONS, len(chance)), dtype=np.float32) < chance
    highest = running_sum(np.where(drawn, good, bad)).max(axis=-1)
    return float(np.quantile(highest, 1.0 - FALSE_ALARMS))


def cusum(positive: npt.ArrayLike, chance: npt.ArrayLike, *, surgeon: str, seed: int = 0) -> Cusum:
    """Return the cumulative sums of one surgeon.

    Parameters
    ----------
    positive : array_like of bool, shape (biopsies,)
        In order of date.
    chance : array_like, shape (biopsies,)
        Expected chance of each, between 0 and 1.
    surgeon : str
    seed : int
        Of the simulated limit.
    """
    found = np.asarray(positive, dtype=bool)
    chances = np.asarray(chance, dtype=np.float64)
    good, bad = weights(chances)
    return Cusum(
        surgeon,
        np.cumsum(found - chances),
        running_sum(np.where(found, good, bad)),
        _limit(chances, np.random.default_rng(seed)),
    )


def cusums(programme: Programme) -> tuple[Cusum, ...]:
    """Return the sums of every surgeon with at least `LEAST_BIOPSIES` men."""
    rows = finished(programme)
    rows = rows.assign(chance=expected_chance(rows)).sort_values("date", kind="stable")
    rows = rows.drop_duplicates(["surgeon", "man_id"])
    found = []
    for surgeon, part in rows.groupby("surgeon", sort=True, observed=True):
        if len(part) >= LEAST_BIOPSIES and surgeon:
            found.append(_of(str(surgeon), part))
    return tuple(found)


def _of(surgeon: str, rows: pd.DataFrame) -> Cusum:
    return cusum(rows["outcome"] == POSITIVE, rows["chance"].to_numpy(np.float64), surgeon=surgeon)
