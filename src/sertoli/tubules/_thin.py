"""From a thinned ridge to paths: ends, crossings, and which branches go through as one.

Everything here is in cells of the network: column right, row down, centres whole numbers.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SPUR_DIAMETERS = 0.45
"""Side branches up to here are frays of the thinning."""

BRIDGE_DIAMETERS = 0.7
"""Thinning makes two forks of one crossing; the bridge between them is up to so long."""

THROUGH = np.cos(np.radians(40))
"""Two branches go through a crossing as one if they bend less than this there."""

_AROUND = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]


def paths(ridge: Bools, diameter: npt.NDArray[np.float64]) -> list[Floats]:
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
