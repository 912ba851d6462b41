"""What a camera makes of a finer picture: blur by the optics, averaging over its pixels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, diags
from scipy.special import erf

from sertoli.enhance._enhanced import Floats

OPTICS_BLUR_PX = 0.2
"""Standard deviation of the optics' blur in px of the camera, taken where nothing is known of it.
Rather less than most microscopes have: taken too large, edges overshoot."""

_PARTS = 8
"""A fine pixel is integrated in so many parts."""


class Camera:
    """Maps a fine picture to a coarse one of the same field, along rows and columns apart.

    Parameters
    ----------
    shape : (height, width)
        Of the coarse picture.
    fine : (height, width)
        Of the fine one.
    blur_px : float
        Standard deviation of the optics' blur, in px of the coarse picture.
    """

    def __init__(self, shape: tuple[int, ...], fine: tuple[int, ...], blur_px: float) -> None:
        self._down = _weights(shape[0], fine[0], blur_px)
        self._across = _weights(shape[1], fine[1], blur_px)
        # For the adjoint to hand each fine pixel as much as it gave.
        self.gain = float(fine[0] * fine[1]) / float(shape[0] * shape[1])

    def see(self, fine: Floats) -> Floats:
        """Return what the camera sees of a fine picture."""
        return np.asarray((self._across @ (self._down @ fine).T).T)

    def spread(self, coarse: Floats) -> Floats:
        """Return the adjoint, times the ratio of the numbers of pixels."""
        fine = (self._across.T @ (self._down.T @ coarse).T).T
        return np.asarray(fine * np.float32(self.gain))


def _weights(coarse: int, fine: int, blur_px: float) -> csr_matrix:
    """Return (coarse, fine): each row sums to 1."""
    factor = fine / coarse
    centres = (np.arange(coarse) + 0.5) * factor - 0.5
    reach = int(np.ceil(factor * (0.5 + 3.0 * blur_px))) + 1
    nearest = np.rint(centres).astype(int)
    parts = (np.arange(_PARTS) + 0.5) / _PARTS - 0.5
    rows, columns, values = [], [], []
    for step in range(-reach, reach + 1):
        place = nearest + step
        weight = np.zeros(coarse)
        for part in parts:
            weight += _pixel((place - centres + part) / factor, blur_px)
        rows.append(np.arange(coarse))
        columns.append(place.clip(0, fine - 1))
        values.append(weight)
    matrix = csr_matrix(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))),
        shape=(coarse, fine),
    )
    sums = np.asarray(matrix.sum(axis=1)).ravel()
    return (diags(1.0 / sums) @ matrix).tocsr().astype(np.float32)


def _pixel(offset: npt.NDArray[np.float64], blur_px: float) -> npt.NDArray[np.float64]:
    """Return the sensitivity of a coarse pixel at an offset from its centre, in coarse px."""
    if blur_px <= 0.0:
        return (np.abs(offset) < 0.5).astype(np.float64)
    root = blur_px * np.sqrt(2.0)
    return np.asarray(0.5 * (erf((offset + 0.5) / root) - erf((offset - 0.5) / root)))
