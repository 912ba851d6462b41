"""Ranking: by size relative to the same testis' other tubules, and opacity.

The score is the chance that a tubule holds sperm, by a logistic rule fitted to simulated testes
(`training.tubules.calibrate`): it says what the simulation's assumptions make of a picture, and
is no clinical probability. The literature's rules by absolute diameter can be taken instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from sertoli.errors import SettingError

Floats = npt.NDArray[np.float64]

RELATIVE_RANGE = (0.4, 3.0)
"""Beyond this a measured ratio is more likely a slip than a tubule."""

WIDE_UM = 300.0
"""Single tubules, n = 264 [V]: sperm in 16 of 19 at or above, in 89 of 245 below."""

WIDE_CHANCE, THIN_CHANCE = 16 / 19, 89 / 245

SCO_UM = 100.0
"""Sertoli-cell-only, n = 56, PMC6381476 [V]: 3.1 % at or above, 25.0 % below: reversed."""

SCO_WIDE_CHANCE, SCO_THIN_CHANCE = 0.031, 0.25

LONG_ENOUGH = 1.5

OPAQUE_FROM = 0.1
"""So much more opaque than the testis' median is worth a word. What colour tells is held back
towards the median, so that truly more opaque ones are put less far above it."""


class Rule(StrEnum):
    """What the score goes by."""

    RELATIVE = "relative"
    WIDE_300 = "wide-300um"
    SCO_100 = "sco-100um"


@dataclass(frozen=True, slots=True)
class ScoreRule:
    """Logistic rule for the chance of sperm in one tubule.

    The weights, one for each column of `features`, are summed up to the log of the odds.

    Parameters
    ----------
    intercept, wide, relative, opaque, opacity, spread : float
        Weights of: a constant; a soft step of the relative diameter at 1.4; its logarithm;
        opacity above the testis' median; that median; the spread of diameters in the testis.
    """

    intercept: float = 0.0
    wide: float = 0.0
    relative: float = 0.0
    opaque: float = 0.0
    opacity: float = 0.0
    spread: float = 0.0

    def __call__(self, relative: Floats, opacity: Floats, length: Floats) -> Floats:
        """Return the chance of sperm for each tubule of a testis."""
        weights = np.array(
            (self.intercept, self.wide, self.relative, self.opaque, self.opacity, self.spread)
        )
        return np.asarray(1 / (1 + np.exp(-features(relative, opacity, length) @ weights)))


def features(relative: Floats, opacity: Floats, length: Floats) -> Floats:
    """Return what `ScoreRule` weighs, one row a tubule.

    Parameters
    ----------
    relative, opacity, length : ndarray, (n,)
        Of the tubules of one testis.

    Returns
    -------
    ndarray, (n, 6)
    """
    ratio = np.clip(relative, *RELATIVE_RANGE)
    middle = weighted_median(opacity, length)
    logs = np.log(ratio)
    wide = 1 / (1 + np.exp(-(ratio - 1.4) / 0.08))
    spread = np.sqrt(np.average(logs**2, weights=length)) if len(logs) else 0.0
    ones = np.ones(len(ratio))
    return np.stack((ones, wide, logs, opacity - middle, middle * ones, spread * ones), axis=1)


def weighted_median(values: Floats, weights: Floats) -> float:
    """Return the value with half of the weight below it; NaN for none."""
    if not len(values):
        return float("nan")
    order = np.argsort(values, kind="stable")
    along = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(along, along[-1] / 2)])


def absolute_scores(rule: Rule, diameter_um: Floats | None) -> Floats:
    """Return the chance of sperm by a rule of the literature on absolute diameters.

    Raises
    ------
    SettingError
        If the pixel size is unknown.
    """
    if diameter_um is None:
        raise SettingError(
            f"the rule {rule} goes by micrometres, and the pixel size is unknown",
            "give --um-per-px, or take --rule relative",
        )
    if rule is Rule.WIDE_300:
        return np.where(diameter_um >= WIDE_UM, WIDE_CHANCE, THIN_CHANCE)
    return np.where(diameter_um >= SCO_UM, SCO_WIDE_CHANCE, SCO_THIN_CHANCE)


def ranks(score: Floats, relative: Floats, diameters: Floats) -> npt.NDArray[np.int64]:
    """Return 1 for the highest score; the wider of two alike comes first.

    Parameters
    ----------
    score, relative : ndarray, (n,)
    diameters : ndarray, (n,)
        Visible length in diameters: what is seen over less than `LONG_ENOUGH` comes last, since
        its size is hardly known.
    """
    order = np.lexsort((-relative, -np.round(score, 6), diameters < LONG_ENOUGH))
    rank = np.empty(len(score), np.int64)
    rank[order] = np.arange(1, len(score) + 1)
    return rank


def reasons(relative: Floats, opacity: Floats, length: Floats) -> tuple[str, ...]:
    """Say in words what sets each tubule apart."""
    middle = weighted_median(opacity, length)
    said = []
    for ratio, white in zip(relative, opacity, strict=True):
        more = white - middle
        tint = (
            "more opaque than most"
            if more >= OPAQUE_FROM
            else "clearer than most"
            if more <= -OPAQUE_FROM
            else "opacity as most"
        )
        said.append(f"{ratio:.1f} times the median diameter, {tint}")
    return tuple(said)
