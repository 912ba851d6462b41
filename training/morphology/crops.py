"""The crops of MHSMA, patients kept apart."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.sperm.morphology import CLASSIFIER_PX, PARTS, normalise_crop

Floats = npt.NDArray[np.float32]

FOLDER = "mhsma"
ROOM_PX = 96
"""Side of what is kept of a crop, so that it can be turned and enlarged."""

SCALE = 0.2
"""Crops are shown up to this much (logarithm) larger and smaller."""


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """Crops of N heads.

    Parameters
    ----------
    crops : ndarray, (N, 96, 96) float32
        Grey, 0 to 255; the head in the middle.
    abnormal : ndarray, (N, 4) float32
        1 where a part (`PARTS`) is abnormal.
    patient : ndarray, (N,) str
    """

    crops: Floats
    abnormal: Floats
    patient: npt.NDArray[np.str_]


def read_heads(data: Path, split: str) -> Heads:
    """Load ``train`` or ``val``; a patient is in one of them only."""
    folder = data / FOLDER
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == split]
    crops = []
    for row in rows:
        picture = cv2.imread(str(folder / "images" / row["file"]), cv2.IMREAD_GRAYSCALE)
        if picture is None:
            raise FileNotFoundError(folder / "images" / row["file"])
        rim = (picture.shape[0] - ROOM_PX) // 2
        crops.append(picture[rim : rim + ROOM_PX, rim : rim + ROOM_PX].astype(np.float32))
    abnormal = [[float(row[f"{part}_abnormal"]) for part in PARTS] for row in rows]
    return Heads(
        np.stack(crops),
        np.array(abnormal, np.float32),
        np.array([row["patient"] for row in rows]),
    )


def seen_anew(crop: Floats, rng: np.random.Generator) -> Floats:
    """Return a crop turned, mirrored, enlarged and relit at random, ready for the network."""
    angle, mirror = rng.uniform(0, 360), rng.random() < 0.5
    scale = float(np.exp(rng.uniform(-SCALE, SCALE)))
    middle = (ROOM_PX - 1) / 2
    turn = cv2.getRotationMatrix2D((middle, middle), angle, scale)
    turn[:, 2] += (CLASSIFIER_PX - ROOM_PX) / 2 + rng.uniform(-2, 2, 2)
    size = (CLASSIFIER_PX, CLASSIFIER_PX)
    seen: Floats = cv2.warpAffine(
        crop[:, ::-1] if mirror else crop, turn, size, borderMode=cv2.BORDER_REFLECT
    )
    if rng.random() < 0.3:
        seen = cv2.GaussianBlur(seen, (0, 0), float(rng.uniform(0.3, 0.9)))
    noise = rng.standard_normal(seen.shape).astype(np.float32)
    return normalise_crop(seen + noise * np.float32(rng.uniform(0, 2)))


def plain(crops: Floats) -> Floats:
    """Return the middle of crops, (N, side, side), ready for the network."""
    rim = (ROOM_PX - CLASSIFIER_PX) // 2
    inner = crops[:, rim : rim + CLASSIFIER_PX, rim : rim + CLASSIFIER_PX]
    return np.stack([normalise_crop(one) for one in inner])
