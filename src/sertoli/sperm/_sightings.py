"""Columnar results: what was seen in one frame, and in a whole recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Sperm heads seen in one frame, N of them.

    Pixel coordinates: x right, y down, the centre of the top-left pixel is (0, 0).

    Parameters
    ----------
    centre_px : ndarray, (N, 2) float32
        x and y of the centre of the head's box.
    size_px : ndarray, (N, 2) float32
        Width and height of the head's box.
    probability : ndarray, (N,) float32
        0 to 1.
    """

    centre_px: Floats
    size_px: Floats
    probability: Floats

    def __post_init__(self) -> None:
        n = len(self.probability)
        for name, array, shape in (
            ("centre_px", self.centre_px, (n, 2)),
            ("size_px", self.size_px, (n, 2)),
            ("probability", self.probability, (n,)),
        ):
            if array.shape != shape:
                raise ValueError(f"{name}: expected shape {shape}, got {array.shape}")

    def __len__(self) -> int:
        return len(self.probability)

    @classmethod
    def empty(cls) -> Detections:
        """Nothing seen."""
        pair = np.zeros((0, 2), np.float32)
        return cls(pair, pair.copy(), np.zeros(0, np.float32))

    def at_least(self, confidence: float) -> Detections:
        """Keep those with a probability of at least ``confidence``."""
        keep = self.probability >= confidence
        return Detections(self.centre_px[keep], self.size_px[keep], self.probability[keep])
