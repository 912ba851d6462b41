"""A candidate beside the plain sperm of its picture.

The heads in one picture are of one man and seen through one microscope: they are alike, and
what else is there is mostly larger, smaller, darker or brighter. The network cannot know
that, for it judges every place by itself. So where a picture shows some plain sperm, the log
odds of each candidate become a weighted sum of its own and of how its size and tone differ
from theirs: a faint head without a tail that looks like all the others gains, a speck half
as large loses. Among sperm it also counts how far the network's cells agree on a candidate
(`sertoli.sperm._peaks`): a head warms several, a speck one. Where there are no plain sperm it
does not, for round cells of many kinds warm several too. The weights are a logistic regression,
fitted when the network was exported.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sertoli.errors import WeightsError
from sertoli.sperm._weights import REMEDY

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]

KEY = "company"
"""Metadata key of a weights file."""

FEWEST = 4
"""With fewer plain sperm in a picture its candidates are left as they are."""

PLAIN = 0.0
"""Log odds from which a candidate is one of those that the others are compared with."""

FAINTEST = 0.3
"""Where heads have no more tone than this (deviations), as in relief, none is compared."""

TONE_SIDE_PX = 7
"""Side of the square whose mean is the tone: the middle of a head, in network px."""

HALF_STRANGE = 0.5
"""A difference of this much is half as strange as any can be: a speck four times too small
is hardly less of a head than one three times too small."""

MOST_TONE = 3.0
"""Differences in tone are cut here."""

TERMS = 6
"""One, own log odds, strangeness of size, tone, strangeness of tone, agreement."""

LOOKS = 3
"""Size, tone, agreement: columns of what `looks` returns."""


def looks(picture: Floats, centre: Floats, size: Floats, agreement: Floats) -> Floats:
    """Return what candidates look like: size, tone, and how far cells agree on them.

    Parameters
    ----------
    picture : ndarray, (H, W) float32
        Normalised.
    centre, size : ndarray, (N, 2) float32
        In px of ``picture``, from its left and top border.
    agreement : ndarray, (N,) float32
        As `sertoli.sperm._peaks.peaks` gives it.

    Returns
    -------
    ndarray, (N, LOOKS) float32
        Natural logarithm of the geometric mean side; mean of the head's middle; agreement.
    """
    high, wide = picture.shape
    across = np.arange(TONE_SIDE_PX) - TONE_SIDE_PX // 2
    rows = _mirrored(np.clip(centre[:, 1].astype(np.intp), 0, high - 1)[:, None] + across, high)
    columns = _mirrored(np.clip(centre[:, 0].astype(np.intp), 0, wide - 1)[:, None] + across, wide)
    middle = picture.take(wide * rows[:, :, None] + columns[:, None, :])
    tone = middle.mean(axis=(1, 2), dtype=np.float64).astype(np.float32)
    return np.stack((np.log(size).mean(axis=1), tone, agreement), axis=1)


def _mirrored(places: npt.NDArray[np.intp], length: int) -> npt.NDArray[np.intp]:
    """Bring places beyond an edge back into a picture of so many pixels, at least 4."""
    inside = np.where(places < 0, -1 - places, places)
    return np.where(inside >= length, 2 * length - 1 - inside, inside)


def terms(log_odds: Floats, look: Floats) -> Numbers | None:
    """Return what the weights are of, for the candidates of one picture.

    Parameters
    ----------
    log_odds : ndarray, (N,)
    look : ndarray, (N, LOOKS)
        As `looks` gives it.

    Returns
    -------
    ndarray, (N, TERMS), or None
        None where the picture shows too few plain sperm.
    """
    plain = log_odds > PLAIN
    if np.count_nonzero(plain) < FEWEST:
        return None
    size, tone = np.median(look[plain, :2], axis=0).astype(np.float64)
    if abs(tone) < FAINTEST:
        fuller = np.zeros(len(look))
    else:
        fuller = np.clip(look[:, 1] / tone - 1.0, -MOST_TONE, MOST_TONE)
    other_size = _strange(look[:, 0] - size)
    one, own = np.ones(len(look)), log_odds.astype(np.float64)
    agreement = look[:, 2].astype(np.float64)
    return np.stack((one, own, other_size, fuller, _strange(fuller), agreement), axis=1)


def _strange(difference: Numbers) -> Numbers:
    """How strange a difference is, 0 to 1."""
    square = np.square(difference)
    return np.asarray(square / (square + HALF_STRANGE**2), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Company:
    """The fitted weights.

    Parameters
    ----------
    weights : ndarray, (TERMS,)
    """

    weights: Numbers

    def __post_init__(self) -> None:
        if self.weights.shape != (TERMS,) or not np.isfinite(self.weights).all():
            raise ValueError(f"weights: expected {TERMS} numbers, got {self.weights!r}")

    @classmethod
    def read(cls, metadata: Mapping[str, str], name: str) -> Company | None:
        """Return the weights of a file, None where it has none.

        Raises
        ------
        WeightsError
            If the file ``name`` has some that make no sense.
        """
        if KEY not in metadata:
            return None
        try:
            held: Any = json.loads(metadata[KEY])
            return cls(np.array(held, np.float64))
        except (ValueError, TypeError, RecursionError) as error:
            raise WeightsError(
                f"weights {name} hold a rule of company that is damaged or of another version",
                REMEDY,
            ) from error

    def as_text(self) -> str:
        """Return the weights as they stand in a file."""
        return json.dumps([float(f"{value:.5g}") for value in self.weights])

    def judged(self, log_odds: Floats, look: Floats) -> Floats:
        """Return the log odds of one picture's candidates in their company.

        Parameters
        ----------
        log_odds : ndarray, (N,) float32
        look : ndarray, (N, LOOKS) float32
            As `looks` gives it.

        Returns
        -------
        ndarray, (N,) float32
        """
        compared = terms(log_odds, look)
        if compared is None:
            return log_odds
        judged: Floats = (compared @ self.weights).astype(np.float32)
        return judged
