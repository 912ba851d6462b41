"""Pieces of frames worth showing: cut while searching, stretched and packed for the report."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

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

MIN_RANGE_COUNTS = 32.0


class ThumbnailCutter:
    """Cuts the pieces that the report may come to show, and few others.

    A still's finding is cut if it is among the `MAX_SHOWN` most probable so far, a sighting
    of a followed sperm if it is better than all before it: what looked worse may turn out to be
    no finding at all. A new best is soon rare, so thumbnails take little work and room,
    however long the search.
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
                if probability <= self._best.get(track, -1.0):
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
    return _encode(pixels)


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


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """A thumbnail as the report shows it.

    Parameters
    ----------
    pixels : ndarray, (h, w) uint8
        Stretched, at most `SIDE_PX` on a side.
    head_px : (x, y, width, height)
        Centre and size of the head's box in the cell of `SIDE_PX`, from its top left corner.
    """

    pixels: npt.NDArray[np.uint8]
    head_px: tuple[float, float, float, float]

    @property
    def margin_px(self) -> tuple[int, int]:
        """How far to the right and down a piece smaller than the cell is set."""
        height, width = self.pixels.shape[:2]
        return (SIDE_PX - width) // 2, (SIDE_PX - height) // 2


def to_cell(thumbnail: Thumbnail, found: Detections) -> Cell:
    """Stretch a thumbnail, shrink it if need be, and say where the head of ``found`` lies."""
    import cv2

    pixels = stretch(thumbnail.pixels)
    height, width = pixels.shape[:2]
    scale = min(1.0, SIDE_PX / max(height, width))
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
    left, top = Cell(pixels, (0, 0, 0, 0)).margin_px
    x, y = found.centre_px[thumbnail.row].tolist()
    head_width, head_height = found.size_px[thumbnail.row].tolist()
    # Half a pixel: cells count from the corner, pixels from the middle of the first one.
    head = (
        left + (x - thumbnail.left_px + 0.5) * scale,
        top + (y - thumbnail.top_px + 0.5) * scale,
        head_width * scale,
        head_height * scale,
    )
    return Cell(pixels, head)


def sheet(cells: list[Cell], across: int) -> bytes:
    """Pack cells into one JPEG picture, row by row, ``across`` in a row."""
    rows = -(-len(cells) // across)
    canvas = np.full((rows * SIDE_PX, across * SIDE_PX), 128, np.uint8)
    for number, cell in enumerate(cells):
        height, width = cell.pixels.shape
        left, top = cell.margin_px
        y, x = SIDE_PX * (number // across) + top, SIDE_PX * (number % across) + left
        canvas[y : y + height, x : x + width] = cell.pixels
    return _encode(canvas)


def _encode(pixels: npt.NDArray[np.uint8]) -> bytes:
    import cv2

    # WebP would be a third smaller, but takes as long for each sheet as searching ten frames
    done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 75])
    if not done:
        raise ValueError(f"cannot encode a picture of {pixels.shape}")
    return bytes(data.tobytes())
