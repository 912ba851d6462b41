"""Real pictures, and simulated ones made to be laid beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.errors import InputError
from sertoli.frames import to_grey
from sertoli.optics import Modality
from sertoli.phantom.render import View, random_look, take_picture
from sertoli.phantom.world import CellKind, Dish, Regime, population

Floats = npt.NDArray[np.float32]
Boxes = npt.NDArray[np.float64]

WIDTH_PX, HEIGHT_PX = 608, 448
"""All pictures are cut to this, from their middle, never resampled: some have black rims."""


@dataclass(frozen=True, slots=True)
class RealSet:
    """One real set and the laboratory that the simulation should imitate.

    Parameters
    ----------
    name : str
    folders : tuple of str
        Below the folder of real images.
    classes : tuple of str
        The labels whose boxes hold the objects compared.
    kind : CellKind
        What these are in the simulation.
    modality : Modality
    bright_heads : bool or None
    regime : Regime
    um_per_px : float
        **Assumed**: no set states it. Chosen so that objects have about the size of the
        simulated ones, so mean sizes prove nothing; spreads and all else do.
    """

    name: str
    folders: tuple[str, ...]
    classes: tuple[str, ...]
    kind: CellKind
    modality: Modality
    bright_heads: bool | None
    regime: Regime
    um_per_px: float


REAL_SETS = (
    RealSet(
        "visem11",
        ("visem11",),
        ("sperm",),
        CellKind.SPERM,
        Modality.PHASE_CONTRAST,
        True,
        Regime.SEMEN,
        0.30,
    ),
    RealSet(
        "miamia",
        ("miamia",),
        ("sperm",),
        CellKind.SPERM,
        Modality.BRIGHT_FIELD,
        None,
        Regime.SEMEN,
        0.30,
    ),
    RealSet(
        "bull",
        ("bull",),
        ("sperm",),
        CellKind.SPERM,
        Modality.PHASE_CONTRAST,
        False,
        Regime.SEMEN,
        0.42,
    ),
    RealSet(
        "umid",
        ("umid_train", "umid_val"),
        ("rbc",),
        CellKind.RED_CELL,
        Modality.BRIGHT_FIELD,
        None,
        Regime.TESTICULAR,
        0.20,
    ),
)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture with its objects.

    Parameters
    ----------
    grey : ndarray, (448, 608) float32, 0 to 255
    boxes_px : ndarray, (N, 4)
        x, y, width, height of the objects that lie wholly inside.
    group : str
        Pictures of one group must not be torn apart in cross-validation.
    """

    grey: Floats
    boxes_px: Boxes
    group: str


def real_pictures(real: RealSet, data: Path, count: int) -> list[Picture]:
    """Read pictures spread evenly over a set.

    Where a set has a single group, ten stretches of its frames take the place of groups.

    Raises
    ------
    InputError
        If a file of the set is missing.
    """
    listed = list(_entries(real, data))
    if len({group for _, _, group in listed}) == 1:
        listed = [
            (path, boxes, f"{group}, stretch {10 * n // len(listed)}")
            for n, (path, boxes, group) in enumerate(listed)
        ]
    picked = np.unique(np.linspace(0, len(listed) - 1, count).round().astype(int))
    return [_cut(_read(path), boxes, group) for path, boxes, group in (listed[n] for n in picked)]


def _entries(real: RealSet, data: Path) -> Iterator[tuple[Path, Boxes, str]]:
    for folder in real.folders:
        place = data / folder / "annotations.json"
        if not place.is_file():
            raise InputError(f"{place} is missing", "give the folder of real images with --data")
        coco = json.loads(place.read_text(encoding="utf-8"))
        wanted = {c["id"] for c in coco["categories"] if c["name"] in real.classes}
        boxes: dict[int, list[list[float]]] = {image["id"]: [] for image in coco["images"]}
        for annotation in coco["annotations"]:
            if annotation["category_id"] in wanted:
                boxes[annotation["image_id"]].append(annotation["bbox"])
        for image in coco["images"]:
            path = data / folder / "images" / image["file_name"]
            array = np.array(boxes[image["id"]], np.float64).reshape(-1, 4)
            yield path, array, f"{folder} {image['group']}"


def _read(path: Path) -> Floats:
    content = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR_RGB)
    if content is None:
        raise InputError(f"{path} is not a picture", "give the folder of real images with --data")
    return to_grey(content)


def _cut(grey: Floats, boxes: Boxes, group: str) -> Picture:
    top, left = (grey.shape[0] - HEIGHT_PX) // 2, (grey.shape[1] - WIDTH_PX) // 2
    cut = grey[top : top + HEIGHT_PX, left : left + WIDTH_PX]
    moved = boxes - np.array([left, top, 0, 0])
    ends = moved[:, :2] + moved[:, 2:]
    inside = (moved[:, :2] >= 0).all(axis=1) & (ends <= (WIDTH_PX, HEIGHT_PX)).all(axis=1)
    inside &= (moved[:, 2:] >= 2).all(axis=1)
    return Picture(np.ascontiguousarray(cut), moved[inside], group)


def simulated_pictures(real: RealSet, like: list[Picture], seed: int) -> list[Picture]:
    """Simulate as many pictures as ``like`` holds, with about as many objects in each.

    Each comes from a dish and a laboratory of its own, drawn as for training, but of the
    set's modality; the pixel size varies by a tenth.
    """
    objects = float(np.mean([len(picture.boxes_px) for picture in like]))
    return [_simulated(real, objects, seed + n) for n in range(len(like))]


def _simulated(real: RealSet, objects: float, seed: int) -> Picture:
    random = np.random.default_rng((seed, 5))
    um_per_px = real.um_per_px * float(np.exp(random.normal(0, 0.1)))
    area_mm2 = WIDTH_PX * HEIGHT_PX * (um_per_px / 1000) ** 2
    world = population(real.regime, random)
    per_mm2 = {**world.per_mm2, CellKind.SPERM: 0.0}
    per_mm2[real.kind] = objects * float(random.lognormal(0, 0.3)) / area_mm2
    world = type(world)(per_mm2, world.motion, world.depth_um)
    look = random_look(random, real.modality, real.bright_heads)
    view = View(0.0, 0.0, WIDTH_PX, HEIGHT_PX, um_per_px)
    pixels, shown = take_picture(Dish(seed, world), look, view, 0.0, seed, frame_s=0.04)
    boxes = [thing.box_px for thing in shown if thing.label == real.kind]
    array = np.array(boxes, np.float64).reshape(-1, 4)
    return _cut(to_grey(pixels), array, f"seed {seed}")
