"""Pieces of frames worth showing: cut while searching, stretched and packed for the report."""

from __future__ import annotations

import heapq

import numpy as np
import numpy.typing as npt

from sertoli.frames import Frame, Pixels
from sertoli.search._journal import Thumbnail
from sertoli.sperm import Detections

MAX_SHOWN = 10_000
"""The report shows this many sperm at most, the most probable ones."""

SIDE_PX = 80
"""A thumbnail's side in the report; cut at this size unless the head needs more room."""

MAX_CUT_PX = 512

MIN_RANGE_COUNTS = 16.0

BETTER_BY = 0.02
"""A sperm gets a new thumbnail when a sighting beats the shown one by this probability."""


class ThumbnailCutter:
    """Cuts the pieces that the report may come to show, and few others.

    A still's finding is cut if it is among the `MAX_SHOWN` most probable so far, a sighting
    of a followed sperm if it is plainly better than all before it. So the work and the room
    that thumbnails take stay bounded, however long the search.
    """

    def __init__(self) -> None:
        self._best: dict[int, float] = {}
        self._shown: list[float] = []

    def choose(
        self, found: Detections, track_id: npt.NDArray[np.int64], *, followed: bool
    ) -> list[int]:
        """Return the rows to cut, and remember that they were."""
        rows = []
        floor = self._shown[0] if len(self._shown) >= MAX_SHOWN else -1.0
        for row, (probability, track) in enumerate(
            zip(found.probability.tolist(), track_id.tolist(), strict=True)
        ):
            if probability <= floor:
                continue
            if followed:
                if probability < self._best.get(track, -1.0) + BETTER_BY:
                    continue
                again = track in self._best
                self._best[track] = probability
            else:
                again = False
            rows.append(row)
            if not again:
                floor = self._remember(probability)
        return rows

    def _remember(self, probability: float) -> float:
        if len(self._shown) < MAX_SHOWN:
            heapq.heappush(self._shown, probability)
        else:
            heapq.heappushpop(self._shown, probability)
        return self._shown[0] if len(self._shown) >= MAX_SHOWN else -1.0


def cut(frame: Frame, found: Detections, row: int) -> Thumbnail:
    """Cut the surroundings of a finding, shifted to lie within the frame."""
    x, y = found.centre_px[row].tolist()
    side = min(max(SIDE_PX, round(2.0 * float(found.size_px[row].max()))), MAX_CUT_PX)
    left = min(max(round(x - (side - 1) / 2.0), 0), max(frame.width_px - side, 0))
    top = min(max(round(y - (side - 1) / 2.0), 0), max(frame.height_px - side, 0))
    return Thumbnail(row, left, top, np.array(frame.pixels[top : top + side, left : left + side]))


def backdrop(frame: Frame, max_side_px: int) -> bytes:
    """Return the whole frame as a small JPEG to draw the map on."""
    import cv2

    # Skip pixels first: of a picture larger than memory only what is needed is read.
    stride = max(1, max(frame.height_px, frame.width_px) // (2 * max_side_px))
    pixels = stretch(np.array(frame.pixels[::stride, ::stride]))
    scale = max_side_px / max(pixels.shape[:2])
    if scale < 1:
        size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
    return _encode(pixels, ".jpg", cv2.IMWRITE_JPEG_QUALITY, 75)


def stretch(pixels: Pixels) -> npt.NDArray[np.uint8]:
    """Spread the grey values between the 0.5th and 99.5th percentile over 0 to 255.

    A range of less than `MIN_RANGE_COUNTS` is not blown up further: an empty field shall
    look empty.
    """
    low, high = np.percentile(pixels, (0.5, 99.5))
    reach = max(float(high - low), MIN_RANGE_COUNTS)
    scaled = (pixels.astype(np.float32) - np.float32(low)) * np.float32(255.0 / reach)
    stretched: npt.NDArray[np.uint8] = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    return stretched


def sheet(
    thumbnails: list[Thumbnail], across: int
) -> tuple[bytes, list[tuple[float, float, float]]]:
    """Pack thumbnails into one WebP picture, row by row, ``across`` in a row.

    Returns
    -------
    bytes
        The picture, in cells of `SIDE_PX`.
    list of (left, top, scale)
        For each thumbnail where frame pixel (left_px, top_px) of its piece lies in its cell,
        and how many cell pixels a frame pixel takes.
    """
    import cv2

    rows = -(-len(thumbnails) // across)
    colour = any(thumbnail.pixels.ndim == 3 for thumbnail in thumbnails)
    shape = (rows * SIDE_PX, across * SIDE_PX, 3) if colour else (rows * SIDE_PX, across * SIDE_PX)
    canvas = np.full(shape, 128, np.uint8)
    places = []
    for number, thumbnail in enumerate(thumbnails):
        piece = stretch(thumbnail.pixels)
        height, width = piece.shape[:2]
        scale = min(1.0, SIDE_PX / max(height, width))
        if scale < 1:
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            piece = np.asarray(cv2.resize(piece, size, interpolation=cv2.INTER_AREA))
            height, width = piece.shape[:2]
        if colour and piece.ndim == 2:
            piece = np.repeat(piece[:, :, None], 3, axis=2)
        left, top = (SIDE_PX - width) // 2, (SIDE_PX - height) // 2
        y, x = SIDE_PX * (number // across) + top, SIDE_PX * (number % across) + left
        canvas[y : y + height, x : x + width] = piece
        places.append((float(left), float(top), scale))
    return _encode(canvas, ".webp", cv2.IMWRITE_WEBP_QUALITY, 70), places


def _encode(pixels: npt.NDArray[np.uint8], ending: str, option: int, quality: int) -> bytes:
    import cv2

    if pixels.ndim == 3:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(ending, pixels, [option, quality])
    if not done:
        raise ValueError(f"cannot encode a picture of {pixels.shape} as {ending}")
    return bytes(data.tobytes())
