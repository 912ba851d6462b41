"""Phase and absorption of a field, height by height."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.phantom.render._bodies import PLAIN, plain_patches, structured_patch
from sertoli.phantom.render._image_formation import fast_shape
from sertoli.phantom.render._sperm import head_patch, tail_line
from sertoli.phantom.render._view import View
from sertoli.phantom.world import Cell, CellKind, Pose

Floats = npt.NDArray[np.float32]

HEIGHTS_UM = (-30.0, -14.0, -7.0, -3.5, -1.6, 0.0, 1.6, 3.5, 7.0, 14.0, 30.0)
"""Cells are put on the nearest of these heights about the focal plane."""

_BETWEEN_UM = tuple((low + high) / 2 for low, high in pairwise(HEIGHTS_UM))

FINEST_UM_PER_PX = 0.5
"""Coarser pictures are rendered finer than this and averaged, as a camera pixel does."""

EDGE_UM = 8.0
"""Rendered around the picture so that nothing wraps round at its edges."""


def nearest_height(z_um: float) -> float:
    """Return the height of the layer that a cell is drawn on."""
    return HEIGHTS_UM[bisect_left(_BETWEEN_UM, z_um)]


class Canvas:
    """Maps of phase and absorption at each height, on a fine grid with an edge around.

    Parameters
    ----------
    view : View

    Attributes
    ----------
    shape : (H, W)
        Of the fine grid; a few rows and columns more at the far edges than needed make
        its Fourier transforms quick.
    um_per_px : float
        Of the fine grid.
    inner : (slice, slice)
        Rows and columns that the picture covers.
    finer : int
        Fine pixels along a side of a camera's pixel.
    layers : dict of float to ndarray, (H, W, 2) float32
        Phase (rad) and absorption (negative log amplitude) at each height.
    """

    def __init__(self, view: View) -> None:
        self.finer = max(1, math.ceil(view.um_per_px / FINEST_UM_PER_PX))
        self.um_per_px = view.um_per_px / self.finer
        edge = self.finer * math.ceil(EDGE_UM / view.um_per_px)
        height, width = view.height_px * self.finer, view.width_px * self.finer
        self.shape = fast_shape(height + 2 * edge, width + 2 * edge)
        self.inner = (slice(edge, edge + height), slice(edge, edge + width))
        # The centre of a coarse pixel lies in the middle of its fine ones.
        self._left_um = view.left_um - (edge + (self.finer - 1) / 2) * self.um_per_px
        self._top_um = view.top_um - (edge + (self.finer - 1) / 2) * self.um_per_px
        self.layers: dict[float, Floats] = {}

    def draw(
        self, cells: Iterable[tuple[Cell, Pose, float]], time_s: float, tail_gain: float
    ) -> None:
        """Draw cells.

        Parameters
        ----------
        cells : iterable of (Cell, Pose, z_um)
            Height about the focal plane last.
        time_s : float
        tail_gain : float
            Scales the phase of tails.
        """
        plain: list[tuple[Cell, Pose, float]] = []
        for cell, at, z_um in cells:
            if cell.kind in PLAIN:
                plain.append((cell, at, z_um))
                continue
            layer = self._layer(nearest_height(z_um))
            if cell.kind is CellKind.SPERM:
                patch = head_patch(cell, at, self.um_per_px)
            else:
                patch = structured_patch(cell, self.um_per_px)
            add_patch(layer, patch, *self.place(at.x_um, at.y_um))
            if cell.tail is not None:
                points, area = tail_line(cell, at, time_s, self.um_per_px)
                x_px, y_px = self.place(points[:, 0], points[:, 1])
                _add_points(layer[..., 0], x_px, y_px, area * (tail_gain / self.um_per_px**2))
        self._draw_plain(plain)

    def _draw_plain(self, cells: list[tuple[Cell, Pose, float]]) -> None:
        places = np.array([self.place(at.x_um, at.y_um) for _, at, _ in cells]).reshape(-1, 2)
        corners = np.floor(places).astype(int)
        for which, patches in plain_patches([cell for cell, _, _ in cells], self.um_per_px):
            moved = _moved(patches, (places - corners)[which])
            half = patches.shape[1] // 2
            for n, patch in zip(which.tolist(), moved, strict=True):
                left, top = corners[n].tolist()
                _add_cut(self._layer(nearest_height(cells[n][2])), patch, left - half, top - half)

    def reached_by(self, cell: Cell, at: Pose) -> bool:
        """Whether any part of a cell can lie on the canvas."""
        reach_um = 0.75 * cell.length_um + (cell.tail.length_um if cell.tail else 0.0)
        reach = reach_um / self.um_per_px
        x, y = self.place(at.x_um, at.y_um)
        return bool(-reach <= x <= self.shape[1] + reach and -reach <= y <= self.shape[0] + reach)

    def place(self, x_um: Any, y_um: Any) -> tuple[Any, Any]:
        """Where dish positions lie on the fine grid, px."""
        return (
            (x_um - self._left_um) / self.um_per_px,
            (y_um - self._top_um) / self.um_per_px,
        )

    def _layer(self, height: float) -> Floats:
        if height not in self.layers:
            self.layers[height] = np.zeros((*self.shape, 2), np.float32)
        return self.layers[height]


def add_patch(layer: Floats, patch: Floats, x_px: float, y_px: float) -> None:
    """Add a patch (S, S, 2), S odd, with its centre at a place between pixels (bilinear)."""
    half = patch.shape[0] // 2
    left, top = math.floor(x_px), math.floor(y_px)
    x0, y0 = left - half, top - half
    size = patch.shape[0] + 1
    if x0 >= layer.shape[1] or y0 >= layer.shape[0] or x0 + size <= 0 or y0 + size <= 0:
        return
    shift = np.array([[1, 0, x_px - left], [0, 1, y_px - top]], np.float32)
    _add_cut(layer, cv2.warpAffine(patch, shift, (size, size), flags=cv2.INTER_LINEAR), x0, y0)


def _moved(patches: Floats, by_px: npt.NDArray[np.float64]) -> Floats:
    """Shift patches (N, S, S, 2) right and down by (x, y) below 1 px: (N, S + 1, S + 1, 2)."""
    n, size = patches.shape[:2]
    across, down = by_px.astype(np.float32).T[:, :, None, None, None]
    wide = np.zeros((n, size, size + 1, 2), np.float32)
    wide[:, :, :-1] = (1 - across) * patches
    wide[:, :, 1:] += across * patches
    moved = np.zeros((n, size + 1, size + 1, 2), np.float32)
    moved[:, :-1] = (1 - down) * wide
    moved[:, 1:] += down * wide
    return moved


def _add_cut(layer: Floats, patch: Floats, left: int, top: int) -> None:
    """Add what of a patch lies on the layer."""
    height, width = layer.shape[:2]
    right, bottom = left + patch.shape[1], top + patch.shape[0]
    if left < width and top < height and right > 0 and bottom > 0:
        x, y = max(0, left), max(0, top)
        layer[y:bottom, x:right] += patch[y - top : height - top, x - left : width - left]


def _add_points(
    canvas: Floats,
    x_px: npt.NDArray[np.float64],
    y_px: npt.NDArray[np.float64],
    amount: npt.NDArray[np.float64],
) -> None:
    """Spread point masses over the four pixels around each."""
    h, w = canvas.shape
    left, top = np.floor(x_px).astype(int), np.floor(y_px).astype(int)
    fx, fy = x_px - left, y_px - top
    for dy, wy in ((0, 1 - fy), (1, fy)):
        for dx, wx in ((0, 1 - fx), (1, fx)):
            i, j = top + dy, left + dx
            ok = (i >= 0) & (i < h) & (j >= 0) & (j < w)
            np.add.at(canvas, (i[ok], j[ok]), (amount * wy * wx)[ok].astype(np.float32))
