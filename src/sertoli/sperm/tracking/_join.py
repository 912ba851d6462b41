"""The second pass over a recording: tracks that are pieces of one sperm's path are joined."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from sertoli.sperm._sightings import Detections
from sertoli.sperm.tracking._assign import assign
from sertoli.sperm.tracking._linker import MIN_REACH_PX, Linker

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

REMEMBERED = 10
"""Sightings at each end of a piece that say where it went and where it came from."""

FEW = 4
"""A piece with fewer sightings has no speed that could be relied on."""

MAX_GAP_MOVING = 40
"""Frames after which a swimmer is not looked for any more: it may have turned anywhere."""

MAX_GAP_STILL = 1000
"""Frames after which a cell that lay still is not looked for any more."""

STILL_HEADS = 0.03
"""Head lengths a frame below which a piece counts as lying still."""

REACH_HEADS = 0.8
"""How far, in head lengths, two ends may lie from where the speeds at the other would put them."""

REACH_GROWTH = 0.04
"""Share by which that grows with every frame unseen, for swimmers."""

DAMPING = 0.93
"""Share of the speed that is left after a frame unseen."""

TURN_HEADS = 0.35
"""Speeds before and after a gap may differ by so many head lengths a frame, and half of them."""

GAP_COST = 0.002
"""What a frame of gap weighs beside a squared distance in reaches: nearer in time is likelier."""

_PAIRS_AT_ONCE = 200_000


class TrackJoiner:
    """Joins the tracks of a live `Linker` that belong to one sperm.

    The live linker sees no frame ahead and gives a sperm up after a few frames. Once the
    recording is over, the end of every track is held against the beginning of every later
    one: from either side the speed over several sightings is followed into the gap, and
    the best pairing of all ends and beginnings together (Hungarian method) is taken. What lay
    still may be gone for longer than what swam. Only the two ends of each track are held,
    so memory does not grow with the length of a recording but with its number of sperm.
    """

    def __init__(self) -> None:
        self._room = 0
        self._count = 0
        self._first = np.zeros(0, np.int64)
        self._last = np.zeros(0, np.int64)
        self._seen = np.zeros(0, np.int64)
        self._head_px = np.zeros(0)
        # (track, sighting, (frame, x, y)): the first few, and the last few in turn
        self._begin = np.zeros((0, REMEMBERED, 3))
        self._end = np.zeros((0, REMEMBERED, 3))

    def add(
        self,
        found: Detections,
        track_id: npt.NDArray[np.int64],
        frame: int,
        drift_px: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """Take in a frame, in the order of the recording.

        Parameters
        ----------
        found : Detections, N of them
        track_id : ndarray, (N,) int64
            As `Linker.link` gave them.
        frame : int
        drift_px : (x, y)
            Displacement of the whole field since the first frame.
        """
        if not len(track_id):
            return
        self._make_room(int(track_id.max()) + 1)
        place = found.centre_px.astype(np.float64) - np.asarray(drift_px)
        seen = self._seen[track_id]
        row = np.column_stack([np.full(len(place), float(frame)), place])
        early = seen < REMEMBERED
        self._begin[track_id[early], seen[early]] = row[early]
        self._end[track_id, seen % REMEMBERED] = row
        new = seen == 0
        self._first[track_id[new]] = frame
        self._last[track_id] = frame
        head = np.sqrt(np.prod(found.size_px.astype(np.float64), axis=1))
        self._head_px[track_id] += (head - self._head_px[track_id]) / (seen + 1)
        self._seen[track_id] = seen + 1

    def join(self) -> npt.NDArray[np.int64]:
        """Return the joined track of each track so far, (count,) int64.

        Joined tracks are numbered from 0 in the order in which they were first seen.
        """
        n = self._count
        successor = np.full(n, -1, np.int64)
        before, after, cost = self._possible()
        chosen_before, chosen_after = assign(before, after, cost)
        successor[chosen_before] = chosen_after
        return _number_chains(successor, self._first[:n])

    def _make_room(self, count: int) -> None:
        if count > self._room:
            more = max(count, 2 * self._room, 64) - self._room
            for name in ("_first", "_last", "_seen", "_head_px", "_begin", "_end"):
                held = getattr(self, name)
                grown = np.concatenate([held, np.zeros((more, *held.shape[1:]), held.dtype)])
                setattr(self, name, grown)
            self._room += more
        self._count = max(self._count, count)

    def _possible(self) -> tuple[Ints, Ints, Floats]:
        """Return which track may go on as which later one, and at what cost below 1."""
        n = self._count
        first, last, head = self._first[:n], self._last[:n], self._head_px[:n]
        known = np.minimum(self._seen[:n], REMEMBERED)
        end_px, end_speed = _fit(self._end[:n], known, last)
        begin_px, begin_speed = _fit(self._begin[:n], known, first)
        still = (np.hypot(*end_speed.T) < STILL_HEADS * head) & (known >= FEW)
        longest = np.where(still | (known < FEW), MAX_GAP_STILL, MAX_GAP_MOVING)

        order = np.argsort(first, kind="stable")
        low = np.searchsorted(first[order], last, side="right")
        high = np.searchsorted(first[order], last + longest, side="right")
        befores, afters, costs = [_NO_INTS], [_NO_INTS], [np.zeros(0)]
        for rows in _batches(np.maximum(high - low, 0)):
            many = (high - low)[rows]
            i = np.repeat(rows, many)
            offset = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
            j = order[np.repeat(low[rows], many) + offset]
            gap = (first[j] - last[i]).astype(np.float64)
            steps = ((1.0 - DAMPING**gap) / (1.0 - DAMPING))[:, None]
            there = end_px[i] + end_speed[i] * steps - begin_px[j]
            back = begin_px[j] - begin_speed[j] * steps - end_px[i]
            size = 0.5 * (head[i] + head[j])
            growth = np.where(still[i], 0.0, REACH_GROWTH * np.minimum(gap - 1, MAX_GAP_MOVING))
            reach = np.maximum(REACH_HEADS * size, MIN_REACH_PX) * (1.0 + growth)
            far = np.maximum(np.hypot(*there.T), np.hypot(*back.T)) / reach
            turn = np.hypot(*(end_speed[i] - begin_speed[j]).T)
            faster = np.maximum(np.hypot(*end_speed[i].T), np.hypot(*begin_speed[j].T))
            within = (far < 1) & (turn < TURN_HEADS * size + 0.5 * faster)
            befores.append(i[within])
            afters.append(j[within])
            costs.append(far[within] ** 2 + GAP_COST * gap[within])
        return np.concatenate(befores), np.concatenate(afters), np.concatenate(costs)


_NO_INTS = np.zeros(0, np.int64)


def link_recording(
    frames: Iterable[tuple[int, Detections, tuple[float, float]]], plain_from: float = 0.0
) -> list[npt.NDArray[np.int64]]:
    """Link the heads of a whole recording: live, then joined at the end.

    Parameters
    ----------
    frames : iterable of (index, Detections, drift in px)
        Indices ascend; the drift is the displacement of the field since the first frame,
        as `FieldDrift` gives it.
    plain_from : float
        As for `Linker`.

    Returns
    -------
    list of ndarray, (N,) int64
        Track ids of the heads of each frame; -1 for faint heads of no track.
    """
    linker, joiner = Linker(plain_from=plain_from), TrackJoiner()
    live = []
    for index, found, drift_px in frames:
        ids = linker.link(found, index, drift_px)
        live.append(ids)
        joiner.add(found.take(ids >= 0), ids[ids >= 0], index, drift_px)
    joined = np.append(joiner.join(), -1)  # the last stands for no track
    return [joined[ids] for ids in live]


def _fit(ends: Floats, known: Ints, at: Ints) -> tuple[Floats, Floats]:
    """Return place (px) and speed (px a frame) at a frame by straight lines.

    ``ends`` is (T, REMEMBERED, (frame, x, y)), of which the first ``known`` of each track count.
    """
    weight = (np.arange(ends.shape[1])[None, :] < known[:, None]).astype(np.float64)
    total = np.maximum(weight.sum(axis=1), 1.0)
    time = ends[..., 0] - at[:, None]
    place = ends[..., 1:]
    mean_time = (weight * time).sum(axis=1) / total
    mean_place = (weight[..., None] * place).sum(axis=1) / total[:, None]
    off = weight * (time - mean_time[:, None])
    spread = (off * (time - mean_time[:, None])).sum(axis=1)
    speed = (off[..., None] * place).sum(axis=1) / np.maximum(spread, 1e-9)[:, None]
    speed[known < FEW] = 0.0
    return mean_place - speed * mean_time[:, None], speed


def _batches(many: Ints) -> Iterable[Ints]:
    """Give rows in groups of at most some `_PAIRS_AT_ONCE` pairs."""
    rows = np.flatnonzero(many)
    if not len(rows):
        return
    group = np.cumsum(many[rows]) // _PAIRS_AT_ONCE
    yield from np.split(rows, np.flatnonzero(np.diff(group)) + 1)


def _number_chains(successor: Ints, first: Ints) -> Ints:
    """Return the number of each track's chain; chains count from 0 as they were first seen."""
    chain = np.arange(len(successor))
    # A successor begins after its predecessor, so in this order each chain is known in time.
    for track in np.argsort(first, kind="stable").tolist():
        after = successor[track]
        if after >= 0:
            chain[after] = chain[track]
    begins = np.flatnonzero(chain == np.arange(len(chain)))
    number = np.zeros(len(chain), np.int64)
    number[begins[np.argsort(first[begins], kind="stable")]] = np.arange(len(begins))
    numbered: Ints = number[chain]
    return numbered
