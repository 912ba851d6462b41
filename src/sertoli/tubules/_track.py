"""Tubules of a recording: the same number for the same tubule, and evidence that adds up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from sertoli.frames import Frame
from sertoli.tubules._follow import Line, follow
from sertoli.tubules._join import joined
from sertoli.tubules._map import FEWEST, Floats, Stretch, TubuleMap
from sertoli.tubules._mapper import STANDS_OUT_DIAMETERS, TubuleMapper, within
from sertoli.tubules._rank import Rule, absolute_scores, ranks, reasons, weighted_median
from sertoli.tubules._register import Register

SAME_PLACE = 0.4
"""A stretch lies on a known tubule if it runs within so many diameters of it,"""

SAME_WAY = np.cos(np.radians(2 * 35))
"""in this direction (cosine of twice the angle),"""

SAME_SHARE = 0.45
"""along at least this share of its length."""

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
        weight = line.length
        self.diameter = _mean(self.diameter, self.weight, float(line.diameter.mean()), weight)
        self.square = _mean(self.square, self.weight, float((line.diameter**2).mean()), weight)
        self.opacity = _mean(self.opacity, self.weight, float(line.opacity.mean()), weight)
        self.weight += weight


def _mean(before: float, before_weight: float, now: float, now_weight: float) -> float:
    return (before * before_weight + now * now_weight) / (before_weight + now_weight)


class TubuleTracker:
    """Maps a recording frame by frame; what was seen before stands behind each map.

    Parameters
    ----------
    mapper : TubuleMapper
    every : int
        The network looks at every so many-th frame; between, the lines move with the picture.
    """

    def __init__(self, mapper: TubuleMapper, *, every: int = 1) -> None:
        self._mapper = mapper
        self._every = max(1, every)
        self._register = Register()
        self._factor: float | None = None
        self._known: list[_Known] = []
        self._places = np.zeros((0, 2))
        self._turns = np.zeros((0, 2))
        self._owners = np.zeros(0, np.int64)
        self._lines: list[tuple[int, Line]] = []
        self._unreadable = np.zeros((1, 1), bool)
        self._count = 0

    def __call__(self, frame: Frame) -> TubuleMap:
        """Map the next frame of the recording."""
        to_frame = self._register(frame)
        if self._count % self._every == 0:
            self._look(frame, np.asarray(np.linalg.inv(to_frame), np.float64))
        self._count += 1
        return self._map(frame, to_frame)

    def _look(self, frame: Frame, to_first: Floats) -> None:
        """Let the network look, and bring what it finds onto the first frame."""
        fields, self._factor = self._mapper.look(frame, self._factor)
        network = self._mapper.network
        scale = network.stride_px / self._factor * _zoom(to_first)
        seen = follow(fields)
        lines = []
        for line in seen:
            points = _moved(network.to_picture(line.points, self._factor), to_first)
            lines.append(replace(line, points=points, diameter=line.diameter * scale))
        for known in self._known:
            known.weight *= FORGETTING
        self._lines = list(zip(self._named(lines, joined(seen)), lines, strict=True))
        for number, line in self._lines:
            self._known[number].add(line)
            self._remember(number, line)
        self._unreadable = fields.unreadable

    def _named(self, lines: Sequence[Line], groups: Sequence[int]) -> list[int]:
        """Give each stretch the number of its tubule, a new one where it is new."""
        names = [self._recognised(line) for line in lines]
        of_group: dict[int, int] = {}
        longest = sorted(range(len(lines)), key=lambda n: -lines[n].length)
        for n in longest:
            if names[n] is not None:
                of_group.setdefault(groups[n], names[n])  # type: ignore[arg-type]
        for n in longest:
            if names[n] is None:
                if groups[n] not in of_group:
                    of_group[groups[n]] = len(self._known)
                    self._known.append(_Known())
                names[n] = of_group[groups[n]]
        return [name for name in names if name is not None]

    def _recognised(self, line: Line) -> int | None:
        if not len(self._places):
            return None
        close = cKDTree(self._places).query_ball_point(
            line.points, SAME_PLACE * line.diameter, return_sorted=False
        )
        turns = _turns(line.points)
        votes: dict[int, int] = {}
        for n, near in enumerate(close):
            here = {
                int(self._owners[one])
                for one in near
                if float(self._turns[one] @ turns[n]) >= SAME_WAY
            }
            for owner in here:
                votes[owner] = votes.get(owner, 0) + 1
        if not votes:
            return None
        best = max(votes, key=lambda owner: (votes[owner], -owner))
        return best if votes[best] >= SAME_SHARE * len(line.points) else None

    def _remember(self, number: int, line: Line) -> None:
        """Put the stretch in the place of what was known of this tubule around there."""
        if len(self._places):
            own = np.flatnonzero(self._owners == number)
            if len(own):
                reach = 0.7 * float(np.median(line.diameter))
                away, _ = cKDTree(line.points).query(self._places[own])
                keep = np.ones(len(self._places), bool)
                keep[own[away < reach]] = False
                self._places, self._turns = self._places[keep], self._turns[keep]
                self._owners = self._owners[keep]
        self._places = np.vstack((self._places, line.points))
        self._turns = np.vstack((self._turns, _turns(line.points)))
        self._owners = np.append(self._owners, np.full(len(line.points), number))

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


def _turns(points: Floats) -> npt.NDArray[np.float64]:
    """Return cosine and sine of twice the direction at each point."""
    tangent = np.gradient(points, axis=0)
    angle = np.arctan2(tangent[:, 1], tangent[:, 0])
    return np.stack((np.cos(2 * angle), np.sin(2 * angle)), 1)
