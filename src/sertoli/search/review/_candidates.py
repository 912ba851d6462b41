"""Candidates: what a person looks at, one for each object that the search saw."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sertoli.search.review._decisions import Place
from sertoli.search.review._findings_table import NO_TRACK, FindingsTable, Floats, Integers

SAME_OBJECT_UM = 3.0
"""Findings of overlapping fields nearer than this on the stage are one object: less than a head."""

PLACES = 5
"""A candidate is known by so many of its best sightings."""

LEAST_REACH_PX = 6.0
"""Two places of a frame are the same head within half its longer side, or this if that is less."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One object for a person to decide on.

    Parameters
    ----------
    id : str
        ``FRAME:X:Y`` of its best sighting, the same in every search of this input that sees it so.
    probability : float or None
        None for what a person marked.
    sightings : int
    places : tuple of Place
        Best first.
    time_s : float or None
        Of the best sighting.
    file : str
        Of the best sighting, for folders.
    tracks : tuple of int
        Rows of ``tracks.csv`` that are this object.
    marked : bool
        No finding of this search stands behind it: a person marked it, or confirmed it in an
        earlier search.
    """

    id: str
    probability: float | None
    sightings: int
    places: tuple[Place, ...]
    time_s: float | None = None
    file: str = ""
    tracks: tuple[int, ...] = ()
    marked: bool = False


def object_of_each(table: FindingsTable) -> Integers:
    """Return for every finding which object it is a sighting of, (N,).

    In a sequence a track is an object; tracks of things that keep still are joined when they lie in
    one place and are never seen together. With a stage, findings of different fields that lie
    within `SAME_OBJECT_UM` are one object. Other stills are taken one by one.
    """
    n = len(table.frame)
    if n and (table.track != NO_TRACK).all():
        tracks, member = np.unique(table.track, return_inverse=True)
        return _joined_still_tracks(table, len(tracks), member.astype(np.int64))[member]
    if n and np.isfinite(table.stage_um).all():
        return _joined_on_stage(table)
    return np.arange(n, dtype=np.int64)


def candidates_of(table: FindingsTable, objects: Integers) -> list[Candidate]:
    """Return the objects in the order in which a person should look at them.

    The most probable first: with every look costing the same, that gives the most sperm for the
    fewest looks at any moment the person stops.
    """
    return [one for one, _ in candidates_with_rows(table, objects)]


def candidates_with_rows(
    table: FindingsTable, objects: Integers
) -> list[tuple[Candidate, Integers]]:
    """Return `candidates_of`, each with its rows of the table, best first."""
    order = np.lexsort((table.frame, -table.probability, objects))
    starts = np.flatnonzero(np.diff(objects[order], prepend=-1))
    found, taken = [], set()
    for rows in np.split(order, starts[1:]) if len(order) else ():
        best = int(rows[0])
        name = base = place_id(_place(table, best))
        number = 1
        while name in taken:
            number += 1
            name = f"{base}-{number}"
        taken.add(name)
        time_s = float(table.time_s[best])
        candidate = Candidate(
            id=name,
            # as `tracks.csv`: the mean of the best sightings
            probability=float(table.probability[rows[:PLACES]].mean())
            if table.track[best] != NO_TRACK
            else float(table.probability[best]),
            sightings=len(rows),
            places=tuple(_place(table, int(row)) for row in rows[:PLACES]),
            time_s=None if math.isnan(time_s) else time_s,
            file=table.file[best],
            tracks=tuple(sorted({int(t) for t in table.track[rows]} - {NO_TRACK})),
        )
        found.append((candidate, rows))
    found.sort(key=lambda pair: _rank(pair[0]))
    return found


def _rank(one: Candidate) -> tuple[float, int, int]:
    return -(one.probability or 0), -one.sightings, one.places[0].frame


def place_id(place: Place) -> str:
    """Name a place as ``FRAME:X:Y``."""
    return f"{place.frame}:{round(place.x_px)}:{round(place.y_px)}"


def reach_px(width_px: float, height_px: float) -> float:
    """Return how far from its centre a place still is the same head."""
    return max(max(width_px, height_px) / 2, LEAST_REACH_PX)


def is_near(one: Place, other: Place) -> bool:
    """Tell whether two places are one head in one frame."""
    if one.frame != other.frame:
        return False
    apart = math.hypot(one.x_px - other.x_px, one.y_px - other.y_px)
    return apart <= reach_px(other.width_px, other.height_px)


def _place(table: FindingsTable, row: int) -> Place:
    return Place(int(table.frame[row]), *(float(value) for value in table.box_px[row]))


def _joined_still_tracks(table: FindingsTable, count: int, member: Integers) -> Integers:
    """Return the object of every track, (count,)."""
    from scipy.spatial import cKDTree

    seen = np.bincount(member, minlength=count)
    mean = np.stack(
        [np.bincount(member, table.box_px[:, k], count) / seen for k in range(4)], axis=1
    )
    away = np.hypot(*(table.box_px[:, :2] - mean[member, :2]).T)
    furthest = np.zeros(count)
    np.maximum.at(furthest, member, away)
    reach = np.maximum(mean[:, 2:].max(axis=1) / 2, LEAST_REACH_PX)
    first = np.full(count, np.iinfo(np.int64).max)
    last = np.full(count, -1)
    np.minimum.at(first, member, table.frame)
    np.maximum.at(last, member, table.frame)
    still = np.flatnonzero(furthest <= reach)
    objects = np.arange(count, dtype=np.int64)
    if len(still) < 2:
        return objects
    tree = cKDTree(mean[still, :2])
    pairs = still[tree.query_pairs(float(reach[still].max()), output_type="ndarray")]
    return _chained(objects, pairs, mean, reach, first, last)


def _chained(
    objects: Integers, pairs: Integers, mean: Floats, reach: Floats, first: Integers, last: Integers
) -> Integers:
    apart = np.hypot(*(mean[pairs[:, 0], :2] - mean[pairs[:, 1], :2]).T)
    near = apart <= np.minimum(reach[pairs[:, 0]], reach[pairs[:, 1]])
    begins, ends = first.copy(), last.copy()
    for a, b in pairs[near][np.argsort(apart[near], kind="stable")].tolist():
        one, other = sorted((int(objects[a]), int(objects[b])), key=lambda k: int(begins[k]))
        if one == other or ends[one] >= begins[other]:
            continue  # seen at the same time: two things
        objects[objects == other] = one
        ends[one] = ends[other]
    return objects


def _joined_on_stage(table: FindingsTable) -> Integers:
    from scipy.spatial import cKDTree

    order = np.argsort(-table.probability, kind="stable")
    keeper = np.arange(len(order), dtype=np.int64)
    pairs = cKDTree(table.stage_um[order]).query_pairs(SAME_OBJECT_UM, output_type="ndarray")
    frame = table.frame[order]
    pairs = pairs[frame[pairs[:, 0]] != frame[pairs[:, 1]]]
    # Each pair is (stronger, weaker); strongest first, so that keepers are settled.
    for strong, weak in pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].tolist():
        if keeper[strong] == strong and keeper[weak] == weak:
            keeper[weak] = strong
    objects = np.empty(len(order), np.int64)
    objects[order] = order[keeper]
    return objects


def only_marked(places: Iterable[Place], name: str) -> Candidate:
    """Return the candidate of something that no finding of this search stands behind."""
    return Candidate(name, None, 0, tuple(places), marked=True)
