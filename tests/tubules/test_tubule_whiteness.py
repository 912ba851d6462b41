"""Opacity of a tubule beside those around it."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.field_truth import judge

from sertoli.errors import WeightsError
from sertoli.phantom import FieldPicture, make_field
from sertoli.tubules import CellNetwork, TubuleMapper, _mapper
from sertoli.tubules._follow import Line
from sertoli.tubules._network import WHITENESS_WEIGHTS
from sertoli.tubules._whiteness import OPACITY_PER_WHITE, Said, ask, whiteness, with_opacity

STRIDE = 2
ROWS, COLUMNS, DIAMETER = 160, 200, 10.0
"""In cells of the lines."""

HELD_BACK = 2.0


def upright(rows: int = ROWS) -> list[Line]:
    """Return lines side by side."""
    down = np.arange(0.0, rows, 2.0)
    return [
        Line(
            np.stack((np.full(len(down), (n + 0.5) * DIAMETER - 0.5), down), axis=1),
            np.full(len(down), DIAMETER),
            np.full(len(down), 0.4),
            1.0,
        )
        for n in range(int(COLUMNS / DIAMETER))
    ]


def said(white_line: int | None) -> Said:
    """Say that all is alike but for one line."""
    white = np.zeros((ROWS // 2, COLUMNS // 2), np.float32)
    if white_line is not None:
        white[:, white_line * 5 : white_line * 5 + 5] = 1.0
    return Said(white, np.ones_like(white), 2 * STRIDE, HELD_BACK)


def test_a_tubule_said_to_be_white_is_more_opaque_and_the_level_stands() -> None:
    lines = upright()
    found = with_opacity(lines, said(9), STRIDE)
    opacity = np.array([line.opacity[0] for line in found])
    assert opacity[9] == pytest.approx(0.4 + OPACITY_PER_WHITE, abs=0.01)
    assert np.delete(opacity, 9) == pytest.approx(0.4, abs=0.01)
    for line, before in zip(found, lines, strict=True):
        assert line.points is before.points
        assert np.ptp(line.opacity) == 0.0


def test_a_short_stretch_is_held_back() -> None:
    lines = upright()
    whole = lines[9]
    lines[9] = Line(whole.points[38:43], whole.diameter[38:43], whole.opacity[38:43], whole.heat)
    assert 0.0 < whiteness(lines, said(9), STRIDE)[9] < whiteness(upright(), said(9), STRIDE)[9]


def test_where_nothing_counts_all_are_alike() -> None:
    heard = said(9)
    deaf = Said(heard.white, np.zeros_like(heard.weight), heard.stride_px, HELD_BACK)
    assert (whiteness(upright(), deaf, STRIDE) == 0).all()
    assert with_opacity([], heard, STRIDE) == []


@pytest.mark.parametrize("shape", [(3, 5), (70, 90), (1500, 40)])
def test_pictures_of_any_size_are_read(shape: tuple[int, int]) -> None:
    heard = ask(CellNetwork(WHITENESS_WEIGHTS, threads=1), np.full((*shape, 3), 0.5, np.float32))
    assert heard.white.shape == tuple(-(-side // 4) for side in shape)
    assert np.isfinite(heard.white).all()
    assert (heard.weight > 0).all()
    assert heard.held_back > 0


def opened(seed: int) -> FieldPicture:
    return make_field(
        seed, patient="normal", look="flooded", um_per_px=8.0, width_px=640, height_px=480
    ).picture(0)


def test_tubules_of_a_look_it_never_saw_are_ranked_better_than_by_the_maps_own_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    picture = opened(945_001)
    mapper = TubuleMapper(CellNetwork(threads=1))
    found = judge(picture, mapper(picture.frame)).opacity_correlation
    monkeypatch.setattr(_mapper, "with_opacity", lambda lines, *_: lines)
    own_word = judge(picture, mapper(picture.frame)).opacity_correlation
    assert found > max(0.6, own_word + 0.3)


def test_black_around_the_view_does_not_change_what_is_said_within() -> None:
    seen = opened(945_002).frame.pixels.astype(np.float32) / np.float32(255)
    network = CellNetwork(WHITENESS_WEIGHTS, threads=1)
    rows, columns = np.ogrid[:480, :640]
    away = np.hypot(rows - 240, columns - 320)
    masked = np.where((away < 200)[..., None], seen, np.float32(0))
    inside = (away < 100)[::4, ::4]
    whole, round_view = (ask(network, one).white[inside] for one in (seen, masked))
    assert np.corrcoef(whole, round_view)[0, 1] > 0.95
    assert np.ptp(round_view) == pytest.approx(np.ptp(whole), rel=0.25)


def test_networks_that_do_not_fit_each_other_are_refused() -> None:
    map_network = CellNetwork(threads=1)
    with pytest.raises(WeightsError, match="how white"):
        TubuleMapper(map_network, whiteness=map_network)
