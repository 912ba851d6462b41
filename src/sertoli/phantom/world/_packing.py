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
LOOKS_AHEAD = np.stack([TURNS, 1.7 * TURNS]), np.array([[1.0], [2.2]])
"""One step ahead, and further along the bend: turns, and distances in steps."""

MIN_NODES = 11
"""Shorter stretches are left out: a hole, through which the next layer is seen."""

RELAXATIONS = 25
BORDER_UM, FAR_UM = 800.0, 1000.0


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
    squeeze : float
        How far tubules are pressed together after they have grown; 1 not at all.
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
    squeeze: float = 0.88
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
        gap=float(rng.uniform(-0.02, 0.07)),
        squeeze=float(rng.uniform(0.78, 0.93)),
        length_um=(low, low * float(rng.uniform(2.0, 5.0))),
        lobule_um=float(rng.uniform(1500.0, 5000.0)),
    )


class Clearance:
    """Distance from every place of a plane to the nearest wall.

    Parameters
    ----------
    width_um, height_um : float
        The plane reaches from (0, 0) to there, and `BORDER_UM` beyond.
    """

    def __init__(self, width_um: float, height_um: float) -> None:
        self.width_um, self.height_um = width_um, height_um
        columns = math.ceil((width_um + 2 * BORDER_UM) / GRID_UM) + 1
        rows = math.ceil((height_um + 2 * BORDER_UM) / GRID_UM) + 1
        self._map = np.full((rows, columns), FAR_UM, dtype=np.float32)
        self._closed = np.zeros((rows, columns), dtype=bool)

    def at(self, x: Array, y: Array) -> npt.NDArray[np.float32]:
        """Return the clearance in um at places of the plane or its border."""
        column = ((x + (BORDER_UM + GRID_UM / 2)) * (1 / GRID_UM)).astype(np.int64)
        row = ((y + (BORDER_UM + GRID_UM / 2)) * (1 / GRID_UM)).astype(np.int64)
        return np.asarray(self._map[row, column])

    def occupy(self, x: float, y: float, radius_um: float) -> None:
        """Put a disc of tubule there; distances are kept as far as one more tubule reaches."""
        reach = math.ceil(2.8 * radius_um / GRID_UM)
        x, y = x + BORDER_UM, y + BORDER_UM
        column, row = round(x / GRID_UM), round(y / GRID_UM)
        top, left = max(0, row - reach), max(0, column - reach)
        part = self._map[top : max(0, row + reach + 1), left : max(0, column + reach + 1)]
        if part.size:
            across = np.arange(left, left + part.shape[1]) * GRID_UM - x
            down = np.arange(top, top + part.shape[0]) * GRID_UM - y
            distance = np.sqrt((across**2)[None, :] + (down**2)[:, None]) - radius_um
            np.minimum(part, distance, out=part)

    def close(self, x: float, y: float, radius_um: float) -> None:
        """Let nothing start around there any more: what was tried came to nothing."""
        reach = max(1, round(0.5 * radius_um / GRID_UM))
        column, row = round((x + BORDER_UM) / GRID_UM), round((y + BORDER_UM) / GRID_UM)
        self._closed[row - reach : row + reach + 1, column - reach : column + reach + 1] = True

    def kept(self) -> npt.NDArray[np.float32]:
        """Return the state, to `put_back` if the next tubule comes to nothing."""
        return self._map.copy()

    def put_back(self, state: npt.NDArray[np.float32]) -> None:
        """Forget what was put there since."""
        self._map = state

    def free_place(
        self, rng: np.random.Generator, radius_um: float
    ) -> tuple[float, float, float] | None:
        """Draw a place where a tubule of that radius fits: every other time on a wall.

        Returns
        -------
        (x_um, y_um, direction_rad) or None
            Direction along that wall, nan away from walls; None if nothing fits.
        """
        border = round(BORDER_UM / GRID_UM)
        inner = self._map[border:-border, border:-border]
        fits = (inner >= radius_um) & ~self._closed[border:-border, border:-border]
        beside = np.flatnonzero(fits & (inner < radius_um + 1.5 * GRID_UM))
        on_wall = beside.size > 0 and rng.random() < 0.5
        free = beside if on_wall else np.flatnonzero(fits)
        if not free.size:
            return None
        row, column = divmod(int(rng.choice(free)), inner.shape[1])
        direction = math.nan
        if on_wall:
            near = self._map[row + border - 1 : row + border + 2,
                             column + border - 1 : column + border + 2]  # fmt: skip
            direction = math.atan2(near[1, 2] - near[1, 0], near[0, 1] - near[2, 1])
        return column * GRID_UM, row * GRID_UM, direction


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
            Its centreline, x and y in um, a node every 0.4 diameters; None if there was no
            place for one of some length where it was tried.
        """
        packing, rng = self._packing, self._rng
        wanted = math.exp(rng.uniform(*np.log(packing.length_um)))
        radius = diameter_um * (0.5 + packing.gap / 2)
        found = self._clearance.free_place(rng, radius)
        if found is None:
            return None
        place, heading = found[:2], found[2]
        if math.isnan(heading):
            heading = self._lobule_direction(*place) + rng.normal(0, 0.4)
        state = self._clearance.kept()
        share = float(rng.uniform(0.2, 0.8))
        ahead = self._walk(place, heading, radius, wanted * share)
        back = self._walk(place, heading + math.pi, radius, wanted * (1 - share), ahead)
        if len(back) + len(ahead) < MIN_NODES:
            self._clearance.put_back(state)
            self._clearance.close(*place, radius)
            return None
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
        angle = heading + LOOKS_AHEAD[0] * sharpest
        reach = step * LOOKS_AHEAD[1]
        here, there = self._clearance.at(x + reach * np.cos(angle), y + reach * np.sin(angle))
        score = -1.2 * (TURNS - min(1.0, max(-1.0, wish))) ** 2
        score -= self._packing.hug * np.minimum(np.abs(here - radius) / radius, 1.0)
        score -= 2.0 * np.minimum(np.maximum(1 - there / radius, 0.0), 2.0)
        score[here < 0.9 * radius] = -np.inf
        best = int(np.argmax(score))
        return None if score[best] == -np.inf else float(TURNS[best] * sharpest)

    def _occupy(self, nodes: list[tuple[float, float]], radius: float) -> None:
        for x, y in nodes:
            self._clearance.occupy(x, y, radius)


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
            reach = 1.3 * (radius[pairs[:, 0]] + radius[pairs[:, 1]])
            close = np.hypot(*(points[pairs[:, 0]] - points[pairs[:, 1]]).T) < reach
            pairs = pairs[~(own & near) & close]
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
