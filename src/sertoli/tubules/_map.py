"""The tubule map: what is seen of each tubule in one picture, measured and ranked."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sertoli.optics import UNKNOWN_OPTICS, Optics

Floats = npt.NDArray[np.float64]

DILATED_FROM = 1.4
"""Relative diameter from which a tubule counts as dilated, unless the user sets another."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A visible piece of a tubule's centreline.

    Parameters
    ----------
    tubule : int
        Row of the tubule in its map.
    points : ndarray, (n, 2) float64
        Picture px: x right, y down, the centre of the top-left pixel is (0, 0).
    diameter_px : ndarray, (n,) float64
        Diameter of the tubule at each point.
    """

    tubule: int
    points: Floats
    diameter_px: Floats

    @property
    def length_px(self) -> float:
        """Length along the line."""
        return float(np.linalg.norm(np.diff(self.points, axis=0), axis=1).sum())


def _none() -> Floats:
    return np.zeros(0)


@dataclass(frozen=True, slots=True, eq=False)
class TubuleMap:
    """The tubules of one picture, one row each, best first to look at by ``rank``.

    Parameters
    ----------
    optics : Optics
        With a pixel size, lengths times ``um_per_px`` are um.
    width_px, height_px : int
    stretches : tuple of Stretch
        Visible pieces; one tubule may have several.
    unreadable : ndarray, (h, w) bool
        Places where nothing is claimed (glare, blood, blur, instruments), at a reduced size; the
        picture's width over w is the side of its cells.
    tubule_id : ndarray, (n,) int64
        The same number is the same tubule in other frames of a sequence.
    diameter_px, diameter_sd_px : ndarray, (n,) float64
        Mean along what is visible, weighted by length, and its spread (standard deviation).
    relative_diameter : ndarray, (n,) float64
        To the median of the testis' tubules.
    opacity : ndarray, (n,) float64
        0 clear to 1 white.
    length_px : ndarray, (n,) float64
        Visible length.
    score : ndarray, (n,) float64
        Chance of sperm relative to this testis, 0 to 1, calibrated on simulated testes.
    rank : ndarray, (n,) int64
        1 for the highest score.
    reasons : tuple of str
        Why, in words.
    stands_out : bool
        False: no tubule stands out from the others of this testis.
    """

    optics: Optics = UNKNOWN_OPTICS
    width_px: int = 0
    height_px: int = 0
    stretches: tuple[Stretch, ...] = ()
    unreadable: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros((1, 1), bool))
    tubule_id: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    diameter_px: Floats = field(default_factory=_none)
    diameter_sd_px: Floats = field(default_factory=_none)
    relative_diameter: Floats = field(default_factory=_none)
    opacity: Floats = field(default_factory=_none)
    length_px: Floats = field(default_factory=_none)
    score: Floats = field(default_factory=_none)
    rank: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    reasons: tuple[str, ...] = ()
    stands_out: bool = False

    def __len__(self) -> int:
        return len(self.tubule_id)

    @property
    def unreadable_share(self) -> float:
        """Share of the picture that is unreadable, 0 to 1."""
        return float(self.unreadable.mean())

    @property
    def statement(self) -> str:
        """One sentence on the testis as a whole."""
        if self.unreadable_share > MOST_UNREADABLE:
            return f"{self.unreadable_share:.0%} of the picture is unreadable"
        if not len(self):
            return "no tubule was recognised"
        if len(self) < FEWEST:
            return f"only {len(self)} tubules are visible: too few to compare"
        if not self.stands_out:
            return "no tubule stands out"
        best = int(np.argmin(self.rank))
        return f"tubule {self.tubule_id[best]} (number 1) stands out: {self.reasons[best]}"


MOST_UNREADABLE = 0.9
"""With more of the picture unreadable, nothing is said about the rest."""

FEWEST = 5
"""With fewer tubules there is nothing to compare with."""
