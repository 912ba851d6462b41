"""Cross-sections of tubules in histology: outlined and measured.

The network gives for each cell the chance of epithelium, of tubule (epithelium with its lumen)
and of a tubule's core. The cores, which do not touch, seed a watershed that parts tubules
which do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.frames import Frame
from sertoli.optics import Optics
from sertoli.tubules._network import ALL_TURNS, SECTION_WEIGHTS, CellNetwork, as_seen

Floats = npt.NDArray[np.float64]

START_FACTOR = 0.25
"""The pictures it learnt from, 1600 px wide with tubules of some 400 px, went in at a quarter."""

LEARNT_DIAMETER_PX = 85.0
"""Median outer diameter of a tubule in the learnt pictures, in network px."""

FAMILIAR_RATIO = 1.8
"""Tubules that seem larger or smaller than this are looked at again at a better size."""

MOST_NETWORK_PX = 3000
"""No side goes into the network larger than this."""

SMALLEST_CORE = 0.05
"""A core under this share of the learnt tubule's area is no tubule."""

SMALLEST_LUMEN = 0.01
"""Holes under this share of their tubule are gaps in the epithelium."""


@dataclass(frozen=True, slots=True, eq=False)
class SectionMap:
    """Cross-sections in one picture, one row each.

    Parameters
    ----------
    optics : Optics
    epithelium : ndarray, (H, W) bool
        Pixels of epithelium.
    outlines : tuple of ndarray, (n, 2) float64
        Outer outline, picture px (x right, y down, centre of the top-left pixel (0, 0)), closed
        without repeating the first point.
    lumens : tuple of tuple of ndarray, (n, 2) float64
        Outlines of the lumen, often none or one.
    complete : ndarray, (n,) bool
        False where the picture's border cuts the tubule: then nothing is measured.
    outer_diameter_px, lumen_diameter_px, epithelium_px : ndarray, (n,) float64
        Short axis of the outer outline (an oblique cut lengthens only the other), short axis of
        the lumen (0 without), and median distance from the lumen's edge to the outer outline
        (half the short axis without a lumen). NaN where not complete.
    epithelium_sd_px : ndarray, (n,) float64
        Spread of that distance around the lumen (standard deviation).
    """

    optics: Optics
    epithelium: npt.NDArray[np.bool_]
    outlines: tuple[Floats, ...] = ()
    lumens: tuple[tuple[Floats, ...], ...] = ()
    complete: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    outer_diameter_px: Floats = field(default_factory=lambda: np.zeros(0))
    lumen_diameter_px: Floats = field(default_factory=lambda: np.zeros(0))
    epithelium_px: Floats = field(default_factory=lambda: np.zeros(0))
    epithelium_sd_px: Floats = field(default_factory=lambda: np.zeros(0))

    def __len__(self) -> int:
        return len(self.outlines)


@dataclass(frozen=True, slots=True, eq=False)
class SectionLook:
    """What the network saw in one picture.

    Parameters
    ----------
    cells : dict of ndarray, (h, w)
        By channel.
    factor : float
        Network px per picture px.
    """

    cells: dict[str, Any]
    factor: float


class SectionMapper:
    """Outlines and measures tubules in histology sections.

    Rests on two mink (immunohistochemistry): human sections are not validated.

    Parameters
    ----------
    network : CellNetwork, optional
        Unless given, the one that ships.
    """

    def __init__(self, network: CellNetwork | None = None) -> None:
        self.network = network or CellNetwork(SECTION_WEIGHTS)

    def __call__(self, frame: Frame) -> SectionMap:
        """Map one picture."""
        look = self.look(frame)
        return self._measured(frame, look.cells, look.factor)

    def look(self, frame: Frame) -> SectionLook:
        """Run the network.

        The size at which tubules are looked at is found from the picture: once at a guess, and
        again where they turn out much larger or smaller than what was learnt.
        """
        longest = max(frame.pixels.shape[:2])
        factor = min(START_FACTOR * 1600 / longest, 1.0)
        cells = self.network.cells(as_seen(frame.pixels, factor), views=ALL_TURNS)
        seen = _median_diameter(_labels(cells)) * self.network.stride_px
        ratio = seen / LEARNT_DIAMETER_PX if seen else 1.0
        if not 1 / FAMILIAR_RATIO < ratio < FAMILIAR_RATIO:
            factor = min(factor / ratio, MOST_NETWORK_PX / longest, 4.0)
            cells = self.network.cells(as_seen(frame.pixels, factor), views=ALL_TURNS)
        return SectionLook(cells, factor)

    def _measured(self, frame: Frame, cells: dict[str, Any], factor: float) -> SectionMap:
        labels = _labels(cells)
        height, width = frame.pixels.shape[:2]
        scale = self.network.stride_px / factor
        to_picture = np.array(
            ((1 / scale, 0, 0.5 / scale - 0.5), (0, 1 / scale, 0.5 / scale - 0.5))
        )
        warp = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
        chance = cv2.warpAffine(
            cells["epithelium"],
            to_picture,
            (width, height),
            flags=warp,
            borderMode=cv2.BORDER_REPLICATE,
        )
        rows: list[dict[str, Any]] = []
        for number in range(1, int(labels.max(initial=0)) + 1):
            own = labels == number
            if own.any():
                rows.append(_measure(own, cells["epithelium"] > 0))
        keys = ("outer", "lumen", "epithelium", "spread")
        columns = {key: np.array([row[key] for row in rows], float) * scale for key in keys}

        def placed(outline: npt.NDArray[Any]) -> Floats:
            moved = self.network.to_picture(outline, factor)
            return np.clip(moved, (0, 0), (width - 1, height - 1))

        return SectionMap(
            frame.optics,
            chance > 0,
            tuple(placed(row["outline"]) for row in rows),
            tuple(tuple(placed(hole) for hole in row["holes"]) for row in rows),
            np.array([row["complete"] for row in rows], bool),
            columns["outer"],
            columns["lumen"],
            columns["epithelium"],
            columns["spread"],
        )


def _labels(cells: dict[str, Any]) -> npt.NDArray[np.int32]:
    """Part the tubules: cores seed a watershed over the chance of tubule."""
    from skimage.segmentation import watershed

    tubule = cells["tubule"] > 0
    seeds, labels, stats, _ = cv2.connectedComponentsWithStats(
        ((cells["core"] > 0) & tubule).astype(np.uint8), connectivity=4
    )
    for one in range(1, seeds):
        left, top, across, down, area = (int(value) for value in stats[one])
        at_edge = (
            left == 0
            or top == 0
            or left + across == labels.shape[1]
            or top + down == labels.shape[0]
        )
        smallest = SMALLEST_CORE * (LEARNT_DIAMETER_PX / 2) ** 2 * (0.3 if at_edge else 1)
        if area < smallest:
            labels[labels == one] = 0
    grown: npt.NDArray[np.int32] = watershed(-cells["core"], labels, mask=tubule).astype(np.int32)
    return grown


def _median_diameter(labels: npt.NDArray[np.int32]) -> float:
    """Return the median diameter of a circle as large as each tubule, in cells; 0 for none."""
    areas = np.bincount(labels.ravel())[1:]
    areas = areas[areas > 0]
    return float(np.median(2 * np.sqrt(areas / np.pi))) if len(areas) else 0.0


def _measure(own: npt.NDArray[np.bool_], epithelium: npt.NDArray[np.bool_]) -> dict[str, Any]:
    mask = own.astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(contours, key=cv2.contourArea)[:, 0]
    filled = np.zeros_like(mask)
    cv2.fillPoly(filled, [outline], 1)
    edges = (filled[0], filled[-1], filled[:, 0], filled[:, -1])
    complete = not any(edge.any() for edge in edges)
    gaps, parts, stats, _ = cv2.connectedComponentsWithStats(
        ((filled > 0) & ~epithelium).astype(np.uint8), connectivity=4
    )
    # a gap that opens to the outside is an indentation, not a lumen
    rim = cv2.erode(filled, np.ones((3, 3), np.uint8), borderValue=1) == 0
    lumens = [
        one
        for one in range(1, gaps)
        if stats[one, cv2.CC_STAT_AREA] >= SMALLEST_LUMEN * filled.sum()
        and not (rim & (parts == one) & (filled > 0)).any()
    ]
    inner = np.isin(parts, lumens).astype(np.uint8) if lumens else np.zeros_like(filled)
    holes, _ = cv2.findContours(inner, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    found: dict[str, Any] = {
        "outline": outline,
        "holes": [hole[:, 0] for hole in holes],
        "complete": complete,
        "outer": np.nan,
        "lumen": np.nan,
        "epithelium": np.nan,
        "spread": np.nan,
    }
    if complete:
        outer = _short_axis(filled)
        found |= {"outer": outer, "lumen": 0.0, "epithelium": outer / 2, "spread": 0.0}
        if lumens:
            depth = cv2.distanceTransform(filled, cv2.DIST_L2, 5)
            border = (cv2.dilate(inner, np.ones((3, 3), np.uint8)) > inner) & (filled > 0)
            # half a cell at either end: distances run from centre to centre
            found["epithelium"] = float(np.median(depth[border]))
            found["spread"] = float(np.std(depth[border]))
            found["lumen"] = _short_axis(inner)
    return found


def _short_axis(mask: npt.NDArray[np.uint8]) -> float:
    """Return the short axis of the ellipse with the mask's second moments, in cells."""
    rows, columns = np.nonzero(mask)
    if len(rows) < 3:
        return float(len(rows))
    spread = np.cov(np.vstack((columns, rows)))
    return float(4 * np.sqrt(max(np.linalg.eigvalsh(spread)[0], 0.0)))
