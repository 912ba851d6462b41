"""Pictures of nothing that a sperm detector is made for: noise, stripes, tissue.

Made up from formulas, to tell what is familiar from what is not. None of it is modelled on
a real picture that the rule of familiarity is judged by.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

Floats = npt.NDArray[np.float32]


def stranger(side: int, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Make one picture, (side, side), of a kind drawn at random."""
    kind = rng.integers(8)
    if kind == 0:
        picture = _noise(side, rng)
    elif kind == 1:
        picture = _cloud(side, float(rng.uniform(0.2, 3.5)), rng)
    elif kind == 2:
        picture = _dead_pixels(side, rng)
    elif kind == 3:
        picture = _stripes(side, rng)
    elif kind == 4:
        picture = _map(side, rng)
    elif kind == 5:
        picture = _slope(side, rng)
    else:
        picture = _tissue(side, rng)
    low, high = np.percentile(picture, (1, 99))
    range_ = float(np.exp(rng.uniform(np.log(15), np.log(240))))
    level = float(rng.uniform(0, max(1.0, 255 - range_)))
    grey = (picture - low) / max(float(high - low), 1e-6) * range_ + level
    if rng.random() < 0.5:
        grey = grey + rng.normal(0, rng.uniform(0, 2), picture.shape)
    return np.asarray(np.clip(np.rint(grey), 0, 255), np.uint8)


def _noise(side: int, rng: np.random.Generator) -> Floats:
    even = rng.random() < 0.5
    drawn = rng.random((side, side)) if even else rng.standard_normal((side, side))
    return drawn.astype(np.float32)


def _cloud(side: int, slope: float, rng: np.random.Generator) -> Floats:
    """Noise whose amplitude falls with the frequency to the power of ``slope``; deviation 1."""
    rows, columns = np.meshgrid(np.fft.fftfreq(side), np.fft.rfftfreq(side), indexing="ij")
    frequency = np.hypot(rows, columns)
    frequency[0, 0] = 1 / side
    drawn = np.fft.rfft2(rng.standard_normal((side, side))) * frequency**-slope
    picture = np.fft.irfft2(drawn, s=(side, side))
    return np.asarray((picture - picture.mean()) / picture.std(), np.float32)


def _dead_pixels(side: int, rng: np.random.Generator) -> Floats:
    picture = rng.uniform(0, 0.5) * rng.standard_normal((side, side))
    draw = rng.random((side, side))
    share = 10 ** rng.uniform(-2, -0.4)
    picture[draw < share / 2] = -rng.uniform(3, 12)
    picture[draw > 1 - share / 2] = rng.uniform(3, 12)
    return picture.astype(np.float32)


def _stripes(side: int, rng: np.random.Generator) -> Floats:
    length = int(rng.integers(4, 21)) * 2 + 1
    line = np.zeros((length, length), np.float32)
    line[length // 2] = 1 / length
    middle = (length // 2, length // 2)
    turn = cv2.getRotationMatrix2D(middle, float(rng.uniform(0, 180)), 1.0)
    line = np.asarray(cv2.warpAffine(line, turn, (length, length)), np.float32)
    striped: Floats = cv2.filter2D(_cloud(side, float(rng.uniform(0.5, 1.5)), rng), -1, line)
    return striped


def _map(side: int, rng: np.random.Generator) -> Floats:
    """Two grey levels with a ragged coast, and texture over both."""
    land = _cloud(side, float(rng.uniform(0.8, 2)), rng) > rng.uniform(-1, 1)
    soft = cv2.GaussianBlur(land.astype(np.float32), (0, 0), float(rng.uniform(0.5, 3)))
    rough = _cloud(side, float(rng.uniform(0, 1.5)), rng) * np.float32(rng.uniform(0, 0.5))
    return np.asarray(2 * soft + rough, np.float32)


def _slope(side: int, rng: np.random.Generator) -> Floats:
    """Light that falls off, and nothing in it."""
    x, y = np.meshgrid(np.linspace(-1, 1, side), np.linspace(-1, 1, side))
    a, b, c, d, e = rng.normal(0, 1, 5)
    return np.asarray(a * x + b * y + c * x * y + d * x**2 + e * y**2, np.float32)


def _tissue(side: int, rng: np.random.Generator) -> Floats:
    """Cells wall to wall, each with a nucleus, with or without gaps between islands."""
    size = float(np.exp(rng.uniform(np.log(6), np.log(60))))
    middles = rng.uniform(-size, side + size, (int((side / size + 2) ** 2 * 1.2) + 4, 2))
    places = np.mgrid[:side, :side].reshape(2, -1).T
    away, nearest = cKDTree(middles).query(places, k=2)
    shade = rng.normal(0, 1, len(middles))[nearest[:, 0]]
    wall = np.exp(-(((away[:, 1] - away[:, 0]) / (0.12 * size)) ** 2))
    nucleus = away[:, 0] < rng.uniform(0.25, 0.42) * size
    flat = rng.uniform(0, 1) * shade + rng.uniform(-2, 2) * wall + rng.uniform(-2.5, -0.5) * nucleus
    picture = flat.reshape(side, side)
    if rng.random() < 0.6:
        island = _cloud(side, float(rng.uniform(1.2, 2)), rng) > rng.uniform(-1, 0.7)
        mask = cv2.GaussianBlur(island.astype(np.float32), (0, 0), 2.0)
        picture = picture * mask + (1 - mask) * rng.uniform(-1, 3)
    picture = picture + rng.uniform(0, 0.7) * _cloud(side, float(rng.uniform(0.3, 1.5)), rng)
    soft = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), float(rng.uniform(0.5, 2)))
    return np.asarray(soft, np.float32)
