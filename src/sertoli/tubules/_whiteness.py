"""How opaque a tubule is beside those around it, read from its colour.

Opaque tubules are whiter: bluer than the yellow ones, and with less between red and blue. Both are
read on the flanks: the lamp's reflections and the lumen lie along the middle, shade in the grooves
along the rims, and what shade is left only takes light, so a high quantile counts.

Lamp, vignetting, films and glow change over a few tubules. So a stretch is compared with what lies
around it, not with the whole picture, and what is seen of it over a short length only is held back
towards its surroundings: the best linear unbiased prediction of a mixed model (Robinson 1991,
*Statistical Science* 6:15) of tubules, a smooth field of light and noise. The network says how
opaque the picture is as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve

from sertoli.tubules._follow import Line

Floats = npt.NDArray[np.float64]

WEIGHTS = np.array((1.78, -1.85))
"""Opacity per difference of the natural logarithm of blue, and of red less blue, as stored. Fitted
by ``python -m training.tubules.opacity`` on simulated looks other than `flooded`."""

FLANKS = np.array((-0.6, -0.5, -0.4, -0.3, 0.3, 0.4, 0.5, 0.6))
"""Where colour is read, in radii from the centreline."""

BRIGHT_QUANTILE = 0.7
DARKEST, FULL = 0.05, 0.95
"""Stored values (of 1) below the first are held there; places with no channel below the second
show the lamp."""

PIECE_DIAMETERS = 2.0
MOST_PIECES = 1500
"""A stretch is read in pieces of about this length, in longer ones if there are more than so
many."""

FEWEST_READINGS = 3

LIGHT, LIGHT_DIAMETERS = 1.0, 4.0
"""Variance of the field of light between places, as a multiple of that between tubules, and over
how many diameters it changes (standard deviation)."""

NOISE = 4.0
"""Variance of the noise of a piece one diameter long, alike."""

LEVEL, FALL = 5.0, 1.0
"""Variances of the picture's own level and of its fall from the middle to a border, alike."""

LARGEST = np.array((0.3, 0.1))
"""Readings farther from the median of their picture are held there: opacity alone from clear to
white makes hardly more."""


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Colours of pieces of lines.

    Parameters
    ----------
    place : ndarray, (n, 2)
        In cells.
    tone : ndarray, (n, 2)
        Logarithm of blue; red less blue.
    line : ndarray, (n,)
        Index of the line.
    length : ndarray, (n,)
        In diameters.
    """

    place: Floats
    tone: Floats
    line: npt.NDArray[np.int64]
    length: Floats


def with_opacity(
    lines: Sequence[Line],
    seen: npt.NDArray[np.float32],
    stride_px: int,
    unreadable: npt.NDArray[np.bool_],
) -> list[Line]:
    """Return lines with their opacity, 0 clear to 1 white, in place of the network's word.

    Parameters
    ----------
    lines : sequence of Line
        In cells, with the opacity as the network says it: right in the median of all, poor from
        tubule to tubule.
    seen : ndarray, (H, W, 3) float32
        The picture as the network sees it, RGB, 0 to 1.
    stride_px : int
        Side of a cell.
    unreadable : ndarray, (h, w) bool
        Of cells.
    """
    if not lines:
        return []
    level = float(np.median(np.concatenate([line.opacity for line in lines])))
    more = contrast(read(lines, seen, stride_px, unreadable), lines) @ WEIGHTS
    found = np.clip(level + more, 0.0, 1.0)
    return [
        replace(line, opacity=np.full(len(line.points), white))
        for line, white in zip(lines, found, strict=True)
    ]


def read(
    lines: Sequence[Line],
    seen: npt.NDArray[np.float32],
    stride_px: int,
    unreadable: npt.NDArray[np.bool_],
) -> Readings:
    """Read the colour of lines, piece by piece; the parameters are those of `with_opacity`."""
    whole = sum(line.length / float(np.median(line.diameter)) for line in lines)
    piece = max(PIECE_DIAMETERS, whole / MOST_PIECES)
    hidden = unreadable.astype(np.float32)
    rows: list[tuple[Floats, Floats, int, float]] = []
    for index, line in enumerate(lines):
        points, radius = _evenly(line)
        beside = points[:, None] + radius[:, None, None] * (
            _normals(points)[:, None] * FLANKS[:, None]
        )
        colour = _sampled(seen, (beside + 0.5) * stride_px - 0.5)
        usable = (colour.min(axis=2) < FULL) & (_sampled(hidden, beside) < 0.5)
        length = line.length / float(2 * np.median(radius))
        parts = np.array_split(np.arange(len(points)), max(1, round(length / piece)))
        for part in parts:
            own = colour[part][usable[part]]
            if len(own) < FEWEST_READINGS:
                continue
            blue = _quantile(np.log(np.maximum(own[:, 2], DARKEST)), BRIGHT_QUANTILE)
            tone = np.array((blue, _quantile(own[:, 0] - own[:, 2], 0.5)))
            rows.append((points[part].mean(axis=0), tone, index, length / len(parts)))
    if not rows:
        return Readings(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0, np.int64), np.zeros(0))
    place, tone, owner, seen_length = (np.array(column) for column in zip(*rows, strict=True))
    return Readings(place, tone, owner, seen_length)


def _quantile(values: npt.NDArray[np.float32], share: float) -> float:
    """`numpy.quantile` of a few values, in a tenth of the time: a live map has hundreds."""
    ordered = np.sort(values)
    low, above = divmod((len(ordered) - 1) * share, 1.0)
    first = int(low)
    last = min(first + 1, len(ordered) - 1)
    return float(ordered[first]) * (1.0 - above) + float(ordered[last]) * above


def contrast(readings: Readings, lines: Sequence[Line]) -> Floats:
    """Return by how much each line's tone differs from those around, held back where unsure.

    Returns
    -------
    ndarray, (lines, 2)
        0 for lines without a reading.
    """
    found = np.zeros((len(lines), readings.tone.shape[1]))
    if not len(readings.place):
        return found
    typical = float(np.median(np.concatenate([line.diameter for line in lines])))
    tone = readings.tone - np.median(readings.tone, axis=0)
    tone = np.clip(tone, -LARGEST, LARGEST)
    apart = (readings.place[:, None] - readings.place[None]) / (LIGHT_DIAMETERS * typical)
    middle = (readings.place.min(axis=0) + readings.place.max(axis=0)) / 2
    reach = max(1.0, float(np.ptp(readings.place, axis=0).max()) / 2)
    off = (readings.place - middle) / reach
    covariance = LEVEL + FALL * off @ off.T + LIGHT * np.exp(-0.5 * (apart**2).sum(axis=2))
    covariance += readings.line[:, None] == readings.line[None]
    covariance[np.diag_indices_from(covariance)] += NOISE / readings.length
    np.add.at(found, readings.line, cho_solve(cho_factor(covariance), tone))
    return found


def _evenly(line: Line) -> tuple[Floats, Floats]:
    """Return points about a cell apart along a line, and the radius there."""
    steps = np.linalg.norm(np.diff(line.points, axis=0), axis=1)
    along = np.concatenate(((0.0,), np.cumsum(steps)))
    wanted = np.linspace(0.0, along[-1], max(2, round(along[-1]) + 1))
    points = np.stack([np.interp(wanted, along, line.points[:, axis]) for axis in (0, 1)], axis=1)
    return points, np.interp(wanted, along, line.diameter) / 2


def _normals(points: Floats) -> Floats:
    tangent = np.gradient(points, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-9
    return np.stack((-tangent[:, 1], tangent[:, 0]), axis=1)


def _sampled(values: npt.NDArray[np.float32], places: Floats) -> npt.NDArray[np.float32]:
    x, y = np.moveaxis(places.astype(np.float32), 2, 0)
    found = cv2.remap(
        values,
        np.ascontiguousarray(x),
        np.ascontiguousarray(y),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(found, np.float32)
