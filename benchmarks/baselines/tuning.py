"""Settings for the baselines: one for all sets, and the best for each set.

Both are chosen with the labels of the very sets that are then scored, which favours the
baselines: the detector is given no such help.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from sertoli.frames import Frame
from sertoli.sperm import Detections
from sertoli.sperm.evaluation import ImageResult, TruthImage, evaluate

CUT_OFFS = np.linspace(0.0, 1.0, 201)

Floats64 = npt.NDArray[np.float64]


class Baseline(Protocol):
    """A detector with one setting; findings are ranked by ``probability``."""

    @property
    def name(self) -> str:
        """What it is."""

    @property
    def setting(self) -> str:
        """Its setting, in words."""

    def detect(self, frame: Frame) -> Detections:
        """Find heads in a frame."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A baseline with a setting and the rank to cut off at."""

    baseline: Baseline
    cut_off: float


def results_of(
    baseline: Baseline, pictures: Iterable[tuple[Frame, TruthImage]]
) -> list[ImageResult]:
    """Search pictures with a baseline."""
    return [
        ImageResult.of_detections(
            baseline.detect(frame), image.boxes_px, image.ignored, image.group
        )
        for frame, image in pictures
    ]


def f1_at_cut_offs(results: Sequence[ImageResult]) -> Floats64:
    """Return F1 by centre at each of `CUT_OFFS`; 0 where nothing is found."""
    curve = evaluate(results).curve
    total = curve.precision + curve.recall
    f1 = 2 * curve.precision * curve.recall / np.where(total > 0, total, 1.0)
    # the curve's probabilities fall: take all findings of at least the cut-off
    count = np.searchsorted(-curve.probability, -CUT_OFFS, side="right")
    return np.append(0.0, f1)[count]


def choose(
    grid: Sequence[Baseline],
    sets: Mapping[str, Sequence[tuple[Frame, TruthImage]]],
    on_progress: Callable[[str], None] = print,
) -> tuple[Choice, dict[str, Choice]]:
    """Choose from a grid of settings by F1.

    Parameters
    ----------
    grid : sequence of Baseline
    sets : mapping of str to sequence of (Frame, TruthImage)
        Pictures of each labelled set with sperm.
    on_progress : callable

    Returns
    -------
    one_for_all : Choice
        Of the best mean F1 over the sets.
    tuned : dict of str to Choice
        Of the best F1 on each set.
    """
    f1 = np.zeros((len(grid), len(sets), len(CUT_OFFS)))
    for row, baseline in enumerate(grid):
        for column, pictures in enumerate(sets.values()):
            f1[row, column] = f1_at_cut_offs(results_of(baseline, pictures))
        best = ", ".join(f"{name} {v:.3f}" for name, v in zip(sets, f1[row].max(1), strict=True))
        on_progress(f"{baseline.name}, {baseline.setting}: best F1 {best}")

    def best_of(values: Floats64) -> Choice:
        row, cut_off = np.unravel_index(int(values.argmax()), values.shape)
        return Choice(grid[int(row)], float(CUT_OFFS[cut_off]))

    tuned = {name: best_of(f1[:, column]) for column, name in enumerate(sets)}
    return best_of(f1.mean(axis=1)), tuned
