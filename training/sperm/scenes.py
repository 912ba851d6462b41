"""Labelled pictures that training crops are cut from."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

Cut = tuple[Floats, Floats, npt.NDArray[np.int8], Floats | None]
"""A picture, its boxes, their kinds, and where its tails are if that is known."""

SPERM = 1
DONT_CARE = 0

VISEM11_UM_PER_PX = 0.4
"""Assumed: its heads are some 11 to 12 px long, and a human head is 4.5 to 5 um."""

VISEM11_TRAIN_WIDTH_PX = 480
"""Training sees the left three quarters; the right quarter is held out. The frames all
show the same cells, so only a part of the field is a (weak) test."""

VISEM11_EVERY = 6
"""Neighbouring frames are all but the same picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A picture with boxes.

    Parameters
    ----------
    pixels : ndarray, (H, W) uint8
    boxes_px : ndarray, (N, 4) float32
        x, y, width, height of heads (COCO).
    kinds : ndarray, (N,) int8
        `SPERM`, or `DONT_CARE` for what is neither to be found nor to be unlearnt.
    um_per_px : float
    tails : ndarray, (H, W) uint8, or None
        255 on tails; None where they are not labelled.
    """

    pixels: npt.NDArray[np.uint8]
    boxes_px: Floats
    kinds: npt.NDArray[np.int8]
    um_per_px: float
    tails: npt.NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        if self.boxes_px.shape != (len(self.kinds), 4):
            raise ValueError(f"boxes_px: expected ({len(self.kinds)}, 4)")


def visem11(data: Path, *, held_out: bool = False) -> list[Scene]:
    """Load ``visem11`` (CC BY 4.0): its training part, or the part held out.

    Training boxes are moved onto the bright spot nearby, because the set's own are
    interpolated between key frames and drift up to 7 px off; held-out boxes are left as
    they are.
    """
    folder = data / "visem11"
    described = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
    names = {category["id"]: category["name"] for category in described["categories"]}
    boxes: dict[int, list[tuple[list[float], int]]] = {}
    for one in described["annotations"]:
        kind = DONT_CARE if names[one["category_id"]] == "cluster" else SPERM
        if one["bbox"][2] > 0 and one["bbox"][3] > 0:
            boxes.setdefault(one["image_id"], []).append((one["bbox"], kind))
    scenes = []
    for image in described["images"][:: VISEM11_EVERY * (5 if held_out else 1)]:
        pixels = cv2.imread(str(folder / "images" / image["file_name"]), cv2.IMREAD_GRAYSCALE)
        if pixels is None:
            raise FileNotFoundError(folder / "images" / image["file_name"])
        listed = boxes.get(image["id"], [])
        box = np.array([b for b, _ in listed], np.float32).reshape(-1, 4)
        kinds = np.array([k for _, k in listed], np.int8)
        border = VISEM11_TRAIN_WIDTH_PX
        if held_out:
            pixels = pixels[:, border:]
            box = box - np.array((border, 0, 0, 0), np.float32)
        else:
            box = _onto_bright_spots(pixels, box)
            pixels = pixels[:, :border]
        centre_x = box[:, 0] + box[:, 2] / 2
        inside = (centre_x >= 0) & (centre_x < pixels.shape[1])
        scenes.append(
            Scene(np.ascontiguousarray(pixels), box[inside], kinds[inside], VISEM11_UM_PER_PX)
        )
    return scenes


def _onto_bright_spots(pixels: npt.NDArray[np.uint8], boxes: Floats) -> Floats:
    smooth = cv2.GaussianBlur(pixels.astype(np.float32), (0, 0), 2.5)
    reach = 7
    moved = boxes.copy()
    yy, xx = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    # a bright spot must be clearly brighter to be worth a longer way
    cost = 0.6 * np.hypot(xx, yy).astype(np.float32)
    padded = cv2.copyMakeBorder(smooth, reach, reach, reach, reach, cv2.BORDER_REFLECT)
    for box in moved:
        x = int(np.clip(box[0] + box[2] / 2, 0, pixels.shape[1] - 1))
        y = int(np.clip(box[1] + box[3] / 2, 0, pixels.shape[0] - 1))
        near = padded[y : y + 2 * reach + 1, x : x + 2 * reach + 1] - cost
        dy, dx = np.unravel_index(int(near.argmax()), near.shape)
        box[0] += float(dx) - reach
        box[1] += float(dy) - reach
    return moved


def cut(scene: Scene, side: int, um_per_px: float, rng: np.random.Generator) -> Cut:
    """Cut a random square at a pixel size, turned and mirrored at random.

    Two crops in three are laid around a head.

    Returns
    -------
    picture : ndarray, (side, side) float32
    boxes : ndarray, (N, 4) float32
        Those whose centre lies inside, in the crop's px.
    kinds : ndarray, (N,) int8
    tails : ndarray, (side, side) float32, or None
        0 to 1.
    """
    factor = scene.um_per_px / um_per_px
    stretch = float(rng.uniform(0.93, 1.07))
    fx, fy = factor * stretch, factor / stretch
    width, height = max(8, round(side / fx)), max(8, round(side / fy))
    high, wide = scene.pixels.shape
    heads = np.flatnonzero(scene.kinds == SPERM)
    if len(heads) and rng.random() < 2 / 3:
        x, y, w, h = scene.boxes_px[rng.choice(heads)]
        left = round(float(x + w / 2) - rng.uniform(0.05, 0.95) * width)
        top = round(float(y + h / 2) - rng.uniform(0.05, 0.95) * height)
        left, top = _within(left, width, wide), _within(top, height, high)
    else:
        left = _within(round(float(rng.uniform(0, max(1, wide - width)))), width, wide)
        top = _within(round(float(rng.uniform(0, max(1, high - height)))), height, high)
    part = _window(scene.pixels, left, top, width, height)
    # the same kernels as at run time
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    picture: Floats = cv2.resize(part.astype(np.float32), (side, side), interpolation=how)
    tails: Floats | None = None
    if scene.tails is not None:
        drawn = _window(scene.tails, left, top, width, height)
        if factor < 1:  # a thin line must not fade away
            drawn = cv2.dilate(drawn, np.ones((math.ceil(1 / factor),) * 2, np.uint8))
        tails = cv2.resize(drawn.astype(np.float32) / 255, (side, side))
    boxes = (scene.boxes_px - np.array((left, top, 0, 0), np.float32)) * np.array(
        (side / width, side / height) * 2, np.float32
    )
    return _turn(picture, boxes, scene.kinds, tails, rng)


def _window(
    whole: npt.NDArray[np.uint8], left: int, top: int, width: int, height: int
) -> npt.NDArray[np.uint8]:
    part = whole[max(0, top) : top + height, max(0, left) : left + width]
    bordered: npt.NDArray[np.uint8] = cv2.copyMakeBorder(
        part,
        max(0, -top),
        max(0, height - part.shape[0] - max(0, -top)),
        max(0, -left),
        max(0, width - part.shape[1] - max(0, -left)),
        cv2.BORDER_REFLECT,
    )
    return bordered


def _within(start: int, length: int, room: int) -> int:
    if length >= room:
        return (room - length) // 2
    return min(max(0, start), room - length)


def _turn(
    picture: Floats,
    boxes: Floats,
    kinds: npt.NDArray[np.int8],
    tails: Floats | None,
    rng: np.random.Generator,
) -> Cut:
    side = picture.shape[0]
    x, y, w, h = boxes.T
    both = picture[None] if tails is None else np.stack((picture, tails))
    if rng.random() < 0.5:
        both, x = both[:, :, ::-1], side - x - w
    if rng.random() < 0.5:
        both, y = both[:, ::-1], side - y - h
    if rng.random() < 0.5:
        both, (x, y, w, h) = both.transpose(0, 2, 1), (y, x, h, w)
    turned = np.stack((x, y, w, h), axis=1)
    centre = turned[:, :2] + turned[:, 2:] / 2
    inside = ((centre >= 0) & (centre < side)).all(axis=1)
    # what reaches in from outside is don't-care if it was, and nothing if it was a head
    touching = (kinds == DONT_CARE) & (
        (turned[:, :2] < side) & (turned[:, :2] + turned[:, 2:] > 0)
    ).all(axis=1)
    keep = inside | touching
    turned_tails = None if tails is None else np.ascontiguousarray(both[1])
    return np.ascontiguousarray(both[0]), turned[keep], kinds[keep], turned_tails
