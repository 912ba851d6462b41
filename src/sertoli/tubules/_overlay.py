"""The map drawn over the picture: thin outlines, numbers, hatching where nothing is claimed.

Colours are those of Okabe and Ito, told apart by colour-blind people too; what stands out also
differs in thickness and carries a number.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.frames import Frame, Pixels
from sertoli.optics import Optics
from sertoli.tubules._map import TubuleMap
from sertoli.tubules._sections import SectionMap

NOTICE = "Research software, not a medical device"

PLAIN = (86, 180, 233)
BEST = (230, 159, 0)
LUMEN = (240, 228, 66)
INK = (255, 255, 255)

NUMBERED = 5
HATCH_PX = 9
NICE_LENGTHS = (1, 2, 5)
BAR_SHARE = 0.2
"""The scale bar is the longest round length up to this share of the width."""

Colour = tuple[int, int, int]


def as_rgb8(frame: Frame) -> npt.NDArray[np.uint8]:
    """Return the frame's pixels as (H, W, 3) uint8, a copy."""
    pixels = frame.pixels
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    if pixels.ndim == 2:
        return np.repeat(pixels[..., None], 3, axis=2)
    return np.array(pixels, np.uint8)


def draw_map(frame: Frame, found: TubuleMap, *, opacity: float = 0.9) -> Pixels:
    """Draw a tubule map over its frame.

    Parameters
    ----------
    frame : Frame
    found : TubuleMap
    opacity : float
        Of the lines, 0 to 1.

    Returns
    -------
    ndarray, (H, W, 3) uint8, RGB
    """
    below = as_rgb8(frame)
    picture = below.copy()
    thin = max(1, round(max(below.shape[:2]) / 900))
    _hatch(picture, found.unreadable, thin)
    best = [int(row) for row in np.argsort(found.rank)[:NUMBERED]]
    for row in range(len(found)):
        if row not in best:
            _outline(picture, found, row, PLAIN, thin)
    for row in reversed(best):
        if found.stands_out:
            _outline(picture, found, row, BEST, 2 * thin)
        else:
            _outline(picture, found, row, PLAIN, thin)
    mixed = _mixed(below, picture, opacity)
    for row in best:
        _number(mixed, found, row, BEST if found.stands_out else PLAIN)
    _frame_text(mixed, found.statement, found.optics)
    return mixed


def draw_sections(frame: Frame, found: SectionMap, *, opacity: float = 0.9) -> Pixels:
    """Draw outlined cross-sections over their picture; see `draw_map`."""
    below = as_rgb8(frame)
    picture = below.copy()
    thick = max(2, round(max(below.shape[:2]) / 500))
    for outline, lumens, whole in zip(found.outlines, found.lumens, found.complete, strict=True):
        places = [_places(outline)]
        cv2.polylines(picture, places, True, BEST if whole else PLAIN, thick, cv2.LINE_AA, 3)
        for lumen in lumens:
            cv2.polylines(picture, [_places(lumen)], True, LUMEN, thick, cv2.LINE_AA, 3)
    mixed = _mixed(below, picture, opacity)
    whole_count = int(found.complete.sum())
    said = f"{len(found)} cross-sections, {whole_count} whole; not validated on human sections"
    _frame_text(mixed, said, found.optics)
    return mixed


def _mixed(below: Pixels, above: Pixels, opacity: float) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.addWeighted(above, opacity, below, 1 - opacity, 0), np.uint8)


def _places(points: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
    """Return points in eighths of a px, for lines drawn with ``shift=3``."""
    return np.rint(points * 8).astype(np.int32)


def _outline(picture: Pixels, found: TubuleMap, row: int, colour: Colour, thick: int) -> None:
    """Draw the two walls of each visible stretch."""
    for stretch in found.stretches:
        if stretch.tubule != row:
            continue
        line = stretch.points
        tangent = np.gradient(line, axis=0)
        tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-9
        wall = np.stack((-tangent[:, 1], tangent[:, 0]), 1) * stretch.diameter_px[:, None] * 0.47
        # open at the ends: a wall across would be a claim that the tubule ends there
        walls = [_places(line + wall), _places(line - wall)]
        cv2.polylines(picture, walls, False, colour, thick, cv2.LINE_AA, 3)


def _hatch(picture: Pixels, unreadable: npt.NDArray[np.bool_], thin: int) -> None:
    height, width = picture.shape[:2]
    where = cv2.resize(
        unreadable.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST
    )
    rows, columns = np.nonzero(where)
    step = HATCH_PX * thin
    phase = (rows + columns) % step
    for offset, tone in ((0, 235), (thin, 30)):
        on = (phase >= offset) & (phase < offset + thin)
        picture[rows[on], columns[on]] = tone
    contours, _ = cv2.findContours(where, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    cv2.drawContours(picture, contours, -1, (235, 235, 235), thin, cv2.LINE_AA)


def _number(picture: Pixels, found: TubuleMap, row: int, colour: Colour) -> None:
    """Write a tubule's rank beside the middle of its longest stretch."""
    own = [one for one in found.stretches if one.tubule == row]
    longest = max(own, key=lambda one: one.length_px)
    x, y = longest.points[len(longest.points) // 2]
    size = max(0.5, max(picture.shape[:2]) / 1400)
    _write(picture, str(int(found.rank[row])), (x, y), size, colour, centred=True)


def _frame_text(picture: Pixels, said: str, optics: Optics) -> None:
    height, width = picture.shape[:2]
    size = max(0.35, width / 1800)
    line = 30 * size
    _write(picture, said, (line / 3, line), size, INK)
    _write(picture, NOTICE, (line / 3, height - line / 2), size, INK)
    label, length = scale_bar(width, optics)
    right, bottom = width - line / 2, height - line / 2
    ends = np.array(((right - length, bottom), (right, bottom)))
    thick = max(2, round(4 * size))
    cv2.polylines(picture, [_places(ends)], False, (0, 0, 0), thick + 2, cv2.LINE_AA, 3)
    cv2.polylines(picture, [_places(ends)], False, INK, thick, cv2.LINE_AA, 3)
    _write(picture, label, (right - length, bottom - line / 3), size, INK)


def scale_bar(width_px: int, optics: Optics) -> tuple[str, float]:
    """Return the label and length in px of the longest round bar up to a fifth of the width."""
    um = optics.um_per_px
    longest = BAR_SHARE * width_px * (um or 1.0)
    power = 10.0 ** math.floor(math.log10(longest))
    nice = max(one for one in NICE_LENGTHS if one * power <= longest) * power
    if um is None:
        return f"{nice:g} px", nice
    return (f"{nice / 1000:g} mm" if nice >= 1000 else f"{nice:g} um"), nice / um


def _write(
    picture: Pixels,
    text: str,
    place: tuple[float, float],
    size: float,
    colour: Colour,
    *,
    centred: bool = False,
) -> None:
    """Write on a darkened patch, readable on anything."""
    thick = max(1, round(1.4 * size))
    (across, up), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, thick)
    x, y = place
    if centred:
        x, y = x - across / 2, y + up / 2
    column = round(min(max(x, 3), max(3, picture.shape[1] - across - 3)))
    row = round(min(max(y, up + 3), picture.shape[0] - below - 1))
    patch = picture[
        max(0, row - up - 3) : row + below + 1, max(0, column - 3) : column + across + 3
    ]
    patch[:] = (0.35 * patch).astype(np.uint8)
    cv2.putText(
        picture, text, (column, row), cv2.FONT_HERSHEY_SIMPLEX, size, colour, thick, cv2.LINE_AA
    )
