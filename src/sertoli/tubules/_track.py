"""Tubules of a recording: the same number for the same tubule, and evidence that adds up."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from sertoli.frames import Frame
from sertoli.tubules._follow import Line
from sertoli.tubules._join import links
from sertoli.tubules._map import FEWEST, Floats, Stretch, TubuleMap
from sertoli.tubules._mapper import STANDS_OUT_DIAMETERS, TubuleMapper, within
from sertoli.tubules._mosaic import Mosaic
from sertoli.tubules._rank import Rule, absolute_scores, ranks, reasons, weighted_median
from sertoli.tubules._register import Register

FORGETTING = 0.98
"""Weight that evidence keeps from look to look: tissue changes as the dissection goes on."""

LENGTH_PASSES = 0.75
"""A tubule's visible length is the most of it seen at one time, or what is remembered of that."""


@dataclass(slots=True, eq=False)
class _Known:
    """What is known of one tubule; lengths in px of the first frame."""

    weight: float = 0.0
    diameter: float = 0.0
    square: float = 0.0
    opacity: float = 0.0

    def add(self, line: Line) -> None:
        """Add what one stretch of one frame shows."""
        self._add(
            line.length,
            float(line.diameter.mean()),
            float((line.diameter**2).mean()),
            float(np.median(line.opacity)),
        )

    def take(self, other: _Known) -> None:
        """Add what is known of another that turned out to be the same; nothing is left there."""
        self._add(other.weight, other.diameter, other.square, other.opacity)
        other.weight = 0.0

    def _add(self, weight: float, diameter: float, square: float, opacity: float) -> None:
        whole = self.weight + weight
        if whole > 0:
            share = weight / whole
            self.diameter += share * (diameter - self.diameter)
            self.square += share * (square - self.square)
            self.opacity += share * (opacity - self.opacity)
            self.weight = whole


class TubuleTracker:
    """Maps a recording frame by frame; what was seen before stands behind each map.

    Parameters
    ----------
    mapper : TubuleMapper
    every : int
        The network looks at every so many-th frame; between, the lines move with the picture.
    every_s : float, optional
        It looks so many seconds after its last look instead, where frames know their time.
    """

    def __init__(
        self, mapper: TubuleMapper, *, every: int = 1, every_s: float | None = None
    ) -> None:
        self._mapper = mapper
        self._every = max(1, every)
        self._every_s = every_s
        self._looked_s: float | None = None
        self._register = Register()
        self._factor: float | None = None
        self._known: list[_Known] = []
        self._mosaic = Mosaic()
        self._lines: list[tuple[int, Line]] = []
        self._unreadable = np.zeros((1, 1), bool)
        self._count = 0

    def __call__(self, frame: Frame) -> TubuleMap:
        """Map the next frame of the recording."""
        to_frame = self._register(frame)
        if self._is_due(frame):
            self._looked_s = frame.time_s
            self._look(frame, np.asarray(np.linalg.inv(to_frame), np.float64))
        self._count += 1
        return self._map(frame, to_frame)

    def _is_due(self, frame: Frame) -> bool:
        if self._every_s is None or self._looked_s is None or frame.time_s is None:
            return self._count % self._every == 0
        # a clock that runs backwards began anew
        return not 0.0 <= frame.time_s - self._looked_s < 0.999 * self._every_s

    def _look(self, frame: Frame, to_first: Floats) -> None:
        """Let the network look, and bring what it finds onto the first frame."""
        look = self._mapper.seen(frame, self._factor)
        self._factor = look.factor
        network = self._mapper.network
        scale = network.stride_px / self._factor * _zoom(to_first)
        lines = []
        for line in look.lines:
            points = _moved(network.to_picture(line.points, self._factor), to_first)
            lines.append(replace(line, points=points, diameter=line.diameter * scale))
        for known in self._known:
            known.weight *= FORGETTING
        self._lines, merged = self._mosaic.add(lines, links(look.lines))
        self._known += [_Known() for _ in range(len(self._mosaic) - len(self._known))]
        for kept, gone in merged:
            self._known[kept].take(self._known[gone])
        for number, line in self._lines:
            self._known[number].add(line)
        self._unreadable = look.unreadable

    def _map(self, frame: Frame, to_frame: Floats) -> TubuleMap:
        zoom = _zoom(to_frame)
        shown = sorted({number for number, _ in self._lines})
        row = {number: n for n, number in enumerate(shown)}
        stretches = tuple(
            Stretch(row[number], within(_moved(line.points, to_frame), frame), line.diameter * zoom)
            for number, line in self._lines
        )
        known = self._known
        weight = np.array([one.weight for one in known])
        diameter = np.array([one.diameter for one in known])
        opacity = np.array([one.opacity for one in known])
        relative = diameter / weighted_median(diameter, weight)
        um = frame.optics.um_per_px
        if self._mapper.rule is Rule.RELATIVE:
            score = self._mapper.score(relative, opacity, weight)
        else:
            widths = None if um is None else diameter * um
            score = absolute_scores(self._mapper.rule, widths)
        said = reasons(relative, opacity, weight)
        spread = np.sqrt(np.maximum([one.square - one.diameter**2 for one in known], 0))
        length = np.zeros(len(shown))
        for stretch in stretches:
            length[stretch.tubule] += stretch.length_px
        wide = relative[shown] >= self._mapper.dilated_from
        long = length >= LENGTH_PASSES * STANDS_OUT_DIAMETERS * diameter[shown] * zoom
        return TubuleMap(
            frame.optics,
            frame.width_px,
            frame.height_px,
            stretches,
            self._unreadable,
            np.array(shown, np.int64) + 1,
            diameter[shown] * zoom,
            spread[shown] * zoom,
            relative[shown],
            opacity[shown],
            length,
            score[shown],
            ranks(score[shown], relative[shown], length / (diameter[shown] * zoom)),
            tuple(said[number] for number in shown),
            bool(len(shown) >= FEWEST and (wide & long).any()),
        )


def _zoom(matrix: Floats) -> float:
    return float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))


def _moved(points: Floats, matrix: Floats) -> Floats:
    return np.asarray(cv2.perspectiveTransform(points[None], matrix)[0], np.float64)
