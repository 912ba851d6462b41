"""One field of a dish as a picture, with what lies in it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.phantom.render._bodies import body_patch
from sertoli.phantom.render._camera import expose, illumination, noise_share
from sertoli.phantom.render._image_formation import intensity
from sertoli.phantom.render._look import Look
from sertoli.phantom.render._sperm import head_box_um, head_patch, tail_line
from sertoli.phantom.world import Cell, CellKind, Dish, Motility, Pose, pose

Floats = npt.NDArray[np.float32]

HEIGHTS_UM = (-30.0, -14.0, -7.0, -3.5, -1.6, 0.0, 1.6, 3.5, 7.0, 14.0, 30.0)
"""Cells are put on the nearest of these heights about the focal plane."""

FINEST_UM_PER_PX = 0.5
"""Coarser pictures are rendered finer than this and averaged, as a camera pixel does."""

EDGE_UM = 8.0
"""Rendered around the picture so that nothing wraps round at its edges."""

BOX_MARGIN_UM = 0.35
"""Boxes stand this far off the head: the blur that a person includes when labelling."""

OBSCURED_BLUR_UM = 3.0
"""Radius of the blur (defocus times aperture) at which a head is one round blur of many."""

OBSCURED_CONTRAST_TO_NOISE = 1.2
"""Below this, a head's own contrast (rms over its box) is lost in the camera's noise."""

OBSCURED_CLUMP_PHASE = 0.5
"""Thickness of tissue (phase, rad) over a head that hides it."""

MIN_SHOWN_SHARE = 0.5
"""Share of a box that must lie within the picture for the thing to count as shown."""

SMALLEST_LABELLED_UM = 1.5
OBSCURED_SPERM = "obscured_sperm"
"""Class of sperm that nobody could recognise: far out of focus, under tissue or in noise."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing in a picture: the truth.

    Parameters
    ----------
    cell : Cell
    box_px : (x, y, width, height)
        Of the head or body, clipped to the picture.
    label : str
        The kind, or `OBSCURED_SPERM`.
    defocus_um : float
        Height above the plane in focus.
    """

    cell: Cell
    box_px: tuple[float, float, float, float]
    label: str
    defocus_um: float

    @property
    def motility(self) -> Motility:
        """How it moves of itself."""
        return self.cell.motility


@dataclass(frozen=True, slots=True)
class View:
    """Where and how finely a dish is looked at.

    Parameters
    ----------
    left_um, top_um : float
        Dish position of the centre of the top-left pixel.
    width_px, height_px : int
    um_per_px : float
    """

    left_um: float
    top_um: float
    width_px: int
    height_px: int
    um_per_px: float

    def to_px(self, x_um: float, y_um: float) -> tuple[float, float]:
        """Pixel position of a dish position."""
        return (x_um - self.left_um) / self.um_per_px, (y_um - self.top_um) / self.um_per_px


def take_picture(
    dish: Dish, look: Look, view: View, time_s: float, seed: int, frame_s: float = 0.0
) -> tuple[npt.NDArray[np.uint8], tuple[Shown, ...]]:
    """Render a field with its truth.

    Parameters
    ----------
    dish : Dish
    look : Look
    view : View
    time_s : float
        Time in the dish.
    seed : int
        Of the camera: its dust, and with ``time_s`` and place its noise.
    frame_s : float
        Duration of a frame; interlaced odd rows are taken half of it later.

    Returns
    -------
    pixels : ndarray, (H, W) or (H, W, 3) RGB uint8
    shown : tuple of Shown
        Everything labelled in the picture.
    """
    light, shown = _light(dish, look, view, time_s)
    if look.interlaced and frame_s > 0:
        later, _ = _light(dish, look, view, time_s + frame_s / 2)
        light[1::2] = later[1::2]
    background = illumination(light.shape, look, seed)
    moment = (seed, *(round(v * 1000) % 2**32 for v in (time_s, view.left_um, view.top_um)))
    return expose(light, background, look, np.random.default_rng(moment)), shown


def _light(dish: Dish, look: Look, view: View, time_s: float) -> tuple[Floats, tuple[Shown, ...]]:
    finer = max(1, math.ceil(view.um_per_px / FINEST_UM_PER_PX))
    um_per_px = view.um_per_px / finer
    edge = finer * math.ceil(EDGE_UM / view.um_per_px)
    canvas = _Canvas(view, look, um_per_px, edge, finer)
    right = view.left_um + view.width_px * view.um_per_px
    bottom = view.top_um + view.height_px * view.um_per_px
    placed: list[tuple[Cell, Pose]] = []
    for cell in dish.cells_near(view.left_um, view.top_um, right, bottom, time_s):
        at = pose(cell, time_s, dish.drift)
        if not canvas.reached_by(cell, at):
            continue
        canvas.draw(cell, at, cell.z_um - look.focus_um, time_s)
        placed.append((cell, at))
    light = intensity(canvas.layers(), canvas.shape, um_per_px, look)
    inner = light[
        edge : edge + view.height_px * finer,
        edge : edge + view.width_px * finer,
    ]
    if finer > 1:
        inner = cv2.resize(inner, (view.width_px, view.height_px), interpolation=cv2.INTER_AREA)
    shown = tuple(
        thing
        for cell, at in placed
        if (thing := _shown(cell, at, view, look, canvas, inner)) is not None
    )
    return np.ascontiguousarray(inner), shown


class _Canvas:
    """Phase and absorption maps at each height, on the fine grid with an edge around."""

    def __init__(self, view: View, look: Look, um_per_px: float, edge: int, finer: int) -> None:
        self.shape = (view.height_px * finer + 2 * edge, view.width_px * finer + 2 * edge)
        self._um_per_px = um_per_px
        self._tail_gain = look.tail_gain
        # The centre of a coarse pixel lies in the middle of its fine ones.
        self._left_um = view.left_um - (edge + (finer - 1) / 2) * um_per_px
        self._top_um = view.top_um - (edge + (finer - 1) / 2) * um_per_px
        self._maps: dict[float, tuple[Floats, Floats]] = {}
        self.tissue = np.zeros(self.shape, np.float32)

    def draw(self, cell: Cell, at: Pose, z_um: float, time_s: float) -> None:
        height = min(HEIGHTS_UM, key=lambda level: abs(level - z_um))
        phase, absorption = self._layer(height)
        if cell.kind is CellKind.SPERM:
            head = head_patch(cell, at, self._um_per_px)
        else:
            head = body_patch(cell, self._um_per_px)
        x, y = self._place(at.x_um, at.y_um)
        _add(phase, head[0], x, y)
        _add(absorption, head[1], x, y)
        if cell.kind is CellKind.CLUMP:
            _add(self.tissue, head[0], x, y)
        if cell.tail is not None:
            points, area = tail_line(cell, at, time_s, self._um_per_px)
            x_px, y_px = self._place(points[:, 0], points[:, 1])
            _add_points(phase, x_px, y_px, area * (self._tail_gain / self._um_per_px**2))

    def reached_by(self, cell: Cell, at: Pose) -> bool:
        """Whether any part of a cell can lie on the canvas."""
        reach_um = 0.75 * cell.length_um + (cell.tail.length_um if cell.tail else 0.0)
        reach = reach_um / self._um_per_px
        x, y = self._place(at.x_um, at.y_um)
        return bool(-reach <= x <= self.shape[1] + reach and -reach <= y <= self.shape[0] + reach)

    def layers(self) -> dict[float, tuple[Floats, Floats]]:
        return self._maps

    def tissue_at(self, x_um: float, y_um: float) -> float:
        x, y = self._place(x_um, y_um)
        i, j = round(y), round(x)
        inside = 0 <= i < self.shape[0] and 0 <= j < self.shape[1]
        return float(self.tissue[i, j]) if inside else 0.0

    def _place(self, x_um: Any, y_um: Any) -> tuple[Any, Any]:
        return (
            (x_um - self._left_um) / self._um_per_px,
            (y_um - self._top_um) / self._um_per_px,
        )

    def _layer(self, height: float) -> tuple[Floats, Floats]:
        if height not in self._maps:
            self._maps[height] = (
                np.zeros(self.shape, np.float32),
                np.zeros(self.shape, np.float32),
            )
        return self._maps[height]


def _add(canvas: Floats, patch: Floats, x_px: float, y_px: float) -> None:
    """Add a patch with its centre at a place between pixels (bilinear)."""
    half = patch.shape[0] // 2
    left, top = math.floor(x_px), math.floor(y_px)
    fx, fy = x_px - left, y_px - top
    x0, y0 = left - half, top - half
    size = patch.shape[0] + 1
    h, w = canvas.shape
    if x0 >= w or y0 >= h or x0 + size <= 0 or y0 + size <= 0:
        return
    shift = np.array([[1, 0, fx], [0, 1, fy]], np.float32)
    moved = cv2.warpAffine(patch, shift, (size, size), flags=cv2.INTER_LINEAR)
    cut_y, cut_x = slice(max(0, -y0), min(size, h - y0)), slice(max(0, -x0), min(size, w - x0))
    canvas[max(0, y0) : min(h, y0 + size), max(0, x0) : min(w, x0 + size)] += moved[cut_y, cut_x]


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


def _shown(
    cell: Cell, at: Pose, view: View, look: Look, canvas: _Canvas, light: Floats
) -> Shown | None:
    if cell.length_um < SMALLEST_LABELLED_UM:
        return None
    if cell.kind is not CellKind.SPERM:
        # Bodies are drawn with the angle of their outline, so their box does not turn.
        at = replace(at, angle_rad=cell.angle_rad)
    left_um, top_um, width_um, height_um = head_box_um(cell, at, BOX_MARGIN_UM)
    x, y = view.to_px(left_um, top_um)
    w, h = width_um / view.um_per_px, height_um / view.um_per_px
    x0, y0 = max(x, -0.5), max(y, -0.5)
    x1, y1 = min(x + w, view.width_px - 0.5), min(y + h, view.height_px - 0.5)
    if x1 <= x0 or y1 <= y0 or (x1 - x0) * (y1 - y0) < MIN_SHOWN_SHARE * w * h:
        return None
    defocus = cell.z_um - look.focus_um
    label = str(cell.kind)
    if cell.kind is CellKind.SPERM:
        head = light[
            max(0, round(y0)) : round(y1) + 1,
            max(0, round(x0)) : round(x1) + 1,
        ]
        if (
            abs(defocus) * look.na > OBSCURED_BLUR_UM
            or canvas.tissue_at(at.x_um, at.y_um) > OBSCURED_CLUMP_PHASE
            or float(head.std()) < OBSCURED_CONTRAST_TO_NOISE * noise_share(look)
        ):
            label = OBSCURED_SPERM
    return Shown(cell, (x0, y0, x1 - x0, y1 - y0), label, defocus)
