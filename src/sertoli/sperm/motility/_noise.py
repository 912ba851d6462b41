"""What noise of place makes of lengths, and what is left without it."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.special import i0e, i1e

Floats = npt.NDArray[np.float64]

_FAR = 30.0
"""From this many deviations on, noise lengthens a distance by its square over twice it."""


def without_noise(mean_length: Floats, noise_sd: Floats) -> Floats:
    """Return the distance that noise made look like ``mean_length``, on average.

    A distance d between two places, each coordinate of which is off by normal noise, is
    measured as a length of Rice's distribution with the parameters d and the deviation of
    the coordinate's difference. Its mean (S. O. Rice, Bell System Technical Journal 24,
    1945) grows with d from sqrt(pi / 2) deviations on; here it is inverted. What is shorter
    than noise alone would make it counts as no distance.

    Parameters
    ----------
    mean_length : ndarray, (N,)
        Mean of measured lengths.
    noise_sd : ndarray, (N,)
        Deviation of the difference of two measured coordinates, same unit; 0 for none.
    """
    scale = np.where(noise_sd > 0, noise_sd, 1.0)
    measured = mean_length / scale
    true, expected = _rice_means()
    near = np.interp(measured, expected, true)
    with np.errstate(divide="ignore"):
        far = measured - 0.5 / measured
    inverted: Floats = np.where(
        noise_sd > 0, np.where(measured < expected[-1], near, far) * scale, mean_length
    )
    return inverted


@cache
def _rice_means() -> tuple[Floats, Floats]:
    """Return distances and the mean lengths they are measured as, in deviations."""
    true = np.concatenate([np.linspace(0, 6, 601), np.linspace(6, _FAR, 600)[1:]])
    y = true**2 / 4
    mean = np.sqrt(np.pi / 2) * ((1 + 2 * y) * i0e(y) + 2 * y * i1e(y))
    return true, mean
