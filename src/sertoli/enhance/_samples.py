"""Samples of a scene taken between the pixels of a fine picture, added up for the solver."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.enhance._enhanced import Floats
from sertoli.enhance._motion import Affine, inverted

LITTLE = 0.05
"""What is known beforehand counts like so many samples."""

_BETWEEN = 1.0 / 6.0
"""Variance (px of the fine picture) that reading between pixels adds by itself, on average."""


class Samples:
    """The normal equations of all samples read linearly between the pixels of a fine picture.

    With ``S`` the reading, ``W`` the trust and ``B`` the camera's blur, ``normal(p)`` is
    ``B' S' W S B p`` and ``right(plane)`` is ``B' S' W y``. ``S' W S`` joins only neighbouring
    pixels, so it is kept as five pictures of the fine size, however many frames were added.

    Parameters
    ----------
    shape : (height, width)
        Of the fine picture.
    coarse : (height, width)
        Of the frames.
    planes : int
        Number of planes (luminance, colour differences) of a frame.
    blur_px : float
        Standard deviation of the optics' blur, in px of the frames.
    """

    def __init__(
        self, shape: tuple[int, int], coarse: tuple[int, ...], planes: int, blur_px: float
    ) -> None:
        self._shape = shape
        self._scale = np.array([shape[1] / coarse[1], shape[0] / coarse[0]])
        # A pixel averages over its own width: the variance of a box is a twelfth of its square.
        variance = self._scale**2 * (1.0 / 12.0 + blur_px**2) - _BETWEEN
        self._blur = np.sqrt(np.maximum(variance, 0.01))
        count = shape[0] * shape[1]
        self._joins = {step: np.zeros(count, np.float32) for step in self._steps()}
        self._sums = [np.zeros(count, np.float32) for _ in range(planes)]

    def _steps(self) -> tuple[int, ...]:
        width = self._shape[1]
        return (0, 1, width, width + 1, width - 1)

    def add(self, planes: list[Floats], trust: Floats, motion: Affine) -> None:
        """Add a frame.

        Parameters
        ----------
        planes : list of ndarray, (h, w) float32
        trust : ndarray, (h, w) float32
            How far each pixel is trusted, 0 to 1.
        motion : ndarray, (2, 3)
            Takes a point of the reference frame to this one.
        """
        back = inverted(motion)
        rows, columns = np.nonzero(trust > 0.0)
        points = np.stack([columns, rows]).astype(np.float64)
        places = back[:, :2] @ points + back[:, 2:]
        x = self._scale[0] * (places[0] + 0.5) - 0.5
        y = self._scale[1] * (places[1] + 0.5) - 0.5
        height, width = self._shape
        # The outermost half pixel of the fine picture is read from its border pixels.
        x = np.where((x < 0.0) & (x > -0.5 * self._scale[0]), 0.0, x)
        y = np.where((y < 0.0) & (y > -0.5 * self._scale[1]), 0.0, y)
        left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
        inside = (left >= 0) & (top >= 0) & (left < width - 1) & (top < height - 1)
        left, top, x, y = left[inside], top[inside], x[inside], y[inside]
        kept = trust[rows[inside], columns[inside]].astype(np.float64)
        values = [plane[rows[inside], columns[inside]].astype(np.float64) for plane in planes]
        self._add_at(top * width + left, x - left, y - top, kept, values)

    def _add_at(
        self,
        corner: npt.NDArray[np.int64],
        across: npt.NDArray[np.float64],
        down: npt.NDArray[np.float64],
        trust: npt.NDArray[np.float64],
        values: list[npt.NDArray[np.float64]],
    ) -> None:
        width, count = self._shape[1], self._sums[0].size
        share = {
            0: (1.0 - across) * (1.0 - down),
            1: across * (1.0 - down),
            width: (1.0 - across) * down,
            width + 1: across * down,
        }
        for at, part in share.items():
            place = corner + at
            for total, value in zip(self._sums, values, strict=True):
                total += np.bincount(place, trust * part * value, count).astype(np.float32)
            for other, rest in share.items():
                if other >= at:
                    joined = np.bincount(place, trust * part * rest, count)
                    self._joins[other - at] += joined.astype(np.float32)

    @property
    def seen(self) -> Floats:
        """(H, W): how much was read from each fine pixel."""
        return self._joins[0].reshape(self._shape)

    def average(self, plane: int, start: Floats) -> Floats:
        """Return (H, W): the average of what was read around each pixel, else ``start``."""
        weight = self._blurred(self._read(np.ones(self._shape, np.float32)))
        total = self._blurred(self._sums[plane].reshape(self._shape))
        little = np.float32(LITTLE) / self._gain
        return np.asarray((total + little * start) / (weight + little))

    def right(self, plane: int) -> Floats:
        """Return the right-hand side for a plane."""
        return self._blurred(self._sums[plane].reshape(self._shape) * self._gain)

    def normal(self, p: Floats) -> Floats:
        """Return the left-hand side for a fine picture ``p``."""
        return self._blurred(self._read(self._blurred(p)) * self._gain)

    def _read(self, p: Floats) -> Floats:
        """Return ``S' W S p``."""
        flat = p.ravel()
        joined = self._joins[0] * flat
        for step, join in self._joins.items():
            if step:
                joined[:-step] += join[:-step] * flat[step:]
                joined[step:] += join[:-step] * flat[:-step]
        return joined.reshape(self._shape)

    @property
    def _gain(self) -> np.float32:
        """A sample of a coarse pixel stands for so many fine ones."""
        return np.float32(self._scale[0] * self._scale[1])

    def _blurred(self, p: Floats) -> Floats:
        # With this border a symmetric blur is its own transpose.
        return np.asarray(
            cv2.GaussianBlur(
                p,
                (0, 0),
                sigmaX=float(self._blur[0]),
                sigmaY=float(self._blur[1]),
                borderType=cv2.BORDER_REFLECT,
            ),
            dtype=np.float32,
        )
