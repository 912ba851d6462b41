"""Instruments are hatched, up to their edges; white tubules are not."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from sertoli.phantom import make_field
from sertoli.tubules import TubuleMapper
from sertoli.tubules._foreign import foreign

CELLS = 11.0
TISSUE = np.array((0.75, 0.6, 0.42), np.float32)
STEEL = np.array((0.5, 0.5, 0.5), np.float32)
SHAFT = np.s_[:70, 60:95]
TUBULE = np.s_[:90, 60:72]


def scene(
    colour: np.ndarray, where: tuple[slice, slice], doubt: float, lines: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a picture of 160 by 200 cells of two px, and what a network might say of it."""
    rng = np.random.default_rng(5)
    cells = np.broadcast_to(TISSUE, (160, 200, 3)) * rng.normal(1, 0.03, (160, 200, 3))
    line = np.where(np.arange(160)[:, None] % 11 < 4, 3.0, -4.0) * np.ones((1, 200))
    unreadable = np.full((160, 200), -4.5)
    height = where[0].stop - (where[0].start or 0)
    cells[where] = colour
    line[where] = np.where(np.arange(height)[:, None] < lines * height, 3.0, -4.0)
    unreadable[where] = doubt
    seen = np.repeat(np.repeat(cells, 2, axis=0), 2, axis=1)
    return np.asarray(seen, np.float32), line.astype(np.float32), unreadable.astype(np.float32)


@pytest.mark.parametrize("lamp", [(1.0, 1.0, 1.0), (1.2, 1.0, 0.7), (0.8, 0.95, 1.25)])
@pytest.mark.parametrize(
    ("what", "colour", "where", "doubt", "lines", "is_marked"),
    [
        ("doubted steel", STEEL, SHAFT, -0.5, 0.2, True),
        ("steel, half doubted, straight", STEEL, SHAFT, -3.0, 0.3, True),
        ("steel that is not doubted, but shows no tubule", STEEL, SHAFT, -4.5, 0.0, True),
        ("steel that passes for tubules, but is long and straight", STEEL, SHAFT, -4.5, 0.4, True),
        ("a white tubule that runs straight for a while", STEEL, TUBULE, -4.5, 0.4, False),
        ("something white that does not reach in", STEEL, np.s_[40:100, 60:95], -0.5, 0.0, False),
        ("a small thing", STEEL, np.s_[:15, 60:75], -0.5, 0.0, False),
        ("what has the colour of tissue", TISSUE, SHAFT, -0.5, 0.2, False),
        ("what is warmer: blood", np.array((0.5, 0.1, 0.05)), SHAFT, -0.5, 0.2, False),
    ],
)
def test_what_is_less_warm_and_doubted_is_no_tissue(
    what: str,
    colour: np.ndarray,
    where: tuple[slice, slice],
    doubt: float,
    lines: float,
    is_marked: bool,
    lamp: tuple[float, float, float],
) -> None:
    seen, line, unreadable = scene(colour, where, doubt, lines)
    lit = (seen * 0.75 * np.array(lamp, np.float32)).astype(np.float32)
    found = foreign(lit, line, unreadable, CELLS)
    assert found[where].mean() == (pytest.approx(1.0, abs=0.03) if is_marked else 0.0), what
    beside = np.ones(found.shape, bool)
    beside[where] = False
    assert found[beside].mean() < 0.02, what


@pytest.mark.parametrize("doubt", [-3.0, -4.5])
def test_a_bent_white_thing_needs_more_doubt(doubt: float) -> None:
    seen, line, unreadable = scene(STEEL, np.s_[:90, 60:75], doubt, 0.4)
    corner = np.s_[75:90, 60:140]
    seen[150:180, 120:280], unreadable[corner] = 0.5, doubt
    line[corner] = np.where(np.arange(15)[:, None] < 6, 3.0, -4.0)
    assert not foreign(seen, line, unreadable, CELLS).any()
    unreadable[seen[::2, ::2, 2] == seen[::2, ::2, 0]] = -1.0
    assert foreign(seen, line, unreadable, CELLS)[:90, 60:75].all()


@pytest.mark.parametrize("change", ["grey", "no lines", "dark"])
def test_where_the_colour_of_tissue_is_not_known_nothing_is_marked(change: str) -> None:
    seen, line, unreadable = scene(STEEL, SHAFT, -0.5, 0.0)
    if change == "grey":
        seen = np.repeat(seen.mean(axis=2, keepdims=True), 3, axis=2)
    elif change == "no lines":
        line[:] = -4.0
    else:
        seen = seen * np.float32(0.03)
    assert not foreign(seen, line, unreadable, CELLS).any()


def test_no_line_is_drawn_on_an_instrument() -> None:
    frame = (
        make_field(21, look="halogen", um_per_px=8.0, width_px=480, height_px=360).picture(0).frame
    )
    pixels = frame.pixels.astype(np.float32)
    corners = np.array(((150, -5), (235, -5), (215, 210), (160, 210)), np.int32)
    share = np.zeros(pixels.shape[:2], np.float32)
    cv2.fillPoly(share, [corners], 1.0)
    share = cv2.GaussianBlur(share, (0, 0), 2.0)[..., None]
    across = (np.arange(480) - 190.0) / 45
    shade = 90 + 60 * np.clip(1 - across**2, 0, 1) + 90 * np.exp(-(((across - 0.2) / 0.1) ** 2))
    pixels = pixels * (1 - share) + shade[None, :, None] * share
    found = TubuleMapper()(replace(frame, pixels=np.rint(pixels).clip(0, 255).astype(np.uint8)))
    inside = share[..., 0] > 0.5
    marked = cv2.resize(found.unreadable.view(np.uint8), (480, 360), interpolation=0) > 0
    assert marked[inside].mean() > 0.95
    places = np.rint(np.concatenate([one.points for one in found.stretches])).astype(int)
    assert not inside[places[:, 1].clip(0, 359), places[:, 0].clip(0, 479)].any()
    assert len(found) > 5
