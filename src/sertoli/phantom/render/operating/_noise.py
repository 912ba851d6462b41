"""Smooth random fields that are functions of place in um: the same at every pixel size."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sertoli.phantom.render.operating._view import FieldView

Map = npt.NDArray[np.float32]


def smooth_noise(seed: int, view: FieldView, period_um: float, *, octaves: int = 1) -> Map:
    """Return cubic B-spline noise of about zero mean and unit deviation.

    Parameters
    ----------
    seed : int
    view : FieldView
    period_um : float
        Mesh of the lattice of random values.
    octaves : int
        Each further one has half the period and half the amplitude.

    Returns
    -------
    ndarray, (H, W) float32
    """
    total = np.zeros((view.height_px, view.width_px), dtype=np.float32)
    power = 0.0
    for octave in range(octaves):
        amplitude = 0.5**octave
        total += np.float32(amplitude) * _single(seed + 7919 * octave, view, period_um / 2**octave)
        power += amplitude**2
    return total / np.float32(np.sqrt(power))


def _single(seed: int, view: FieldView, period_um: float) -> Map:
    x = (view.left_um + np.arange(view.width_px) * view.um_per_px) / period_um
    y = (view.top_um + np.arange(view.height_px) * view.um_per_px) / period_um
    first_x, across = _weights(x)
    first_y, down = _weights(y)
    lattice = _random_lattice(seed, first_x, across.shape[1], first_y, down.shape[1])
    # A B-spline weighs its four neighbours by 1/6, 2/3, 1/6: deviation 0.5 in two dimensions.
    return np.asarray(down @ lattice @ across.T * np.float32(2.0), dtype=np.float32)


def _weights(place: npt.NDArray[np.floating[Any]]) -> tuple[int, Map]:
    """Return the first lattice index and the (n, lattice) weights of cubic B-splines."""
    cell = np.floor(place).astype(np.int64)
    t = place - cell
    first = int(cell[0]) - 1
    weights = np.zeros((len(place), int(cell[-1]) - first + 3), dtype=np.float32)
    rows = np.arange(len(place))
    column = cell - 1 - first
    for n, value in enumerate(
        (
            (1 - t) ** 3,
            3 * t**3 - 6 * t**2 + 4,
            -3 * t**3 + 3 * t**2 + 3 * t + 1,
            t**3,
        )
    ):
        weights[rows, column + n] = value / 6
    return first, weights


def _random_lattice(seed: int, left: int, columns: int, top: int, rows: int) -> Map:
    """Return values of unit deviation that depend on seed and lattice place alone."""
    mask = np.uint64(0xFFFFFFFFFFFFFFFF)
    x = (np.arange(left, left + columns).astype(np.int64)).astype(np.uint64)[None, :]
    y = (np.arange(top, top + rows).astype(np.int64)).astype(np.uint64)[:, None]
    value = (x * np.uint64(0x9E3779B97F4A7C15)) & mask
    value = value ^ ((y * np.uint64(0xC2B2AE3D27D4EB4F)) & mask)
    value = value ^ np.uint64((seed * 0x165667B19E3779F9) & 0xFFFFFFFFFFFFFFFF)
    # Finaliser of MurmurHash3 (public domain): every bit of the input stirs every bit.
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        value = (value ^ (value >> np.uint64(33))) * np.uint64(factor)
    value = value ^ (value >> np.uint64(33))
    share = (value >> np.uint64(11)).astype(np.float64) / 2.0**53
    return np.asarray((share - 0.5) * np.sqrt(12.0), dtype=np.float32)
