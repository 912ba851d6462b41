"""Detections told right from wrong, most probable first, and the figures that follow."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Score:
    """F1, precision and recall of detections at or above a logit."""

    f1: float
    precision: float
    recall: float
    logit: float

    def __str__(self) -> str:
        return (
            f"F1 {self.f1:.3f} (precision {self.precision:.3f}, recall {self.recall:.3f}, "
            f"logit {self.logit:.2f})"
        )

    def as_dict(self) -> dict[str, object]:
        """Return plain numbers for the log."""
        return {key: round(value, 4) for key, value in asdict(self).items()}


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """Every detection above a low logit on a set, most probable first.

    Parameters
    ----------
    logit : ndarray, (N,) float32
    right : ndarray, (N,) bool
    scene : ndarray, (N,) int64
        Index of the scene that it lies in.
    heads : int
        Number of true heads.
    scenes : int
    look : ndarray, (N, LOOKS) float32
        See `sertoli.sperm._company.looks`; N rows of zeros where it plays no part.
    """

    logit: Floats
    right: npt.NDArray[np.bool_]
    scene: npt.NDArray[np.int64]
    heads: int
    scenes: int
    look: Floats

    def ordered(self) -> Matched:
        """Return the same, most probable first."""
        order = np.argsort(-self.logit, kind="stable")
        return replace(
            self,
            logit=self.logit[order],
            right=self.right[order],
            scene=self.scene[order],
            look=self.look[order],
        )

    def by_scene(self) -> list[npt.NDArray[np.intp]]:
        """Return the rows of every scene that has any."""
        rows = np.argsort(self.scene, kind="stable")
        bounds = np.flatnonzero(np.diff(self.scene[rows])) + 1
        return np.split(rows, bounds)

    def at(self, logit: float) -> Score:
        """Return the figures of all detections at or above a logit."""
        found = int(np.count_nonzero(self.logit >= logit))
        true = int(self.right[:found].sum())
        return Score(
            f1=2 * true / max(1, found + self.heads),
            precision=true / max(1, found),
            recall=true / max(1, self.heads),
            logit=logit,
        )

    def best(self) -> Score:
        """Return the figures at the threshold of best F1."""
        if not len(self.logit):
            return self.at(0.0)
        found = np.arange(1, len(self.right) + 1)
        f1 = 2 * np.cumsum(self.right) / (found + self.heads)
        return self.at(float(self.logit[f1.argmax()]))
