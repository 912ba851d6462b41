"""Which part of a place a picture shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldView:
    """A rectangle of the opened testis on a pixel grid.

    Parameters
    ----------
    left_um, top_um : float
        Place of the centre of the top-left pixel.
    width_px, height_px : int
    um_per_px : float
    """

    left_um: float
    top_um: float
    width_px: int
    height_px: int
    um_per_px: float
