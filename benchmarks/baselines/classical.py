"""Heads by classical image processing, in the steps of SD-CLIP.

SD-CLIP ("Fast and accurate sperm detection algorithm for micro-TESE in NOA patients",
Bioengineering 2025, 12(6), 601, doi:10.3390/bioengineering12060601) looks in pictures of
differential interference contrast for places that have the size and convex shape of a head:
edges, pairs of edges as far apart as a head is wide, an area that is no noise, and then a
tail around it, by principal components. This is our own program after that description; no
code, filter or number was taken over. Assumed by us, and open to tuning: how edges are
measured (both flanks of a chord, in eight directions), all sizes as shares of one head
length, the ring in which a tail is looked for, and the final strength to cut off at.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.baselines.picture import Floats, heads_are_dark, levelled, rank
from sertoli.frames import Frame
from sertoli.sperm import Detections

DIRECTIONS = 8
HALF_WIDTHS = (0.25, 0.35, 0.45, 0.55)
"""Half-lengths of chords through a head, in head lengths: across it, and along it."""

FLANKED = 2
"""So many directions may lack a flank: where the tail starts, or a neighbour touches."""

AREA = (0.15, 2.2)
"""Least and greatest area of a head, in squares of its length times 0.5 (an ellipse)."""

MOST_ELONGATED = 4.0
"""Greatest ratio of the two axes of a head."""

RING = (0.8, 2.2)
"""Where a tail is looked for: distances from the head's centre in head lengths."""

TAIL_DEVIATIONS = 2.0
"""How far a thread stands out, in robust deviations of the fine detail."""

TAIL_ELONGATION = 1.6
"""Least ratio of the principal axes of the threads in the ring."""

TAIL_LENGTHS = 0.6
"""Least number of thread pixels in the ring, in head lengths."""

LEAST_STRENGTH = 0.25
"""Candidates with weaker edges, in mean deviations a pixel, are not looked at."""


@dataclass(frozen=True, slots=True)
class Classical:
    """Head-shaped candidates, with or without the check for a tail.

    Parameters
    ----------
    head_px : int
        Length of a head.
    tail : bool
        Keep only candidates with a tail.
    """

    head_px: int
    tail: bool

    @property
    def name(self) -> str:
        """What it is, in the table."""
        return "classical, after SD-CLIP"

    @property
    def setting(self) -> str:
        """The setting, in the table."""
        return f"head {self.head_px} px, {'with' if self.tail else 'without'} tail check"

    def detect(self, frame: Frame) -> Detections:
        """Find heads; their ``probability`` is a rank made of edge strength, nothing more."""
        flat = levelled(frame, self.head_px)
        signed = -flat if heads_are_dark(flat, self.head_px) else flat
        strength = convexity(signed, self.head_px)
        rows, columns = _maxima(strength, self.head_px)
        order = np.argsort(-strength[rows, columns], kind="stable")
        threads = _threads(signed) if self.tail else None
        kept: list[tuple[float, float, float, float, float]] = []
        for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
            box = head_box(signed, row, column, self.head_px)
            if box is None:
                continue
            if threads is not None and not has_tail(threads, row, column, self.head_px):
                continue
            kept.append((*box, float(strength[row, column])))
        if not kept:
            return Detections.empty()
        table = np.array(kept, np.float32)
        return Detections(table[:, :2], table[:, 2:4], rank(table[:, 4]))


def convexity(signed: Floats, head_px: float) -> Floats:
    """Return how strongly each pixel lies between inward edges on all sides.

    For each direction the best chord counts by its weaker flank, so that the rim of a large
    bright thing, which has one flank only, counts nothing. The result is the strength that
    all but `FLANKED` directions reach.
    """
    smooth = cv2.GaussianBlur(signed, (0, 0), max(0.8, head_px / 9))
    slope_x = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=1 / 8)
    slope_y = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8)
    high, wide = signed.shape
    reach = round(max(HALF_WIDTHS) * head_px) + 1
    votes = []
    for turn in range(DIRECTIONS):
        angle = np.pi * turn / DIRECTIONS
        along = slope_x * np.float32(np.cos(angle)) + slope_y * np.float32(np.sin(angle))
        padded = np.pad(along, reach)
        best = np.zeros_like(signed)
        for half in HALF_WIDTHS:
            dx = round(half * head_px * np.cos(angle))
            dy = round(half * head_px * np.sin(angle))
            ahead = padded[reach + dy :, reach + dx :][:high, :wide]
            behind = padded[reach - dy :, reach - dx :][:high, :wide]
            np.maximum(best, np.minimum(-ahead, behind), out=best)
        votes.append(best)
    strength: Floats = np.partition(np.stack(votes), FLANKED, axis=0)[FLANKED]
    even: Floats = cv2.GaussianBlur(strength, (0, 0), max(0.8, head_px / 9))
    return even


def _maxima(strength: Floats, head_px: float) -> tuple[npt.NDArray[np.intp], ...]:
    side = max(3, round(0.6 * head_px) | 1)
    peak = cv2.dilate(strength, np.ones((side, side), np.uint8))
    return np.nonzero((strength >= peak) & (strength > LEAST_STRENGTH))


def head_box(
    signed: Floats, row: int, column: int, head_px: float
) -> tuple[float, float, float, float] | None:
    """Grow a candidate to what is at least half as bright, and judge its area and shape.

    Returns
    -------
    (x, y, width, height) or None
        Centre and size in px; None if it is too small, too large or too long for a head.
    """
    reach = round(1.2 * head_px)
    top, left = max(0, row - reach), max(0, column - reach)
    near = signed[top : row + reach + 1, left : column + reach + 1]
    core = near[
        max(0, row - top - 1) : row - top + 2, max(0, column - left - 1) : column - left + 2
    ]
    bright = (near >= float(core.max()) / 2).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(bright, connectivity=4)
    label = int(labels[row - top, column - left])
    if label == 0:
        return None
    x, y, width, height, area = (float(v) for v in stats[label])
    unit = np.pi / 4 * head_px * 0.5 * head_px
    if not AREA[0] * unit <= area <= AREA[1] * unit:
        return None
    ys, xs = np.nonzero(labels == label)
    if _elongation(xs - xs.mean(), ys - ys.mean()) > MOST_ELONGATED:
        return None
    return left + x + (width - 1) / 2, top + y + (height - 1) / 2, width, height


def _threads(signed: Floats) -> npt.NDArray[np.bool_]:
    fine = cv2.GaussianBlur(signed, (0, 0), 1.0) - cv2.GaussianBlur(signed, (0, 0), 3.0)
    deviation = 1.4826 * float(np.median(np.abs(fine)))
    # of either sign: in phase contrast a tail may be dark beside a bright head
    threads: npt.NDArray[np.bool_] = np.abs(fine) > TAIL_DEVIATIONS * max(deviation, 1e-3)
    return threads


def has_tail(threads: npt.NDArray[np.bool_], row: int, column: int, head_px: float) -> bool:
    """Say whether the threads in the ring around a head lie along one line."""
    inner, outer = (share * head_px for share in RING)
    reach = round(outer)
    top, left = max(0, row - reach), max(0, column - reach)
    ys, xs = np.nonzero(threads[top : row + reach + 1, left : column + reach + 1])
    dx, dy = xs + left - column, ys + top - row
    away = np.hypot(dx, dy)
    ring = (away >= inner) & (away <= outer)
    if np.count_nonzero(ring) < TAIL_LENGTHS * head_px:
        return False
    # about the head's own centre: a tail on one side is a line through it as well
    return _elongation(dx[ring], dy[ring]) >= TAIL_ELONGATION


def _elongation(dx: npt.NDArray[np.number], dy: npt.NDArray[np.number]) -> float:
    """Return the ratio of the principal axes of points about (0, 0)."""
    spread = np.array([[np.mean(dx * dx), np.mean(dx * dy)], [np.mean(dx * dy), np.mean(dy * dy)]])
    # a pixel is no point: a row of pixels has some width
    least, most = np.linalg.eigvalsh(spread) + 1 / 12
    return float(np.sqrt(most / least))


GRID = (
    *(Classical(head, False) for head in (8, 10, 12, 15, 18, 22)),
    *(Classical(head, True) for head in (15, 18)),
)
"""The settings that tuning chooses from; a tail is too faint around the smallest heads."""
