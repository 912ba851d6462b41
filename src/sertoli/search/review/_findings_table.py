"""``findings.csv`` in columns."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sertoli.errors import InputError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

NO_TRACK = -1

_NUMBERS = ("x_px", "y_px", "width_px", "height_px", "x_um", "y_um", "time_s", "probability")


@dataclass(frozen=True, slots=True, eq=False)
class FindingsTable:
    """``findings.csv`` in columns, N rows as in the file.

    Parameters
    ----------
    frame, track : ndarray, (N,) int64
    box_px : ndarray, (N, 4)
        Centre x, y, width, height.
    stage_um : ndarray, (N, 2)
        NaN without a stage.
    time_s, probability : ndarray, (N,)
    file : list of str
    """

    frame: Integers
    track: Integers
    box_px: Floats
    stage_um: Floats
    time_s: Floats
    probability: Floats
    file: list[str]

    @classmethod
    def empty(cls) -> FindingsTable:
        """Nothing found."""
        none, whole = np.zeros(0), np.zeros(0, np.int64)
        return cls(whole, whole, np.zeros((0, 4)), np.zeros((0, 2)), none, none, [])


def read_findings(path: Path) -> FindingsTable:
    """Read ``findings.csv``.

    Raises
    ------
    InputError
        If it cannot be read or is not one.
    """
    whole: list[tuple[int, int]] = []
    numbers: list[tuple[float, ...]] = []
    files: list[str] = []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                whole.append((int(row["frame"]), int(row["track_id"] or NO_TRACK)))
                numbers.append(tuple(float(row[name] or math.nan) for name in _NUMBERS))
                files.append(row["file"])
        integers = np.array(whole, np.int64).reshape(-1, 2)
        table = np.array(numbers, np.float64).reshape(-1, len(_NUMBERS))
        if not np.isfinite(table[:, [0, 1, 2, 3, 7]]).all():
            raise ValueError("a place or probability is no number")
    except (OSError, ValueError, KeyError, TypeError, OverflowError, csv.Error) as error:
        raise InputError(
            f"{path} is no table of findings ({error})", "name a folder that `sertoli search` wrote"
        ) from error
    return FindingsTable(
        integers[:, 0], integers[:, 1], table[:, :4], table[:, 4:6], table[:, 6], table[:, 7], files
    )
