"""What a Python user would take today to follow tubules: scikit-image's parts, plainly joined."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from skimage.filters import sato, threshold_otsu
from skimage.morphology import remove_small_objects, skeletonize

from sertoli.phantom import FieldPicture
from sertoli.tubules import Stretch, TubuleMap

UM_PER_PX = 8.0
"""Both work at this pixel size, as the network does."""

RADII_PX = (5, 7, 9, 12, 16)
"""Of the ridge filter: half of 80 to 260 um, roughly."""

SMALLEST_PX = 60
FEWEST_PX = 5


def threshold_skeleton(picture: FieldPicture) -> TubuleMap:
    """Bright against a local mean (Otsu), then skeleton and distance transform."""
    grey, factor = _ready(picture)
    local = grey - cv2.GaussianBlur(grey, (0, 0), 20)
    mask = local > threshold_otsu(local)
    return _map(picture, mask, skeletonize(_cleaned(mask)), factor)


def ridge_filter(picture: FieldPicture) -> TubuleMap:
    """Sato's ridge filter over five sizes, Otsu, then skeleton and distance transform."""
    grey, factor = _ready(picture)
    ridge = sato(grey, sigmas=[radius / np.sqrt(2) for radius in RADII_PX], black_ridges=False)
    mask = ridge > threshold_otsu(ridge)
    return _map(picture, mask, skeletonize(_cleaned(mask)), factor)


def _ready(picture: FieldPicture) -> tuple[npt.NDArray[np.float32], float]:
    factor = (picture.frame.optics.um_per_px or UM_PER_PX) / UM_PER_PX
    grey = picture.frame.grey()
    size = (round(grey.shape[1] * factor), round(grey.shape[0] * factor))
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA), factor


def _cleaned(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    return np.asarray(remove_small_objects(mask, max_size=SMALLEST_PX), bool)


def paths_of(skeleton: npt.NDArray[np.bool_]) -> list[npt.NDArray[np.float64]]:
    """Cut a skeleton at its forks and put the pixels of each piece in order.

    Returns
    -------
    list of ndarray, (n, 2)
        Column and row, smoothed over seven px.
    """
    thin = skeleton.astype(np.uint8)
    near = cv2.filter2D(thin, cv2.CV_16S, np.ones((3, 3), np.float32))
    count, labels = cv2.connectedComponents(thin * (near <= 3).astype(np.uint8), connectivity=8)
    spots: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for row, column in np.argwhere(labels > 0):
        spots[labels[row, column]].append((column, row))
    found = []
    for piece in spots[1:]:
        left = np.array(piece, float)
        crowd = np.abs(left[:, None] - left[None]).max(2) <= 1
        here = int(np.argmin(crowd.sum(1)))
        order = [here]
        free = np.ones(len(left), bool)
        free[here] = False
        while free.any():
            away = np.where(free, np.abs(left - left[here]).max(1), np.inf)
            here = int(np.argmin(away))
            if away[here] > 2:
                break
            free[here] = False
            order.append(here)
        line = left[order]
        if len(line) > 8:
            even = np.ones(7) / 7
            line = np.stack([np.convolve(line[:, i], even, "valid") for i in (0, 1)], 1)
        found.append(line)
    return found


def _map(
    picture: FieldPicture,
    mask: npt.NDArray[np.bool_],
    skeleton: npt.NDArray[np.bool_],
    factor: float,
) -> TubuleMap:
    depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    stretches: list[Stretch] = []
    for path in paths_of(skeleton):
        column, row = np.rint(path).astype(int).T
        width = 2.0 * depth[row, column] / factor
        if len(path) > FEWEST_PX:
            stretches.append(Stretch(len(stretches), (path + 0.5) / factor - 0.5, width))
    count = len(stretches)
    diameter = np.array([float(one.diameter_px.mean()) for one in stretches])
    length = np.array([one.length_px for one in stretches])
    relative = diameter / np.median(diameter) if count else diameter
    tone = picture.frame.grey()
    last = np.array(tone.shape) - 1
    white = []
    for one in stretches:
        row, column = np.clip(np.rint(one.points[:, ::-1]).astype(int), 0, last).T
        white.append(float(tone[row, column].mean()))
    rank = np.empty(count, np.int64)
    rank[np.argsort(-relative)] = np.arange(1, count + 1)
    return TubuleMap(
        picture.frame.optics,
        picture.frame.width_px,
        picture.frame.height_px,
        tuple(stretches),
        np.zeros((1, 1), bool),
        np.arange(1, count + 1),
        diameter,
        np.zeros(count),
        relative,
        np.array(white) / 255,
        length,
        np.clip(relative / 3, 0, 1),
        rank,
        ("",) * count,
        False,
    )
