"""The pictures: the truth lies where the head is drawn, in every light and size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from sertoli.optics import Modality
from sertoli.phantom import random_field
from sertoli.phantom.render import (
    BENCH_MODALITIES,
    OBSCURED_SPERM,
    Look,
    Shown,
    View,
    random_look,
    take_picture,
)
from sertoli.phantom.world import Cell, CellKind, Dish, Drift, Population

QUIET = Look(
    electrons=1e9, read_noise=0.0, grain=0.0, mottle=0.0, bloom=0.0, vignetting=0.0, gradient=0.0,
    sharpening=0.0, phase_gain=0.4,
)  # fmt: skip
FLAT = Population({CellKind.SPERM: 300.0}, depth_um=0.3)


def picture(
    look: Look, view: View, seed: int = 6, time_s: float = 0.0, content: Population = FLAT
) -> tuple[npt.NDArray[np.uint8], tuple[Shown, ...]]:
    return take_picture(Dish(seed, content), look, view, time_s, seed)


@pytest.mark.parametrize("um_per_px", [0.1, 0.35, 0.6, 1.0])
def test_boxes_lie_on_the_heads(um_per_px: float) -> None:
    content = FLAT.with_sperm(30 / (0.4 * 0.3 * um_per_px**2))
    pixels, shown = picture(QUIET, View(0, 0, 400, 300, um_per_px), content=content)
    grey = pixels.astype(float)
    background = np.median(grey)
    offsets = []
    for thing in shown:
        x, y, w, h = thing.box_px
        if thing.label != "sperm" or x < 1 or y < 1 or x + w > 398 or y + h > 298:
            continue
        rows = np.arange(round(y), round(y + h) + 1)
        columns = np.arange(round(x), round(x + w) + 1)
        dark = np.clip(
            background - grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], 0, None
        )
        assert dark.max() > 0.3 * background, "the head is dark"
        dark[dark < 0.5 * dark.max()] = 0
        offsets.append(
            (
                (dark.sum(0) @ columns) / dark.sum() - (x + w / 2),
                (dark.sum(1) @ rows) / dark.sum() - (y + h / 2),
            )
        )
    assert offsets
    # Heads are not quite symmetric, and tails cross: the median is what must not be shifted.
    assert np.abs(np.median(offsets, axis=0)).max() < max(0.5, 0.5 / um_per_px * 0.35)


@pytest.mark.parametrize("modality", BENCH_MODALITIES)
def test_an_empty_dish_is_even(modality: Modality) -> None:
    look = replace(QUIET, modality=modality, level=0.5)
    pixels, shown = picture(look, View(0, 0, 64, 48, 0.35), content=Population({}))
    assert shown == ()
    assert set(np.unique(pixels)) <= {127, 128}


@pytest.mark.parametrize("modality", BENCH_MODALITIES)
def test_sperm_show_in_every_light(modality: Modality) -> None:
    look = replace(QUIET, modality=modality, level=0.4, focus_um=1.5, phase_gain=0.6)
    pixels, shown = picture(look, View(0, 0, 320, 240, 0.35))
    thing = next(s for s in shown if s.label == "sperm")
    x, y, w, h = (round(v) for v in thing.box_px)
    head = pixels[max(0, y) : y + h, max(0, x) : x + w].astype(int)
    assert np.ptp(head) > 25


def test_strong_phase_makes_bright_heads_and_weak_phase_dark_ones() -> None:
    view = View(0, 0, 320, 240, 0.35)
    for gain, sign in ((0.4, -1), (1.3, 1)):
        pixels, shown = picture(replace(QUIET, phase_gain=gain), view)
        background = float(np.median(pixels))
        centres = [
            float(pixels[round(y + h / 2), round(x + w / 2)])
            for x, y, w, h in (s.box_px for s in shown if s.label == "sperm")
        ]
        assert sign * (np.median(centres) - background) > 20


def test_neighbouring_views_show_the_same_place() -> None:
    um = 0.4
    whole, _ = picture(QUIET, View(0, 0, 300, 100, um))
    right, _ = picture(QUIET, View(100 * um, 0, 200, 100, um))
    # Far from the edges, where the finite canvas ends.
    difference = whole[20:80, 140:260].astype(int) - right[20:80, 40:160].astype(int)
    assert np.abs(difference).max() <= 3


def test_the_same_seed_gives_the_same_picture() -> None:
    first, second, other = (random_field(seed, 96, 128) for seed in (5, 5, 6))
    assert np.array_equal(first.pixels, second.pixels)
    assert first.classes == second.classes
    assert not np.array_equal(first.pixels, other.pixels)


def test_interlaced_rows_are_half_a_frame_later() -> None:
    content = Population({CellKind.RED_CELL: 1500.0})
    dish = Dish(2, content, Drift((50.0, 0.0)))
    view = View(0, 0, 200, 100, 0.35)
    look = replace(QUIET, interlaced=True)
    both, _ = take_picture(dish, look, view, 0.0, 1, frame_s=0.04)
    now, _ = take_picture(dish, replace(look, interlaced=False), view, 0.0, 1)
    later, _ = take_picture(dish, replace(look, interlaced=False), view, 0.02, 1)
    assert np.array_equal(both[::2], now[::2])
    # The noise of a moment is drawn by its time: one grey level of rounding is left.
    assert np.abs(both[1::2].astype(int) - later[1::2]).max() <= 1
    assert not np.array_equal(now, later)


def test_far_from_focus_sperm_count_as_obscured() -> None:
    deep = replace(QUIET, focus_um=40.0)
    _, shown = picture(deep, View(0, 0, 320, 240, 0.35))
    assert {s.label for s in shown} == {OBSCURED_SPERM}


def one_sperm(look: Look, others: tuple[Cell, ...] = (), um_per_px: float = 0.35) -> Shown:
    """Look at a sperm in the middle of a field with what else lies there."""
    sperm = Cell(1, CellKind.SPERM, 30.0, 30.0, 0.0, 0.4, 4.7, 2.9, 1.0, 11)

    class Few(Dish):
        def cells_near(self, *_: float) -> Iterator[Cell]:
            yield from (*others, sperm)

    side = round(60 / um_per_px)
    _, shown = take_picture(Few(3, FLAT), look, View(0, 0, side, side, um_per_px), 0.0, 3)
    return shown[-1]


def test_a_head_s_own_contrast_decides_what_can_be_seen() -> None:
    plain = one_sperm(QUIET)
    assert plain.label == "sperm"
    assert plain.visibility is not None
    strength = plain.visibility.contrast_to_noise
    grainy = one_sperm(replace(QUIET, mottle=0.3))
    assert grainy.label == OBSCURED_SPERM
    pale = one_sperm(replace(QUIET, phase_gain=0.1, absorption_gain=0.3)).visibility
    blurred = one_sperm(replace(QUIET, focus_um=5.0)).visibility
    assert pale is not None
    assert blurred is not None
    assert max(pale.contrast_to_noise, blurred.contrast_to_noise) < 0.9 * strength


def test_neighbours_lend_a_head_no_contrast_but_cover_it() -> None:
    faint = replace(QUIET, phase_gain=0.02, absorption_gain=0.02, mottle=0.03)
    assert one_sperm(faint).label == OBSCURED_SPERM
    dark = Cell(2, CellKind.DEBRIS, 35.0, 30.0, 0.0, 0.0, 6.0, 5.0, 60.0, 5)
    assert one_sperm(faint, (dark,)).label == OBSCURED_SPERM
    beside, above = (
        Cell(2, CellKind.CLUMP, x, 30.0, 0.0, 0.0, 30.0, 30.0, 3.0, 5) for x in (50.0, 30.0)
    )
    aside, under = one_sperm(QUIET, (beside,)), one_sperm(QUIET, (above,))
    assert aside.label == "sperm"
    assert under.label == OBSCURED_SPERM
    assert aside.visibility is not None
    assert under.visibility is not None
    assert under.visibility.covering_rad > 0.5 > aside.visibility.covering_rad


def test_finer_pixels_hide_nothing() -> None:
    noisy = replace(QUIET, electrons=300.0)
    fine, coarse = (one_sperm(noisy, um_per_px=um).visibility for um in (0.12, 0.25))
    assert fine is not None
    assert coarse is not None
    assert fine.contrast_to_noise >= coarse.contrast_to_noise


def test_boxes_stay_within_the_picture() -> None:
    for seed in range(12):
        field = random_field(seed, 90, 110)
        boxes = field.boxes_px
        assert len(boxes) == len(field.classes)
        assert np.all(boxes[:, :2] >= -0.5)
        assert np.all(boxes[:, 0] + boxes[:, 2] <= 109.5 + 1e-3)
        assert np.all(boxes[:, 1] + boxes[:, 3] <= 89.5 + 1e-3)
        assert np.all(boxes[:, 2:] > 0)


def test_looks_span_bright_and_dark_and_all_lights() -> None:
    looks = [random_look(np.random.default_rng(seed)) for seed in range(200)]
    assert {look.modality for look in looks} == set(BENCH_MODALITIES)
    gains = [k.phase_gain for k in looks if k.modality is Modality.PHASE_CONTRAST]
    assert min(gains) < 0.5 < 1.1 < max(gains)
