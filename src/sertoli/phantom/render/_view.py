"""Where and how finely a dish is looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class View:
    """Where and how finely a dish is looked at.

    Parameters
    ----------
    left_um, top_um : float
        Dish position of the centre of the top-left pixel.
    width_px, height_px : int
    um_per_px : float
    """

    left_um: float
    top_um: float
    width_px: int
    height_px: int
    um_per_px: float

    def to_px(self, x_um: float, y_um: float) -> tuple[float, float]:
        """Pixel position of a dish position."""
        return (x_um - self.left_um) / self.um_per_px, (y_um - self.top_um) / self.um_per_px
