"""Fit how whiteness tells opacity: ``python -m training.tubules.opacity --help``.

Simulated fields of all looks but one are mapped; the difference of a tubule's true opacity from
the median of its picture is fitted by least squares to how white the network says it is. The scale
is printed, to stand in ``sertoli.tubules._whiteness``, with the rank correlation on each look.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from benchmarks.field_truth import judge
from benchmarks.tubule_map import make_picture
from scipy.stats import spearmanr

from sertoli.phantom import FieldPicture
from sertoli.phantom.render.operating import LOOKS
from sertoli.tubules import CellNetwork, TubuleMapper
from sertoli.tubules._follow import follow
from sertoli.tubules._join import joined
from sertoli.tubules._mapper import Look
from sertoli.tubules._whiteness import ask, whiteness

FIRST_SEED = 820_000
FULL_LENGTH_DIAMETERS = 8.0
"""A tubule counts by the length that is seen of it, up to this."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """The tubules found in one picture: how white they are said to be, the truth, their weight."""

    look: str
    white: Floats
    opacity: Floats
    weight: Floats


def main() -> None:
    """Read the command line, render, map and fit."""
    parser = argparse.ArgumentParser(description="Fit how whiteness tells opacity.")
    parser.add_argument("--pictures", type=int, default=48)
    parser.add_argument("--without", default="flooded", help="look that is not used")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    looks = [name for name in LOOKS if name != options.without]
    mapper = TubuleMapper(CellNetwork(threads=1))
    found = [
        measured(
            mapper,
            make_picture(FIRST_SEED, number, looks[number % len(looks)]),
            looks[number % len(looks)],
        )
        for number in range(options.pictures)
    ]
    for look in looks:
        ranks = [spearmanr(one.white, one.opacity).statistic for one in found if one.look == look]
        print(f"{look}: rank correlation {np.nanmean(ranks):.3f}")
    count = sum(len(one.opacity) for one in found)
    print(f"{count} tubules: opacity per white {fitted(found):.2f}")


def measured(mapper: TubuleMapper, picture: FieldPicture, look: str) -> Measured:
    """Return how white the tubules found in a picture are said to be, and their true opacity."""
    frame = picture.frame
    fields, seen, factor = mapper.look(frame)
    lines = follow(fields)
    white = whiteness(lines, ask(mapper.whiteness, seen), mapper.network.stride_px)
    owners = joined(lines)
    names = np.array(owners)
    of = {one.tubule: one.traits.opacity for one in picture.stretches}
    found = mapper.ranked(frame, Look(tuple(lines), fields.unreadable, factor), owners)
    owner = judge(picture, found).owner
    length = np.array([line.length for line in lines])
    return Measured(
        look,
        np.array([np.average(white[names == n], weights=length[names == n]) for n in owner]),
        np.array([of[tubule] for tubule in owner.values()]),
        np.minimum(
            found.length_px[list(owner)] / found.diameter_px[list(owner)], FULL_LENGTH_DIAMETERS
        ),
    )


def fitted(found: Sequence[Measured]) -> float:
    """Return opacity per difference of whiteness, by weighted least squares within each picture."""
    white = np.concatenate([one.white - np.median(one.white) for one in found])
    opacity = np.concatenate([one.opacity - np.median(one.opacity) for one in found])
    weight = np.concatenate([one.weight for one in found])
    return float((weight * white) @ opacity / ((weight * white) @ white))


if __name__ == "__main__":
    main()
