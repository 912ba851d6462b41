"""From a frame to its tubule map."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.errors import WeightsError
from sertoli.frames import Frame
from sertoli.optics import Optics
from sertoli.tubules._follow import Fields, Line, follow
from sertoli.tubules._foreign import foreign
from sertoli.tubules._join import joined
from sertoli.tubules._map import DILATED_FROM, FEWEST, Floats, Stretch, TubuleMap
from sertoli.tubules._network import REMEDY, WHITENESS_WEIGHTS, CellNetwork, as_seen
from sertoli.tubules._rank import (
    Rule,
    ScoreRule,
    absolute_scores,
    ranks,
    reasons,
    weighted_median,
)
from sertoli.tubules._whiteness import ask, with_opacity

UM_PER_NETWORK_PX = 8.0
"""Pixel size at which the network looks."""

TYPICAL_NETWORK_PX = 22.0
"""Diameter of a tubule that the network knows best; without a pixel size it is looked for."""

FAMILIAR_RATIO = 1.45
GUESSED_WIDTH_PX = 640
"""Without a pixel size the first look is at this width."""

LARGEST_NETWORK_PX = 2600
SMALLEST_NETWORK_PX = 32

STANDS_OUT_DIAMETERS = 6.0
"""A dilated tubule has to be seen over this length, in diameters of its own, to stand out."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What the network saw in one frame.

    Parameters
    ----------
    lines : tuple of Line
        In cells of the network.
    unreadable : ndarray, (h, w) bool
        Of its cells.
    factor : float
        Network px per picture px.
    """

    lines: tuple[Line, ...]
    unreadable: npt.NDArray[np.bool_]
    factor: float


class TubuleMapper:
    """Finds, measures and ranks the tubules of an opened testis.

    Parameters
    ----------
    network : CellNetwork, optional
        Unless given, the one that ships.
    dilated_from : float
        Relative diameter from which a tubule counts as dilated.
    rule : Rule
        What the score goes by.
    whiteness : CellNetwork, optional
        What compares how white tubules are; unless given, the one that ships.

    Raises
    ------
    WeightsError
        If ``whiteness`` is not such a network, or its cells do not fit the other's.
    """

    def __init__(
        self,
        network: CellNetwork | None = None,
        *,
        whiteness: CellNetwork | None = None,
        dilated_from: float = DILATED_FROM,
        rule: Rule = Rule.RELATIVE,
    ) -> None:
        self.network = network or CellNetwork()
        self.whiteness = whiteness or CellNetwork(WHITENESS_WEIGHTS, threads=self.network.threads)
        if self.whiteness.stride_px % self.network.stride_px or (
            not {"white", "sure"} <= set(self.whiteness.channels)
            or "held_back" not in self.whiteness.facts
        ):
            raise WeightsError(
                f"weights {self.whiteness.name} do not say how white the tubules of "
                f"{self.network.name} are",
                REMEDY,
            )
        self.dilated_from = dilated_from
        self.rule = rule
        self.score = ScoreRule(**json.loads(self.network.facts.get("score", "{}")))

    def __call__(self, frame: Frame) -> TubuleMap:
        """Map one picture; nothing is known of others of the same testis."""
        look = self.seen(frame)
        return self.ranked(frame, look, joined(look.lines))

    def seen(self, frame: Frame, factor: float | None = None) -> Look:
        """Look, follow what the network shows, ask how white it is; ``factor`` as for `look`."""
        fields, seen, factor = self.look(frame, factor)
        lines = follow(fields)
        if lines:
            lines = with_opacity(lines, ask(self.whiteness, seen), self.network.stride_px)
        return Look(tuple(lines), fields.unreadable, factor)

    def look(
        self, frame: Frame, factor: float | None = None
    ) -> tuple[Fields, npt.NDArray[np.float32], float]:
        """Run the network; return what it says, the picture that it saw, and its factor.

        Parameters
        ----------
        frame : Frame
        factor : float, optional
            Network px per picture px. Unless given it follows from the pixel size, or where that
            is unknown, from how wide the tubules seem.
        """
        longest = max(frame.pixels.shape[:2])
        shortest = min(frame.pixels.shape[:2])
        low, high = SMALLEST_NETWORK_PX / shortest, LARGEST_NETWORK_PX / longest
        if factor is None and frame.optics.um_per_px is not None:
            factor = min(max(frame.optics.um_per_px / UM_PER_NETWORK_PX, low), high)
        if factor is not None:
            return *self._fields(frame, factor), factor
        factor = GUESSED_WIDTH_PX / longest
        fields, seen = self._fields(frame, factor)
        for _ in range(2):
            width = fields.diameter[fields.heat > 0.5]
            if len(width) < 20:
                break
            ratio = float(np.median(width)) * self.network.stride_px / TYPICAL_NETWORK_PX
            if 1 / FAMILIAR_RATIO < ratio < FAMILIAR_RATIO:
                break
            factor = min(max(factor / ratio, low), high)
            fields, seen = self._fields(frame, factor)
        return fields, seen, factor

    def _fields(self, frame: Frame, factor: float) -> tuple[Fields, npt.NDArray[np.float32]]:
        seen = as_seen(frame.pixels, factor)
        cells = self.network.cells(seen)
        typical = TYPICAL_NETWORK_PX / self.network.stride_px
        unreadable = (cells["unreadable"] > 0) | _blank(frame, cells["line"].shape)
        unreadable |= foreign(seen, cells["line"], cells["unreadable"], typical)
        heat = 1 / (1 + np.exp(-cells["line"].astype(np.float64)))
        heat = np.where(unreadable, 0.0, heat)
        diameter = np.clip(typical * np.exp(cells["log_diameter"].astype(np.float64)), 1, 200)
        fields = Fields(
            heat,
            diameter,
            cells["cos"].astype(np.float64),
            cells["sin"].astype(np.float64),
            cells["opacity"].astype(np.float64),
            unreadable,
        )
        return fields, seen

    def ranked(self, frame: Frame, look: Look, owners: Sequence[int]) -> TubuleMap:
        """Measure and rank what was followed.

        Parameters
        ----------
        frame : Frame
        look : Look
        owners : sequence of int
            Number of each line's tubule, from 0 without a gap.
        """
        scale = self.network.stride_px / look.factor
        stretches = tuple(
            Stretch(
                owner,
                within(self.network.to_picture(line.points, look.factor), frame),
                line.diameter * scale,
            )
            for line, owner in zip(look.lines, owners, strict=True)
        )
        opacities = [line.opacity for line in look.lines]
        return measured(
            frame.optics,
            (frame.width_px, frame.height_px),
            stretches,
            opacities,
            look.unreadable,
            dilated_from=self.dilated_from,
            rule=self.rule,
            score=self.score,
        )


def within(points: Floats, frame: Frame) -> Floats:
    """Return points moved into the frame: a smoothed end can lie a little outside."""
    return np.clip(points, -0.5, np.array((frame.width_px, frame.height_px)) - 0.5)


def measured(
    optics: Optics,
    size: tuple[int, int],
    stretches: tuple[Stretch, ...],
    opacities: Sequence[Floats],
    unreadable: npt.NDArray[np.bool_],
    *,
    dilated_from: float,
    rule: Rule,
    score: ScoreRule,
) -> TubuleMap:
    """Put stretches together to tubules, rank them and say whether one stands out."""
    count = 1 + max((one.tubule for one in stretches), default=-1)
    columns = np.zeros((4, count))
    for tubule in range(count):
        own = [n for n, one in enumerate(stretches) if one.tubule == tubule]
        along = np.concatenate([stretches[n].diameter_px for n in own])
        white = np.concatenate([opacities[n] for n in own])
        seen = sum(stretches[n].length_px for n in own)
        columns[:, tubule] = along.mean(), along.std(), np.median(white), seen
    diameter, spread, opacity, length = columns
    relative = diameter / weighted_median(diameter, length)
    if rule is Rule.RELATIVE:
        chance = score(relative, opacity, length)
    else:
        known = optics.um_per_px
        chance = absolute_scores(rule, None if known is None else diameter * known)
    dilated = (relative >= dilated_from) & (length >= STANDS_OUT_DIAMETERS * diameter)
    return TubuleMap(
        optics,
        *size,
        stretches,
        unreadable,
        np.arange(1, count + 1),
        diameter,
        spread,
        relative,
        opacity,
        length,
        chance,
        ranks(chance, relative, length / diameter),
        reasons(relative, opacity, length),
        bool(count >= FEWEST and dilated.any()),
    )


def _blank(frame: Frame, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Mark black and overexposed cells: nothing is seen there, whatever a network says."""
    grey = frame.grey()
    small = cv2.resize(grey, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    calm = cv2.blur(small, (5, 5))
    return np.asarray((calm < 4) | (calm > 252), bool)
