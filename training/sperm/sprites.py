"""Single sperm cut out of stained smears, to be laid into other pictures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """A sperm as darkness against its own background.

    Parameters
    ----------
    darkness : ndarray, (h, w) float32
        0 background to about 1; zero away from head and tail.
    head_px : (x, y, width, height)
        Box of the head in the sprite.
    """

    darkness: Floats
    head_px: tuple[float, float, float, float]


def smear_sprites(data: Path) -> list[Sprite]:
    """Cut sperm out of ``smears`` (MIT).

    The set's boxes hold the whole sperm; the head is the largest compact dark blob inside.
    A box where that is not clear gives nothing.
    """
    folder = data / "smears"
    described = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
    files = {image["id"]: image["file_name"] for image in described["images"]}
    found = []
    for one in described["annotations"]:
        grey = cv2.imread(str(folder / "images" / files[one["image_id"]]), cv2.IMREAD_GRAYSCALE)
        if grey is None:
            raise FileNotFoundError(folder / "images" / files[one["image_id"]])
        sprite = _cut_out(grey, one["bbox"])
        if sprite is not None:
            found.append(sprite)
    return found


def _cut_out(grey: npt.NDArray[np.uint8], box: list[float]) -> Sprite | None:
    margin = 12
    x, y, w, h = (round(v) for v in box)
    part = grey[max(0, y - margin) : y + h + margin, max(0, x - margin) : x + w + margin]
    if min(part.shape) < 60:
        return None
    small = cv2.resize(part, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    background = cv2.medianBlur(small, 61).astype(np.float32)
    darkness = np.clip(1.0 - small / np.maximum(background, 1.0), 0.0, 1.0)
    heads = cv2.morphologyEx(
        (darkness > 0.18).astype(np.uint8),
        cv2.MORPH_OPEN,
        cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9)),
    )
    count, labels, stats, _ = cv2.connectedComponentsWithStats(heads)
    if count < 2:
        return None
    areas = stats[1:, cv2.CC_STAT_AREA]
    best = 1 + int(areas.argmax())
    hx, hy, hw, hh, area = (int(v) for v in stats[best])
    if not 200 <= area <= 1800 or max(hw, hh) > 46 or area < 0.5 * hw * hh:
        return None
    # head and tail: what is dark and hangs together with the head
    thread = cv2.morphologyEx((darkness > 0.055).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3)))
    _, labels = cv2.connectedComponents(thread)
    label = labels[hy : hy + hh, hx : hx + hw][labels[hy : hy + hh, hx : hx + hw] > 0]
    if not len(label):
        return None
    whole = (labels == np.bincount(label).argmax()).astype(np.uint8)
    # other heads in the same box belong to other sperm
    others = cv2.dilate(((heads > 0) & ~_component(heads, best)).astype(np.uint8), np.ones((9, 9)))
    whole[others > 0] = 0
    soft = cv2.GaussianBlur(cv2.dilate(whole, np.ones((5, 5))).astype(np.float32), (0, 0), 1.5)
    top = float(np.percentile(darkness[hy : hy + hh, hx : hx + hw], 90))
    return Sprite(
        (np.clip(darkness / top, 0.0, 1.3) * soft).astype(np.float32),
        (float(hx), float(hy), float(hw), float(hh)),
    )


def _component(heads: npt.NDArray[np.uint8], index: int) -> npt.NDArray[np.bool_]:
    _, labels = cv2.connectedComponents(heads)
    component: npt.NDArray[np.bool_] = labels == index
    return component
