import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sertoli.frames import Pixels, to_grey
from sertoli.sperm._normalise import LIMIT, RADIUS_PX, Floats, frame_contrast, normalise


def cells(height: int = 240, width: int = 320, seed: int = 3) -> Floats:
    rng = np.random.default_rng(seed)
    picture = rng.normal(120, 6, (height, width))
    yy, xx = np.mgrid[:height, :width]
    for x, y in rng.uniform(0, min(height, width), (25, 2)):
        picture += 60 * np.exp(-((xx - x) ** 2 + (yy - y) ** 2) / 30)
    return np.clip(picture, 0, 255).astype(np.float32)


def normal(grey: Floats) -> Floats:
    return normalise(grey, frame_contrast(grey.astype(np.uint8)))


@pytest.mark.parametrize("level", [0, 90, 255])
@pytest.mark.parametrize("shape", [(1, 1), (3, 50), (300, 200), (33, 57, 3)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_flat_picture_gives_zero(level: int, shape: tuple[int, ...], kind: type) -> None:
    pixels: Pixels = np.full(shape, level, kind)
    assert not normalise(to_grey(pixels), frame_contrast(pixels)).any()


@settings(max_examples=25, deadline=None)
@given(gain=st.floats(0.1, 1.0), lift=st.floats(0.0, 100.0))
def test_gain_and_brightness_of_the_lamp_do_not_matter(gain: float, lift: float) -> None:
    grey = (cells() / 2).astype(np.float32)
    ours = normalise(grey, 10.0)
    other = (grey * gain + lift).astype(np.float32)
    theirs = normalise(other, 10.0 * gain)
    np.testing.assert_allclose(ours, theirs, atol=0.02)


def test_inverting_the_picture_only_flips_the_sign() -> None:
    grey = cells()
    np.testing.assert_allclose(
        normalise(grey, 9.0), -normalise((255 - grey).astype(np.float32), 9.0), atol=1e-3
    )


def test_twelve_bits_in_a_sixteen_bit_file_look_like_eight_bits() -> None:
    eight = cells().astype(np.uint8)
    twelve = eight.astype(np.uint16) * 16
    ours = normalise(to_grey(eight), frame_contrast(eight))
    theirs = normalise(to_grey(twelve), frame_contrast(twelve))
    np.testing.assert_allclose(ours, theirs, atol=0.01)


def test_nothing_beyond_the_stated_radius_matters() -> None:
    grey = cells(300, 420)
    changed = grey.copy()
    changed[:, 320:] = 255
    changed[250:] = 0
    reach = np.s_[: 250 - RADIUS_PX, : 320 - RADIUS_PX]
    np.testing.assert_allclose(normalise(grey, 9)[reach], normalise(changed, 9)[reach], atol=1e-4)
    assert np.abs(normalise(grey, 9) - normalise(changed, 9))[:, : 320 - RADIUS_PX + 8].max() > 0.01


def test_glare_is_cut() -> None:
    grey = cells()
    grey[100:103, 100:103] = 1e6
    assert normal(np.clip(grey, 0, 255)).max() <= LIMIT
    assert normalise(grey, 5.0).max() <= LIMIT


def test_the_contrast_of_a_frame_reads_only_a_sample() -> None:
    small = np.tile(cells(256, 256).astype(np.uint8), (2, 2))
    large = np.tile(small, (6, 6))
    assert frame_contrast(large) == pytest.approx(frame_contrast(small), rel=0.25)
    assert frame_contrast(np.zeros((1, 1), np.uint8)) == 0.0
    assert frame_contrast(np.stack([small] * 3, axis=2)) == pytest.approx(
        frame_contrast(small), rel=1e-3
    )


@pytest.mark.parametrize("shape", [(40, 300), (65, 66), (300, 517)])
def test_the_contrast_of_a_frame_is_the_quadratic_mean_of_its_patches(
    shape: tuple[int, int],
) -> None:
    picture = np.random.default_rng(1).integers(0, 65536, shape).astype(np.uint16)
    starts = [
        np.linspace(0, max(0, side - 65), min(8, max(0, side - 65) // 65 + 1)).astype(int)
        for side in shape
    ]
    patches = [
        picture[y : y + 65 : 2, x : x + 65 : 2] / 257.0 for y in starts[0] for x in starts[1]
    ]
    expected = np.sqrt(np.mean([patch.var() for patch in patches]))
    assert frame_contrast(picture) == pytest.approx(expected, rel=1e-5)
