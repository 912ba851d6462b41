"""How opaque a tubule is beside those around it.

Films, gloss and grooves change light over no more than a tubule's width, and change colour as
opacity does: what is read at one place cannot tell them apart, their shapes can. So a small network
(``training/tubules/train_whiteness.py``) looks at the picture and says of each place how white it
is beside the picture, and how much that counts; both are summed over a stretch, and what little
counts is held back towards the middle. The network of the map says how opaque the picture is as a
whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.tubules._follow import Line
from sertoli.tubules._network import HALF_TURN, CellNetwork

Floats = npt.NDArray[np.float64]

OPACITY_PER_WHITE = 0.18
"""Fitted by ``python -m training.tubules.opacity`` on simulated looks other than `flooded`."""

BODY = 0.7
"""Share of a tubule's width over which it is read."""

DARKEST = 0.03
"""Added to stored values before their logarithm is taken."""

BLACK = 6 / 255
"""A pixel without a brighter channel shows nothing."""

THINNED = 7
"""Every so many-th pixel is enough for a median."""

SUBPIXEL_BITS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What the network of whiteness says of a picture, cell by cell.

    Parameters
    ----------
    white : ndarray, (h, w) float32
        How white beside the picture; the scale is its own.
    weight : ndarray, (h, w) float32
        How much that counts.
    stride_px : int
        Side of a cell.
    held_back : float
        Weight of the picture's middle in every sum.
    """

    white: npt.NDArray[np.float32]
    weight: npt.NDArray[np.float32]
    stride_px: int
    held_back: float


def ask(network: CellNetwork, seen: npt.NDArray[np.float32]) -> Said:
    """Ask the network of whiteness about a picture, (H, W, 3) RGB, 0 to 1, seen from two sides."""
    cells = network.cells(light_of(seen), views=HALF_TURN)
    held_back = float(network.facts["held_back"])
    return Said(cells["white"], np.exp(cells["sure"]), network.stride_px, held_back)


def light_of(seen: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return twice the natural logarithm of each colour beside that colour's median.

    Black surroundings, as beside a round view, are left out of the median.
    """
    light = np.log(seen + np.float32(DARKEST))
    some = seen.reshape(-1, 3)[::THINNED]
    lit = some.max(axis=1) > BLACK
    middle = np.median(light.reshape(-1, 3)[::THINNED][lit if lit.any() else ~lit], axis=0)
    return np.asarray(2 * (light - middle), np.float32)


def with_opacity(lines: Sequence[Line], said: Said, stride_px: int) -> list[Line]:
    """Return lines with their opacity, 0 clear to 1 white, in place of the network's word.

    Parameters
    ----------
    lines : sequence of Line
        In cells, with the opacity as the map's network says it: right in the median of all, poor
        from tubule to tubule.
    said : Said
        Of the same picture.
    stride_px : int
        Side of a cell of the lines.
    """
    if not lines:
        return []
    level = float(np.median(np.concatenate([line.opacity for line in lines])))
    white = whiteness(lines, said, stride_px)
    middle = float(np.median(np.repeat(white, [len(line.points) for line in lines])))
    found = np.clip(level + OPACITY_PER_WHITE * (white - middle), 0.0, 1.0)
    return [
        replace(line, opacity=np.full(len(line.points), one))
        for line, one in zip(lines, found, strict=True)
    ]


def whiteness(lines: Sequence[Line], said: Said, stride_px: int) -> Floats:
    """Return how white each line is, on the network's scale; 0 where nothing counts."""
    # at the finer cells of the lines: thin ones are hardly wider than a cell of what is said
    finer = said.stride_px // stride_px
    white, weight = (
        one.repeat(finer, axis=0).repeat(finer, axis=1) for one in (said.white, said.weight)
    )
    owner = np.full(white.shape, -1, np.int32)
    for index in np.argsort([line.length for line in lines], kind="stable"):
        line = lines[index]
        cv2.polylines(
            owner,
            [np.rint(line.points * 2**SUBPIXEL_BITS).astype(np.int32)],
            False,
            int(index),
            max(1, round(float(np.median(line.diameter)) * BODY)),
            shift=SUBPIXEL_BITS,
        )
    on = owner >= 0
    counts = weight[on].astype(np.float64) / finer**2
    total = np.bincount(owner[on], counts, len(lines))
    summed = np.bincount(owner[on], counts * white[on], len(lines))
    return np.asarray(summed / (total + said.held_back), np.float64)
