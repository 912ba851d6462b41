"""Pictures for a reviewer: pieces enlarged, heads marked, rims with coordinates."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sertoli.search._thumbnails import stretch
from sertoli.search.review._decisions import Place

Picture = npt.NDArray[np.uint8]

GAP_PX = 8
MARK = (255, 176, 0)


def cut(pixels: npt.NDArray[Any], place: Place, side: int) -> tuple[Picture, tuple[int, int]]:
    """Return the surroundings of a place, stretched, and where their top left lies, x and y."""
    height, width = pixels.shape
    left = min(max(round(place.x_px - (side - 1) / 2), 0), max(width - side, 0))
    top = min(max(round(place.y_px - (side - 1) / 2), 0), max(height - side, 0))
    return stretch(np.array(pixels[top : top + side, left : left + side])), (left, top)


def enlarged(piece: Picture, at: tuple[int, int], place: Place, side: int) -> Picture:
    """Return what `cut` gave at a size of ``side`` px, with the place marked, (side, side, 3)."""
    import cv2

    zoom = side / max(piece.shape)
    size = (max(1, round(piece.shape[1] * zoom)), max(1, round(piece.shape[0] * zoom)))
    large = np.asarray(cv2.resize(piece, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    shown = np.repeat(large[:, :, None], 3, axis=2)
    mark(
        shown,
        (place.x_px - at[0] + 0.5) * zoom,
        (place.y_px - at[1] + 0.5) * zoom,
        place.width_px * zoom,
        place.height_px * zoom,
    )
    canvas = np.full((side, side, 3), 128, np.uint8)
    canvas[: shown.shape[0], : shown.shape[1]] = shown[:side, :side]
    return canvas


def mark(shown: Picture, x: float, y: float, width: float, height: float) -> None:
    """Draw the corners of a box around a head, a little larger than it."""
    import cv2

    half_w, half_h, arm = width / 2 + 6, height / 2 + 6, 9
    for dx in (-1, 1):
        for dy in (-1, 1):
            corner = (round(x + dx * half_w), round(y + dy * half_h))
            cv2.line(shown, corner, (corner[0] - dx * arm, corner[1]), MARK, 2)
            cv2.line(shown, corner, (corner[0], corner[1] - dy * arm), MARK, 2)


def beside(left: Picture, right: Picture) -> Picture:
    """Put two pictures of one height beside each other."""
    gap = np.full((left.shape[0], GAP_PX, 3), 255, np.uint8)
    return np.hstack([left, gap, right])


def ruled(pixels: Picture) -> Picture:
    """Return a grey picture in colour, with coordinates at its rim."""
    import cv2

    shown = np.repeat(pixels[:, :, None], 3, axis=2)
    height, width = pixels.shape
    step = 50 if max(height, width) <= 1000 else 100 * max(1, max(height, width) // 2000)
    for x in range(0, width, step):
        cv2.line(shown, (x, 0), (x, 6), MARK, 1)
        cv2.putText(shown, str(x), (x + 2, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.35, MARK, 1)
    for y in range(step, height, step):
        cv2.line(shown, (0, y), (6, y), MARK, 1)
        cv2.putText(shown, str(y), (8, y + 4), cv2.FONT_HERSHEY_SIMPLEX, 0.35, MARK, 1)
    return shown
