"""What came into the picture from outside: metal, plastic, cotton; told by colour, doubt and shape.

Blood and the pigments of tissue take blue out of any lamp's light; metal, plastic and cotton give
it back. So an instrument is less warm than the tissue of the same picture, whatever the lamp and
the camera's white, and it reaches in from the border. An opaque tubule is less warm as well, so
colour alone decides nothing: the network must doubt, too, that tubules are to be seen there, or the
piece must be straight for longer than a tubule is. The network marks the middle of most
instruments; colour takes them up to their edges.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]

GRAIN_CELLS = 1.0
"""Standard deviation of the blur that takes the camera's colour noise out."""

DARK, FULL = 0.05, 0.985
"""Below the first (of 1) a colour is mostly noise, from the second on a channel is cut off."""

WHITE = 0.95
"""Where no channel is below this, tissue, which is warm, would have to be blinding."""

SPREADS, RIM_SPREADS, UNLIKE = 1.5, 1.0, 2.5
"""Less warm is what lies by the first of these spreads of tissue below its median; its blurred rim
does by the second; what lies by the third is hardly tissue."""

DECILE = 1.9
"""From the median to the ninth decile it is so many times as far as to a quartile (of a normal
distribution)."""

LEAST_SPREAD = 0.02
"""Of the logarithm of red over blue; also how much less warm anything has to be at least."""

FEWEST_CELLS = 200
"""With fewer cells on lines, nothing is known of the colour of tissue."""

THINNEST, STREAK, RIM = 0.45, 0.9, 0.3
"""In typical diameters. Thinner than the first are the lamp's streaks on tissue; as wide as the
second may a bright or dark streak on an instrument be; the third is how far its rim goes."""

SMALL, LARGE, LONG = 3.0, 6.0, 12.0
"""In squares of the typical diameter. Instruments are no smaller than the first; no tubule runs
straight over the third."""

DOUBTED, HALF_DOUBTED = -2.3, -3.5
"""Mean log odds of unreadable. On tubules they are about -4 to -5."""

FEW_LINES = 0.11
"""Share of cells on lines: among tubules it is 0.3 to 0.45."""

CONVEX, STRAIGHT = 1.2, 1.1
"""The convex hull of a straight piece is hardly larger than it; tubules bend. The second is for a
piece that the network does not doubt."""


def foreign(seen: Floats, line: Floats, unreadable: Floats, typical_cells: float) -> Bools:
    """Tell where something that is no tissue lies over it.

    Parameters
    ----------
    seen : ndarray, (H, W, 3) float32
        RGB, 0 to 1, as the network saw it.
    line, unreadable : ndarray, (h, w) float32
        What it said of every cell, as log odds.
    typical_cells : float
        Diameter of a common tubule, in cells.

    Returns
    -------
    ndarray, (h, w) bool
    """
    found = np.zeros(line.shape, np.bool_)
    small = cv2.resize(seen, (line.shape[1], line.shape[0]), interpolation=cv2.INTER_AREA)
    red, green, blue = cv2.split(cv2.GaussianBlur(small, (0, 0), GRAIN_CELLS))
    # Where blue is cut off, the truth is less warm still; where red is, nothing is known.
    known = (cv2.max(red, cv2.max(green, blue)) > DARK) & (red < FULL)
    on_line = line > 0
    tissue = known & on_line
    if np.count_nonzero(tissue) < FEWEST_CELLS:
        return found
    warmth = np.log((red + 0.01) / (blue + 0.01))
    quarter, middle, high = np.percentile(warmth[tissue], (25, 50, 90))
    # Of the two sides the narrower: blood widens the one, an instrument with lines the other.
    spread = max(min(high - middle, DECILE * (middle - quarter)), LEAST_SPREAD)
    cool = known & (warmth < middle - SPREADS * spread - LEAST_SPREAD)
    cool |= cv2.min(red, cv2.min(green, blue)) > WHITE
    opened = cv2.morphologyEx(cool.view(np.uint8), cv2.MORPH_OPEN, _disc(THINNEST * typical_cells))
    count, parts, facts, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    for part in range(1, count):
        area = facts[part, cv2.CC_STAT_AREA] / typical_cells**2
        if area < SMALL or not _reaches_in(facts[part], line.shape):
            continue
        inside = parts == part
        if _is_no_tissue(
            area,
            float(unreadable[inside].mean()),
            float(on_line[inside].mean()),
            _bend(inside),
            float(middle - np.median(warmth[inside])) / spread,
        ):
            found |= inside
    if not found.any():
        return found
    # Its bright and dark streaks, where colour is not known, and its rim.
    here = found.view(np.uint8)
    closed = cv2.morphologyEx(here, cv2.MORPH_CLOSE, _disc(STREAK * typical_cells)) > 0
    near = cv2.dilate(here, _disc(2 * RIM * typical_cells)) > 0
    return np.asarray(closed | (near & (warmth < middle - RIM_SPREADS * spread)), np.bool_)


def _is_no_tissue(area: float, doubt: float, lines: float, bend: float, unlike: float) -> bool:
    """Tell whether a piece of less warm picture is no tissue."""
    if doubt > DOUBTED:
        return True
    if area < LARGE:
        return False
    if lines < FEW_LINES or (doubt > HALF_DOUBTED and bend < CONVEX):
        return True
    return area >= LONG and unlike > UNLIKE and bend < STRAIGHT


def _disc(across: float) -> npt.NDArray[np.uint8]:
    side = max(1, round(across)) | 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _reaches_in(facts: npt.NDArray[np.int32], shape: tuple[int, ...]) -> bool:
    left, top, width, height = facts[:4]
    return bool(min(left, top) <= 1 or left + width >= shape[1] - 1 or top + height >= shape[0] - 1)


def _bend(inside: Bools) -> float:
    """Return by how many times the convex hull is larger."""
    hull = cv2.convexHull(np.argwhere(inside).astype(np.float32))
    return float(cv2.contourArea(hull)) / np.count_nonzero(inside)
