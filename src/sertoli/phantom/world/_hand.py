"""How a microscope, a hand and the tissue move while an opened testis is looked at."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

TREMOR_HZ = (7.0, 12.0)
"""Physiological tremor of the hand [R]; amplitudes below are assumptions."""


@dataclass(frozen=True, slots=True)
class Wave:
    """A sum of sines.

    Parameters
    ----------
    parts : tuple of (amplitude, hertz, phase)
    """

    parts: tuple[tuple[float, float, float], ...]

    def at(self, time_s: float) -> float:
        """Return its value at a time."""
        return sum(a * math.sin(2 * math.pi * f * time_s + p) for a, f, p in self.parts)


@dataclass(frozen=True, slots=True)
class HandPose:
    """What is off from rest at one time.

    Parameters
    ----------
    x_um, y_um, turn_rad : float
        Shift and turn of the microscope over the tissue.
    zoom : float
        1 at rest, above it closer.
    focus_um : float
        Height of the sharp plane.
    exposure : float
    balance : (r, g, b)
    sway_um : (x, y)
        How far a wave of the tissue (breath, pulse, a tug) carries it.
    """

    x_um: float
    y_um: float
    turn_rad: float
    zoom: float
    focus_um: float
    exposure: float
    balance: tuple[float, float, float]
    sway_um: tuple[float, float]


class Hand:
    """A hand at a microscope; any time can be asked for.

    Parameters
    ----------
    seed : int
    """

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng((seed, 40))
        tremor = float(rng.uniform(3.0, 12.0))
        drift = float(rng.uniform(20.0, 60.0))
        self._x = self._shaking(rng, tremor, drift)
        self._y = self._shaking(rng, tremor, drift)
        self._turn = self._slow(rng, 0.006)
        self._zooming = float(rng.uniform(0.0, 0.25)) * float(rng.random() < 0.6)
        self._zoom_hz = float(rng.uniform(0.04, 0.12))
        self._focus = self._slow(rng, float(rng.uniform(30.0, 150.0)))
        self._exposure = self._slow(rng, 0.05)
        self._red, self._blue = self._slow(rng, 0.015), self._slow(rng, 0.02)
        pulse = (float(rng.uniform(1.0, 5.0)), float(rng.uniform(0.9, 1.5)), 0.0)
        breath = (float(rng.uniform(3.0, 12.0)), float(rng.uniform(0.2, 0.3)), 1.0)
        self._sway_x, self._sway_y = Wave((pulse, breath)), Wave((breath,))

    @staticmethod
    def _shaking(rng: np.random.Generator, tremor_um: float, drift_um: float) -> Wave:
        parts = [
            (tremor_um / 2, float(rng.uniform(*TREMOR_HZ)), float(rng.uniform(0, 2 * math.pi)))
            for _ in range(2)
        ]
        parts += [
            (drift_um / 2, float(rng.uniform(0.05, 0.4)), float(rng.uniform(0, 2 * math.pi)))
            for _ in range(2)
        ]
        return Wave(tuple(parts))

    @staticmethod
    def _slow(rng: np.random.Generator, amplitude: float) -> Wave:
        return Wave(((amplitude, float(rng.uniform(0.05, 0.3)), float(rng.uniform(0, 6.28))),))

    def pose(self, time_s: float) -> HandPose:
        """Return where everything is at a time."""
        closer = (1 - math.cos(2 * math.pi * self._zoom_hz * time_s)) / 2
        return HandPose(
            x_um=self._x.at(time_s),
            y_um=self._y.at(time_s),
            turn_rad=self._turn.at(time_s),
            zoom=1 + self._zooming * closer,
            focus_um=self._focus.at(time_s),
            exposure=1 + self._exposure.at(time_s),
            balance=(1 + self._red.at(time_s), 1.0, 1 + self._blue.at(time_s)),
            sway_um=(self._sway_x.at(time_s), self._sway_y.at(time_s)),
        )
