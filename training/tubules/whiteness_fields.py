"""Simulated fields for the network that compares the whiteness of tubules.

The same tubules are laid once and painted many times: another microscope, other opacities, other
films. Beside the families of looks stand mixtures of them, with more irrigation and gloss than any
of them draws, so that what covers tubules is seen in many shapes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.phantom.render.operating import (
    Aim,
    FieldMaps,
    FieldView,
    OperatingLook,
    build_scene,
    draw_look,
    take_picture,
)
from sertoli.phantom.world import (
    Hand,
    OpenedTestis,
    Patient,
    Tubule,
    draw_instruments,
    lay_tubules,
    open_testis,
)
from training.tubules.fields import UM_PER_PX

WIDTH_PX, HEIGHT_PX = 384, 320
"""At `UM_PER_PX`."""

SIZES_UM, SIZE_SHARES = (5.0, 6.5, 8.0), (0.1, 0.4, 0.5)
"""Pixel sizes that pictures are taken at, and how often."""

EDGE_UM, MARGIN_PX = 380.0, 10
INSTRUMENT_CHANCE = 0.3
COMMON_SPREAD = 0.07
"""Standard deviation of opacity between the tubules of one kind."""

MOST_SPREAD = 0.1
"""Added to that in some pictures: more to learn from."""

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Tubules laid in one testis, ready to be painted.

    Parameters
    ----------
    testis : OpenedTestis
    tubules : tuple of Tubule
    um_per_px : float
    """

    testis: OpenedTestis
    tubules: tuple[Tubule, ...]
    um_per_px: float

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        scale = UM_PER_PX / self.um_per_px
        return round(WIDTH_PX * scale), round(HEIGHT_PX * scale)


@dataclass(frozen=True, slots=True, eq=False)
class Whites:
    """A picture and how opaque each of its tubules is.

    Parameters
    ----------
    pixels : ndarray, (H, W, 3) uint8
        At `UM_PER_PX`.
    tubule : ndarray, (H, W) uint16
        Which tubule is seen there, uncovered and in focus; 0 none.
    opacity : ndarray, (tubules + 1,) float32
        The first is of none.
    """

    pixels: Bytes
    tubule: npt.NDArray[np.uint16]
    opacity: npt.NDArray[np.float32]


def lay(seed: int) -> Place:
    """Lay the tubules of a place."""
    rng = np.random.default_rng((seed, 77))
    um_per_px = float(rng.choice(SIZES_UM, p=SIZE_SHARES))
    kinds = list(Patient)
    testis = open_testis(np.random.default_rng((seed, 25)), kinds[seed % len(kinds)], 1.0)
    width, height = (UM_PER_PX * side + 2 * EDGE_UM for side in (WIDTH_PX, HEIGHT_PX))
    depth = int(rng.integers(2))
    return Place(testis, tuple(lay_tubules(testis, seed, 0, depth, width, height)), um_per_px)


def paint(place: Place, seed: int, looks: tuple[str, ...]) -> Whites:
    """Paint a place with one of these looks, or a mixture of them, and take its picture."""
    rng = np.random.default_rng((seed, 78))
    look = mixed(rng, looks) if rng.random() < 2 / 3 else draw_look(rng, str(rng.choice(looks)))
    width, height = place.size_px
    margin = EDGE_UM - MARGIN_PX * place.um_per_px
    view = FieldView(margin, margin, width + 2 * MARGIN_PX, height + 2 * MARGIN_PX, place.um_per_px)
    scene = build_scene(_with_new_opacity(place, seed, rng), look, view, seed)
    field_um = (width * place.um_per_px, height * place.um_per_px)
    hand = Hand(seed).pose(0.0)
    tools = draw_instruments(rng, *field_um, INSTRUMENT_CHANCE)
    aim = Aim(
        EDGE_UM + field_um[0] / 2,
        EDGE_UM + field_um[1] / 2,
        0.0,
        1.0,
        scene.top_um + hand.focus_um,
        hand.exposure,
        hand.balance,
        width,
        height,
        shafts=tuple(shaft for tool in tools for shaft in tool.shafts(0.0)),
    )
    return as_whites(*take_picture(scene, aim, seed), place.um_per_px)


def as_whites(pixels: Bytes, maps: FieldMaps, um_per_px: float) -> Whites:
    """Bring a picture and its truth to the network's pixel size."""
    seen = maps.visible & maps.in_focus
    numbers = np.unique(maps.tubule[seen])
    tubule = np.zeros(seen.shape, np.uint16)
    tubule[seen] = np.searchsorted(numbers, maps.tubule[seen]) + 1
    opacity = np.zeros(len(numbers) + 1, np.float32)
    opacity[tubule[seen]] = maps.opacity[seen]
    factor = um_per_px / UM_PER_PX
    size = (round(pixels.shape[1] * factor), round(pixels.shape[0] * factor))
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return Whites(
        np.asarray(cv2.resize(pixels, size, interpolation=how), np.uint8),
        np.asarray(cv2.resize(tubule, size, interpolation=cv2.INTER_NEAREST_EXACT), np.uint16),
        opacity,
    )


def mixed(rng: np.random.Generator, looks: tuple[str, ...]) -> OperatingLook:
    """Draw a look with every number from one family or another, and films of any extent."""

    def any_look() -> OperatingLook:
        return draw_look(rng, str(rng.choice(looks)))

    own = any_look()
    numbers = [part.name for part in fields(own) if part.type == "float"]
    changes = {name: getattr(any_look(), name) for name in numbers}
    other = any_look()
    return replace(
        own,
        **changes
        | {
            "shading": other.shading,
            "light": other.light,
            "mosaic": other.mosaic,
            "jpeg_quality": None if rng.random() < 0.4 else int(rng.integers(45, 95)),
            "occlusion": float(rng.uniform(0.2, 1.8)),
            "film_share": float(rng.uniform(0, 1)),
            "film_um": float(rng.uniform(5, 80)),
            "haze": float(rng.uniform(0, 0.2)),
            "ripple_um": float(np.exp(rng.uniform(np.log(25), np.log(400)))),
            "gloss_strength": own.gloss_strength * float(np.exp(rng.uniform(-1, 1))),
            "roughness": own.roughness * float(np.exp(rng.uniform(-0.5, 0.3))),
        },
    )


def _with_new_opacity(place: Place, seed: int, rng: np.random.Generator) -> list[Tubule]:
    """Give each tubule another number, and with it another hue, and another opacity."""
    shift, more = rng.normal(0, 0.1), rng.uniform(0, MOST_SPREAD)
    changed = []
    for one in place.tubules:
        usual = abs(one.traits.opacity - place.testis.opacity) < 0.25
        level = place.testis.opacity if usual else one.traits.opacity
        spread = COMMON_SPREAD + more if usual else more
        opacity = float(np.clip(level + shift + rng.normal(0, spread), 0.05, 0.98))
        number = one.number + 100_000 * (1 + seed % 15_000)
        changed.append(replace(one, number=number, traits=replace(one.traits, opacity=opacity)))
    return changed
