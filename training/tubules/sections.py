"""Labelled histology sections: what belongs to a tubule, and which hole is its lumen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

FOLDER = "tubules_histology"
SHRINK = 4
"""Sections are used at a quarter of their sides: an edge needs no more, and a tubule fits in."""

FRAME_PX = 8
"""The masks leave a frame free; up to the picture's border the tissue goes on."""

SMALLEST_PX = 150
"""Smaller specks of a mask (at the reduced size) are slips of the pen."""

INSIDE_HULL = 0.75
"""A hole at the picture's border is a lumen if so much of it lies in its ring's convex hull."""

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """One picture at the reduced size with its truth.

    Parameters
    ----------
    name, animal : str
    pixels : ndarray, (H, W, 3) uint8, RGB
    epithelium : ndarray, (H, W) float32
        Share of each pixel that is epithelium, 0 to 1.
    tubule : ndarray, (H, W) float32
        Epithelium with its lumen.
    core : ndarray, (H, W) float32
        The inner part of each tubule, where no two touch.
    """

    name: str
    animal: str
    pixels: Bytes
    epithelium: Floats
    tubule: Floats
    core: Floats


def read_sections(data: Path) -> list[Section]:
    """Read every labelled section below the folder of the real images."""
    found = []
    for file in sorted((data / FOLDER / "images").glob("*.jpg")):
        picture = cv2.imread(str(file))
        mask = cv2.imread(str(data / FOLDER / "masks" / f"{file.stem}.png"), cv2.IMREAD_GRAYSCALE)
        assert picture is not None
        assert mask is not None
        found.append(section(file.stem, cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), mask))
    return found


def section(name: str, picture: Bytes, mask: Bytes) -> Section:
    """Reduce a picture and its mask (0 = epithelium) and work out tubules and lumens."""
    size = (picture.shape[1] // SHRINK, picture.shape[0] // SHRINK)
    inner = mask[FRAME_PX:-FRAME_PX, FRAME_PX:-FRAME_PX]
    mask = cv2.copyMakeBorder(inner, *(FRAME_PX,) * 4, cv2.BORDER_REPLICATE)
    epithelium = cv2.resize(
        np.where(mask < 128, 1.0, 0.0).astype(np.float32), size, interpolation=cv2.INTER_AREA
    )
    labels = tubule_labels(epithelium > 0.5)
    tubule = np.maximum(epithelium, (labels > 0).astype(np.float32))
    return Section(
        name,
        name.partition("G")[0],
        cv2.resize(picture, size, interpolation=cv2.INTER_AREA),
        epithelium,
        tubule,
        cores(labels),
    )


def tubule_labels(ring: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Give each tubule of a mask of epithelium a number, together with its lumen.

    Parameters
    ----------
    ring : ndarray, (H, W) bool

    Returns
    -------
    ndarray, (H, W) int32
        0 outside, then 1, 2, ...
    """
    count, rings, stats, _ = cv2.connectedComponentsWithStats(ring.astype(np.uint8), connectivity=4)
    labels = np.zeros(ring.shape, np.int32)
    number = 0
    for one in range(1, count):
        if stats[one, cv2.CC_STAT_AREA] < SMALLEST_PX:
            continue
        number += 1
        own = (rings == one).astype(np.uint8)
        labels[_with_lumen(own) & (labels == 0)] = number
    return labels


def _with_lumen(own: Bytes) -> npt.NDArray[np.bool_]:
    contours, _ = cv2.findContours(own, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = np.zeros_like(own)
    cv2.fillConvexPoly(hull, cv2.convexHull(np.concatenate(contours)), 1)
    filled = own.astype(bool)
    holes, outside, stats, _ = cv2.connectedComponentsWithStats(1 - own, connectivity=8)
    for hole in range(1, holes):
        inside = (outside == hole) & (hull > 0)
        if inside.sum() > INSIDE_HULL * stats[hole, cv2.CC_STAT_AREA]:
            filled |= outside == hole
    return filled


def cores(labels: npt.NDArray[np.int32]) -> Floats:
    """Return the part of each tubule more than a fifth of its half-width from its edge."""
    core = np.zeros(labels.shape, np.float32)
    for number in range(1, int(labels.max()) + 1):
        own = (labels == number).astype(np.uint8)
        # the picture's border is no edge of a tubule
        depth = cv2.distanceTransform(
            cv2.copyMakeBorder(own, 40, 40, 40, 40, cv2.BORDER_REPLICATE), cv2.DIST_L2, 5
        )[40:-40, 40:-40]
        core[depth > max(2.0, 0.2 * float(depth.max()))] = 1.0
    return core
