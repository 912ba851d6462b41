"""Opacity read from colour, beside what lies around."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from sertoli.tubules._follow import Line
from sertoli.tubules._whiteness import MOST_PIECES, _quantile, read, with_opacity

STRIDE = 2
ROWS, COLUMNS, DIAMETER = 160, 200, 10.0
"""In cells."""

YELLOW, WHITE = (0.75, 0.62, 0.45), (0.85, 0.78, 0.68)

Colours = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]


def stripes(whites: set[int], rows: int = ROWS) -> tuple[Colours, list[Line]]:
    """Draw tubules side by side, some of them white; return the picture and their lines."""
    across = (np.arange(STRIDE * COLUMNS) + 0.5) / STRIDE - 0.5
    number = ((across + 0.5) // DIAMETER).astype(int)
    colour = np.where(np.isin(number, list(whites))[:, None], WHITE, YELLOW)
    picture = np.repeat(colour[None], STRIDE * rows, axis=0).astype(np.float32)
    down = np.arange(0.0, rows, 2.0)
    lines = [
        Line(
            np.stack((np.full(len(down), (n + 0.5) * DIAMETER - 0.5), down), axis=1),
            np.full(len(down), DIAMETER),
            np.full(len(down), 0.4),
            1.0,
        )
        for n in range(int(COLUMNS / DIAMETER))
    ]
    return picture, lines


def opacities(
    picture: Colours, lines: list[Line], hidden: npt.NDArray[np.bool_] | None = None
) -> Floats:
    """Return the opacity of each line."""
    rows, columns = (side // STRIDE for side in picture.shape[:2])
    unreadable = np.zeros((rows, columns), bool) if hidden is None else hidden
    found = with_opacity(lines, picture, STRIDE, unreadable)
    for line, before in zip(found, lines, strict=True):
        assert line.points is before.points
        assert np.ptp(line.opacity) == 0.0
    return np.array([line.opacity[0] for line in found])


def test_a_white_tubule_among_yellow_ones_is_more_opaque() -> None:
    found = opacities(*stripes({9}))
    assert found[9] > found[np.arange(20) != 9].max() + 0.1
    assert np.median(found) == pytest.approx(0.4, abs=0.02)


def test_light_that_falls_off_to_the_side_makes_no_tubule_clear() -> None:
    picture, lines = stripes({9})
    dim = np.linspace(1.0, 0.6, STRIDE * COLUMNS, dtype=np.float32)[None, :, None]
    found = opacities(picture * dim, lines)
    assert found.argmax() == 9
    assert np.ptp(found[np.arange(20) != 9]) < 0.2  # the fall alone would make 0.29


def test_a_streak_of_the_lamp_is_not_taken_for_white() -> None:
    picture, lines = stripes(set())
    picture[140:180, 184:196] = 1.0
    assert np.ptp(opacities(picture, lines)) < 0.05


def test_shade_in_a_groove_and_a_glint_on_the_middle_do_not_count() -> None:
    picture, lines = stripes({9})
    plain = opacities(picture, lines)
    picture[:, 140:142] *= 0.3
    picture[:, 129:131] = np.minimum(picture[:, 129:131] + 0.2, 0.94)
    assert opacities(picture, lines) == pytest.approx(plain, abs=0.02)


def test_a_short_stretch_is_held_back() -> None:
    picture, lines = stripes({9})
    line = lines[9]
    short = Line(line.points[38:43], line.diameter[38:43], line.opacity[38:43], line.heat)
    whole = opacities(picture, lines)[9]
    part = opacities(picture, [*lines[:9], short, *lines[10:]])[9]
    assert 0.4 < part < whole - 0.05


def test_what_cannot_be_read_is_as_those_around() -> None:
    picture, lines = stripes({9})
    hidden = np.zeros((ROWS, COLUMNS), bool)
    hidden[:, 80:110] = True
    assert opacities(picture, lines, hidden)[9] == pytest.approx(0.4)


def test_where_all_is_hidden_the_level_stands() -> None:
    picture, lines = stripes({9})
    assert opacities(picture, lines, np.ones((ROWS, COLUMNS), bool)) == pytest.approx(0.4)
    assert with_opacity([], picture, STRIDE, np.zeros((ROWS, COLUMNS), bool)) == []


def test_a_picture_smaller_than_its_surroundings_is_read() -> None:
    picture, lines = stripes({0}, rows=3)
    assert np.isfinite(opacities(picture, lines)).all()


def test_a_large_map_is_read_in_longer_pieces() -> None:
    picture, lines = stripes({9})
    readings = read(lines * 12, picture, STRIDE, np.zeros((ROWS, COLUMNS), bool))
    assert len(lines) * 12 < len(readings.place) <= 1.2 * MOST_PIECES


@pytest.mark.parametrize("count", [1, 2, 3, 8, 101])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.7, 1.0])
def test_quantiles_of_few_values_are_the_usual_ones(count: int, share: float) -> None:
    values = np.random.default_rng(count).normal(size=count).astype(np.float32)
    assert _quantile(values, share) == pytest.approx(float(np.quantile(values, share)), abs=1e-6)
