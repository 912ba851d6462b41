"""Real sperm laid into sperm-free pictures of the same microscope, in memory only.

`visem11` (VISEM-Tracking, CC BY 4.0, Thambawita et al. 2023) has no large stretch without
sperm. So a field's sperm are covered with texture from elsewhere in the same frame, and a
sperm cut out of another frame is laid in with a soft edge. Nothing of it is stored.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.frames import Frame, open_source
from sertoli.sperm import Detector
from sertoli.sperm.evaluation import ImageResult, match_centres

Floats = npt.NDArray[np.float32]

SEED = 3
FIELDS_PER_FRAME = 2
FIELDS_PER_SPERM = 4
"""One field in so many gets one sperm; the others stay empty."""

LOWEST_PROBABILITY = 0.01
MARGIN_PX = 10
"""Around a box that is covered: blur, halo and the beginning of the tail."""

CUT_OUT_MARGIN_PX = 26
"""Around a box that is cut out: a good part of the tail."""

TRIES = 300


@dataclass(frozen=True, slots=True, eq=False)
class Composites:
    """What a search of the composites gave.

    Parameters
    ----------
    fields : int
    probability : ndarray, (D,)
        Of the sperm that were laid in, 0 where there was no candidate.
    false : ndarray, (F,)
        Probabilities of all other candidates.
    """

    fields: int
    probability: npt.NDArray[np.float64]
    false: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CutOut:
    """A sperm as difference from its background, (S, S), and its box's size in px."""

    difference: Floats
    size_px: tuple[float, float]


def search_composites(data: Path, detector: Detector) -> Composites:
    """Make and search the composites.

    Parameters
    ----------
    data : Path
        Folder of the real sets.
    detector : Detector
    """
    folder = data / "visem11"
    boxes, sperm = _labels(folder)
    with open_source(folder / "images") as source:
        frames = [_grey(frame) for frame in source]
    # The pixel size is not stated: judged once, where sperm are common, as a person would.
    sample = range(0, len(frames), max(1, len(frames) // 5))
    magnification = detector.magnification([Frame(frames[n], n) for n in sample])
    rng = np.random.default_rng(SEED)
    found, false, count = [], [np.zeros(0)], 0
    for n, frame in enumerate(frames):
        for _ in range(FIELDS_PER_FRAME):
            field = without_sperm(frame.astype(np.float32), boxes[n], rng)
            truth = np.zeros((0, 4))
            if count % FIELDS_PER_SPERM == 0:
                other = (n + len(frames) // 2) % len(frames)
                one = cut_out(frames[other].astype(np.float32), boxes[other], sperm[other], rng)
                if one is None:
                    continue
                field, truth = laid_in(field, one, rng)
            count += 1
            picture = np.clip(field + 0.5, 0, 255).astype(np.uint8)
            detections = detector.detect(
                Frame(picture, count), confidence=LOWEST_PROBABILITY, magnification=magnification
            )
            result = ImageResult.of_detections(detections, truth)
            matches = match_centres(result.found_px, truth, result.ignored)
            false.append(result.probability[matches < 0])
            if len(truth):
                hit = result.probability[matches == 0]
                found.append(float(hit[0]) if len(hit) else 0.0)
    return Composites(count, np.array(found), np.concatenate(false))


def _labels(folder: Path) -> tuple[list[Floats], list[Floats]]:
    """Boxes (N, 4) of every frame in order: of everything, and of single sperm."""
    described = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
    names = {c["id"]: c["name"] for c in described["categories"]}
    all_boxes, sperm = defaultdict(list), defaultdict(list)
    for one in described["annotations"]:
        all_boxes[one["image_id"]].append(one["bbox"])
        if names[one["category_id"]] == "sperm":
            sperm[one["image_id"]].append(one["bbox"])
    order = [i["id"] for i in sorted(described["images"], key=lambda i: str(i["file_name"]))]
    both = (
        [np.array(found[i], np.float32).reshape(-1, 4) for i in order]
        for found in (all_boxes, sperm)
    )
    first, second = both
    return first, second


def _grey(frame: Frame) -> npt.NDArray[np.uint8]:
    pixels = frame.pixels
    return np.asarray(pixels if pixels.ndim == 2 else pixels.mean(axis=2), dtype=np.uint8)


def _occupied(shape: tuple[int, ...], boxes: Floats, margin: int) -> npt.NDArray[np.uint8]:
    taken = np.zeros(shape, np.uint8)
    for x, y, w, h in boxes.tolist():
        top, left = max(0, int(y) - margin), max(0, int(x) - margin)
        taken[top : int(y + h) + margin + 1, left : int(x + w) + margin + 1] = 1
    return taken


def without_sperm(grey: Floats, boxes: Floats, rng: np.random.Generator) -> Floats:
    """Cover every labelled thing with texture from a place of the same frame without any.

    Parameters
    ----------
    grey : ndarray, (H, W)
    boxes : ndarray, (N, 4)
    rng : Generator
    """
    taken = _occupied(grey.shape, boxes, MARGIN_PX)
    sums = cv2.integral(taken)
    field = grey.copy()
    for box in boxes[rng.permutation(len(boxes))]:
        here = _occupied(grey.shape, box[None], MARGIN_PX)
        rows, columns = np.flatnonzero(here.any(axis=1)), np.flatnonzero(here.any(axis=0))
        top, left, h, w = rows[0], columns[0], len(rows), len(columns)
        place = _free_place(sums, h, w, rng)
        if place is None:  # a large clump of labels: the level of its rim
            field[top : top + h, left : left + w] = np.median(grey[taken == 0])
            continue
        texture = grey[place[0] : place[0] + h, place[1] : place[1] + w]
        target = field[top : top + h, left : left + w]
        soft = cv2.GaussianBlur(
            np.pad(np.ones((h - 6, w - 6), np.float32), 3),
            (0, 0),
            2,
            borderType=cv2.BORDER_CONSTANT,
        )
        rim = soft < 0.5
        level = np.median(target[rim]) - np.median(texture[rim])
        target += soft * (texture + level - target)
    return field


def _free_place(
    sums: npt.NDArray[np.int32], h: int, w: int, rng: np.random.Generator
) -> tuple[int, int] | None:
    """Top and left of a rectangle in which nothing is taken."""
    if h >= sums.shape[0] - 1 or w >= sums.shape[1] - 1:
        return None
    top = rng.integers(0, sums.shape[0] - 1 - h, TRIES)
    left = rng.integers(0, sums.shape[1] - 1 - w, TRIES)
    inside = sums[top + h, left + w] - sums[top, left + w] - sums[top + h, left] + sums[top, left]
    free = np.flatnonzero(inside == 0)
    return (int(top[free[0]]), int(left[free[0]])) if len(free) else None


def cut_out(grey: Floats, boxes: Floats, sperm: Floats, rng: np.random.Generator) -> CutOut | None:
    """Cut out a sperm that lies alone; None if none does.

    Parameters
    ----------
    grey : ndarray, (H, W)
    boxes, sperm : ndarray, (N, 4)
        Of everything labelled, and of single sperm.
    rng : Generator
    """
    height, width = grey.shape
    for x, y, w, h in sperm[rng.permutation(len(sperm))].tolist():
        half = round(max(w, h) / 2) + CUT_OUT_MARGIN_PX
        cx, cy = round(x + w / 2), round(y + h / 2)
        if not (half <= cx < width - half and half <= cy < height - half):
            continue
        others = _occupied(grey.shape, boxes, 0)[cy - half : cy + half, cx - half : cx + half]
        own = _occupied(grey.shape, np.array([[x, y, w, h]], np.float32), 0)
        if (others > own[cy - half : cy + half, cx - half : cx + half]).any():
            continue
        part = grey[cy - half : cy + half + 1, cx - half : cx + half + 1]
        axis = (np.arange(-half, half + 1) / half).astype(np.float32)
        far = np.hypot(axis[None, :], axis[:, None])
        soft = 0.5 * (1 + np.cos(np.pi * np.clip((far - 0.6) / 0.4, 0, 1)))
        background = float(np.median(part[far > 0.9]))
        return CutOut((part - background) * soft.astype(np.float32), (w, h))
    return None


def laid_in(
    field: Floats, one: CutOut, rng: np.random.Generator
) -> tuple[Floats, npt.NDArray[np.float64]]:
    """Lay a sperm into a field, turned by quarters and mirrored by chance; return its box too."""
    turns, mirror = int(rng.integers(4)), bool(rng.random() < 0.5)
    patch = np.rot90(one.difference, turns)
    patch = patch[:, ::-1] if mirror else patch
    w, h = one.size_px if turns % 2 == 0 else one.size_px[::-1]
    side = patch.shape[0]
    top, left = (int(rng.integers(0, size - side)) for size in field.shape)
    result = field.copy()
    result[top : top + side, left : left + side] += patch
    centre_x, centre_y = left + side / 2, top + side / 2
    return result, np.array([[centre_x - w / 2, centre_y - h / 2, w, h]])
