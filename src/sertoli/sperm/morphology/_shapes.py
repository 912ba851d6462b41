"""The shape of a sperm over its sightings, beside the range of normal heads."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from sertoli.sperm._sightings import Detections
from sertoli.sperm.morphology._sizer import NO_TAIL, TAIL, HeadSizer, Morphology, Piece

NORMAL_LENGTH_UM = (4.0, 5.5)
NORMAL_WIDTH_UM = (2.5, 3.5)
"""A normal head [V2: verified in secondary sources]."""

SHARPEST = 5
"""A sperm's shape is the median over so many of its sightings, those expected to be the
least wrong."""

MORPHOLOGY_COLUMNS = (
    "head_length_px",
    "head_width_px",
    "head_length_um",
    "head_width_um",
    "head_area_um2",
    "head_ellipticity",
    "head_normal_range",
    "tail_seen",
    "morphology_note",
)
"""Columns that morphology adds to ``tracks.csv``, in order."""


class NormalRange(StrEnum):
    """How a head compares with the range of normal heads, its expected error allowed for."""

    WITHIN = "within"
    OUTSIDE = "outside"
    BORDERLINE = "borderline"


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of one sperm; None where it cannot be judged.

    Parameters
    ----------
    length_px, width_px : float or None
    length_um, width_um, area_um2 : float or None
        None without a pixel size, too.
    ellipticity : float or None
        Length over width.
    normal_range : NormalRange or None
        None without a pixel size, too.
    tail_seen : bool or None
        None where neither is likely.
    note : str
        Why the head is not judged; empty if it is.
    """

    length_px: float | None = None
    width_px: float | None = None
    length_um: float | None = None
    width_um: float | None = None
    area_um2: float | None = None
    ellipticity: float | None = None
    normal_range: NormalRange | None = None
    tail_seen: bool | None = None
    note: str = ""

    def cells(self) -> list[str]:
        """Return the cells of `MORPHOLOGY_COLUMNS`; empty where unknown."""
        numbers = (
            self.length_px,
            self.width_px,
            self.length_um,
            self.width_um,
            self.area_um2,
            self.ellipticity,
        )
        tail = "" if self.tail_seen is None else ("yes" if self.tail_seen else "no")
        return [
            *("" if one is None else f"{one:.2f}" for one in numbers),
            self.normal_range or "",
            tail,
            self.note,
        ]


class Shapes:
    """Collects sightings of one sperm; holds only the sharpest."""

    __slots__ = ("_best", "_count", "_reasons", "_tails")

    def __init__(self) -> None:
        self._best: list[tuple[float, int, float, float]] = []
        self._count = 0
        self._reasons: Counter[str] = Counter()
        self._tails: list[float] = []

    def add(self, seen: Morphology, row: int) -> None:
        """Take a row of a frame's measurements."""
        self._count += 1
        tail = float(seen.tail[row])
        if not math.isnan(tail):
            self._tails.append(tail)
        reason = seen.unjudged[row]
        if reason is not None:
            self._reasons[reason] += 1
            return
        error = float(seen.expected_error[row])
        entry = (-error, self._count, float(seen.length_px[row]), float(seen.width_px[row]))
        if len(self._best) < SHARPEST:
            heapq.heappush(self._best, entry)
        else:
            heapq.heappushpop(self._best, entry)

    def shape(self, um_per_px: float | None) -> Shape:
        """Return the median shape.

        Parameters
        ----------
        um_per_px : float or None
            Unknown: sizes in px, and nothing is said of the normal range.
        """
        tail = _tail_seen(self._tails)
        if not self._best:
            reason = self._reasons.most_common(1)[0][0] if self._reasons else "not measured"
            return Shape(tail_seen=tail, note=reason)
        length = float(np.median([one[2] for one in self._best]))
        width = float(np.median([one[3] for one in self._best]))
        error = -float(np.median([one[0] for one in self._best]))
        in_px = Shape(length, width, ellipticity=length / width, tail_seen=tail)
        if um_per_px is None:
            return in_px
        length_um, width_um = length * um_per_px, width * um_per_px
        return Shape(
            length,
            width,
            length_um,
            width_um,
            math.pi / 4 * length_um * width_um,
            length / width,
            normal_range(length_um, width_um, error),
            tail,
        )


class TrackShapes:
    """Shapes of all sperm of a recording.

    Parameters
    ----------
    sizer : HeadSizer, optional
        Loaded when the first head is measured, unless given.
    """

    def __init__(self, sizer: HeadSizer | None = None) -> None:
        self._sizer = sizer
        self._shapes: dict[int, Shapes] = {}
        self._um_per_px: dict[int, float | None] = {}

    def add(
        self,
        pieces: Sequence[Piece],
        found: Detections,
        track_id: npt.NDArray[np.int64],
        um_per_px: float | None,
    ) -> None:
        """Measure some heads of a frame.

        Parameters
        ----------
        pieces : sequence of Piece
        found : Detections
            All heads of the frame.
        track_id : ndarray, (N,) int64
            Which sperm each of them is; those with -1 are left out.
        um_per_px : float or None
        """
        followed = [piece for piece in pieces if track_id[piece.row] >= 0]
        if not followed:
            return
        self._sizer = self._sizer or HeadSizer()
        seen = self._sizer.measure_pieces(followed, found)
        for number, piece in enumerate(followed):
            track = int(track_id[piece.row])
            self._um_per_px[track] = um_per_px
            self._shapes.setdefault(track, Shapes()).add(seen, number)

    def shape(self, track_id: int) -> Shape:
        """Return the shape of a sperm; of one never measured, only the note that it was not."""
        shapes = self._shapes.get(track_id)
        return Shapes().shape(None) if shapes is None else shapes.shape(self._um_per_px[track_id])


def normal_range(length_um: float, width_um: float, expected_error: float) -> NormalRange:
    """Compare a head with `NORMAL_LENGTH_UM` and `NORMAL_WIDTH_UM`.

    Parameters
    ----------
    length_um, width_um : float
    expected_error : float
        Relative; what lies that near to a limit is borderline.
    """
    sides = ((length_um, NORMAL_LENGTH_UM), (width_um, NORMAL_WIDTH_UM))
    wider, tighter = 1 + expected_error, 1 - expected_error
    if any(value * wider < low or value * tighter > high for value, (low, high) in sides):
        return NormalRange.OUTSIDE
    if all(value * tighter >= low and value * wider <= high for value, (low, high) in sides):
        return NormalRange.WITHIN
    return NormalRange.BORDERLINE


def _tail_seen(tails: list[float]) -> bool | None:
    if not tails:
        return None
    chance = float(np.median(tails))
    return True if chance >= TAIL else False if chance <= NO_TAIL else None
