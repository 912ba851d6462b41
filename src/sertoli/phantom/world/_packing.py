"""Grow packed, folded tubules in a plane, in micrometres.

A tubule grows step by step, keeps its walls off those that are there already, and is drawn along
them: that alone lays parallel bundles and folds them in hairpins. Afterwards all are pushed apart
until they just touch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

Array = npt.NDArray[np.float64]

GRID_UM = 25.0
"""Mesh of the clearance map."""

STEP_DIAMETERS = 0.4
TIGHTEST_BEND_DIAMETERS = 0.62
"""Radius of the sharpest bend of a centreline: a hairpin whose legs nearly touch."""

TURNS = np.linspace(-1.0, 1.0, 13)
RELAXATIONS = 30
MAX_SEEDS = 4000


@dataclass(frozen=True, slots=True)
class Packing:
    """How tubules lie beside each other.

    Parameters
    ----------
    hug : float
        How strongly a tubule follows the wall of its neighbours, 0 to about 2.
    wander : float
        Standard deviation of the curvature it would take by itself, in turns of the tightest bend.
    persistence : float
        How long it keeps that curvature, in diameters.
    align : float
        How strongly it follows the direction of its lobule, 0 to 1.
    fold_diameters : float
        Mean length between hairpins, in diameters; inf for none.
    gap : float
        Distance from wall to wall, in diameters.
    length_um : (float, float)
        Shortest and longest stretch that is one tubule.
    lobule_um : float
        Size of the regions that have a direction of their own.
    """

    hug: float = 1.0
    wander: float = 0.25
    persistence: float = 4.0
    align: float = 0.3
    fold_diameters: float = 12.0
    gap: float = 0.04
    length_um: tuple[float, float] = (3000.0, 14000.0)
    lobule_um: float = 2500.0


def random_packing(rng: np.random.Generator) -> Packing:
    """Draw a packing: from straight parallel bundles to tangled loops."""
    low = float(rng.uniform(1800.0, 5000.0))
    return Packing(
        hug=float(rng.uniform(0.2, 1.8)),
        wander=float(rng.uniform(0.05, 0.5)),
        persistence=float(rng.uniform(2.0, 7.0)),
        align=float(rng.uniform(0.0, 0.8)),
        fold_diameters=float(rng.uniform(5.0, 30.0)),
        gap=float(rng.uniform(-0.02, 0.14)),
        length_um=(low, low * float(rng.uniform(2.0, 5.0))),
        lobule_um=float(rng.uniform(1500.0, 5000.0)),
    )


class Clearance:
    """Distance from every place of a plane to the nearest wall.

    Parameters
    ----------
    width_um, height_um : float
        The plane reaches from (0, 0) to there.
    """

    def __init__(self, width_um: float, height_um: float) -> None:
        self._reach = 1000.0
        self.width_um, self.height_um = width_um, height_um
        columns = max(2, math.ceil(width_um / GRID_UM) + 1)
        rows = max(2, math.ceil(height_um / GRID_UM) + 1)
        self._map = np.full((rows, columns), self._reach, dtype=np.float32)

    def at(self, x: Array, y: Array) -> Array:
        """Return the clearance in um at places (n,); outside the plane it is large."""
        rows, columns = self._map.shape
        column = np.rint(x / GRID_UM).astype(np.int64)
        row = np.rint(y / GRID_UM).astype(np.int64)
        inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        found = self._map[np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)]
        return np.where(inside, found, self._reach)

    def occupy(self, x: float, y: float, radius_um: float, window_um: float) -> None:
        """Put a disc of tubule there; distances are kept up to ``window_um`` around it."""
        reach = math.ceil((radius_um + window_um) / GRID_UM)
        column, row = round(x / GRID_UM), round(y / GRID_UM)
        top, left = max(0, row - reach), max(0, column - reach)
        part = self._map[top : max(0, row + reach + 1), left : max(0, column + reach + 1)]
        if part.size:
            across = (np.arange(left, left + part.shape[1]) * GRID_UM - x)[None, :]
            down = (np.arange(top, top + part.shape[0]) * GRID_UM - y)[:, None]
            np.minimum(part, np.sqrt(across**2 + down**2) - radius_um, out=part)

    def free_place(self, rng: np.random.Generator, radius_um: float) -> tuple[float, float] | None:
        """Draw a place where a tubule of that radius fits, or None."""
        free = np.flatnonzero(self._map >= radius_um)
        if not free.size:
            return None
        row, column = divmod(int(rng.choice(free)), self._map.shape[1])
        return column * GRID_UM, row * GRID_UM


class Grower:
    """Grows tubules, one after the other, into a plane until it is full.

    Parameters
    ----------
    rng : numpy.random.Generator
    width_um, height_um : float
    packing : Packing
    """

    def __init__(
        self, rng: np.random.Generator, width_um: float, height_um: float, packing: Packing
    ) -> None:
        self._rng = rng
        self._packing = packing
        self._clearance = Clearance(width_um, height_um)
        waves = 5
        angle = rng.uniform(0, 2 * math.pi, waves)
        size = 2 * math.pi / (packing.lobule_um * rng.uniform(1.0, 3.0, waves))
        self._waves = np.stack([np.cos(angle) * size, np.sin(angle) * size])
        self._phases = rng.uniform(0, 2 * math.pi, waves)
        self._bias = float(rng.uniform(0, math.pi))

    def _lobule_direction(self, x: float, y: float) -> float:
        phase = x * self._waves[0] + y * self._waves[1] + self._phases
        return self._bias + 0.7 * float(np.sin(phase).sum())

    def grow(self, diameter_um: float) -> Array | None:
        """Grow one tubule of that diameter.

        Returns
        -------
        ndarray, (N, 2) float64, or None
            Its centreline, x and y in um, a node every 0.4 diameters; None if none fits.
        """
        packing, rng = self._packing, self._rng
        wanted = math.exp(rng.uniform(*np.log(packing.length_um)))
        radius = diameter_um * (0.5 + packing.gap / 2)
        place = self._clearance.free_place(rng, radius)
        if place is None:
            return None
        heading = self._lobule_direction(*place) if packing.align else rng.uniform(0, 2 * math.pi)
        heading += rng.normal(0, 0.4)
        share = float(rng.uniform(0.2, 0.8))
        ahead = self._walk(place, heading, radius, wanted * share)
        back = self._walk(place, heading + math.pi, radius, wanted * (1 - share), ahead)
        return np.array([*back[:0:-1], *ahead])

    def _walk(
        self,
        start: tuple[float, float],
        heading: float,
        radius: float,
        length_um: float,
        before: list[tuple[float, float]] | None = None,
    ) -> list[tuple[float, float]]:
        packing, rng = self._packing, self._rng
        step = STEP_DIAMETERS * 2 * radius
        sharpest = STEP_DIAMETERS / TIGHTEST_BEND_DIAMETERS
        late = math.ceil(2.0 / STEP_DIAMETERS)  # own body this close behind is no obstacle
        nodes = [start]
        curve, fold = 0.0, 0
        keep = math.exp(-STEP_DIAMETERS / packing.persistence)
        fold_chance = STEP_DIAMETERS / packing.fold_diameters
        committed = 0
        for _ in range(math.ceil(length_um / step)):
            x, y = nodes[-1]
            curve = keep * curve + packing.wander * math.sqrt(1 - keep**2) * rng.normal()
            if fold:
                fold -= 1 if fold > 0 else -1
                wish = float(np.sign(fold))
            else:
                wish = curve
                if rng.random() < fold_chance:
                    steps = round(math.pi / sharpest)
                    fold = steps if rng.random() < 0.5 else -steps
                away = self._lobule_direction(x, y) - heading
                wish += packing.align * math.sin(2 * away) / 2
            turn = self._best_turn(x, y, heading, radius, step, sharpest, wish)
            if turn is None:
                break
            heading += turn
            nodes.append((x + step * math.cos(heading), y + step * math.sin(heading)))
            outside = max(
                -nodes[-1][0], -nodes[-1][1], nodes[-1][0] - self._clearance.width_um,
                nodes[-1][1] - self._clearance.height_um,
            )  # fmt: skip
            if before is None:
                committed = max(committed, late)
            elif committed == 0 and len(nodes) > late:
                self._occupy(before[: late + 1], radius)
            while committed < len(nodes) - late:
                self._occupy(nodes[committed : committed + 1], radius)
                committed += 1
            if outside > 2 * radius:
                break
        self._occupy(nodes[committed:], radius)
        if before is not None:
            self._occupy(before[: late + 1], radius)
        return nodes

    def _best_turn(
        self, x: float, y: float, heading: float, radius: float, step: float, sharpest: float,
        wish: float,
    ) -> float | None:  # fmt: skip
        turns = TURNS * sharpest
        angle = heading + turns
        here = self._clearance.at(x + step * np.cos(angle), y + step * np.sin(angle))
        bent = angle + 0.7 * turns
        reach = 2.2 * step
        there = self._clearance.at(x + reach * np.cos(bent), y + reach * np.sin(bent))
        score = -1.2 * (TURNS - np.clip(wish, -1, 1)) ** 2
        score -= self._packing.hug * np.clip(np.abs(here - radius) / radius, 0, 1)
        score -= 2.0 * np.clip(1 - there / radius, 0, 2)
        score[here < 0.9 * radius] = -np.inf
        best = int(np.argmax(score))
        return None if score[best] == -np.inf else float(turns[best])

    def _occupy(self, nodes: list[tuple[float, float]], radius: float) -> None:
        for x, y in nodes:
            self._clearance.occupy(x, y, radius, 1.6 * radius)


def relax(lines: list[Array], radii: list[float], gap: float) -> list[Array]:
    """Push tubules apart where their walls overlap, and smooth them.

    Parameters
    ----------
    lines : list of ndarray, (N, 2)
        Centrelines with a node every 0.4 diameters.
    radii : list of float
        One a tubule.
    gap : float
        See `Packing`.

    Returns
    -------
    list of ndarray, (N, 2)
    """
    if not lines:
        return []
    owner = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    place = np.concatenate([np.arange(len(line)) for line in lines])
    radius = np.asarray(radii)[owner] * (1 + gap)
    points = np.concatenate(lines)
    inner = np.flatnonzero((owner[2:] == owner[:-2]) & (owner[1:-1] == owner[:-2])) + 1
    apart = math.ceil(2.2 / STEP_DIAMETERS)
    pairs = np.empty((0, 2), dtype=np.int64)
    for n in range(RELAXATIONS):
        if n % 5 == 0:
            pairs = cKDTree(points).query_pairs(2.2 * radius.max(), output_type="ndarray")
            own = owner[pairs[:, 0]] == owner[pairs[:, 1]]
            near = np.abs(place[pairs[:, 0]] - place[pairs[:, 1]]) <= apart
            pairs = pairs[~(own & near)]
        first, second = pairs.T
        away = points[first] - points[second]
        distance = np.maximum(np.hypot(*away.T), 1e-6)
        overlap = np.maximum(radius[first] + radius[second] - distance, 0.0)
        push = away * (0.3 * overlap / distance)[:, None]
        shift = np.zeros_like(points)
        for axis in (0, 1):
            shift[:, axis] = np.bincount(first, push[:, axis], len(points))
            shift[:, axis] -= np.bincount(second, push[:, axis], len(points))
        limit = 0.2 * radius[:, None]
        points = points + np.clip(shift, -limit, limit)
        middle = (points[inner - 1] + points[inner + 1]) / 2
        points[inner] += 0.2 * (middle - points[inner])
    edges = np.cumsum([len(line) for line in lines])[:-1]
    return [np.asarray(part) for part in np.split(points, edges)]
