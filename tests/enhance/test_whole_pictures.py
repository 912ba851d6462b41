"""The parts that make the light chain quick: none of them may change what it shows."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sertoli.enhance import LightChain, _whole
from sertoli.enhance._crew import Crew
from sertoli.enhance._motion import corners_in, shift_to
from sertoli.enhance._sizes import Halves, analysed, any_of_four, extended, magnified, repeated
from sertoli.frames import Frame


def tissue(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Draw smooth blotches with a few that are full."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(30, 220, (height // 12 + 2, width // 12 + 2, 3), np.uint8)
    pixels = np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))
    for _ in range(6):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        cv2.line(pixels, (x, y), (x + 14, y + 5), (255, 255, 255), 4)
    return pixels


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_it_does_not_matter_where_strips_end(dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    still = tissue(733, 801)
    scale = np.iinfo(dtype).max // 255
    shown = []
    for strip_bytes in (1, 40_000, 1 << 30):
        monkeypatch.setattr(_whole, "STRIP_BYTES", strip_bytes)
        chain = LightChain()
        for index in range(3):
            moved = np.roll(still, (3 * index, -5 * index), axis=(0, 1)).astype(dtype) * dtype(
                scale
            )
            seen = chain(Frame(moved, index))
        shown.append(seen)
    for other in shown[1:]:
        assert np.array_equal(shown[0].frame.pixels, other.frame.pixels)
        assert np.array_equal(shown[0].unreadable, other.unreadable)


def test_what_was_shown_does_not_change_afterwards() -> None:
    chain = LightChain()
    seen, were = [], []
    for index in range(5):
        pixels = tissue(90, 130, seed=index // 3)
        given_pixels = pixels.copy()
        seen.append(chain(Frame(pixels, index)).frame.pixels)
        were.append(seen[-1].copy())
        assert np.array_equal(pixels, given_pixels)
    for shown, was in zip(seen, were, strict=True):
        assert np.array_equal(shown, was)


@pytest.mark.parametrize("kept", ["whole", "part"])
def test_memory_of_what_nobody_looks_at_any_more_is_used_again(kept: str) -> None:
    chain = LightChain()
    places: list[int] = []
    held: list[np.ndarray] = []
    for index in range(6):
        shown = chain(Frame(tissue(90, 130, seed=index), index)).frame.pixels
        places.append(shown.ctypes.data)
        if index == 2:
            held.append(shown if kept == "whole" else shown[4:, 5:])
            was = held[0].copy()
        del shown
    assert np.array_equal(held[0], was)
    assert len(set(places)) < len(places)
    assert places[2] not in places[3:]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 2, 4, 8]), st.data())
def test_rows_are_those_of_the_whole(
    height: int, width: int, step: int, data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, height - 1))
    rows = slice(first, data.draw(st.integers(first + 1, height)))
    rng = np.random.default_rng(height * width)
    small = rng.integers(0, 255, (-(-height // step), -(-width // step)), np.uint8)
    for enlarge in (magnified, repeated):
        whole = enlarge(small, step, slice(0, height), width)
        assert whole.shape == (height, width)
        assert np.array_equal(enlarge(small, step, rows, width), whole[rows])


@pytest.mark.parametrize(
    ("height", "width", "step"), [(16, 24, 4), (17, 23, 4), (9, 9, 2), (5, 7, 1)]
)
def test_a_pixel_of_the_analysis_is_a_mean_of_pixels(height: int, width: int, step: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)
    small = analysed(extended(pixels, step), step, Crew())
    assert small.shape == (-(-height // step), -(-width // step), 3)
    assert np.abs(small[0, 0] - pixels[:step, :step].mean((0, 1))).max() <= 1.5


@pytest.mark.parametrize(("height", "width"), [(16, 24), (17, 23), (2, 2)])
@pytest.mark.parametrize(("down", "right"), [(0, 0), (0, 1), (1, 0), (1, 1), (3, 2)])
def test_a_part_of_a_half_may_begin_anywhere(
    height: int, width: int, down: int, right: int
) -> None:
    ramp = np.add.outer(3 * np.arange(height), 2 * np.arange(width)).astype(np.uint8)
    rows = slice(down, down + max(0, height - down) // 2 * 2)
    columns = slice(right, right + max(0, width - right) // 2 * 2)
    part = Halves(ramp).part(rows, columns)
    exact = ramp[rows, columns].reshape(part.shape[0], 2, part.shape[1], 2).mean((1, 3))
    assert part.size == 0 or np.abs(part - exact).max() <= 1.5


def test_one_of_four_is_enough() -> None:
    mask = np.zeros((4, 6), np.bool_)
    mask[1, 2] = mask[2, 5] = True
    assert np.array_equal(any_of_four(mask), [[False, True, False], [False, False, True]])


def test_a_crew_does_everything_once_and_tells_of_errors() -> None:
    crew = Crew()
    done: list[int] = []
    crew.begin_parts(done.append, range(50))()
    assert sorted(done) == list(range(50))

    def fail(part: int) -> None:
        if part == 3:
            raise ZeroDivisionError("3")

    with pytest.raises(ZeroDivisionError):
        crew.begin_parts(fail, range(5))()
    with pytest.raises(ZeroDivisionError):
        crew.begin(lambda: fail(3))()


def test_a_busy_crew_is_not_waited_for() -> None:
    crew = Crew()
    let_go = threading.Event()
    began = [crew.begin(lambda: let_go.wait(20)) for _ in range(8)]  # more than it has hands
    mine: list[int] = []
    crew.begin_parts(lambda part: mine.append(threading.get_ident()), range(9))()
    assert mine == [threading.get_ident()] * 9
    assert crew.begin(threading.get_ident)() == threading.get_ident()
    let_go.set()
    assert all(finish() for finish in began)


@pytest.mark.parametrize(
    ("right", "down", "turn", "zoom", "known"),
    [(0, 0, 0, 1, True), (5.5, -3.25, 0, 1, True), (2, 1, 0.02, 1, False), (0, 0, 0, 1.03, False)],
)
def test_a_shift_is_measured_and_a_turn_is_none(
    right: float, down: float, turn: float, zoom: float, known: bool
) -> None:
    still = cv2.cvtColor(tissue(150, 260, seed=4), cv2.COLOR_RGB2GRAY)
    matrix = cv2.getRotationMatrix2D((129.5, 74.5), np.degrees(turn), zoom)
    matrix[:, 2] += (right, down)
    moved = cv2.warpAffine(still, matrix, (260, 150), borderMode=cv2.BORDER_REFLECT)
    everywhere = np.ones(still.shape, np.bool_)
    corners = corners_in(still, everywhere, 60)
    assert corners is not None
    shift = shift_to(still, corners, moved)
    if known:
        assert shift == pytest.approx((right, down), abs=0.1)
    else:
        assert shift is None
    even = np.full_like(still, 90)
    assert shift_to(still, corners, even) is None
    assert corners_in(even, everywhere, 60) is None
    assert corners_in(still, ~everywhere, 60) is None
