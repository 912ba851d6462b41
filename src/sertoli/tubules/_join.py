"""Which ends of stretches belong to one tubule, as far as one look can tell.

Everything here is in the same px or cells as the lines that are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sertoli.tubules._follow import Line
from sertoli.tubules._map import Floats

GAP_DIAMETERS = 1.6
GAP_BEND = np.cos(np.radians(35))
GAP_DIAMETER_RATIO = 1.25
GAP_OPACITY = 0.25
"""Over a gap: how long, how bent and how different the ends of one tubule may be."""

TOUCHING_DIAMETERS = 0.6
MOST_RATIO = 1.6
"""Ends that touch and run into each other are of one tubule even if they seem more different."""


@dataclass(frozen=True, slots=True)
class End:
    """One end of a line.

    Parameters
    ----------
    line : int
        Index of the line.
    side : int
        0 for its first point, 1 for its last.
    """

    line: int
    side: int


def links(lines: Sequence[Line]) -> list[tuple[End, End]]:
    """Say which ends run into each other.

    Two ends are of one tubule if the gap between them is short, they point at each other, and
    diameter and opacity agree. Nothing is drawn in the gap.

    Returns
    -------
    list of (End, End)
        Best first; an end stands in one link at most, and links close no ring.
    """
    ends = []
    for index, line in enumerate(lines):
        for side in (0, 1):
            points = line.points if side == 0 else line.points[::-1]
            few = min(4, len(points) - 1)
            way = points[0] - points[few]
            way = way / (np.linalg.norm(way) + 1e-9)
            near = slice(0, few + 1) if side == 0 else slice(len(points) - few - 1, None)
            diameter = float(np.median(line.diameter[near]))
            opacity = float(np.median(line.opacity[near]))
            ends.append((End(index, side), points[0], way, diameter, opacity))
    found = []
    for one, other in _near(ends):
        if ends[one][0].line == ends[other][0].line:
            continue
        cost = _cost(ends[one][1:], ends[other][1:])
        if cost is not None:
            found.append((cost, one, other))
    group = list(range(len(lines)))
    taken: set[int] = set()
    chosen = []
    for _, one, other in sorted(found):
        first, second = ends[one][0], ends[other][0]
        if one in taken or other in taken or group[first.line] == group[second.line]:
            continue
        taken |= {one, other}
        chosen.append((first, second))
        group = _united(group, first.line, second.line)
    return chosen


def _near(ends: Sequence[tuple[End, Floats, Floats, float, float]]) -> list[tuple[int, int]]:
    """Return the pairs of ends that are close enough for `_cost` to look at: few of all."""
    if not ends:
        return []
    places = np.array([end[1] for end in ends])
    reach = GAP_DIAMETERS * 1.001 * np.array([end[3] for end in ends])
    apart = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    close = np.triu(apart <= np.minimum(reach[:, None], reach[None]), 1)
    return [(int(one), int(other)) for one, other in np.argwhere(close)]


def _united(group: list[int], one: int, other: int) -> list[int]:
    return [group[one] if name == group[other] else name for name in group]


def _cost(
    one: tuple[Floats, Floats, float, float], other: tuple[Floats, Floats, float, float]
) -> float | None:
    """Return how little two ends (place, way out, diameter, opacity) fit; None if not at all."""
    gap = other[0] - one[0]
    distance = float(np.linalg.norm(gap))
    wide, narrow = max(one[2], other[2]), min(one[2], other[2])
    if distance > GAP_DIAMETERS * narrow:
        return None
    unlike = wide > GAP_DIAMETER_RATIO * narrow or abs(one[3] - other[3]) > GAP_OPACITY
    if unlike and (distance > TOUCHING_DIAMETERS * narrow or wide > MOST_RATIO * narrow):
        return None
    bend = float(-one[1] @ other[1])
    if distance > 0.3 * narrow:
        aim = gap / distance
        bend = min(bend, float(one[1] @ aim), float(-other[1] @ aim))
    return distance / narrow + 2 * (1 - bend) if bend > GAP_BEND else None


def joined(lines: Sequence[Line]) -> list[int]:
    """Say which stretches belong to one tubule.

    Returns
    -------
    list of int
        The number of each line's tubule, from 0.
    """
    group = list(range(len(lines)))
    for one, other in links(lines):
        group = _united(group, one.line, other.line)
    names = {name: number for number, name in enumerate(dict.fromkeys(group))}
    return [names[name] for name in group]
