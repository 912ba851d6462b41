"""Crops to learn from: laboratory frames mixed with pictures that must not be forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.frames import Pixels, to_grey
from sertoli.sperm._normalise import frame_contrast, normalise
from sertoli.sperm.learning._labelled import Labelled
from sertoli.sperm.learning._targets import DONT_CARE, SPERM, Floats, head_targets

SIDE_PX = 192
CROPS = 8
"""Crops in a batch, of which half are of the laboratory."""

OWN_ZOOM, WIDE_ZOOM = 1.25, 2.0
"""Frames are shown up to so many times larger and smaller than they are searched; what is
kept in mind, and one in three of the others, more so: the magnification is found by telling
right from wrong scales."""

WIDE_SHARE = 1 / 3

AROUND_A_HEAD = 2 / 3
"""Share of crops that are laid around a head."""

STRETCH = 0.07

RIM_PX = 16
"""Read around a crop, so that resampling sees what it needs."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A picture to cut crops from.

    Parameters
    ----------
    pixels : ndarray, (H, W) or (H, W, 3), uint8 or uint16
    contrast : float
        `frame_contrast` of the whole frame.
    boxes_px : ndarray, (N, 4) float32
    kinds : ndarray, (N,) int8
    magnification : float
        Network px per picture px at which it is searched.
    """

    pixels: Pixels
    contrast: float
    boxes_px: Floats
    kinds: npt.NDArray[np.int8]
    magnification: float

    @classmethod
    def of(cls, labelled: Labelled, magnification: float) -> Scene:
        """Make it from a labelled frame."""
        return cls(
            labelled.frame.pixels,
            frame_contrast(labelled.frame.pixels),
            labelled.boxes_px.astype(np.float32),
            np.where(labelled.ignored, DONT_CARE, SPERM).astype(np.int8),
            magnification,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """N crops, all float32.

    Parameters
    ----------
    pictures : ndarray, (N, 1, H, W)
    heat, care : ndarray, (N, c, c)
    shape : ndarray, (N, 4, c, c)
    sized : ndarray, (N,)
        1 where box sizes are to be learnt. A laboratory's own are not: some draw boxes with
        the halo and some without, and the network's sizes tell it the magnification.
    """

    pictures: Floats
    heat: Floats
    care: Floats
    shape: Floats
    sized: Floats


def batch(own: Sequence[Scene], kept: Sequence[Scene], rng: np.random.Generator) -> Batch:
    """Make a batch: half of the laboratory's frames, half of what must not be forgotten."""
    pictures, targets = [], []
    sized = np.zeros(CROPS, np.float32)
    for number in range(CROPS):
        sized[number] = number % 2 and len(kept) > 0
        wide = sized[number] or rng.random() < WIDE_SHARE
        scenes, zoom = kept if sized[number] else own, WIDE_ZOOM if wide else OWN_ZOOM
        picture, boxes, kinds = _cut(scenes[int(rng.integers(len(scenes)))], zoom, rng)
        pictures.append(picture)
        targets.append(head_targets(boxes, kinds, SIDE_PX))
    heat, care, shape = (np.stack(part) for part in zip(*targets, strict=True))
    return Batch(np.stack(pictures)[:, None], heat, care, shape, sized)


def _cut(
    scene: Scene, most_zoom: float, rng: np.random.Generator
) -> tuple[Floats, Floats, npt.NDArray[np.int8]]:
    """Cut a square at about the magnification of a search, turned and mirrored at random."""
    zoom = scene.magnification * float(np.exp(rng.uniform(-np.log(most_zoom), np.log(most_zoom))))
    # a scene gives no wider view than it has
    zoom = max(zoom, SIDE_PX / min(scene.pixels.shape[:2]))
    stretch = float(np.exp(rng.uniform(-STRETCH, STRETCH)))
    scale = np.array((zoom * stretch, zoom / stretch))
    high, wide = scene.pixels.shape[:2]
    middle = rng.uniform((0, 0), (wide, high))
    heads = np.flatnonzero(scene.kinds == SPERM)
    if len(heads) and rng.random() < AROUND_A_HEAD:
        box = scene.boxes_px[rng.choice(heads)].astype(np.float64)
        middle = box[:2] + box[2:] / 2 + rng.uniform(-0.45, 0.45, 2) * SIDE_PX / scale
    # the mirrored rim of a frame is what a search sees there, too
    room, half = np.array((wide, high)), SIDE_PX / scale / 2
    middle = np.where(room > 2 * half, np.clip(middle, half, room - half), room / 2)
    corner = middle - half
    picture = _resample(scene.pixels, corner, scale)
    boxes = scene.boxes_px.copy()
    boxes[:, :2] = (boxes[:, :2] - corner) * scale
    boxes[:, 2:] *= scale
    picture, boxes = _turn(picture, boxes, rng)
    centre = boxes[:, :2] + boxes[:, 2:] / 2
    inside = ((centre >= 0) & (centre < SIDE_PX)).all(axis=1)
    touching = ((boxes[:, :2] < SIDE_PX) & (boxes[:, :2] + boxes[:, 2:] > 0)).all(axis=1)
    keep = inside | (touching & (scene.kinds == DONT_CARE))
    # frames differ in how their contrast compares to that of a part
    contrast = scene.contrast * float(np.exp(rng.uniform(-0.3, 0.3)))
    return normalise(_camera(picture, rng), contrast), boxes[keep], scene.kinds[keep]


def _resample(
    pixels: Pixels, corner: npt.NDArray[np.float64], scale: npt.NDArray[np.float64]
) -> Floats:
    """Return SIDE_PX x SIDE_PX grey px from ``corner`` (picture px) on."""
    first = np.maximum(0, np.floor(corner) - RIM_PX).astype(int)
    last = (np.ceil(corner + SIDE_PX / scale) + RIM_PX).astype(int)
    grey = to_grey(pixels[first[1] : last[1], first[0] : last[0]])
    if scale.min() < 1:
        # as much blur as an average over the pixels that fall into one
        wide, high = np.maximum(0.01, 0.4 * (1 / scale - 1))
        grey = cv2.GaussianBlur(grey, (0, 0), wide, sigmaY=high)
    matrix = np.array(((1 / scale[0], 0.0, 0.0), (0.0, 1 / scale[1], 0.0)))
    # scales act on borders of pixels, and indices are centres
    matrix[:, 2] = corner - first + 0.5 / scale - 0.5
    cut: Floats = cv2.warpAffine(
        grey,
        matrix,
        (SIDE_PX, SIDE_PX),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT,
    )
    return cut


def _turn(picture: Floats, boxes: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    x, y, w, h = boxes.T
    if rng.random() < 0.5:
        picture, x = picture[:, ::-1], SIDE_PX - x - w
    if rng.random() < 0.5:
        picture, y = picture[::-1], SIDE_PX - y - h
    if rng.random() < 0.5:
        picture, (x, y, w, h) = picture.T, (y, x, h, w)
    return np.ascontiguousarray(picture), np.stack((x, y, w, h), axis=1)


def _camera(picture: Floats, rng: np.random.Generator) -> Floats:
    """Return the crop as the same microscope might have given it on another day."""
    if rng.random() < 0.4:
        picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.3, 1.0)))
    low, high = np.percentile(picture[::4, ::4], (1, 99))
    noise = rng.standard_normal(picture.shape).astype(np.float32)
    noisy: Floats = picture + noise * np.float32(rng.uniform(0.0, 0.03) * (high - low))
    return noisy
