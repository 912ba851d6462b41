"""The truth of a picture as stretches of centreline, cut where a tubule is covered or blurred."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sertoli.phantom.render.operating._camera import SHARP_BLUR, Aim, FieldMaps
from sertoli.phantom.render.operating._scene import Scene
from sertoli.phantom.world import Tubule, TubuleTraits

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

ACROSS = np.array([-0.8, -0.4, 0.0, 0.4, 0.8])
"""Places of a cross-section, in radii, that are looked at."""

MIN_OPEN = 0.8
"""Share of them that must lie on top and uncovered, the centre among them, to count as visible."""

NOT_AN_END = 0.72
"""Where a tubule is narrower than this share of its median it closes."""

SHORTEST_DIAMETERS = 0.5
"""Shorter changes of state are noise of single pixels and are smoothed away.

What is seen of a tubule over less than twice this, its own width, shows no tubule.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A stretch of one tubule in one picture.

    Parameters
    ----------
    tubule : int
        Its number in its testis.
    points_px : ndarray, (N, 2) float64
        Centreline, x right, y down.
    diameters_um : ndarray, (N,) float64
    traits : TubuleTraits
    visible : bool
        On top, and covered by no other tubule, blood or instrument.
    in_focus : bool
        Blurred by no more than 12 % of its diameter (standard deviation).
    """

    tubule: int
    points_px: Array
    diameters_um: Array
    traits: TubuleTraits
    visible: bool
    in_focus: bool


def stretches(scene: Scene, aim: Aim, maps: FieldMaps) -> list[Stretch]:
    """Cut every tubule that a picture shows into stretches of one state.

    Tubules of which nothing is visible are left out.

    Parameters
    ----------
    scene : Scene
    aim : Aim
    maps : FieldMaps
        Of the same picture.
    """
    found: list[Stretch] = []
    for tubule in scene.tubules:
        found += _of_tubule(tubule, scene, aim, maps)
    return found


def _of_tubule(tubule: Tubule, scene: Scene, aim: Aim, maps: FieldMaps) -> list[Stretch]:
    points = aim.in_picture(scene, tubule.points_um[:, :2])
    far = np.array([aim.width_px, aim.height_px]) - 0.5
    inside: Flags = np.asarray(((points >= -0.5) & (points < far)).all(axis=1), dtype=bool)
    if not inside.any():
        return []
    radius_px = tubule.radius_um * aim.zoom / scene.view.um_per_px
    tangent = np.gradient(points, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-9
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0]])
    cross = points[:, None] + normal[:, None] * (radius_px[:, None] * ACROSS)[..., None]
    column = np.clip(np.rint(cross[..., 0]).astype(int), 0, aim.width_px - 1)
    row = np.clip(np.rint(cross[..., 1]).astype(int), 0, aim.height_px - 1)
    open_there = (maps.tubule[row, column] == tubule.number) & ~maps.hidden[row, column]
    on_top = (open_there.mean(axis=1) >= MIN_OPEN) & open_there[:, len(ACROSS) // 2]
    # The rounded end of a tubule has no diameter that could be measured.
    on_top &= tubule.radius_um >= NOT_AN_END * np.median(tubule.radius_um)
    blur_px = maps.blur_px[row[:, len(ACROSS) // 2], column[:, len(ACROSS) // 2]]
    is_sharp = blur_px <= SHARP_BLUR * 2 * radius_px
    node_um = float(np.linalg.norm(np.diff(tubule.points_um[:, :2], axis=0), axis=1).mean())
    shortest = round(SHORTEST_DIAMETERS * tubule.traits.diameter_um / node_um)
    seen = _steady(np.asarray(on_top, dtype=bool), shortest)
    for start, stop in _runs(seen):
        if stop - start < 2 * shortest:
            seen[start:stop] = False
    sharp = _steady(np.asarray(is_sharp, dtype=bool), shortest)
    if not (seen & inside).any():
        return []
    found = []
    for start, stop in _runs(inside, seen, sharp):
        if inside[start] and stop - start >= 2:
            part = slice(start, stop)
            found.append(
                Stretch(
                    tubule.number,
                    points[part],
                    2 * tubule.radius_um[part],
                    tubule.traits,
                    bool(seen[start]),
                    bool(sharp[start]),
                )
            )
    return found


def _steady(flags: Flags, shortest: int) -> Flags:
    """Give runs shorter than that the state of what stands around them."""
    flags = flags.copy()
    for start, stop in _runs(flags):
        if stop - start < shortest and start > 0 and stop < len(flags):
            flags[start:stop] = flags[start - 1]
    return flags


def _runs(*states: Flags) -> list[tuple[int, int]]:
    """Return (first, beyond the last) of the runs over which all states stay as they are."""
    change = np.zeros(len(states[0]) - 1, dtype=bool)
    for state in states:
        change |= state[1:] != state[:-1]
    edges = [0, *(np.flatnonzero(change) + 1).tolist(), len(states[0])]
    return list(itertools.pairwise(edges))
