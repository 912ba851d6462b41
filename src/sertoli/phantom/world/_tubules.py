"""A place of an opened testis: its tubules in space, layer under layer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline
from scipy.spatial import cKDTree

from sertoli.phantom.world._opened_testis import OpenedTestis, TubuleTraits
from sertoli.phantom.world._packing import Grower, Packing, random_packing, relax

Array = npt.NDArray[np.float64]

NODE_UM = 20.0
"""Distance between the nodes of a finished centreline."""

LAYERS = 2
"""Layers laid in one place; deeper ones are never seen."""

LAYER_DIAMETERS = 1.1
"""Distance from layer to layer in median diameters: each lies in the grooves of the next."""

MISSES_UNTIL_FULL = 20
"""After so many failed tries a layer counts as full."""


@dataclass(frozen=True, slots=True, eq=False)
class Tubule:
    """One tubule of a place.

    Parameters
    ----------
    number : int
        Unique in its testis.
    layer : int
        0 on top; -1 for a loop that lies loose on the others.
    points_um : ndarray, (N, 3) float64
        Centreline: x right, y down, z towards the surgeon; a node about every 20 um.
    radius_um : ndarray, (N,) float64
    traits : TubuleTraits
    """

    number: int
    layer: int
    points_um: Array
    radius_um: Array
    traits: TubuleTraits


def lay_tubules(
    testis: OpenedTestis,
    seed: int,
    place: int,
    depth: float,
    width_um: float,
    height_um: float,
) -> list[Tubule]:
    """Lay the tubules that a place shows.

    Parameters
    ----------
    testis : OpenedTestis
    seed : int
        Of the testis.
    place : int
        Which place of it.
    depth : float
        How many layers the dissection has gone through there: the layer under the top one at
        depth 0 is the top one at depth 1. At 0.3 a cleft over three tenths of the place is open.
    width_um, height_um : float
        Size of the place, from (0, 0).

    Returns
    -------
    list of Tubule
        Deepest layer first.
    """
    rng = np.random.default_rng((seed, 20, place))
    ground = _Ground(rng)
    packing = random_packing(np.random.default_rng((seed, 21)))
    cleft = _Cleft(rng, width_um, height_um, depth % 1)
    opened = math.floor(depth)
    tubules: list[Tubule] = []
    deepest = LAYERS if depth % 1 else LAYERS - 1  # one more is seen through the cleft
    for layer in range(deepest, -1, -1):
        own = np.random.default_rng((seed, 22, place, opened + layer))
        laid = _lay_layer(
            testis, own, packing, ground, layer, (place * 100 + opened + layer) * 1000,
            width_um, height_um,
        )  # fmt: skip
        tubules += laid if layer else cleft.cut(laid)
    return tubules


def _lay_layer(
    testis: OpenedTestis,
    rng: np.random.Generator,
    packing: Packing,
    ground: _Ground,
    layer: int,
    first_number: int,
    width_um: float,
    height_um: float,
) -> list[Tubule]:
    grower = Grower(rng, width_um / packing.squeeze, height_um / packing.squeeze, packing)
    lines: list[Array] = []
    traits: list[TubuleTraits] = []
    misses = 0
    while misses < MISSES_UNTIL_FULL:
        tubule = testis.draw_tubule(rng)
        line = grower.grow(tubule.diameter_um)
        if line is None:
            misses += 1
        else:
            lines.append(line * packing.squeeze)
            traits.append(tubule)
    radii = [tubule.diameter_um / 2 for tubule in traits]
    laid = []
    smooth = [_smooth(line) for line in relax(lines, radii, packing.gap)]
    pressed = _press(smooth, radii)
    for n, (line, radius) in enumerate(zip(smooth, pressed, strict=True)):
        own_radius = radius * _swelling(rng, len(line)) * _rounded_ends(len(line), radii[n])
        depth_um = -layer * LAYER_DIAMETERS * testis.median_um
        z = depth_um + ground.height(line) + _undulation(rng, line, 2 * radii[n])
        points = np.column_stack([line, z])
        laid.append(Tubule(first_number + n, layer, points, own_radius, traits[n]))
    return laid


def _smooth(line: Array) -> Array:
    """Return the line as a smooth curve with a node about every 20 um."""
    steps = np.hypot(*np.diff(line, axis=0).T)
    arc = np.concatenate([[0.0], np.cumsum(np.maximum(steps, 1e-3))])
    count = max(4, round(float(arc[-1]) / NODE_UM) + 1)
    return np.asarray(CubicSpline(arc, line)(np.linspace(0.0, arc[-1], count)))


def _press(lines: list[Array], radii: list[float]) -> list[Array]:
    """Return radii that give way, by 12 % at most, where two tubules press on each other."""
    if not lines:
        return []
    owner = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    place = np.concatenate([np.arange(len(line)) for line in lines])
    points = np.concatenate(lines)
    radius = np.asarray(radii)[owner]
    pairs = cKDTree(points).query_pairs(2 * radius.max(), output_type="ndarray")
    first, second = pairs.T
    apart = np.abs(place[first] - place[second]) * NODE_UM > 3.3 * (radius[first] + radius[second])
    pairs = pairs[(owner[first] != owner[second]) | apart]
    first, second = pairs.T
    distance = np.hypot(*(points[first] - points[second]).T)
    room = np.clip(distance / (radius[first] + radius[second]), 0.88, 1.0)
    share = np.ones(len(points))
    np.minimum.at(share, first, room)
    np.minimum.at(share, second, room)
    edges = np.cumsum([len(line) for line in lines])[:-1]
    return [_running_mean(part, 9) for part in np.split(radius * share, edges)]


def _swelling(rng: np.random.Generator, nodes: int) -> Array:
    """Return how a tubule's calibre varies along it: a few percent, over about a millimetre."""
    amplitude = float(rng.uniform(0.01, 0.05))
    wave = _running_mean(rng.normal(size=nodes), 41)
    return np.asarray(1 + amplitude * np.clip(wave / (wave.std() + 1e-9), -2, 2))


def _undulation(rng: np.random.Generator, line: Array, diameter_um: float) -> Array:
    """Return how a tubule rises and sinks along its way, in um; its ends dive out of sight."""
    arc = np.arange(len(line)) * NODE_UM
    height = np.zeros(len(line))
    for _ in range(3):
        wavelength = rng.uniform(5.0, 16.0) * diameter_um
        phase = rng.uniform(0, 2 * math.pi)
        height += rng.normal(0, 0.14) * np.sin(2 * math.pi * arc / wavelength + phase)
    to_end = np.minimum(arc, arc[::-1]) / (1.5 * diameter_um)
    dive = 1.2 * np.clip(1 - to_end, 0, 1) ** 2
    return np.asarray((height - dive) * diameter_um)


def _rounded_ends(nodes: int, radius_um: float) -> Array:
    """Return how a tubule's ends close, as shares of its radius."""
    arc = (np.arange(nodes) + 0.3) * NODE_UM
    to_end = np.clip(np.minimum(arc, arc[::-1]) / radius_um, 0, 1)
    return np.asarray(np.sqrt(1 - (1 - to_end) ** 2))


def _running_mean(values: Array, nodes: int) -> Array:
    width = min(nodes, len(values))
    kernel = np.ones(width) / width
    return np.asarray(
        np.convolve(values, kernel, "same") / np.convolve(np.ones(len(values)), kernel, "same")
    )


class _Ground:
    """The hills of the opened surface, a sum of long waves.

    Parameters
    ----------
    rng : numpy.random.Generator
    """

    def __init__(self, rng: np.random.Generator) -> None:
        angle = rng.uniform(0, 2 * math.pi, 4)
        size = 2 * math.pi / rng.uniform(4000.0, 14000.0, 4)
        self._waves = np.stack([np.cos(angle), np.sin(angle)]) * size
        self._phases = rng.uniform(0, 2 * math.pi, 4)
        self._heights_um = rng.normal(0.0, 140.0, 4)

    def height(self, line: Array) -> Array:
        """Return the height in um of places (N, 2)."""
        waves = np.sin(line @ self._waves + self._phases)
        return np.asarray(waves @ self._heights_um)


class _Cleft:
    """A band across a place in which the top layer has been opened.

    Parameters
    ----------
    rng : numpy.random.Generator
    width_um, height_um : float
        Of the place.
    share : float
        Of its area, about.
    """

    def __init__(
        self, rng: np.random.Generator, width_um: float, height_um: float, share: float
    ) -> None:
        angle = rng.uniform(0, math.pi)
        self._normal = np.array([math.cos(angle), math.sin(angle)])
        self._along = np.array([-self._normal[1], self._normal[0]])
        self._centre = np.array([width_um, height_um]) / 2
        across = abs(self._normal[0]) * width_um + abs(self._normal[1]) * height_um
        self._half_um = share * across / 2
        self._wave_um, self._phase = float(rng.uniform(800.0, 2500.0)), rng.uniform(0, 6.28)

    def cut(self, tubules: list[Tubule]) -> list[Tubule]:
        """Return what is left of tubules outside the cleft; pieces keep their number."""
        if self._half_um == 0:
            return tubules
        left = []
        for tubule in tubules:
            off = tubule.points_um[:, :2] - self._centre
            wave = np.sin(off @ self._along * (2 * math.pi / self._wave_um) + self._phase)
            outside = np.abs(off @ self._normal + 0.3 * self._half_um * wave) > self._half_um
            edges = np.flatnonzero(np.diff(np.concatenate([[0], outside.astype(int), [0]])))
            for start, stop in edges.reshape(-1, 2):
                if (stop - start) * NODE_UM > tubule.traits.diameter_um:
                    left.append(_piece(tubule, int(start), int(stop)))
        return left


def _piece(tubule: Tubule, start: int, stop: int) -> Tubule:
    part = slice(start, stop)
    ends = _rounded_ends(stop - start, tubule.traits.diameter_um / 2)
    radius = tubule.radius_um[part] * ends
    return Tubule(tubule.number, tubule.layer, tubule.points_um[part], radius, tubule.traits)
