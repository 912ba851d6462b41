"""From the sightings of one window of time to paths on equal intervals, all tracks at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SHORTEST_S = 0.5
"""Of less than this, in a window, nothing is said."""

LONGEST_GAP_S = 0.25
"""Over a longer gap the course is not guessed."""

FEWEST_PLACES = 5


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The N sightings of one frame.

    Parameters
    ----------
    time_s : float
    track : ndarray, (N,) int64
        Each at most once.
    place_px : ndarray, (N, 2)
    head_px : ndarray, (N,)
    """

    time_s: float
    track: Ints
    place_px: Floats
    head_px: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Courses:
    """Where M tracks went in a window.

    Parameters
    ----------
    track : ndarray, (M,) int64
    places : ndarray, (M, n, 2)
        x and y at the times of the grid, straight lines between sightings.
    first, last : ndarray, (M,) int64
        Where in the grid each course begins and ends; it rests outside.
    head_px : ndarray, (M,)
        Mean size of the head.
    """

    track: Ints
    places: Floats
    first: Ints
    last: Ints
    head_px: Floats

    def __len__(self) -> int:
        return len(self.track)


def courses(frames: Sequence[Seen], grid: Floats, interval_s: float) -> Courses:
    """Put the longest stretch of every track that is long enough on equal intervals.

    Parameters
    ----------
    frames : sequence of Seen
        Of the window, in the order of time; at least one.
    grid : ndarray, (n,)
        The times wanted.
    interval_s : float
        Between them.
    """
    times = np.array([one.time_s for one in frames])
    frame = np.repeat(np.arange(len(frames)), [len(one.track) for one in frames])
    track = np.concatenate([one.track for one in frames])
    place = np.concatenate([one.place_px for one in frames])
    head_px = np.concatenate([one.head_px for one in frames])
    order = np.argsort(track, kind="stable")
    frame, track, place, head_px = frame[order], track[order], place[order], head_px[order]
    time = times[frame]
    begin, end = _longest_stretches(track, time)
    half = 0.5 * interval_s
    first = np.searchsorted(grid, time[begin] - half)
    last = np.searchsorted(grid, time[end] + half) - 1
    enough = last - first + 1 >= FEWEST_PLACES
    begin, end = begin[enough], end[enough]
    return Courses(
        track=track[begin],
        places=_placed(times, frame, time, place, begin, end, grid),
        first=first[enough],
        last=last[enough],
        head_px=_means(head_px, begin, end),
    )


def _longest_stretches(track: Ints, time: Floats) -> tuple[Ints, Ints]:
    """Return the first and the last row of each track's longest stretch, if that is enough."""
    if not len(track):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    breaks = np.flatnonzero((np.diff(track) != 0) | (np.diff(time) > LONGEST_GAP_S))
    begin = np.concatenate([[0], breaks + 1])
    end = np.concatenate([breaks, [len(track) - 1]])
    lasts = time[end] - time[begin]
    ranked = np.lexsort((-lasts, track[begin]))
    owner = track[begin][ranked]
    best = ranked[np.concatenate([[True], owner[1:] != owner[:-1]])]
    long = (lasts[best] >= SHORTEST_S - 1e-9) & (end[best] - begin[best] + 1 >= FEWEST_PLACES)
    return begin[best[long]], end[best[long]]


def _placed(
    times: Floats, frame: Ints, time: Floats, place: Floats, begin: Ints, end: Ints, grid: Floats
) -> Floats:
    """Return the places of M stretches at the times of the grid, (M, n, 2)."""
    rows, owner = _rows(begin, end)
    seen = np.zeros((len(begin), len(times) + 1), np.int64)
    seen[owner, frame[rows] + 1] = 1
    # the sighting before each time of the grid: as many as were seen until then
    until = np.cumsum(seen, axis=1)[:, np.searchsorted(times, grid, side="right")]
    before = begin[:, None] + until - 1
    early, late = before < begin[:, None], before >= end[:, None]
    before = np.clip(before, begin[:, None], end[:, None] - 1)
    span = (time[before + 1] - time[before])[..., None]
    slope = (place[before + 1] - place[before]) / span
    placed: Floats = slope * (grid - time[before])[..., None] + place[before]
    placed = np.where(early[..., None], place[begin][:, None], placed)
    placed = np.where(late[..., None], place[end][:, None], placed)
    return placed


def _rows(begin: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Return the rows of stretches one after the other, and which stretch each is in."""
    many = end - begin + 1
    owner = np.repeat(np.arange(len(begin)), many)
    rows = np.arange(many.sum()) - (np.cumsum(many) - many)[owner] + begin[owner]
    return rows, owner


def _means(values: Floats, begin: Ints, end: Ints) -> Floats:
    means = np.zeros(len(begin))
    many = end - begin + 1
    for count in np.unique(many).tolist():
        alike = np.flatnonzero(many == count)
        means[alike] = values[begin[alike][:, None] + np.arange(count)].mean(axis=1)
    return means
