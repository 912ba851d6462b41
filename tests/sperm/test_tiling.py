import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sertoli.frames import Frame
from sertoli.optics import Optics
from sertoli.sperm import Detector, _detector
from sertoli.sperm._tiles import GRID_PX, NATIVE, Scale, nearest_scale, tile_grey, tiles

FACTORS = st.floats(0.02, 8.0)


@given(factor=FACTORS)
def test_an_allowed_scale_is_never_far_off(factor: float) -> None:
    scale = nearest_scale(factor)
    assert 0.93 < scale.factor / factor < 1.07
    assert scale.denominator & (scale.denominator - 1) == 0
    assert scale.grid_px % GRID_PX == 0
    assert scale.grid_px <= 240


@pytest.mark.parametrize(
    ("factor", "expected"), [(1.0, NATIVE), (1e-9, Scale(1, 64)), (1e9, Scale(8, 1))]
)
def test_the_ends_and_the_middle_of_the_scales(factor: float, expected: Scale) -> None:
    assert nearest_scale(factor) == expected


@settings(max_examples=60, deadline=None)
@given(
    factor=FACTORS,
    width=st.integers(1, 900),
    height=st.integers(1, 900),
    margin=st.integers(0, 100),
    side=st.integers(16, 400),
)
def test_cores_cover_every_pixel_once(
    factor: float, width: int, height: int, margin: int, side: int
) -> None:
    scale = nearest_scale(factor)
    cut = tiles(width, height, scale, margin_px=margin, side_px=side)
    covered = np.zeros(
        (max(t.core[3] for t in cut) // GRID_PX, max(t.core[2] for t in cut) // GRID_PX), int
    )
    for tile in cut:
        left, top, right, bottom = (edge // GRID_PX for edge in tile.core)
        covered[top:bottom, left:right] += 1
        for low, seen in zip(tile.core[:2], tile.seen[:2], strict=True):
            assert seen == 0 or low - seen >= margin
        for high, seen, whole in zip(
            tile.core[2:], tile.seen[2:], covered.shape[::-1], strict=True
        ):
            assert seen == whole * GRID_PX or seen - high >= margin
        assert all(edge % GRID_PX == 0 for edge in (*tile.core, *tile.seen))
    assert (covered == 1).all()
    assert covered.shape[1] * GRID_PX >= width * scale.factor
    assert covered.shape[0] * GRID_PX >= height * scale.factor


@settings(max_examples=30, deadline=None)
@given(factor=st.floats(0.2, 3.0), seed=st.integers(0, 99))
def test_a_tile_is_resampled_like_the_whole(factor: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    width, height = (int(v) for v in rng.integers(60, 500, 2))
    pixels = rng.integers(0, 255, (height, width), np.uint8)
    scale = nearest_scale(factor)
    (whole,) = tiles(width, height, scale, margin_px=0, side_px=10_000)
    picture = tile_grey(pixels, scale, whole)
    for tile in tiles(width, height, scale, margin_px=24, side_px=64):
        part = tile_grey(pixels, scale, tile)
        left, top, right, bottom = tile.core
        x, y = left - tile.seen[0], top - tile.seen[1]
        np.testing.assert_allclose(
            part[y : y + bottom - top, x : x + right - left],
            picture[top:bottom, left:right],
            atol=1e-2,
        )


@pytest.mark.parametrize("um_per_px", [None, 0.2, 0.47])
def test_tiles_find_what_the_whole_picture_shows(
    um_per_px: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(8)
    height, width = (900, 1300) if um_per_px == 0.2 else (520, 760)
    picture = rng.normal(110, 5, (height, width))
    yy, xx = np.mgrid[:height, :width]
    length = 4.8 / (um_per_px or 0.36)
    for x, y, sign in zip(
        rng.uniform(0, width, 60), rng.uniform(0, height, 60), rng.choice((-1, 1), 60), strict=True
    ):
        picture += sign * 70 * np.exp(-((xx - x) ** 2 * 2 + (yy - y) ** 2) / (length / 2.5) ** 2)
    frame = Frame(np.clip(picture, 0, 255).astype(np.uint8), 0, optics=Optics(um_per_px=um_per_px))
    detector = Detector(threads=1)
    whole = detector.detect(frame, confidence=0.02)
    monkeypatch.setattr(_detector, "_TILE_PX", 64)
    shares: list[float] = []
    cut = detector.detect(frame, confidence=0.02, on_progress=shares.append)
    assert len(shares) > 1
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(whole) > 10
    assert len(cut) == len(whole)
    here = np.lexsort(np.round(whole.centre_px.T, 1))
    there = np.lexsort(np.round(cut.centre_px.T, 1))
    np.testing.assert_allclose(whole.centre_px[here], cut.centre_px[there], atol=0.05)
    np.testing.assert_allclose(whole.size_px[here], cut.size_px[there], rtol=0.02)
    np.testing.assert_allclose(whole.probability[here], cut.probability[there], atol=0.01)
