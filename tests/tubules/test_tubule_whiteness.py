"""Opacity read from colour, beside what lies around."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from sertoli.tubules._whiteness import CORE_HEAT, opacity_of

ROWS, COLUMNS, DIAMETER = 160, 200, 10.0
YELLOW, WHITE = (0.75, 0.62, 0.45), (0.85, 0.78, 0.68)

Colours = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]


def stripes(whites: set[int]) -> tuple[Colours, Floats]:
    """Draw tubules side by side, some of them white; return colour and heat."""
    across = np.arange(COLUMNS)
    number = (across // DIAMETER).astype(int)
    offset = np.abs(across % DIAMETER - DIAMETER / 2) / (DIAMETER / 2)
    colour = np.where(np.isin(number, list(whites))[:, None], WHITE, YELLOW)
    heat = np.exp(-0.5 * (offset / 0.22) ** 2)
    return (
        np.repeat(colour[None], ROWS, axis=0).astype(np.float32),
        np.repeat(heat[None], ROWS, axis=0),
    )


def opacities(colour: Colours, heat: Floats, hidden: npt.NDArray[np.bool_] | None = None) -> Floats:
    """Return the opacity on each centreline, half way down."""
    wide = np.full(heat.shape, DIAMETER)
    unreadable = np.zeros(heat.shape, bool) if hidden is None else hidden
    found = opacity_of(colour, heat, wide, unreadable, np.full(heat.shape, 0.4))
    return found[ROWS // 2, int(DIAMETER / 2) :: int(DIAMETER)]


def test_a_white_tubule_among_yellow_ones_is_more_opaque() -> None:
    found = opacities(*stripes({9}))
    assert found[9] > found[np.arange(20) != 9].max() + 0.1
    assert np.median(found) == pytest.approx(0.4, abs=0.02)


def test_light_that_falls_off_to_the_side_makes_no_tubule_clear() -> None:
    colour, heat = stripes({9})
    dim = np.linspace(1.0, 0.6, COLUMNS, dtype=np.float32)[None, :, None]
    found = opacities(colour * dim, heat)
    assert found.argmax() == 9
    assert np.ptp(found[np.arange(20) != 9]) < 0.2  # the fall alone would make 0.29


def test_a_streak_of_the_lamp_is_not_taken_for_white() -> None:
    colour, heat = stripes(set())
    colour[70:90, 92:98] = 1.0
    assert np.ptp(opacities(colour, heat)) < 0.05


def test_what_cannot_be_read_is_as_those_around() -> None:
    colour, heat = stripes({9})
    hidden = np.zeros(heat.shape, bool)
    hidden[40:120, 80:110] = True
    assert opacities(colour, heat, hidden)[9] == pytest.approx(0.4)


def test_without_a_line_the_level_stands() -> None:
    colour, heat = stripes(set())
    none = np.minimum(heat, CORE_HEAT / 2)
    assert opacities(colour, none) == pytest.approx(0.4)


def test_a_picture_smaller_than_its_surroundings_is_read() -> None:
    colour, heat = stripes({0})
    small = np.s_[:3, :5]
    wide = np.full((3, 5), DIAMETER)
    level = np.full((3, 5), 0.4)
    found = opacity_of(colour[small], heat[small], wide, np.zeros((3, 5), bool), level)
    assert np.isfinite(found).all()
