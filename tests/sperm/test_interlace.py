"""Pictures of interlaced cameras show one moment to the network."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sertoli.frames import Frame
from sertoli.sperm import Detector
from sertoli.sperm._interlace import MOST_ROWS, is_combed, without_combs

HIGH, WIDE = 240, 321


def heads(shift_px: float, high: int = HIGH, seed: int = 3) -> np.ndarray:
    """Dark heads on a noisy ground, moved to the right."""
    rng = np.random.default_rng(seed)
    picture = np.full((high, WIDE), 120.0)
    rows, columns = np.mgrid[:high, :WIDE]
    for x, y in rng.uniform((20, 0), (WIDE - 40, min(high, HIGH)), (25, 2)):
        along, across = columns - x - shift_px, rows - y
        picture -= 80 * np.exp(-((along / 6) ** 2 + (across / 3) ** 2))
    return picture + rng.normal(0, 1.0, picture.shape)


def combed(shift_px: float, dtype: type = np.uint8, channels: int = 0) -> np.ndarray:
    """Return a frame whose odd rows were taken later."""
    picture = heads(0.0)
    picture[1::2] = heads(shift_px)[1::2]
    scale = np.iinfo(dtype).max / 255
    whole: np.ndarray = np.clip(picture * scale, 0, np.iinfo(dtype).max).astype(dtype)
    return np.stack([whole] * channels, axis=2) if channels else whole


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [0, 3])
def test_a_combed_picture_becomes_one_of_its_even_rows_moment(dtype: type, channels: int) -> None:
    picture = combed(6.0, dtype, channels)
    before = picture.copy()
    assert is_combed(picture)
    whole = without_combs(picture)
    assert whole.dtype == picture.dtype
    assert whole.shape == picture.shape
    np.testing.assert_array_equal(whole[::2], picture[::2])
    np.testing.assert_array_equal(picture, before)
    scale = np.iinfo(dtype).max / 255
    grey = whole if not channels else whole[..., 0]
    torn = np.abs(heads(6.0) - heads(0.0))[1::2]
    wrong = np.abs(grey / scale - heads(0.0))[1::2]
    assert wrong[torn > 10].mean() < 0.3 * torn[torn > 10].mean()
    assert not is_combed(whole)


@pytest.mark.parametrize("high", [8, 9, 241, 480])
def test_a_picture_of_one_moment_stays_as_it_is(high: int) -> None:
    picture = np.clip(heads(0.0, high), 0, 255).astype(np.uint8)
    assert without_combs(picture) is picture


def test_a_combed_picture_of_an_odd_number_of_rows_keeps_them() -> None:
    whole = without_combs(combed(6.0)[:-1])
    assert whole.shape == (HIGH - 1, WIDE)
    assert not is_combed(whole)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((0, 0), np.uint8),
        np.zeros((3, 5), np.uint8),
        np.zeros((100, 100), np.uint16),
        np.full((100, 100, 3), 255, np.uint8),
        np.tile(np.array([[0], [255]], np.uint8), (MOST_ROWS, 40)),
    ],
    ids=["empty", "tiny", "black", "white", "taller than any interlaced camera's"],
)
def test_what_cannot_be_combed_is_left_alone(picture: np.ndarray) -> None:
    assert without_combs(picture) is picture


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), spread=st.floats(0.5, 40), blur=st.floats(0, 3))
def test_noise_of_any_size_is_no_comb(seed: int, spread: float, blur: float) -> None:
    noise = np.random.default_rng(seed).normal(0, spread, (200, 200))
    if blur > 0.3:
        noise = cv2.GaussianBlur(noise, (0, 0), blur)
    assert not is_combed(np.clip(128 + noise, 0, 255).astype(np.uint8))


def test_a_search_sees_the_picture_of_one_moment() -> None:
    detector = Detector(threads=1)
    picture = combed(6.0)
    found, same = (
        detector.detect(Frame(one, 0), confidence=0.05, magnification=1.0)
        for one in (picture, without_combs(picture))
    )
    assert len(found) > 10
    np.testing.assert_array_equal(found.centre_px, same.centre_px)
    assert detector.magnification([Frame(picture, 0)]) == detector.magnification(
        [Frame(without_combs(picture), 0)]
    )
