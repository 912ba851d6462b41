"""The motility of many sperm as columns."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sertoli.sperm.motility._grades import Grade

Floats = npt.NDArray[np.float64]

MOTILITY_COLUMNS = (
    "motility",
    "vcl",
    "vsl",
    "vap",
    "lin",
    "str",
    "wob",
    "alh",
    "bcf",
    "speed_unit",
)
"""Columns of ``tracks.csv`` that say how a sperm moves, in order."""

_STILL = frozenset({Grade.IMMOTILE, Grade.STILL})

_DECIMALS = (3, 3, 3, 4, 4, 4, 3, 3)


@dataclass(frozen=True, slots=True, eq=False)
class Motility:
    """Grade and CASA figures of T tracks; what was not measured is None or NaN.

    Parameters
    ----------
    grade : tuple of Grade or None, T long
    figures : ndarray, (T, 8)
        VCL, VSL, VAP, LIN, STR, WOB, ALH, BCF. Speeds in ``speed_unit``, ALH in its length,
        BCF per second or per frame.
    speed_unit : {"um/s", "px/s", "um/frame", "px/frame"}
        Empty if there was nothing to measure.
    """

    grade: tuple[Grade | None, ...]
    figures: Floats
    speed_unit: str

    def __len__(self) -> int:
        return len(self.grade)

    def row(self, track_id: int) -> list[str]:
        """Return the fields of `MOTILITY_COLUMNS` of a track as text, empty where unknown."""
        if track_id >= len(self) or self.grade[track_id] is None:
            return [""] * len(MOTILITY_COLUMNS)
        figures = [
            "" if math.isnan(value) else f"{value:.{decimals}f}"
            for value, decimals in zip(self.figures[track_id].tolist(), _DECIMALS, strict=True)
        ]
        return [str(self.grade[track_id]), *figures, self.speed_unit]

    def moves(self) -> npt.NDArray[np.bool_]:
        """Tell which tracks move by themselves, (T,); False also where nothing was measured."""
        return np.array([one is not None and one not in _STILL for one in self.grade], np.bool_)

    def lies_still(self) -> npt.NDArray[np.bool_]:
        """Tell which tracks lie still, (T,); False also where nothing was measured."""
        return np.array([one in _STILL for one in self.grade], np.bool_)

    def take(self, rows: npt.NDArray[np.int64]) -> Motility:
        """Return some of the tracks, numbered anew."""
        grade = tuple(self.grade[row] for row in rows.tolist())
        return Motility(grade, self.figures[rows], self.speed_unit)

    def counts(self) -> dict[str, int]:
        """Return how many tracks have each grade; ``not measured`` counts those without."""
        counted = {str(grade): self.grade.count(grade) for grade in Grade if grade in self.grade}
        return counted | {"not measured": self.grade.count(None)}
