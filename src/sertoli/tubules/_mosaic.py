"""What all looks at a recording have shown, laid on its first frame: places and their tubules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from sertoli.tubules._follow import Line
from sertoli.tubules._join import End
from sertoli.tubules._map import Floats

Ints = npt.NDArray[np.int64]

SAME_PLACE = 0.4
"""A point lies on a known tubule if it is within so many diameters of one of its places"""

SAME_WAY = np.cos(np.radians(2 * 35))
"""where the tubule ran in this direction (cosine of twice the angle)."""

MOST_VOTES = 25.0
"""A place counts as many looks as it was seen in, up to here: what is new can win in the end."""

CALM_POINTS = 2
"""Votes are added up over so many neighbours on the line to either side."""

SHORTEST_DIAMETERS = 1.0
"""A shorter piece of another tubule inside a line is a slip of the line, not of its number."""

GROWS_DIAMETERS = 2.0
"""New tissue at the end of a known tubule is taken for more of it up to this length; a longer
piece gets a number of its own first, and loses it when further looks join the two."""

RENEWED_DIAMETERS = 0.7
"""A new look at a tubule replaces what was known of it within this distance."""

MEETING_DIAMETERS = 1.5
"""Both tubules of a joint are in sight if each shows a point within this distance of it."""

LOOKS_TO_JOIN = 3
JOINED_SHARE = 0.75
"""Two numbers become one after so many looks that join them, if so large a share of the looks
that show both beside their joint does."""

OLD_SHARE = 0.4
"""and no less than this share of the looks that the newer of the two was seen in: the longer a
number was shown, the more it takes to withdraw it."""


@dataclass(slots=True)
class _Joint:
    """Where two tubules were seen to be one, and how often they were and were not."""

    place: Floats
    reach: float
    together: int = 0
    looks: int = 0


class Mosaic:
    """Places of tubules on the first frame, each with the number of its tubule.

    A number belongs to places, not to lines: a line that runs from one tubule into another for
    once (a crossing misread, a wall of glare) is cut there, and both keep their numbers. Only
    looks that agree make one number of two.
    """

    def __init__(self) -> None:
        self._places = np.zeros((0, 2))
        self._turns = np.zeros((0, 2))
        self._owners = np.zeros(0, np.int64)
        self._looks = np.zeros(0)
        self._joints: dict[tuple[int, int], _Joint] = {}
        self._count = 0

    def __len__(self) -> int:
        """Numbers given so far."""
        return self._count

    def add(
        self, lines: Sequence[Line], links: Sequence[tuple[End, End]]
    ) -> tuple[list[tuple[int, Line]], list[tuple[int, int]]]:
        """Take in one look.

        Parameters
        ----------
        lines : sequence of Line
            Px of the first frame.
        links : sequence of (End, End)
            Their ends that run into each other.

        Returns
        -------
        parts : list of (int, Line)
            The lines, cut where one tubule ends and another begins, with the tubules' numbers.
        merged : list of (int, int)
            Numbers that turned out to be one tubule: the one that stays, the one that goes.
        """
        names = [self._named(line) for line in lines]
        seen: list[tuple[int, Line]] = []
        meetings: list[tuple[int, int, Floats, float]] = []
        ends: dict[End, int] = {}
        for index, (line, name) in enumerate(zip(lines, names, strict=True)):
            parts = self._parts(line, name)
            ends[End(index, 0)], ends[End(index, 1)] = parts[0][0], parts[-1][0]
            for (one, before), (other, after) in pairwise(parts):
                reach = float(max(before.diameter[-1], after.diameter[0]))
                meetings.append((one, other, before.points[-1], reach))
            seen += parts
        for first, second in links:
            place = _place(lines[first.line], first), _place(lines[second.line], second)
            reach = float(np.median(lines[first.line].diameter))
            meetings.append((ends[first], ends[second], (place[0] + place[1]) / 2, reach))
        self._weigh(meetings, seen)
        for number, line in seen:
            self._remember(number, line)
        merged = self._merge()
        into = {gone: kept for kept, gone in merged}
        return [(_last(into, number), line) for number, line in seen], merged

    def _named(self, line: Line) -> Ints:
        """Return the number of the tubule at each point of a line, -1 where none is known."""
        names = np.full(len(line.points), -1)
        if not len(self._places):
            return names
        close = cKDTree(self._places).query_ball_point(line.points, SAME_PLACE * line.diameter)
        turns = turns_of(line.points)
        votes: dict[int, Floats] = {}
        for n, near in enumerate(close):
            for one in near:
                if float(self._turns[one] @ turns[n]) >= SAME_WAY:
                    owner = int(self._owners[one])
                    here = votes.setdefault(owner, np.zeros(len(names)))
                    here[n] += min(self._looks[one], MOST_VOTES)
        if not votes:
            return names
        owners = np.array(sorted(votes))
        table = np.stack([votes[int(owner)] for owner in owners])
        any_known = table.sum(0) > 0
        width = 2 * CALM_POINTS + 1
        calm = np.stack(
            [np.convolve(np.pad(row, CALM_POINTS), np.ones(width), "valid") for row in table]
        )
        names[any_known] = owners[calm.argmax(0)][any_known]
        return _tidied(names, line)

    def _parts(self, line: Line, names: Ints) -> list[tuple[int, Line]]:
        edges = np.flatnonzero(np.diff(names)) + 1
        starts = [0, *edges.tolist()]
        stops = [*edges.tolist(), len(names) - 1]
        parts = []
        for start, stop in zip(starts, stops, strict=True):
            number = int(names[start])
            if number < 0:
                number = self._count
                self._count += 1
            piece = slice(start, stop + 1)
            parts.append(
                (
                    number,
                    replace(
                        line,
                        points=line.points[piece],
                        diameter=line.diameter[piece],
                        opacity=line.opacity[piece],
                    ),
                )
            )
        return parts

    def _weigh(
        self, meetings: Sequence[tuple[int, int, Floats, float]], seen: Sequence[tuple[int, Line]]
    ) -> None:
        """Count the looks that join two numbers, and those that show both and do not."""
        joined = set()
        for one, other, place, reach in meetings:
            if one == other:
                continue
            pair = (min(one, other), max(one, other))
            joint = self._joints.setdefault(pair, _Joint(place, reach))
            joint.place, joint.reach = place, reach
            joined.add(pair)
        for pair, joint in self._joints.items():
            near = [
                any(
                    number == name
                    and np.linalg.norm(line.points - joint.place, axis=1).min()
                    < MEETING_DIAMETERS * joint.reach
                    for name, line in seen
                )
                for number in pair
            ]
            if pair in joined:
                joint.together += 1
            if pair in joined or all(near):
                joint.looks += 1

    def _merge(self) -> list[tuple[int, int]]:
        merged = []
        for pair in sorted(self._joints, key=lambda one: -self._joints[one].together):
            joint = self._joints.get(pair)
            if joint is None or joint.together < LOOKS_TO_JOIN:
                continue
            # both may have been seen side by side for long before they were first joined
            before = min(self._looks_at(number, joint) for number in pair)
            age = min(float(self._looks[self._owners == number].max(initial=0)) for number in pair)
            if joint.together < max(JOINED_SHARE * max(joint.looks, before), OLD_SHARE * age):
                continue
            votes = [float(self._looks[self._owners == number].sum()) for number in pair]
            kept, gone = pair if votes[0] >= votes[1] else pair[::-1]
            self._owners[self._owners == gone] = kept
            self._rename(kept, gone)
            merged.append((kept, gone))
        return merged

    def _looks_at(self, number: int, joint: _Joint) -> float:
        away = np.linalg.norm(self._places - joint.place, axis=1)
        near = (self._owners == number) & (away < MEETING_DIAMETERS * joint.reach)
        return float(self._looks[near].max(initial=0))

    def _rename(self, kept: int, gone: int) -> None:
        joints: dict[tuple[int, int], _Joint] = {}
        for pair, joint in self._joints.items():
            one, other = (kept if number == gone else number for number in pair)
            if one == other:
                continue
            pair = (min(one, other), max(one, other))
            if pair not in joints or joints[pair].together < joint.together:
                joints[pair] = joint
        self._joints = joints

    def _remember(self, number: int, line: Line) -> None:
        """Put what is seen in the place of what was known of this tubule around there."""
        looks = np.ones(len(line.points))
        own = np.flatnonzero(self._owners == number)
        if len(own):
            reach = RENEWED_DIAMETERS * float(np.median(line.diameter))
            away, near = cKDTree(line.points).query(self._places[own])
            old = away < reach
            np.maximum.at(looks, near[old], self._looks[own[old]] + 1)
            keep = np.ones(len(self._places), bool)
            keep[own[old]] = False
            self._places, self._turns = self._places[keep], self._turns[keep]
            self._owners, self._looks = self._owners[keep], self._looks[keep]
        self._places = np.vstack((self._places, line.points))
        self._turns = np.vstack((self._turns, turns_of(line.points)))
        self._owners = np.append(self._owners, np.full(len(line.points), number))
        self._looks = np.append(self._looks, looks)


def _last(into: dict[int, int], number: int) -> int:
    while number in into:
        number = into[number]
    return number


def _place(line: Line, end: End) -> Floats:
    return np.asarray(line.points[0 if end.side == 0 else -1])


def _tidied(names: Ints, line: Line) -> Ints:
    """Give short runs of points the number beside them."""
    steps = np.linalg.norm(np.diff(line.points, axis=0), axis=1)
    along = np.concatenate(((0.0,), np.cumsum(steps))) / float(np.median(line.diameter))
    names = names.copy()
    while True:
        edges = np.flatnonzero(np.diff(names)) + 1
        starts, stops = [0, *edges.tolist()], [*edges.tolist(), len(names)]
        if len(starts) == 1:
            return names
        length = [along[stop - 1] - along[start] for start, stop in zip(starts, stops, strict=True)]
        limit = [GROWS_DIAMETERS if names[start] < 0 else SHORTEST_DIAMETERS for start in starts]
        short = [n for n in range(len(starts)) if length[n] < limit[n]]
        if not short:
            return names
        n = min(short, key=lambda one: length[one] / limit[one])
        beside = [m for m in (n - 1, n + 1) if 0 <= m < len(starts)]
        best = max(beside, key=lambda one: (names[starts[one]] >= 0, length[one]))
        names[starts[n] : stops[n]] = names[starts[best]]


def turns_of(points: Floats) -> Floats:
    """Return cosine and sine of twice the direction at each point of a line, (n, 2)."""
    tangent = np.gradient(points, axis=0)
    angle = np.arctan2(tangent[:, 1], tangent[:, 0])
    return np.stack((np.cos(2 * angle), np.sin(2 * angle)), 1)
