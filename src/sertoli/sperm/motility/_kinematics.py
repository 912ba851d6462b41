"""From sums along paths to the figures of computer-assisted sperm analysis (CASA)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sertoli.sperm.motility._noise import without_noise
from sertoli.sperm.motility._paths import PathSums, hann, measure

Floats = npt.NDArray[np.float64]

SMOOTHING_S = 0.3
"""Length of the running mean (Hann's weights) that makes the average path.

It smooths slow turns as much as a plain mean over 0.2 s, that is five frames at 25 frames/s,
but leaves nothing of beats above 7 Hz in the average path, where a plain mean lets some pass.
"""

STEP_S = 0.02
"""A path's length is that of steps of this time, as at 50 frames/s, or of one frame if that is
longer: with ever more frames a path would seem ever longer, of noise if of nothing else."""


@dataclass(frozen=True, slots=True, eq=False)
class Kinematics:
    """CASA figures of M paths, as the WHO laboratory manual defines them; NaN where unknown.

    Parameters
    ----------
    vcl : ndarray, (M,)
        Curvilinear velocity: length of the path over time. Noise of place is taken out.
    vsl : ndarray, (M,)
        Straight-line velocity: from first to last place over time.
    vap : ndarray, (M,)
        Average-path velocity: length of the smoothed path over time.
    alh : ndarray, (M,)
        Amplitude of lateral head displacement: twice the mean, over whole swings, of the
        greatest distance from the average path. The same unit of length.
    bcf : ndarray, (M,)
        Beat-cross frequency: crossings of the average path per time. A head that swings to
        and fro f times a second crosses 2 f times.
    """

    vcl: Floats
    vsl: Floats
    vap: Floats
    alh: Floats
    bcf: Floats

    @property
    def lin(self) -> Floats:
        """Linearity, VSL / VCL."""
        return _ratio(self.vsl, self.vcl)

    @property
    def straightness(self) -> Floats:
        """Straightness (STR), VSL / VAP."""
        return _ratio(self.vsl, self.vap)

    @property
    def wob(self) -> Floats:
        """Wobble, VAP / VCL."""
        return _ratio(self.vap, self.vcl)


def kinematics(
    places: npt.ArrayLike,
    interval_s: float,
    *,
    noise: float = 0.0,
    smoothing_s: float = SMOOTHING_S,
) -> Kinematics:
    """Measure paths of which every place is known.

    Parameters
    ----------
    places : array, (M, n, 2) or (n, 2)
        x and y at equal intervals, in any unit of length.
    interval_s : float
        From one place to the next.
    noise : float
        Standard deviation of each coordinate's error, same unit.
    smoothing_s : float
        Length of the running mean of the average path.
    """
    paths = np.asarray(places, np.float64)
    paths = paths[None] if paths.ndim == 2 else paths
    kernel = hann(smoothing_s / interval_s)
    count = len(paths)
    ends = np.zeros(count), np.full(count, paths.shape[1] - 1.0)
    # rounding errors, too, swing about an average path
    dead_zone = max(noise, 1e-9 * float(np.ptp(paths)))
    sums = measure(paths, *ends, kernel, dead_zone, stride_of(interval_s))
    return from_sums(sums, interval_s, kernel, np.full(count, noise))


def stride_of(interval_s: float) -> int:
    """Return how many intervals a step of the path takes."""
    return max(1, round(STEP_S / interval_s))


def from_sums(sums: PathSums, interval_s: float, kernel: Floats, noise: Floats) -> Kinematics:
    """Turn sums along paths, of one or of several stretches, into figures.

    Parameters
    ----------
    sums : PathSums, M of them
    interval_s : float
        Of the places.
    kernel : ndarray
        Weights that made the average path.
    noise : ndarray, (M,)
        Standard deviation of each coordinate's error.
    """
    difference = np.sqrt(2.0) * noise
    # noise of neighbouring places of the average path is nearly the same and mostly cancels
    change = np.diff(np.concatenate([[0.0], kernel, [0.0]]))
    smoothed = noise * float(np.sqrt((change**2).sum()))
    net = without_noise(_ratio(sums.net, sums.stretches), difference)
    vsl = net / _ratio(sums.intervals, sums.stretches) / interval_s
    vap = without_noise(_ratio(sums.average_steps, sums.average_count), smoothed) / interval_s
    step_s = stride_of(interval_s) * interval_s
    vcl = without_noise(_ratio(sums.steps, sums.step_count), difference) / step_s
    # A path is never shorter than the straight line, nor than its own average path.
    vap = np.where(np.isnan(vap), np.nan, np.maximum(vap, vsl))
    vcl = np.fmax(np.maximum(vcl, vsl), vap)
    return Kinematics(
        vcl=vcl,
        vsl=vsl,
        vap=vap,
        alh=2.0 * _ratio(sums.swing, sums.swings),
        bcf=np.where(
            sums.swings > 0, _ratio(sums.crossings, sums.average_count) / interval_s, np.nan
        ),
    )


def _ratio(above: Floats, below: Floats) -> Floats:
    known = below > 0
    ratio: Floats = np.where(known, above / np.where(known, below, 1.0), np.nan)
    return ratio
