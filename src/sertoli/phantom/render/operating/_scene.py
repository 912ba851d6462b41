"""A place of an opened testis as light sees it, before lens and camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sertoli.phantom.render.operating._cover import (
    blood_depth,
    cover,
    irrigation_depth,
    vessel_mask,
)
from sertoli.phantom.render.operating._gloss import glisten
from sertoli.phantom.render.operating._layers import draw_layer
from sertoli.phantom.render.operating._look import OperatingLook
from sertoli.phantom.render.operating._noise import smooth_noise
from sertoli.phantom.render.operating._shade import blur, groove_light, paint_layer, thickness
from sertoli.phantom.render.operating._view import FieldView
from sertoli.phantom.world import Tubule

Map = npt.NDArray[np.float32]

HIDING_BLOOD = 0.6
"""Blood this deep (1 is opaque) hides what is below."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What is there at every pixel of a view, all in focus; maps are (H, W).

    Parameters
    ----------
    view : FieldView
    look : OperatingLook
    tubules : tuple of Tubule
    colour : ndarray, (H, W, 3) float32
        Linear colour without the mirror images of the lamp.
    gloss : ndarray of float32
        Light mirrored by the wet film.
    height_um : ndarray of float32
        Of the surface.
    index : ndarray of int32
        Position in `tubules` of the one on top; -1 where there is none.
    across, radius_um, tangent_x, tangent_y : ndarray of float32
        Place on that tubule, as in the layers it was drawn from.
    blood : ndarray of float32
        Depth; `HIDING_BLOOD` and more hides.
    """

    view: FieldView
    look: OperatingLook
    tubules: tuple[Tubule, ...]
    colour: Map
    gloss: Map
    height_um: Map
    index: npt.NDArray[np.int32]
    across: Map
    radius_um: Map
    tangent_x: Map
    tangent_y: Map
    blood: Map

    @property
    def top_um(self) -> float:
        """Height of the top of the tissue, on which a surgeon focuses."""
        return float(np.quantile(self.height_um[::4, ::4], 0.65))


def build_scene(
    tubules: Sequence[Tubule], look: OperatingLook, view: FieldView, seed: int
) -> Scene:
    """Light a place.

    Parameters
    ----------
    tubules : sequence of Tubule
    look : OperatingLook
    view : FieldView
    seed : int
        Of textures, vessels, blood and irrigation.
    """
    order = sorted(range(len(tubules)), key=lambda n: -tubules[n].layer)
    tubules = tuple(tubules[n] for n in order)
    ground_um = min((float(np.median(t.points_um[:, 2])) for t in tubules), default=0.0)
    shape = (view.height_px, view.width_px)
    texture = 1 + 0.25 * smooth_noise(seed + 10, view, 180.0, octaves=3)
    colour = np.array(look.ground, np.float32) * texture[..., None]
    height = np.full(shape, ground_um, dtype=np.float32)
    maps = [np.zeros(shape, dtype=np.float32) for _ in range(4)]
    index = np.full(shape, -1, dtype=np.int32)
    light = np.ones(shape, dtype=np.float32)
    diameter = float(np.median([t.traits.diameter_um for t in tubules])) if tubules else 150.0
    first = 0
    for level in sorted({t.layer for t in tubules}, reverse=True):
        part = [t for t in tubules if t.layer == level]
        layer = draw_layer(part, view)
        colour = paint_layer(colour, layer, part, look, view, seed + 100 * (level + 3))
        on_top = layer.height_um > height
        height = np.where(on_top, layer.height_um, height)
        index = np.where(on_top, layer.index + first, index)
        own = (layer.across, layer.radius_um, layer.tangent_x, layer.tangent_y)
        maps = [np.where(on_top, new, old) for new, old in zip(own, maps, strict=True)]
        walls = _with_steep_walls(height, maps[0], maps[1], index)
        light = groove_light(walls, diameter, look, view.um_per_px)
        colour = colour * light[..., None]
        first += len(part)
    colour = 0.65 * colour + 0.35 * blur(colour, look.scatter_um / view.um_per_px)
    vessels = vessel_mask(look, view, seed)
    blood = blood_depth(height, look, view, seed + 20)
    irrigation = irrigation_depth(look, view, seed + 30)
    colour = cover(colour, light, vessels, blood, irrigation, look)
    surface = height + 30.0 * np.minimum(blood, 1) + 12.0 * vessels
    gloss = glisten(surface, np.maximum(irrigation, blood), look, view, seed + 40)
    across, radius_um, tangent_x, tangent_y = maps
    return Scene(
        view, look, tubules, colour, gloss, height, index,
        across, radius_um, tangent_x, tangent_y, blood,
    )  # fmt: skip


def _with_steep_walls(
    height_um: Map, across: Map, radius_um: Map, index: npt.NDArray[np.int32]
) -> Map:
    """Return the height of tubules that meet in narrow clefts, for the light in grooves."""
    round_top = np.sqrt(np.maximum(1 - across**2, 0))
    rise = thickness(across, 1.2) - round_top
    return np.where(index >= 0, height_um + radius_um * rise, height_um)
