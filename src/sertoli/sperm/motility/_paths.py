"""Many short paths at once: their average paths, lengths, swings and crossings."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import correlate1d

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class PathSums:
    """What was added up along each of M paths; lengths in the unit of the places.

    Sums of several stretches of one path may be added to one another.

    Parameters
    ----------
    stretches : ndarray, (M,)
        Number of stretches.
    steps, step_squares, step_count : ndarray, (M,)
        Sum of step lengths, of their squares, and number of steps.
    net, net_squares : ndarray, (M,)
        Distance from the first place to the last, and its square.
    intervals : ndarray, (M,)
        Number of steps from first to last.
    average_steps, average_count : ndarray, (M,)
        Length of the average path where it is known, and its number of steps.
    swing, swings : ndarray, (M,)
        Sum over the whole swings of the greatest distance from the average path, and their
        number.
    crossings : ndarray, (M,)
        How often the path crossed the average path.
    noise_squares, noise_count : ndarray, (M,)
        Sum of squared second differences of one coordinate, over 6, and their number: their
        ratio is the variance of white noise of a cell that lies still.
    """

    stretches: Floats
    steps: Floats
    step_squares: Floats
    step_count: Floats
    net: Floats
    net_squares: Floats
    intervals: Floats
    average_steps: Floats
    average_count: Floats
    swing: Floats
    swings: Floats
    crossings: Floats
    noise_squares: Floats
    noise_count: Floats


def hann(samples: float) -> Floats:
    """Return the weights of a running mean ``samples`` long, Hann's window, adding up to 1.

    The length need not be whole, so that a time in seconds gives the same smoothing at every
    frame rate.
    """
    reach = max(0, math.ceil(samples / 2) - 1)
    place = np.arange(-reach, reach + 1)
    weight = 0.5 + 0.5 * np.cos(2 * np.pi * place / max(samples, 1e-9))
    total: Floats = weight / weight.sum()
    return total


def measure(
    places: Floats, first: Floats, last: Floats, kernel: Floats, dead_zone: float, stride: int = 1
) -> PathSums:
    """Add up what the kinematics of M paths need.

    Parameters
    ----------
    places : ndarray, (M, n, 2)
        x and y at equal intervals; anything outside ``first`` to ``last``.
    first, last : ndarray, (M,)
        Rows of ``places`` where each path begins and ends.
    kernel : ndarray, (2 h + 1,)
        Weights of the running mean that makes the average path.
    dead_zone : float
        A path that is no further than this from its average path is on neither side of it.
    stride : int
        A step goes from one place to the ``stride``-th after it.
    """
    at = np.arange(places.shape[1])[None, :]
    inside = (at >= first[:, None]) & (at <= last[:, None])
    places = np.where(inside[..., None], places, 0.0)
    stride = min(stride, places.shape[1] - 1)
    between = inside[:, stride:] & inside[:, :-stride]
    step = places[:, stride:] - places[:, :-stride]
    steps = np.where(between, np.hypot(step[..., 0], step[..., 1]), 0.0)

    half = len(kernel) // 2
    average = correlate1d(places, kernel, axis=1, mode="constant")
    smooth = (at >= first[:, None] + half) & (at <= last[:, None] - half)
    both = smooth[:, 1:] & smooth[:, :-1]
    along = np.diff(average, axis=1)
    length = np.hypot(along[..., 0], along[..., 1])
    swing, swings, crossings = _swings(_aside(places - average, along, both), smooth, dead_zone)

    second = np.diff(places, 2, axis=1)
    three = (inside[:, 2:] & inside[:, 1:-1] & inside[:, :-2])[..., None]
    rows = np.arange(len(places))
    net = places[rows, last.astype(int)] - places[rows, first.astype(int)]
    return PathSums(
        stretches=np.ones(len(places)),
        steps=steps.sum(axis=1),
        step_squares=(steps**2).sum(axis=1),
        step_count=between.sum(axis=1).astype(float),
        net=np.hypot(net[:, 0], net[:, 1]),
        net_squares=(net**2).sum(axis=1),
        intervals=(last - first).astype(float),
        average_steps=np.where(both, length, 0.0).sum(axis=1),
        average_count=both.sum(axis=1).astype(float),
        swing=swing,
        swings=swings,
        crossings=crossings,
        noise_squares=np.where(three, second**2, 0.0).sum(axis=(1, 2)) / 6.0,
        noise_count=2.0 * three.sum(axis=(1, 2)),
    )


def _aside(away: Floats, along: Floats, both: Flags) -> Floats:
    """Return how far each place lies to one side (+) or the other of the average path."""
    step = np.where(both[..., None], along, 0.0)
    direction = np.zeros_like(away)
    direction[:, 1:] += step
    direction[:, :-1] += step
    size = np.maximum(np.hypot(direction[..., 0], direction[..., 1]), 1e-12)
    side: Floats = (direction[..., 0] * away[..., 1] - direction[..., 1] * away[..., 0]) / size
    return side


def _swings(side: Floats, known: Flags, dead_zone: float) -> tuple[Floats, Floats, Floats]:
    """Return the sum of whole swings' greatest distances, their number, and the crossings."""
    rows, n = side.shape
    clear = known & (np.abs(side) > dead_zone)
    # the side that the path was clearly on last
    latest = np.maximum.accumulate(np.where(clear, np.arange(n)[None, :], -1), axis=1)
    sign = np.where(
        latest >= 0, np.sign(np.take_along_axis(side, np.maximum(latest, 0), axis=1)), 0.0
    )
    turned = (sign[:, 1:] * sign[:, :-1] < 0) & known[:, 1:]
    crossings = turned.sum(axis=1).astype(float)
    number = np.concatenate([np.zeros((rows, 1), int), np.cumsum(turned, axis=1)], axis=1)
    most = np.zeros((rows, int(crossings.max(initial=0)) + 1))
    np.maximum.at(
        most, (np.arange(rows)[:, None].repeat(n, 1), number), np.where(known, np.abs(side), 0.0)
    )
    # the first and the last swing are cut off by the ends of the path
    swing_at = np.arange(most.shape[1])[None, :]
    whole = (swing_at >= 1) & (swing_at < crossings[:, None])
    return np.where(whole, most, 0.0).sum(axis=1), whole.sum(axis=1).astype(float), crossings
