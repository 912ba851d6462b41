"""One field of a dish as a picture, with what lies in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.phantom.render._camera import expose, illumination
from sertoli.phantom.render._canvas import Canvas
from sertoli.phantom.render._image_formation import Complexes, Imaging
from sertoli.phantom.render._look import Look
from sertoli.phantom.render._sperm import head_box_um
from sertoli.phantom.render._view import View
from sertoli.phantom.render._visibility import Visibility, visibility
from sertoli.phantom.world import Cell, CellKind, Dish, Motility, Pose, pose

Floats = npt.NDArray[np.float32]

_whole_imaging = lru_cache(maxsize=1)(Imaging)

BOX_MARGIN_UM = 0.35
"""Boxes stand this far off the head: the blur that a person includes when labelling."""

OBSCURED_BLUR_UM = 3.0
"""Radius of the blur (defocus times aperture) at which a head is one round blur of many."""

OBSCURED_CONTRAST_TO_NOISE = 3.0
"""Below this, a head is lost in noise and in the structure around it.

Set by looking at 404 heads in order of this figure: above 4 nearly all can be recognised,
below 2.5 hardly any. Rose's criterion for a sure sighting lies at about 5.
"""

COVERING_RAD = 0.5
"""Mean phase of other things over or under a head from which it counts as covered ..."""

COVERED_CONTRAST_TO_NOISE = 6.0
"""... and must stand out this much, since it could be a nucleus or a fold of the other cell."""

MIN_SHOWN_SHARE = 0.5
"""Share of a box that must lie within the picture for the thing to count as shown."""

SMALLEST_LABELLED_UM = 1.5
OBSCURED_SPERM = "obscured_sperm"
"""Class of sperm that nobody could recognise: far out of focus, covered or lost in noise."""


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
    visibility : Visibility or None
        How a sperm's head stands out; None for other things.
    """

    cell: Cell
    box_px: tuple[float, float, float, float]
    label: str
    defocus_um: float
    visibility: Visibility | None = None

    @property
    def motility(self) -> Motility:
        """How it moves of itself."""
        return self.cell.motility


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
    rendering = _render(dish, look, view, time_s)
    light = rendering.light
    if look.interlaced and frame_s > 0:
        light[1::2] = _render(dish, look, view, time_s + frame_s / 2).light[1::2]
    shown = tuple(
        thing
        for cell, at in rendering.placed
        if (thing := _shown(cell, at, view, look, rendering)) is not None
    )
    # The background stays while the focus wanders.
    background = illumination(light.shape, replace(look, focus_um=0.0), seed)
    moment = (seed, *(round(v * 1000) % 2**32 for v in (time_s, view.left_um, view.top_um)))
    return expose(light, background, look, np.random.default_rng(moment)), shown


@dataclass(frozen=True, slots=True, eq=False)
class _Rendering:
    """Light of a field on the camera's pixels, and what it was made from."""

    light: Floats
    canvas: Canvas
    field: Complexes
    placed: list[tuple[Cell, Pose]]


def _render(dish: Dish, look: Look, view: View, time_s: float) -> _Rendering:
    canvas = Canvas(view)
    right = view.left_um + view.width_px * view.um_per_px
    bottom = view.top_um + view.height_px * view.um_per_px
    placed = [
        (cell, at)
        for cell in dish.cells_near(view.left_um, view.top_um, right, bottom, time_s)
        if canvas.reached_by(cell, at := pose(cell, time_s, dish.drift))
    ]
    heights = ((cell, at, cell.z_um - look.focus_um) for cell, at in placed)
    canvas.draw(heights, time_s, look.tail_gain)
    imaging = _whole_imaging(canvas.shape, canvas.um_per_px, replace(look, focus_um=0.0))
    field = imaging.field(canvas.layers)
    light = imaging.light(field)[canvas.inner]
    if canvas.finer > 1:
        light = cv2.resize(light, (view.width_px, view.height_px), interpolation=cv2.INTER_AREA)
    return _Rendering(np.ascontiguousarray(light), canvas, field, placed)


def _shown(cell: Cell, at: Pose, view: View, look: Look, rendering: _Rendering) -> Shown | None:
    if cell.length_um < SMALLEST_LABELLED_UM:
        return None
    if cell.kind is not CellKind.SPERM:
        # Bodies are drawn with the angle of their outline, so their box does not turn.
        at = Pose(at.x_um, at.y_um, cell.angle_rad)
    left_um, top_um, width_um, height_um = head_box_um(cell, at, BOX_MARGIN_UM)
    x, y = view.to_px(left_um, top_um)
    w, h = width_um / view.um_per_px, height_um / view.um_per_px
    x0, y0 = max(x, -0.5), max(y, -0.5)
    x1, y1 = min(x + w, view.width_px - 0.5), min(y + h, view.height_px - 0.5)
    if x1 <= x0 or y1 <= y0 or (x1 - x0) * (y1 - y0) < MIN_SHOWN_SHARE * w * h:
        return None
    defocus = cell.z_um - look.focus_um
    label, seen = str(cell.kind), None
    if cell.kind is CellKind.SPERM:
        seen = visibility(
            cell, at, defocus, rendering.canvas, rendering.field, look, view.um_per_px
        )
        if _is_obscured(seen, abs(defocus) * look.na):
            label = OBSCURED_SPERM
    return Shown(cell, (x0, y0, x1 - x0, y1 - y0), label, defocus, seen)


def _is_obscured(seen: Visibility, blur_um: float) -> bool:
    covered = seen.covering_rad > COVERING_RAD
    limit = COVERED_CONTRAST_TO_NOISE if covered else OBSCURED_CONTRAST_TO_NOISE
    return blur_um > OBSCURED_BLUR_UM or seen.contrast_to_noise < limit
