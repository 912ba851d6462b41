"""Cutting a picture of any size into tiles that join without a seam.

The picture is brought to the network's scale by a factor of the form ``m / 2**k`` with
``m`` from 8 to 15 (steps of 7 to 12 %, finer than the network's own tolerance). With such
factors, tile borders can fall on whole pixels both before and after resampling and on the
network's own grid, so a tile is resampled and searched exactly as the whole would be.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.frames import Pixels, to_grey

GRID_PX = 16
"""Tiles start on multiples of the network's deepest stride."""

MIN_SCALE = 1 / 64
MAX_SCALE = 8.0
"""Beyond an eightfold enlargement a head is a few pixels of nothing."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Resampling factor ``numerator / denominator`` (above 1: enlarged)."""

    numerator: int
    denominator: int

    @property
    def factor(self) -> float:
        """Network px per picture px."""
        return self.numerator / self.denominator

    @property
    def grid_px(self) -> int:
        """Network px between places where both grids and the tile grid meet."""
        return math.lcm(GRID_PX, self.numerator)


NATIVE = Scale(1, 1)


def nearest_scale(factor: float) -> Scale:
    """Return the allowed scale nearest to ``factor`` (by ratio), within 1/64 to 8."""
    wanted = min(max(factor, MIN_SCALE), MAX_SCALE)
    power = math.floor(math.log2(wanted))
    mantissa = round(wanted / 2.0**power * 8)  # 8 to 16
    ratio = (mantissa, 8)
    numerator, denominator = (
        (ratio[0] << power, ratio[1]) if power >= 0 else (ratio[0], ratio[1] << -power)
    )
    common = math.gcd(numerator, denominator)
    return Scale(numerator // common, denominator // common)


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile in network px: the part it answers for, and the margin it needs to see."""

    core: tuple[int, int, int, int]
    """left, top, right, bottom."""
    seen: tuple[int, int, int, int]
    """left, top, right, bottom; right and bottom may lie outside the picture."""


def tiles(
    width_px: int, height_px: int, scale: Scale, *, margin_px: int, side_px: int
) -> list[Tile]:
    """Cut a picture into tiles, row by row.

    Parameters
    ----------
    width_px, height_px : int
        Size of the picture in its own px.
    scale : Scale
    margin_px : int
        How far (network px) a cell can see.
    side_px : int
        Wanted side of a tile's core in network px; rounded up to the grid. A picture that
        is hardly larger than one tile is not cut.
    """
    grid = scale.grid_px
    margin = _up(margin_px, grid)
    core = _up(side_px, grid)
    across = _up(math.ceil(width_px * scale.factor), GRID_PX)
    down = _up(math.ceil(height_px * scale.factor), GRID_PX)
    found = []
    for top, bottom in _cuts(down, core, margin):
        for left, right in _cuts(across, core, margin):
            found.append(
                Tile(
                    core=(left, top, right, bottom),
                    seen=(
                        max(0, left - margin),
                        max(0, top - margin),
                        min(across, right + margin),
                        min(down, bottom + margin),
                    ),
                )
            )
    return found


def _up(length: int, step: int) -> int:
    return -(-length // step) * step


def _cuts(length: int, core: int, margin: int) -> Iterator[tuple[int, int]]:
    if length <= core + 2 * margin:
        yield 0, length
        return
    for start in range(0, length, core):
        yield start, min(start + core, length)


def tile_grey(pixels: Pixels, scale: Scale, tile: Tile) -> npt.NDArray[np.float32]:
    """Return the tile's ``seen`` part as grey at the network's scale.

    Only that part of ``pixels`` is read. Where it reaches over the right or bottom edge,
    the picture is mirrored.

    Returns
    -------
    ndarray, (h, w) float32, 0 to 255
        h and w multiples of 16.
    """
    left, top, right, bottom = tile.seen
    height_px, width_px = pixels.shape[:2]
    # source px; left and top are exact by construction of the grid
    x0 = left * scale.denominator // scale.numerator
    y0 = top * scale.denominator // scale.numerator
    # enough source px, in whole resampling periods, to cover right and bottom
    across = _up(-(-(right - left) * scale.denominator // scale.numerator), scale.denominator)
    down = _up(-(-(bottom - top) * scale.denominator // scale.numerator), scale.denominator)
    part = to_grey(pixels[y0 : y0 + down, x0 : x0 + across])
    over_x, over_y = x0 + across - width_px, y0 + down - height_px
    if over_x > 0 or over_y > 0:
        part = cv2.copyMakeBorder(part, 0, max(0, over_y), 0, max(0, over_x), cv2.BORDER_REFLECT)
    if scale != NATIVE:
        size = (
            across * scale.numerator // scale.denominator,
            down * scale.numerator // scale.denominator,
        )
        how = cv2.INTER_AREA if scale.factor < 1 else cv2.INTER_CUBIC
        part = cv2.resize(part, size, interpolation=how)
    cut: npt.NDArray[np.float32] = np.ascontiguousarray(part[: bottom - top, : right - left])
    return cut


def whole_grey(pixels: Pixels, scale: Scale) -> npt.NDArray[np.float32]:
    """Return a whole picture as grey at the network's scale, in one piece: see `tile_grey`."""
    height_px, width_px = pixels.shape[:2]
    longest_px = math.ceil(max(height_px, width_px) * scale.factor)
    (whole,) = tiles(width_px, height_px, scale, margin_px=0, side_px=longest_px)
    return tile_grey(pixels, scale, whole)


def middle(pixels: Pixels, height_px: int, width_px: int) -> Pixels:
    """Return the middle of a picture, of at most the given size in its own px."""
    full_height, full_width = pixels.shape[:2]
    high, wide = min(full_height, height_px), min(full_width, width_px)
    top, left = (full_height - high) // 2, (full_width - wide) // 2
    return pixels[top : top + high, left : left + wide]
