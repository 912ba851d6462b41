"""From heat to lines: thin the ridge, follow it, measure along it.

Everything here is in cells of the network: column right, row down, centres whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from sertoli.tubules._thin import Bools, Floats, paths

SURE, POSSIBLE, ON_AVERAGE = 0.8, 0.6, 0.6
"""A ridge starts where the heat is above the first and goes on to the second; its mean must be
above the third. Chosen on simulated fields for a precision of 0.9."""

SHORTEST_DIAMETERS = 0.8
"""Shorter stretches show too little of a tubule to say which way it runs."""

ASTRAY = np.cos(np.radians(2 * 35))
"""A line that runs so far off the direction seen there (cosine of twice the angle) is none."""

ASTRAY_DIAMETERS = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One stretch of a tubule.

    Parameters
    ----------
    points : ndarray, (n, 2) float64
        Column and row, in order.
    diameter : ndarray, (n,) float64
        In cells.
    opacity : ndarray, (n,) float64
    heat : float
        Mean heat along it.
    """

    points: Floats
    diameter: Floats
    opacity: Floats
    heat: float

    @property
    def length(self) -> float:
        """Length along the line in cells."""
        return float(np.linalg.norm(np.diff(self.points, axis=0), axis=1).sum())


@dataclass(frozen=True, slots=True, eq=False)
class Fields:
    """What the network says of each cell, (h, w) each.

    Parameters
    ----------
    heat : ndarray
        Of the centreline, 0 to 1; 0 where unreadable.
    diameter : ndarray
        In cells.
    cosine, sine : ndarray
        Of twice the direction.
    opacity : ndarray
        0 to 1.
    unreadable : ndarray of bool
    """

    heat: Floats
    diameter: Floats
    cosine: Floats
    sine: Floats
    opacity: Floats
    unreadable: Bools


def follow(fields: Fields) -> list[Line]:
    """Return every stretch of a centreline that can be seen."""
    from skimage.filters import apply_hysteresis_threshold
    from skimage.morphology import skeletonize

    ridge = skeletonize(apply_hysteresis_threshold(fields.heat, POSSIBLE, SURE))
    lines = []
    for path in paths(ridge, fields.diameter):
        for part in _true_to_direction(path, fields):
            line = _measured(part, fields)
            if line is not None and line.heat >= ON_AVERAGE:
                lines.append(line)
    return lines


def _true_to_direction(path: Floats, fields: Fields) -> list[Floats]:
    """Return the parts of a path that run the way the tubule is seen to run there."""
    typical = float(np.median(_read(fields.diameter, path)))
    line = _smoothed(path, max(1.5, 0.25 * typical))
    if len(line) < 3:
        return []
    tangent = np.gradient(line, axis=0)
    angle = np.arctan2(tangent[:, 1], tangent[:, 0])
    cosine, sine = _read(fields.cosine, line), _read(fields.sine, line)
    length = np.hypot(cosine, sine) + 1e-6
    along = (np.cos(2 * angle) * cosine + np.sin(2 * angle) * sine) / length
    # over a short bend the two may differ: only a longer piece that runs astray is none
    few = max(1, round(ASTRAY_DIAMETERS * typical)) | 1
    calm = np.convolve(np.pad(along, few // 2, mode="edge"), np.ones(few) / few, "valid")
    astray = calm < ASTRAY
    edges = np.flatnonzero(np.diff(astray.astype(np.int8))) + 1
    pieces = np.split(np.arange(len(path)), edges)
    return [path[piece] for piece in pieces if not astray[piece[0]] and len(piece) > 2]


def _measured(path: Floats, fields: Fields) -> Line | None:
    """Smooth a path, move it onto the ridge and read the maps along it; None if too short."""
    diameter = _read(fields.diameter, path)
    typical = float(np.median(diameter))
    line = _smoothed(path, max(2.0, 0.35 * typical))
    if len(line) < 2:
        return None
    line = _smoothed(_onto_ridge(line, fields.heat, 0.3 * typical), max(1.0, 0.2 * typical))
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    if steps.sum() < SHORTEST_DIAMETERS * typical:
        return None
    line = _resampled(line, steps, max(1.0, 0.25 * typical))
    return Line(
        line,
        _steady(_read(fields.diameter, line)),
        _read(fields.opacity, line),
        float(_read(fields.heat, line).mean()),
    )


def _read(values: Floats, points: Floats) -> Floats:
    """Read a map between cells."""
    places = points.astype(np.float32)
    found = cv2.remap(
        values.astype(np.float32),
        np.ascontiguousarray(places[None, :, 0]),
        np.ascontiguousarray(places[None, :, 1]),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(found[0], np.float64)


def _smoothed(line: Floats, sigma: float) -> Floats:
    """Smooth along the line; the ends stay where they are."""
    reach = int(np.ceil(2 * sigma))
    if len(line) < 3:
        return line
    reach = min(reach, len(line) - 1)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    # mirrored through the end points, so that the line is not drawn inwards
    before = 2 * line[0] - line[reach:0:-1]
    after = 2 * line[-1] - line[-2 : -reach - 2 : -1]
    longer = np.vstack((before, line, after))
    return np.stack([np.convolve(longer[:, i], kernel, "valid") for i in (0, 1)], 1)


def _onto_ridge(line: Floats, heat: Floats, reach: float) -> Floats:
    """Move each point across the line to the centre of the heat there."""
    tangent = np.gradient(line, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-9
    normal = np.stack((-tangent[:, 1], tangent[:, 0]), 1)
    shifts = np.linspace(-reach, reach, 7)
    beside = line + shifts[:, None, None] * normal
    weights = _read(heat, beside.reshape(-1, 2)).reshape(len(shifts), -1) ** 2 + 1e-6
    centre = (weights * shifts[:, None]).sum(0) / weights.sum(0)
    return np.asarray(line + centre[:, None] * normal)


def _resampled(line: Floats, steps: Floats, step: float) -> Floats:
    along = np.concatenate(((0.0,), np.cumsum(steps)))
    count = max(2, round(along[-1] / step) + 1)
    wanted = np.linspace(0, along[-1], count)
    return np.stack([np.interp(wanted, along, line[:, i]) for i in (0, 1)], 1)


def _steady(values: Floats) -> Floats:
    """Return a running median of five: one bad reading moves nothing."""
    padded = np.pad(values, 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 5)
    return np.asarray(np.median(windows, axis=1))
