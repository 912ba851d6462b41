"""A dish of any size whose cells come into being where somebody looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from sertoli.phantom.world._cells import Cell, CellKind
from sertoli.phantom.world._motion import REACH_UM, Drift
from sertoli.phantom.world._populations import (
    FASTEST_UM_PER_S,
    LARGEST_SWING_UM,
    Population,
    draw_cell,
)

BLOCK_UM = 125.0
"""Side of the squares that the dish is drawn in, each from its own seed."""

LARGEST_BODY_UM = 25.0
"""How far most bodies reach from their centre."""

LONGEST_TAIL_UM = 80.0
LARGEST_CLUMP_UM = 190.0
"""Half of the longest clump and its ragged outline."""

_CELLS_PER_BLOCK = 100_000
"""Room for numbering the cells of one block."""

_BLOCKS_ACROSS = 40_000
"""Blocks along a dish's side that get numbers of their own: 5 m of glass."""


@dataclass(frozen=True)
class Dish:
    """A dish without edges, the same for the same seed however it is looked at.

    Parameters
    ----------
    seed : int
    population : Population
    drift : Drift
        Common motion of everything in the fluid.

    Notes
    -----
    Dish coordinates: um, x right, y down, any origin. Cells are drawn block by block
    when first looked at, so a dish of a thousand fields costs no more than the fields
    that are rendered.
    """

    seed: int
    population: Population
    drift: Drift = field(default_factory=Drift)

    def cells_near(
        self, left_um: float, top_um: float, right_um: float, bottom_um: float, time_s: float = 0.0
    ) -> Iterator[Cell]:
        """Give every cell that may show in a rectangle at a time, and some that do not."""
        # The fluid carries the cells along: look where they were at time 0.
        dx, dy = self.drift.at(time_s)
        left, right = left_um - dx, right_um - dx
        top, bottom = top_um - dy, bottom_um - dy
        for kind in self.population.per_mm2:
            body = _BODY_REACH_UM.get(kind, LARGEST_BODY_UM)
            margin = body + (self._travel_um(time_s) if kind is CellKind.SPERM else 0.0)
            for j in range(_block_at(top - margin), _block_at(bottom + margin) + 1):
                for i in range(_block_at(left - margin), _block_at(right + margin) + 1):
                    for cell in _block(self.seed, self.population, kind, i, j):
                        reach = margin if cell.swim is not None else body
                        if (
                            left - reach <= cell.x_um <= right + reach
                            and top - reach <= cell.y_um <= bottom + reach
                        ):
                            yield cell

    def _travel_um(self, time_s: float) -> float:
        motion = self.population.motion
        if motion.progressive_share + motion.non_progressive_share == 0:
            return 0.0
        return min(REACH_UM, FASTEST_UM_PER_S * time_s) + LARGEST_SWING_UM


_BODY_REACH_UM = {
    CellKind.SPERM: LONGEST_TAIL_UM,
    CellKind.ELONGATED_SPERMATID: LONGEST_TAIL_UM,
    CellKind.CLUMP: LARGEST_CLUMP_UM,
}


def _block_at(place_um: float) -> int:
    return int(place_um // BLOCK_UM)


@lru_cache(maxsize=8192)
def _block(seed: int, population: Population, kind: CellKind, i: int, j: int) -> tuple[Cell, ...]:
    # Every kind has its own stream, so that another density of one leaves the others alone.
    kind_number = list(CellKind).index(kind)
    rng = np.random.default_rng((seed, i % 2**32, j % 2**32, kind_number))
    block = (i % _BLOCKS_ACROSS) * _BLOCKS_ACROSS + (j % _BLOCKS_ACROSS)
    first = (block * len(CellKind) + kind_number) * _CELLS_PER_BLOCK
    return tuple(
        draw_cell(
            kind,
            first + n,
            ((i + float(rng.random())) * BLOCK_UM, (j + float(rng.random())) * BLOCK_UM),
            population,
            rng,
        )
        for n in range(rng.poisson(population.per_mm2[kind] * (BLOCK_UM / 1000) ** 2))
    )
