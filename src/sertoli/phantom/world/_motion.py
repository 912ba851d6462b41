"""Where things are at a time: swimming, twitching, jitter and the drift of the fluid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from sertoli.phantom.world._cells import Cell, Motility, Swim, Tail

PATH_STEP_S = 0.02
"""Time grid of simulated paths; positions between are interpolated."""

PATH_CHUNK = 512
"""Steps simulated at once: a path is extended as far as somebody asks for."""

REACH_UM = 300.0
"""A swimmer turns back at this distance from where it started (as at an invisible wall).

It bounds how far around a field the dish has to be known."""

PIVOT_SHARE = 0.12
"""How much of the tail's angular amplitude the head of a held-back sperm shows."""


@dataclass(frozen=True, slots=True)
class Drift:
    """Slow common motion of the fluid: a constant current and two swings.

    Parameters
    ----------
    current_um_per_s : (x, y)
    swing_um : (x, y)
        Amplitude of the slow swings.
    period_s : float
    """

    current_um_per_s: tuple[float, float] = (0.0, 0.0)
    swing_um: tuple[float, float] = (0.0, 0.0)
    period_s: float = 10.0

    def at(self, time_s: float) -> tuple[float, float]:
        """Displacement (x, y) in um since time 0."""
        wave = 2 * math.pi * time_s / self.period_s
        return (
            self.current_um_per_s[0] * time_s + self.swing_um[0] * math.sin(wave),
            self.current_um_per_s[1] * time_s + self.swing_um[1] * math.sin(0.7 * wave),
        )


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a cell is at a time: dish coordinates in um and the angle of its axis."""

    x_um: float
    y_um: float
    angle_rad: float


def pose(cell: Cell, time_s: float, drift: Drift) -> Pose:
    """Position and direction of a cell at a time, drift included.

    Parameters
    ----------
    cell : Cell
    time_s : float
        Not negative.
    drift : Drift
    """
    dx, dy = drift.at(time_s)
    angle = cell.angle_rad
    if cell.swim is not None:
        px, py, heading = _swim_at(cell.seed, cell.swim, cell.angle_rad, time_s)
        dx, dy, angle = dx + px, dy + py, heading
    elif cell.tail is not None and cell.tail.amplitude_rad > 0:
        angle += PIVOT_SHARE * cell.tail.amplitude_rad * math.sin(_beat(cell.tail, 0.0, time_s))
    if cell.swim is None and cell.motility is not Motility.IMMOTILE:
        step = 0.25 * math.sin(0.9 * time_s + cell.seed % 7)
        dx, dy = dx + step * math.cos(angle), dy + step * math.sin(angle)
    return Pose(cell.x_um + dx, cell.y_um + dy, angle)


def tail_points(
    tail: Tail, head_end: tuple[float, float], angle_rad: float, time_s: float, step_um: float
) -> npt.NDArray[np.float64]:
    """Centreline of a tail, from the neck outwards.

    Parameters
    ----------
    tail : Tail
    head_end : (x, y)
        Where the tail joins the head, um.
    angle_rad : float
        Direction of the head's tip; the tail leaves the other way.
    time_s : float
    step_um : float
        Distance of the points.

    Returns
    -------
    ndarray, (N, 2) float64
        x and y in um.
    """
    n = max(4, round(tail.length_um / step_um))
    s = (np.arange(n) + 0.5) * (tail.length_um / n)
    share = s / tail.length_um
    turn = tail.bend_rad * share**2
    if tail.amplitude_rad > 0:
        turn = turn + tail.amplitude_rad * np.sqrt(share) * np.sin(_beat(tail, s, time_s))
    direction = angle_rad + math.pi + turn
    step = tail.length_um / n
    x = head_end[0] + np.cumsum(np.cos(direction)) * step
    y = head_end[1] + np.cumsum(np.sin(direction)) * step
    return np.stack([x, y], axis=1)


def _beat(tail: Tail, s_um: Any, time_s: float) -> Any:
    return 2 * math.pi * (tail.beat_hz * time_s - s_um / tail.wavelength_um) + tail.phase_rad


def _swim_at(seed: int, swim: Swim, angle_rad: float, time_s: float) -> tuple[float, float, float]:
    """Offset from home (um) and heading (rad) of a swimmer."""
    place = time_s / PATH_STEP_S
    chunk, within = divmod(place, PATH_CHUNK)
    path = _path_chunk(seed, swim, angle_rad, int(chunk))
    i = int(within)
    f = within - i
    x, y, heading = (1 - f) * path[i] + f * path[i + 1]
    swing = swim.swing_um * math.sin(2 * math.pi * swim.swing_hz * time_s + seed % 5)
    x, y = x - swing * math.sin(heading), y + swing * math.cos(heading)
    (x, flip_x), (y, flip_y) = _fold(x), _fold(y)
    heading = math.atan2(flip_y * math.sin(heading), flip_x * math.cos(heading))
    return x, y, heading


@lru_cache(maxsize=4096)
def _path_chunk(seed: int, swim: Swim, angle_rad: float, chunk: int) -> npt.NDArray[np.float64]:
    """(PATH_CHUNK + 1, 3) x, y, heading of a path; each chunk goes on where the last ended."""
    start = (
        np.array([0.0, 0.0, angle_rad])
        if chunk == 0
        else _path_chunk(seed, swim, angle_rad, chunk - 1)[-1]
    )
    rng = np.random.default_rng((seed, chunk))
    turns = rng.normal(
        swim.circling_rad_per_s * PATH_STEP_S,
        math.sqrt(2 * swim.turning_rad2_per_s * PATH_STEP_S),
        PATH_CHUNK,
    )
    heading = start[2] + np.concatenate([[0.0], np.cumsum(turns)])
    step = swim.speed_um_per_s * PATH_STEP_S
    x = start[0] + np.concatenate([[0.0], np.cumsum(np.cos(heading[:-1]) * step)])
    y = start[1] + np.concatenate([[0.0], np.cumsum(np.sin(heading[:-1]) * step)])
    return np.stack([x, y, heading], axis=1)


def _fold(offset_um: float) -> tuple[float, int]:
    """Reflect an offset into +-REACH_UM; also say whether the direction is turned (-1)."""
    lap, rest = divmod(offset_um + REACH_UM, 2 * REACH_UM)
    if int(lap) % 2 == 0:
        return rest - REACH_UM, 1
    return REACH_UM - rest, -1
