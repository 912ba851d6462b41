"""Tells a run of consecutive frames from a set of separate fields, by looking."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.errors import InputError
from sertoli.frames._frame import Pixels

LOOKED_AT = 16
"""Neighbouring pairs compared, spread evenly over the pictures."""

LONGER_SIDE = 96
"""Pictures are compared at this size: cells remain, noise and small motion do not."""

PLAIN = 0.7
"""Correlation of neighbours from which on they plainly show the same place.

Median over the real sets: 0.99 and 0.86 in consecutive frames, at most 0.28 in others.
"""

CLEARLY_ABOVE_FAR = 0.15
"""Neighbours must be so much more alike than pictures far apart, unless nearly the same.

Dust, uneven light and a fixed pattern make different fields alike, at any distance.
"""

NEARLY_SAME = 0.9


def is_run(count: int, load: Callable[[int], Pixels]) -> bool:
    """Tell if neighbouring pictures plainly overlap in content.

    Pictures of different sizes never do. Damaged ones are passed over.

    Parameters
    ----------
    count : int
        Number of pictures.
    load : callable
        Gives the pixels of picture 0 to ``count`` - 1; raises ``InputError`` for a damaged one.
    """
    if count < 2:
        return False
    near: list[float] = []
    far: list[float] = []
    for first in np.unique(np.linspace(0, count - 2, LOOKED_AT).round().astype(int)):
        try:
            here, neighbour = _pattern(load(int(first))), _pattern(load(int(first) + 1))
        except InputError:
            continue
        if here.shape != neighbour.shape:
            return False
        near.append(_correlation(here, neighbour))
        other = int((first + count // 2) % count)
        if abs(other - first) > 1:
            try:
                distant = _pattern(load(other))
            except InputError:
                continue
            if distant.shape != here.shape:
                return False
            far.append(_correlation(here, distant))
    alike = float(np.median(near)) if near else 0.0
    if alike < PLAIN:
        return False
    return alike >= NEARLY_SAME or not far or alike - float(np.median(far)) >= CLEARLY_ABOVE_FAR


def _pattern(pixels: Pixels) -> npt.NDArray[np.float32]:
    """Return the picture small, without slow shading, with mean 0 and norm 1."""
    height, width = pixels.shape[:2]
    step = max(1, max(height, width) // 2048)  # spares the memory of huge mapped pictures
    thin = np.ascontiguousarray(pixels[::step, ::step], dtype=np.float32)
    if thin.ndim == 3:
        thin = thin.mean(axis=2)
    scale = LONGER_SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(thin, size, interpolation=cv2.INTER_AREA)
    small = small - cv2.GaussianBlur(small, (0, 0), LONGER_SIDE / 24)
    spread = 3.0 * float(small.std())
    small = small.clip(-spread, spread)
    small -= small.mean()
    norm = float(np.linalg.norm(small))
    pattern: npt.NDArray[np.float32] = small / norm if norm > 0 else small
    return pattern


def _correlation(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    """Return the largest normalised correlation over shifts of up to an eighth of the picture."""
    product = np.fft.rfft2(one) * np.conj(np.fft.rfft2(other))
    surface = np.fft.irfft2(product, one.shape)
    rows, columns = (max(1, side // 8) for side in one.shape)
    near = np.r_[0 : rows + 1, -rows:0]
    return float(surface[near][:, np.r_[0 : columns + 1, -columns:0]].max())
