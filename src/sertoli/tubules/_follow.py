"""From heat to lines: thin the ridge, follow it, part it at crossings, join it over short gaps.

Everything here is in cells of the network: column right, row down, centres whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SURE, POSSIBLE, ON_AVERAGE = 0.8, 0.6, 0.6
"""A ridge starts where the heat is above the first and goes on to the second; its mean must be
above the third. Chosen on simulated fields for a precision of 0.9."""

SHORTEST_DIAMETERS = 0.8
"""Shorter stretches show too little of a tubule to say which way it runs."""

SPUR_DIAMETERS = 0.45
"""Side branches up to here are frays of the thinning."""

BRIDGE_DIAMETERS = 0.7
"""Thinning makes two forks of one crossing; the bridge between them is up to so long."""

THROUGH = np.cos(np.radians(40))
"""Two branches go through a crossing as one if they bend less than this there."""

ASTRAY = np.cos(np.radians(2 * 35))
"""A line that runs so far off the direction seen there (cosine of twice the angle) is none."""

ASTRAY_DIAMETERS = 0.7

GAP_DIAMETERS = 1.6
GAP_BEND = np.cos(np.radians(35))
GAP_DIAMETER_RATIO = 1.25
GAP_OPACITY = 0.25
"""Over a gap: how long, how bent and how different the ends of one tubule may be."""

TOUCHING_DIAMETERS = 0.6
MOST_RATIO = 1.6
"""Ends that touch and run into each other are of one tubule even if they seem more different."""

_AROUND = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One stretch of a tubule.

    Parameters
    ----------
    points : ndarray, (n, 2) float64
        Column and row, in order.
    diameter : ndarray, (n,) float64
        In cells.
    opacity : ndarray, (n,) float64
    heat : float
        Mean heat along it.
    """

    points: Floats
    diameter: Floats
    opacity: Floats
    heat: float

    @property
    def length(self) -> float:
        """Length along the line in cells."""
        return float(np.linalg.norm(np.diff(self.points, axis=0), axis=1).sum())


@dataclass(frozen=True, slots=True, eq=False)
class Fields:
    """What the network says of each cell, (h, w) each.

    Parameters
    ----------
    heat : ndarray
        Of the centreline, 0 to 1; 0 where unreadable.
    diameter : ndarray
        In cells.
    cosine, sine : ndarray
        Of twice the direction.
    opacity : ndarray
        0 to 1.
    unreadable : ndarray of bool
    """

    heat: Floats
    diameter: Floats
    cosine: Floats
    sine: Floats
    opacity: Floats
    unreadable: Bools


def follow(fields: Fields) -> list[Line]:
    """Return every stretch of a centreline that can be seen."""
    from skimage.filters import apply_hysteresis_threshold
    from skimage.morphology import skeletonize

    ridge = skeletonize(apply_hysteresis_threshold(fields.heat, POSSIBLE, SURE))
    lines = []
    for path in _paths(ridge, fields.diameter):
        for part in _true_to_direction(path, fields):
            line = _measured(part, fields)
            if line is not None and line.heat >= ON_AVERAGE:
                lines.append(line)
    return lines


def _paths(ridge: Bools, diameter: npt.NDArray[np.float64]) -> list[Floats]:
    """Follow a skeleton from end to end; go straight through crossings."""
    rows, columns = np.nonzero(ridge)
    spots = set(zip(rows.tolist(), columns.tolist(), strict=True))
    around = {spot: _neighbours(spot, spots) for spot in spots}
    nodes = {spot for spot, near in around.items() if len(near) != 2}
    clusters = _clusters({spot for spot in nodes if len(around[spot]) > 2}, around)
    branches = _branches(spots, around, nodes)
    kept = []
    for branch in branches:
        if len(branch) < BRIDGE_DIAMETERS * diameter[branch[len(branch) // 2]] and (
            branch[0] in clusters and branch[-1] in clusters
        ):
            _merge(clusters, clusters[branch[0]], clusters[branch[-1]])
            continue
        loose = (branch[0] not in clusters) != (branch[-1] not in clusters)
        if loose and len(branch) < SPUR_DIAMETERS * diameter[branch[len(branch) // 2]]:
            continue
        if len(branch) > 1:
            kept.append(branch)
    return _through(kept, clusters)


def _neighbours(spot: tuple[int, int], spots: set[tuple[int, int]]) -> list[tuple[int, int]]:
    row, column = spot
    near = [(row + down, column + right) for down, right in _AROUND]
    found = [other for other in near if other in spots]
    # a diagonal step beside a straight one is the same step
    straight = {other for other in found if other[0] == row or other[1] == column}
    return [
        other
        for other in found
        if other in straight or not ((row, other[1]) in straight or (other[0], column) in straight)
    ]


def _clusters(
    crossings: set[tuple[int, int]], around: dict[tuple[int, int], list[tuple[int, int]]]
) -> dict[tuple[int, int], int]:
    """Give each crossing a number; neighbouring cells are one."""
    number: dict[tuple[int, int], int] = {}
    for start in sorted(crossings):
        if start in number:
            continue
        name, stack = len(number), [start]
        while stack:
            spot = stack.pop()
            if spot not in number:
                number[spot] = name
                stack += [other for other in around[spot] if other in crossings]
    return number


def _merge(clusters: dict[tuple[int, int], int], one: int, other: int) -> None:
    for spot, name in clusters.items():
        if name == other:
            clusters[spot] = one


def _branches(
    spots: set[tuple[int, int]],
    around: dict[tuple[int, int], list[tuple[int, int]]],
    nodes: set[tuple[int, int]],
) -> list[list[tuple[int, int]]]:
    """Return the ways between ends and crossings, and closed rings."""
    done: set[tuple[tuple[int, int], tuple[int, int]]] = set()
    used: set[tuple[int, int]] = set()
    found = []
    for start in sorted(nodes):
        for first in around[start]:
            if (start, first) in done:
                continue
            way = [start, first]
            while way[-1] not in nodes:
                onward = [spot for spot in around[way[-1]] if spot != way[-2]]
                if not onward:
                    break
                way.append(onward[0])
            done.add((way[0], way[1]))
            done.add((way[-1], way[-2]))
            used.update(way)
            found.append(way)
    for start in sorted(spots - used - nodes):
        if start in used:
            continue
        way = [start]
        used.add(start)
        while True:
            onward = [spot for spot in around[way[-1]] if spot not in used]
            if not onward:
                break
            way.append(onward[0])
            used.add(onward[0])
        found.append(way)
    return found


def _through(
    branches: list[list[tuple[int, int]]], clusters: dict[tuple[int, int], int]
) -> list[Floats]:
    """Join branches that go straight through a crossing."""
    ends: dict[int, list[tuple[int, int]]] = {}
    for index, branch in enumerate(branches):
        for side, spot in ((0, branch[0]), (1, branch[-1])):
            if spot in clusters:
                ends.setdefault(clusters[spot], []).append((index, side))
    partner: dict[tuple[int, int], tuple[int, int]] = {}
    for meeting in ends.values():
        straight = sorted(
            (
                (float(-_outward(branches, one) @ _outward(branches, other)), one, other)
                for one, other in combinations(meeting, 2)
                if one[0] != other[0]
            ),
            reverse=True,
        )
        for bend, one, other in straight:
            if bend >= THROUGH and one not in partner and other not in partner:
                partner[one], partner[other] = other, one
    return _chains(branches, partner)


def _outward(branches: list[list[tuple[int, int]]], end: tuple[int, int]) -> Floats:
    """Return the unit direction in which a branch leaves its end, (row, column)."""
    branch = np.array(branches[end[0]], float)
    if end[1]:
        branch = branch[::-1]
    far = branch[min(6, len(branch) - 1)] - branch[0]
    return np.asarray(far / (np.linalg.norm(far) + 1e-9))


def _chains(
    branches: list[list[tuple[int, int]]], partner: dict[tuple[int, int], tuple[int, int]]
) -> list[Floats]:
    left = set(range(len(branches)))
    chains = []
    # begin where a chain ends; what is left after that are rings
    loose = [(i, s) for i in range(len(branches)) for s in (0, 1) if (i, s) not in partner]
    for index, side in [*loose, *((i, 0) for i in range(len(branches)))]:
        if index not in left:
            continue
        chain: list[tuple[int, int]] = []
        here: tuple[int, int] | None = (index, side)
        while here is not None and here[0] in left:
            left.discard(here[0])
            branch = branches[here[0]]
            chain += branch if here[1] == 0 else branch[::-1]
            here = partner.get((here[0], 1 - here[1]))
        chains.append(np.array(chain, float)[:, ::-1])
    return chains


def _true_to_direction(path: Floats, fields: Fields) -> list[Floats]:
    """Return the parts of a path that run the way the tubule is seen to run there."""
    typical = float(np.median(_read(fields.diameter, path)))
    line = _smoothed(path, max(1.5, 0.25 * typical))
    if len(line) < 3:
        return []
    tangent = np.gradient(line, axis=0)
    angle = np.arctan2(tangent[:, 1], tangent[:, 0])
    cosine, sine = _read(fields.cosine, line), _read(fields.sine, line)
    length = np.hypot(cosine, sine) + 1e-6
    along = (np.cos(2 * angle) * cosine + np.sin(2 * angle) * sine) / length
    # over a short bend the two may differ: only a longer piece that runs astray is none
    few = max(1, round(ASTRAY_DIAMETERS * typical)) | 1
    calm = np.convolve(np.pad(along, few // 2, mode="edge"), np.ones(few) / few, "valid")
    astray = calm < ASTRAY
    edges = np.flatnonzero(np.diff(astray.astype(np.int8))) + 1
    pieces = np.split(np.arange(len(path)), edges)
    return [path[piece] for piece in pieces if not astray[piece[0]] and len(piece) > 2]


def _measured(path: Floats, fields: Fields) -> Line | None:
    """Smooth a path, move it onto the ridge and read the maps along it; None if too short."""
    diameter = _read(fields.diameter, path)
    typical = float(np.median(diameter))
    line = _smoothed(path, max(2.0, 0.35 * typical))
    if len(line) < 2:
        return None
    line = _smoothed(_onto_ridge(line, fields.heat, 0.3 * typical), max(1.0, 0.2 * typical))
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    if steps.sum() < SHORTEST_DIAMETERS * typical:
        return None
    line = _resampled(line, steps, max(1.0, 0.25 * typical))
    return Line(
        line,
        _steady(_read(fields.diameter, line)),
        _read(fields.opacity, line),
        float(_read(fields.heat, line).mean()),
    )


def _read(values: Floats, points: Floats) -> Floats:
    """Read a map between cells."""
    places = points.astype(np.float32)
    found = cv2.remap(
        values.astype(np.float32),
        np.ascontiguousarray(places[None, :, 0]),
        np.ascontiguousarray(places[None, :, 1]),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(found[0], np.float64)


def _smoothed(line: Floats, sigma: float) -> Floats:
    """Smooth along the line; the ends stay where they are."""
    reach = int(np.ceil(2 * sigma))
    if len(line) < 3:
        return line
    reach = min(reach, len(line) - 1)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    # mirrored through the end points, so that the line is not drawn inwards
    before = 2 * line[0] - line[reach:0:-1]
    after = 2 * line[-1] - line[-2 : -reach - 2 : -1]
    longer = np.vstack((before, line, after))
    return np.stack([np.convolve(longer[:, i], kernel, "valid") for i in (0, 1)], 1)


def _onto_ridge(line: Floats, heat: Floats, reach: float) -> Floats:
    """Move each point across the line to the centre of the heat there."""
    tangent = np.gradient(line, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-9
    normal = np.stack((-tangent[:, 1], tangent[:, 0]), 1)
    shifts = np.linspace(-reach, reach, 7)
    weights = np.stack([_read(heat, line + shift * normal) for shift in shifts]) ** 2 + 1e-6
    centre = (weights * shifts[:, None]).sum(0) / weights.sum(0)
    return np.asarray(line + centre[:, None] * normal)


def _resampled(line: Floats, steps: Floats, step: float) -> Floats:
    along = np.concatenate(((0.0,), np.cumsum(steps)))
    count = max(2, round(along[-1] / step) + 1)
    wanted = np.linspace(0, along[-1], count)
    return np.stack([np.interp(wanted, along, line[:, i]) for i in (0, 1)], 1)


def _steady(values: Floats) -> Floats:
    """Return a running median of five: one bad reading moves nothing."""
    padded = np.pad(values, 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 5)
    return np.asarray(np.median(windows, axis=1))


def joined(lines: list[Line]) -> list[int]:
    """Say which stretches belong to one tubule.

    Two ends are of one tubule if the gap between them is short, they point at each other, and
    diameter and opacity agree. Nothing is drawn in the gap.

    Returns
    -------
    list of int
        The number of each line's tubule, from 0.
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
            ends.append((index, points[0], way, diameter, float(np.median(line.opacity[near]))))
    if not ends:
        return []
    places = np.array([end[1] for end in ends])
    found = []
    for one, other in combinations(range(len(ends)), 2):
        if ends[one][0] == ends[other][0]:
            continue
        gap = places[other] - places[one]
        distance = float(np.linalg.norm(gap))
        wide, narrow = max(ends[one][3], ends[other][3]), min(ends[one][3], ends[other][3])
        if distance > GAP_DIAMETERS * narrow:
            continue
        unlike = (
            wide > GAP_DIAMETER_RATIO * narrow or abs(ends[one][4] - ends[other][4]) > GAP_OPACITY
        )
        if unlike and (distance > TOUCHING_DIAMETERS * narrow or wide > MOST_RATIO * narrow):
            continue
        bend = float(-ends[one][2] @ ends[other][2])
        if distance > 0.3 * narrow:
            aim = gap / distance
            bend = min(bend, float(ends[one][2] @ aim), float(-ends[other][2] @ aim))
        if bend > GAP_BEND:
            found.append((distance / narrow + 2 * (1 - bend), one, other))
    group = list(range(len(lines)))
    taken: set[int] = set()
    for _, one, other in sorted(found):
        first, second = group[ends[one][0]], group[ends[other][0]]
        if one in taken or other in taken or first == second:
            continue
        taken |= {one, other}
        group = [first if name == second else name for name in group]
    names = {name: number for number, name in enumerate(dict.fromkeys(group))}
    return [names[name] for name in group]
