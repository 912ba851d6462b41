"""What ``tracks.csv`` says of motion and shape, as the report shows it."""

from __future__ import annotations

import csv
import statistics
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sertoli.search._journal import SearchedFrame
from sertoli.search._links import Links, linked_records
from sertoli.search._results import TRACKS_COLUMNS

BEFORE_MOTION = TRACKS_COLUMNS[: TRACKS_COLUMNS.index("motility")]
SPEEDS = ("vcl", "vsl", "vap")

PATH_POINTS = 80
"""A path is drawn through so many places at most."""

WORDS = {
    "motility": "Motility",
    "alh": "ALH",
    "bcf": "BCF",
    "um": "µm",
    "um2": "µm²",
    "px2": "px²",
    "morphology_note": "Why not judged",
}
"""How parts of column names read."""


@dataclass(frozen=True, slots=True)
class TrackTables:
    """Rows of ``tracks.csv`` beyond the counts.

    Parameters
    ----------
    names : tuple of str
        Column names after the counts, as in the file.
    rows : dict
        By track: the fields as text, empty where not measured.
    """

    names: tuple[str, ...]
    rows: dict[int, tuple[str, ...]]

    def measured(self) -> tuple[str, ...]:
        """Return the columns in which anything was measured."""
        return tuple(
            name
            for k, name in enumerate(self.names)
            if name != "speed_unit" and any(row[k] for row in self.rows.values())
        )

    def column(self, name: str) -> list[str]:
        """Return the fields of a column that hold something."""
        k = self.names.index(name)
        return [row[k] for row in self.rows.values() if row[k]]


def read_track_tables(path: Path) -> TrackTables:
    """Read ``tracks.csv`` as this search wrote it."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        names = tuple(next(reader))[len(BEFORE_MOTION) :]
        return TrackTables(names, {int(row[0]): tuple(row[len(BEFORE_MOTION) :]) for row in reader})


def motility_rows(tables: TrackTables) -> list[tuple[str, ...]]:
    """Return for each grade: its name, how many, and the median speeds with their unit."""
    if "motility" not in tables.measured():
        return []
    k = {name: tables.names.index(name) for name in ("motility", *SPEEDS, "speed_unit")}
    rows = []
    grades: dict[str, list[tuple[str, ...]]] = {}
    for row in tables.rows.values():
        grades.setdefault(row[k["motility"]] or "not measured", []).append(row)
    for grade, members in sorted(grades.items(), key=lambda one: -len(one[1])):
        unit = next((one[k["speed_unit"]] for one in members if one[k["speed_unit"]]), "")
        speeds = [_median([one[k[name]] for one in members], unit) for name in SPEEDS]
        rows.append((grade, f"{len(members):,}", *speeds))
    return rows


def shape_rows(tables: TrackTables) -> list[tuple[str, str, str]]:
    """Return for each column of shape: its name, how many were judged, and what came of it."""
    rows = []
    for name in tables.measured():
        if name in TRACKS_COLUMNS:
            continue
        fields = tables.column(name)
        rows.append((readable(name), f"{len(fields):,} of {len(tables.rows):,}", _told(fields)))
    return rows


def readable(name: str) -> str:
    """Write a column's name for people: ``head_length_um`` becomes "Head length, µm"."""
    if name in SPEEDS or name in ("lin", "str", "wob", "alh", "bcf"):
        return name.upper()
    if name in WORDS:
        return WORDS[name]
    *words, last = name.split("_")
    if last in ("um", "um2", "px", "px2") and words:
        return f"{' '.join(words).capitalize()}, {WORDS.get(last, last)}"
    return " ".join([*words, last]).capitalize()


def gather_paths(journal: Path, links: Links, wanted: Collection[int]) -> dict[int, list[float]]:
    """Return where each wanted track went, ``[x0, y0, x1, y1, ...]`` in px.

    At most `PATH_POINTS` places each, evenly thinned; its last place is always there.
    """
    paths = _Thinned(wanted)
    for _, record in linked_records(journal, links):
        if isinstance(record, SearchedFrame):
            paths.add(record.track_id, record.found.centre_px)
    return paths.flat()


class _Thinned:
    """Keeps every n-th place of each track; n doubles whenever there are too many."""

    def __init__(self, tracks: Collection[int]) -> None:
        self._tracks = np.unique(np.fromiter(tracks, np.int64))
        count = len(self._tracks)
        self._kept = np.zeros((count, PATH_POINTS - 1, 2), np.float32)
        self._many = np.zeros(count, np.int64)
        self._last = np.zeros((count, 2), np.float32)
        self._seen = np.zeros(count, np.int64)
        self._step = np.ones(count, np.int64)

    def add(self, track_id: npt.NDArray[np.int64], place: npt.NDArray[np.float32]) -> None:
        """Take the places of a frame; a track has one at most."""
        at = np.minimum(np.searchsorted(self._tracks, track_id), len(self._tracks) - 1)
        wanted = self._tracks[at] == track_id
        at, place = at[wanted], place[wanted]
        self._last[at] = place
        due = self._seen[at] % self._step[at] == 0
        full = at[due & (self._many[at] == self._kept.shape[1])]
        if len(full):
            half = self._kept[full, ::2]
            self._kept[full, : half.shape[1]] = half
            self._many[full] = half.shape[1]
            self._step[full] *= 2
            due &= self._seen[at] % self._step[at] == 0
        row = at[due]
        self._kept[row, self._many[row]] = place[due]
        self._many[row] += 1
        self._seen[at] += 1

    def flat(self) -> dict[int, list[float]]:
        """Return the places of each track, ``[x0, y0, x1, y1, ...]``, its last one always."""
        paths = {}
        for track, kept, many, last in zip(
            self._tracks.tolist(), self._kept, self._many.tolist(), self._last.tolist(), strict=True
        ):
            points = kept[:many].tolist()
            if points[-1:] != [last]:
                points.append(last)
            paths[track] = [round(value, 1) for point in points for value in point]
        return paths


def _median(fields: Sequence[str], unit: str) -> str:
    values = [float(field) for field in fields if field]
    return f"{statistics.median(values):.1f} {unit.replace('um', 'µm')}" if values else ""


def _told(fields: Sequence[str]) -> str:
    """Sum up a column: median and middle 80 % of numbers, else how often each word stands."""
    try:
        values: Any = np.array([float(field) for field in fields])
    except ValueError:
        counts = {field: fields.count(field) for field in dict.fromkeys(fields)}
        most = sorted(counts.items(), key=lambda one: -one[1])[:6]
        return "; ".join(f"{field}: {count:,}" for field, count in most)
    low, middle, high = np.quantile(values, (0.1, 0.5, 0.9))
    return f"median {middle:.2f}, middle 80 % {low:.2f} to {high:.2f}"
