"""Numbers that belong to places: what one look misreads changes none of them."""

from __future__ import annotations

import numpy as np
import pytest

from sertoli.tubules._follow import Line
from sertoli.tubules._join import links
from sertoli.tubules._mosaic import LOOKS_TO_JOIN, Mosaic

DIAMETER = 10.0


def line(x0: float, y0: float, x1: float, y1: float) -> Line:
    count = round(np.hypot(x1 - x0, y1 - y0) / 2.5) + 1
    points = np.stack((np.linspace(x0, x1, count), np.linspace(y0, y1, count)), 1)
    return Line(points, np.full(count, DIAMETER), np.full(count, 0.5), 1.0)


LEFT, RIGHT = line(0, 0, 90, 0), line(110, 0, 200, 0)
WHOLE = line(0, 0, 200, 0)


def look(mosaic: Mosaic, *lines: Line) -> list[int]:
    parts, _ = mosaic.add(lines, links(lines))
    return [number for number, _ in parts]


def test_a_line_that_runs_on_into_another_tubule_for_once_is_cut_there() -> None:
    mosaic = Mosaic()
    for _ in range(10):
        assert look(mosaic, LEFT, RIGHT) == [0, 1]
    parts, merged = mosaic.add([WHOLE], [])
    assert [number for number, _ in parts] == [0, 1]
    assert merged == []
    assert sum(part.length for _, part in parts) == pytest.approx(WHOLE.length)
    assert look(mosaic, LEFT, RIGHT) == [0, 1]


def test_looks_that_agree_make_one_of_two_soon() -> None:
    mosaic = Mosaic()
    look(mosaic, LEFT, RIGHT)
    names = [set(look(mosaic, WHOLE)) for _ in range(LOOKS_TO_JOIN + 2)]
    assert names[0] == {0, 1}
    assert len(names[-1]) == 1
    assert look(mosaic, LEFT, RIGHT) == [next(iter(names[-1]))] * 2


def test_numbers_of_long_standing_are_not_withdrawn_for_a_few_looks() -> None:
    mosaic = Mosaic()
    for _ in range(40):
        look(mosaic, LEFT, RIGHT)
    for _ in range(LOOKS_TO_JOIN + 2):
        look(mosaic, WHOLE)
    assert look(mosaic, LEFT, RIGHT) == [0, 1]


def test_what_comes_to_light_at_an_end_is_more_of_the_same() -> None:
    mosaic = Mosaic()
    look(mosaic, LEFT)
    assert look(mosaic, line(-15, 0, 100, 0)) == [0]


def test_a_tubule_that_crosses_gets_its_own_number() -> None:
    mosaic = Mosaic()
    look(mosaic, WHOLE)
    assert look(mosaic, WHOLE, line(60, -60, 60, 60)) == [0, 1]


def test_nothing_seen_gives_nothing() -> None:
    assert Mosaic().add([], []) == ([], [])
