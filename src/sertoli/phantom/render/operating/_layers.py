"""Tubules as height maps: which one lies on top at each pixel, and where on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sertoli.phantom.render.operating._view import FieldView
from sertoli.phantom.world import Tubule

Map = npt.NDArray[np.float32]

ALONG_PX, ACROSS_PX = 0.5, 0.7
"""Distance of the samples laid over a tubule: close enough that no pixel inside is missed."""

HEIGHT_STEP_UM = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One layer of tubules as seen from above; maps are (H, W).

    Parameters
    ----------
    index : ndarray of int32
        Position in `tubules` of the one on top, -1 where there is none.
    across : ndarray of float32
        Signed distance from its centreline in radii, -1 to 1.
    along_um : ndarray of float32
        Distance from its start.
    radius_um : ndarray of float32
    tangent_x, tangent_y : ndarray of float32
        Unit direction of its centreline.
    height_um : ndarray of float32
        Of its surface; -inf where there is none.
    """

    index: npt.NDArray[np.int32]
    across: Map
    along_um: Map
    radius_um: Map
    tangent_x: Map
    tangent_y: Map
    height_um: Map

    @property
    def covered(self) -> npt.NDArray[np.bool_]:
        """Where there is a tubule."""
        return self.index >= 0


@dataclass(slots=True)
class _Samples:
    """Centreline samples of many tubules, (n,) each."""

    tubule: list[npt.NDArray[np.int32]]
    values: list[npt.NDArray[np.float32]]
    """(n, 7): x, y, z, radius, tangent x, tangent y, arc; px for x and y, um for the rest."""


def draw_layer(tubules: Sequence[Tubule], view: FieldView) -> Layer:
    """Draw tubules into one height map; where two meet, the higher one is seen.

    Parameters
    ----------
    tubules : sequence of Tubule
    view : FieldView
    """
    width, height = view.width_px, view.height_px
    lines = _Samples([], [])
    pixels, heights, owners = [], [], []
    first = 0
    for n, tubule in enumerate(tubules):
        values = _along(tubule, view)
        if not len(values):
            continue
        lines.tubule.append(np.full(len(values), n, dtype=np.int32))
        lines.values.append(values)
        pixel, top, owner = _spread(values, width, height, view.um_per_px)
        pixels.append(pixel)
        heights.append(top)
        owners.append(owner + first)
        first += len(values)
    chosen = np.full(width * height, -1, dtype=np.int32)
    if pixels:
        pixel = np.concatenate(pixels)
        top = np.concatenate(heights)
        lowest = float(top.min())
        steps = np.minimum((top - lowest) / HEIGHT_STEP_UM, 65535).astype(np.uint16)
        order = np.argsort(steps, kind="stable")
        chosen[pixel[order]] = np.concatenate(owners)[order]
    chosen = _without_pinholes(chosen.reshape(height, width))
    return _measure(chosen, lines, view)


def _along(tubule: Tubule, view: FieldView) -> npt.NDArray[np.float32]:
    points = tubule.points_um
    x = (points[:, 0] - view.left_um) / view.um_per_px
    y = (points[:, 1] - view.top_um) / view.um_per_px
    reach = tubule.radius_um.max() / view.um_per_px + 2
    near = (x > -reach) & (x < view.width_px + reach) & (y > -reach) & (y < view.height_px + reach)
    if not near.any():
        return np.empty((0, 7), dtype=np.float32)
    steps_px = np.hypot(np.diff(x), np.diff(y))
    arc_px = np.concatenate([[0.0], np.cumsum(steps_px)])
    at = np.arange(0.0, arc_px[-1], ALONG_PX)
    at = at[np.interp(at, arc_px, near.astype(np.float64)) > 0]
    tangent_x, tangent_y = np.gradient(x), np.gradient(y)
    length = np.hypot(tangent_x, tangent_y) + 1e-9
    columns = (x, y, points[:, 2], tubule.radius_um, tangent_x / length, tangent_y / length)
    sampled = [np.interp(at, arc_px, column) for column in columns]
    return np.column_stack([*sampled, at * view.um_per_px]).astype(np.float32)


def _spread(
    values: npt.NDArray[np.float32], width: int, height: int, um_per_px: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], npt.NDArray[np.int32]]:
    """Return pixel, surface height and centreline sample of points all over a tubule."""
    x, y, z, radius, tangent_x, tangent_y = values[:, :6].T
    count = int(np.ceil(2 * float(radius.max()) / um_per_px / ACROSS_PX)) + 1
    offset = np.linspace(-1.0, 1.0, count, dtype=np.float32)
    radius_px = (radius / np.float32(um_per_px))[:, None]
    px = np.rint(x[:, None] - tangent_y[:, None] * radius_px * offset).astype(np.int32)
    py = np.rint(y[:, None] + tangent_x[:, None] * radius_px * offset).astype(np.int32)
    top = z[:, None] + radius[:, None] * np.sqrt(1 - offset**2)
    owner = np.broadcast_to(np.arange(len(values), dtype=np.int32)[:, None], px.shape)
    inside = (px >= 0) & (px < width) & (py >= 0) & (py < height)
    pixel = py[inside].astype(np.int64) * width + px[inside]
    return pixel, top[inside], owner[inside]


def _without_pinholes(chosen: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Fill empty pixels between two filled ones, across or down."""
    filled = chosen.copy()
    for axis in (0, 1):
        lines = np.moveaxis(filled, axis, 0)
        hole = (lines[1:-1] < 0) & (lines[:-2] >= 0) & (lines[2:] >= 0)
        lines[1:-1][hole] = lines[:-2][hole]
    return filled


def _measure(chosen: npt.NDArray[np.int32], lines: _Samples, view: FieldView) -> Layer:
    """Compute the place on its tubule for every pixel, from its centreline sample."""
    shape = chosen.shape
    empty = np.zeros(shape, dtype=np.float32)
    if not lines.values:
        none = np.full(shape, -1, dtype=np.int32)
        return Layer(none, empty, empty, empty, empty, empty, np.full_like(empty, -np.inf))
    tubule = np.concatenate(lines.tubule)
    values = np.concatenate(lines.values)
    missing = chosen < 0
    at = np.where(missing, 0, chosen)
    rows, columns = np.indices(shape, dtype=np.float32)
    x, y, z, radius, tangent_x, tangent_y, arc = np.moveaxis(values[at], -1, 0)
    radius_px = radius / np.float32(view.um_per_px)
    across = ((rows - y) * tangent_x - (columns - x) * tangent_y) / radius_px
    across = np.clip(across, -1.0, 1.0)
    height = z + radius * np.sqrt(1 - across**2)
    height[missing] = -np.inf
    index = np.where(missing, -1, tubule[at]).astype(np.int32)
    return Layer(index, across, arc, radius, tangent_x, tangent_y, height)
