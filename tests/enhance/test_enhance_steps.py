"""Each step of the room: what it must do, and what it must never do."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import deltaE_ciede2000, rgb2lab

from sertoli.enhance import (
    LightChain,
    LightSettings,
    Steady,
    deblur,
    fuse_focus,
    glare_mask,
    magnify,
    super_resolve,
)
from sertoli.errors import InputError, SettingError
from sertoli.frames import Frame
from sertoli.optics import Optics

Pixels = npt.NDArray[Any]
MEAN_COLOUR_ERROR = 3.0
MEAN_CHROMA_ERROR = 1.0
"""CIEDE2000 of the light chain on tissue, with and without the lightness that contrast changes."""


def scene(height: int = 240, width: int = 320, seed: int = 0) -> npt.NDArray[np.float32]:
    """Draw wet pale tubes on a dark red ground, 0 to 255, no glare."""
    rng = np.random.default_rng(seed)
    pixels = np.empty((height, width, 3), np.float32)
    pixels[:] = (95, 55, 45)
    for _ in range(26):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        angle, radius = rng.uniform(0, np.pi), rng.uniform(6, 14)
        way = np.array([np.cos(angle), np.sin(angle)]) * 60
        bow = np.array([-way[1], way[0]]) * rng.uniform(-0.5, 0.5)
        steps = np.linspace(-1, 1, 12)
        points = np.array([[x, y] + way * t + bow * (1 - t * t) for t in steps])
        colour = np.array([205, 180, 140]) * rng.uniform(0.75, 1.05)
        for share in (1.0, 0.8, 0.6, 0.4):
            shade = tuple(float(value) for value in colour * (1.1 - 0.45 * share))
            line = np.rint(points * 8).astype(np.int32)
            wide = max(1, round(2 * radius * share))
            cv2.polylines(pixels, [line], False, shade, wide, cv2.LINE_AA, 3)
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), 0.8))


def stored(values: npt.NDArray[Any], noise: float = 0.0, seed: int = 0) -> Pixels:
    if noise:
        values = values + np.random.default_rng(seed).normal(0, noise, values.shape)
    return np.asarray(np.rint(values).clip(0, 255), dtype=np.uint8)


def wet(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Add streaks of the lamp, soft at their rims."""
    lamp = np.zeros(values.shape[:2], np.float32)
    for x, y in ((60, 50), (150, 90), (240, 160), (90, 190)):
        cv2.line(lamp, (x, y), (x + 18, y + 7), 260.0, 3, cv2.LINE_AA)
    light = cv2.GaussianBlur(lamp / 255.0, (0, 0), 1.0)[..., None]
    # Light adds up; cameras store about its 1/2.2-th power.
    return np.asarray(255.0 * ((values / 255.0).clip(0) ** 2.2 + light) ** (1 / 2.2))


def shifted(values: npt.NDArray[Any], right: float, down: float) -> npt.NDArray[Any]:
    matrix = np.array([[1.0, 0.0, right], [0.0, 1.0, down]])
    size = (values.shape[1], values.shape[0])
    return np.asarray(
        cv2.warpAffine(values, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    )


def camera(values: npt.NDArray[Any], factor: int) -> npt.NDArray[Any]:
    size = (values.shape[1] // factor, values.shape[0] // factor)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA))


def psnr(one: Pixels, other: npt.NDArray[Any]) -> float:
    inner = np.s_[8:-8, 8:-8]
    error = np.mean((one[inner].astype(np.float64) - other[inner]) ** 2)
    return float(10 * np.log10(255.0**2 / error))


def roughness(pixels: Pixels) -> float:
    return float(pixels.astype(np.float64).std())


# --- the light chain


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    "shape", [(120, 160), (120, 160, 3), (1, 1), (3, 200, 3), (727, 731, 3), (1081, 1083)]
)
def test_the_chain_keeps_size_and_type(shape: tuple[int, ...], dtype: type) -> None:
    rng = np.random.default_rng(1)
    chain = LightChain()
    for index in range(2):
        pixels = rng.integers(0, np.iinfo(dtype).max, shape, dtype=dtype)
        seen = chain(Frame(pixels, index))
        assert seen.frame.pixels.shape == shape
        assert seen.frame.pixels.dtype == dtype
        assert seen.unreadable.shape == shape[:2]
        assert seen.frame.index == index


def test_with_every_step_off_nothing_changes() -> None:
    pixels = stored(wet(scene()), 2.0)
    chain = LightChain(LightSettings(0, 0, 0, 0))
    for index in range(2):
        assert np.array_equal(chain(Frame(pixels, index)).frame.pixels, pixels)


def test_16_bits_are_enhanced_as_8_are() -> None:
    pixels = stored(wet(scene()))
    small = LightChain()(Frame(pixels, 0)).frame.pixels
    large = LightChain()(Frame(pixels.astype(np.uint16) * 257, 0)).frame.pixels
    assert np.abs(large / 257.0 - small).max() < 1.5


@pytest.mark.parametrize("seed", range(3))
def test_tissue_keeps_its_colour(seed: int) -> None:
    pixels = stored(wet(scene(seed=seed)), 1.5)
    chain = LightChain(LightSettings(white_balance=0.0))
    seen = chain(Frame(pixels, 0))
    before, after = rgb2lab(pixels), rgb2lab(seen.frame.pixels)
    tissue = ~seen.unreadable
    error = deltaE_ciede2000(before, after)[tissue]
    assert error.mean() <= MEAN_COLOUR_ERROR
    same_light = after.copy()
    same_light[..., 0] = before[..., 0]
    assert deltaE_ciede2000(before, same_light)[tissue].mean() <= MEAN_CHROMA_ERROR
    assert error.mean() > 0.2  # it did something


def test_a_coloured_lamp_is_made_neutral() -> None:
    values = wet(scene())
    cast = np.array([1.12, 1.0, 0.86])
    neutral = stored(values)
    seen = LightChain(LightSettings(glare=0, noise=0, contrast=0))(Frame(stored(values * cast), 0))
    tissue = ~seen.unreadable

    def error(pixels: Pixels) -> float:
        difference = deltaE_ciede2000(rgb2lab(neutral), rgb2lab(pixels))
        return float(difference[tissue].mean())

    assert error(seen.frame.pixels) < 0.5 * error(stored(values * cast))


def test_without_reflections_the_colours_stay() -> None:
    pixels = stored(scene())
    seen = LightChain(LightSettings(glare=0, noise=0, contrast=0))(Frame(pixels, 0))
    assert np.array_equal(seen.frame.pixels, pixels)


@pytest.mark.parametrize(("height", "width"), [(240, 320), (721, 801)])  # the large one is halved
def test_still_noise_is_averaged_and_a_tremor_followed(height: int, width: int) -> None:
    values = scene(height, width)
    chain = LightChain(LightSettings(white_balance=0, glare=0, contrast=0, noise=1))
    rng = np.random.default_rng(3)
    for index in range(12):
        right, down = (np.round(rng.normal(0, 4, 2))) if index else (0, 0)
        truth = shifted(values, right, down)
        pixels = stored(truth, 5.0, seed=index)
        seen = chain(Frame(pixels, index)).frame.pixels
    inner = np.s_[20:-20, 20:-20]
    before = np.std(pixels[inner] - truth[inner])
    after = np.std(seen[inner] - truth[inner])
    assert after < 0.65 * before


def test_what_moves_leaves_no_ghost() -> None:
    values = scene()
    chain = LightChain(LightSettings(white_balance=0, glare=0, contrast=0, noise=1))
    for index in range(6):
        truth = values.copy()
        truth[100:140, 40 + 30 * index : 70 + 30 * index] = (70, 75, 80)
        seen = chain(Frame(stored(truth, 2.0, seed=index), index)).frame.pixels
    ghost = np.s_[105:135, 165:185]  # where the instrument was a frame ago
    assert np.abs(seen[ghost].astype(float).mean((0, 1)) - truth[ghost].mean((0, 1))).max() < 3.0


def test_contrast_rises_without_a_halo() -> None:
    step = np.full((200, 200), 60.0, np.float32)
    step[:, 100:] = 180.0
    pixels = stored(step)
    chain = LightChain(LightSettings(glare=0, noise=0, contrast=1))
    seen = chain(Frame(pixels, 0)).frame.pixels.astype(int)
    assert np.abs(seen[100, :98] - seen[100, 50]).max() <= 0.08 * 120  # of the step
    weak = stored(120 + 8 * np.sin(np.arange(200) / 3)[None, :] * np.ones((200, 1)))
    assert roughness(chain(Frame(weak, 0)).frame.pixels) > 1.2 * roughness(weak)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_even_picture_stays_even(level: int) -> None:
    pixels = np.full((90, 120, 3), level, np.uint8)
    for seen in (LightChain()(Frame(pixels, 0)), deblur(Frame(pixels, 0))):
        assert np.ptp(seen.frame.pixels) == 0
        assert seen.unreadable.all() == (level != 128)
    assert np.ptp(magnify(Frame(pixels, 0), 2).frame.pixels) == 0


@pytest.mark.parametrize("name", ["white_balance", "glare", "noise", "contrast"])
@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_a_strength_out_of_range_is_refused(name: str, value: float) -> None:
    with pytest.raises(SettingError, match=name):
        LightSettings(**{name: value})


# --- glare


def test_streaks_are_found_and_white_tissue_is_not() -> None:
    values = scene()
    values[60:110, 200:260] = (235, 228, 205)  # a broad opaque tubule
    pixels = stored(wet(values))
    mask = glare_mask(Frame(pixels, 0))
    lamp = (wet(values) - values).max(axis=2)
    assert mask[lamp > 150].mean() > 0.95
    assert mask[lamp < 1].mean() < 0.005
    assert not glare_mask(Frame(stored(scene()), 0)).any()


def test_glare_is_dimmed_and_stays_marked() -> None:
    pixels = stored(wet(scene()))
    seen = LightChain(LightSettings(white_balance=0, noise=0, contrast=0, glare=1))(
        Frame(pixels, 0)
    )
    full = pixels.min(axis=2) >= 250
    assert full.any()
    assert seen.frame.pixels[full].mean() < pixels[full].mean() - 10
    assert seen.frame.pixels[full].min() > 150  # dimmed, not painted over
    assert seen.unreadable[full].all()


# --- magnification


@pytest.mark.parametrize(("factor", "noise"), [(2, 0.5), (2, 4.0), (3, 2.0)])
def test_magnification_beats_interpolation(factor: int, noise: float) -> None:
    truth = scene(120, 180, seed=2)
    coarse = stored(camera(cv2.GaussianBlur(truth, (0, 0), 0.35 * factor), factor), noise)
    large = magnify(Frame(coarse, 0, optics=Optics(8.0)), factor)
    size = (truth.shape[1], truth.shape[0])
    plain = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
    assert psnr(large.frame.pixels, truth) > psnr(plain, truth) + 0.3
    assert large.frame.optics.um_per_px == pytest.approx(8.0 / factor)
    assert large.unreadable.shape == truth.shape[:2]


def test_the_camera_sees_the_same_in_the_magnified_picture() -> None:
    coarse = stored(camera(scene(160, 200, seed=5), 2), 1.0)
    for factor in (2, 3):
        large = magnify(Frame(coarse, 0), factor).frame.pixels
        again = camera(large.astype(np.float32), factor)
        rest = again - coarse
        assert np.sqrt(np.mean(rest**2)) < 2.5
        assert abs(rest.mean()) < 0.2


@settings(max_examples=8, deadline=None)
@given(
    st.integers(2, 18), st.integers(2, 18), st.floats(1.0, 4.0), st.booleans(), st.integers(0, 99)
)
def test_any_picture_is_magnified_within_its_range(
    height: int, width: int, factor: float, colour: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(90, 160, (height, width, 3) if colour else (height, width), np.uint8)
    large = magnify(Frame(pixels, 0), factor).frame.pixels
    assert large.shape[:2] == (round(height * factor), round(width * factor))
    luma = large if large.ndim == 2 else large @ np.array([0.299, 0.587, 0.114])
    assert luma.min() >= 90 - 0.25 * 70 - 2
    assert luma.max() <= 160 + 0.25 * 70 + 2


def test_noise_does_not_become_structure() -> None:
    rng = np.random.default_rng(0)
    pixels = (128 + rng.normal(0, 5, (80, 80, 3))).round().astype(np.uint8)
    large = magnify(Frame(pixels, 0), 2).frame.pixels
    plain = cv2.resize(pixels, (160, 160), interpolation=cv2.INTER_CUBIC)
    assert roughness(large) < 0.8 * roughness(plain)


@pytest.mark.parametrize("factor", [0.5, 0.0, -2.0, 9.0, float("nan"), float("inf")])
def test_a_factor_out_of_range_is_refused(factor: float) -> None:
    with pytest.raises(SettingError, match="magnification"):
        magnify(Frame(np.zeros((4, 4), np.uint8), 0), factor)


def test_a_result_too_large_is_refused() -> None:
    with pytest.raises(SettingError, match="px"):
        magnify(Frame(np.zeros((5000, 5000), np.uint8), 0), 8.0)


def shaken(truth: npt.NDArray[Any], count: int, noise: float) -> list[Frame]:
    rng = np.random.default_rng(4)
    frames = []
    for index in range(count):
        right, down = rng.normal(0, 5, 2) if index else (0.0, 0.0)
        coarse = camera(cv2.GaussianBlur(shifted(truth, right, down), (0, 0), 0.6), 2)
        frames.append(Frame(stored(coarse, noise, seed=index), index, optics=Optics(8.0)))
    return frames


def at(frames: list[Frame], truth: npt.NDArray[Any], index: int) -> npt.NDArray[Any]:
    """Give the truth as a frame saw it."""
    rng = np.random.default_rng(4)
    shifts = [rng.normal(0, 5, 2) if number else (0.0, 0.0) for number in range(len(frames))]
    return shifted(truth, *shifts[index])


def test_frames_shifted_by_tremor_show_more_than_one() -> None:
    truth = scene(160, 220, seed=6)
    frames = shaken(truth, 8, 2.0)
    merged = super_resolve(frames, 2)
    index = merged.frame.index
    there = at(frames, truth, index)
    single = magnify(frames[index], 2).frame.pixels
    assert psnr(merged.frame.pixels, there) > psnr(single, there) + 1.0
    assert merged.frame.optics.um_per_px == pytest.approx(4.0)
    assert merged.unreadable.mean() < 0.01


def test_glare_that_stays_is_no_worse_than_interpolation() -> None:
    truth = wet(scene(120, 180, seed=3)).clip(0, 255)
    rng = np.random.default_rng(5)
    frames = []
    for index in range(9):
        right, down = rng.normal(0, 6, 2) if index else (0.0, 0.0)
        frames.append(Frame(stored(camera(shifted(truth, right, down), 3), 1.0, index), index))
    merged = super_resolve(frames, 3, reference=0)
    plain = cv2.resize(frames[0].pixels, (180, 120), interpolation=cv2.INTER_CUBIC)
    inner = np.s_[12:-12, 12:-12]
    lamp = merged.unreadable[inner]
    assert lamp.any()
    wrong = [(p[inner] - truth[inner].astype(float)) ** 2 for p in (merged.frame.pixels, plain)]
    assert wrong[0].mean() < wrong[1].mean()
    assert wrong[0][lamp].mean() < 1.1 * wrong[1][lamp].mean()


def test_smooth_tissue_is_magnified_three_times_without_its_noise() -> None:
    rows, columns = np.mgrid[:120, :180]
    wave = 120 + 25 * np.sin(columns / 17) + 20 * np.cos(rows / 13)
    truth = wave[..., None] * np.array([1.0, 0.9, 0.7])
    coarse = stored(camera(truth, 3), 1.0)
    large = magnify(Frame(coarse, 0), 3).frame.pixels
    plain = cv2.resize(coarse, (180, 120), interpolation=cv2.INTER_CUBIC)
    assert psnr(large, truth) > psnr(plain, truth) + 1.0


def test_an_instrument_in_some_frames_is_left_out() -> None:
    truth = scene(200, 260, seed=7)
    frames = shaken(truth, 6, 1.0)
    for frame in frames[1:]:
        x = 20 * frame.index
        frame.pixels[30:60, x : x + 25] = (70, 80, 90)
    merged = super_resolve(frames, 2)
    there = at(frames, truth, merged.frame.index)
    wrong = np.abs(merged.frame.pixels.astype(float) - there).max(axis=2)
    if merged.frame.index:  # the reference has it: it stays as it was recorded there
        x = 40 * merged.frame.index
        wrong[50:130, x - 10 : x + 60] = 0
    assert np.quantile(wrong[10:-10, 10:-10], 0.99) < 25


def test_a_strange_frame_is_left_out() -> None:
    truth = scene(140, 160, seed=8)
    frames = shaken(truth, 3, 1.0)
    alone = super_resolve(frames, 2)
    strange = Frame(np.full_like(frames[0].pixels, 90), 3)
    both = super_resolve([*frames, strange], 2)
    assert np.array_equal(alone.frame.pixels, both.frame.pixels)


@pytest.mark.parametrize("merge", [lambda f: super_resolve(f, 2), fuse_focus])
def test_frames_that_cannot_be_merged_are_refused(merge: Any) -> None:
    with pytest.raises(InputError):
        merge([])
    with pytest.raises(InputError, match="differ"):
        merge([Frame(np.zeros((8, 8), np.uint8), 0), Frame(np.zeros((8, 9), np.uint8), 1)])


# --- focus, blur


def test_a_focal_sweep_becomes_sharp_all_over() -> None:
    truth = scene(160, 320, seed=9)
    across = np.linspace(-1, 1, 320)
    frames = []
    for index, focus in enumerate((-0.8, 0.0, 0.8)):
        blurred = [cv2.GaussianBlur(truth, (0, 0), s) for s in (0.3, 1.5, 3.0)]
        level = (np.abs(across - focus) * 2.5).clip(0, 1.999)
        whole = np.zeros_like(truth)
        for step in range(2):
            share = (1 - np.abs(level - step)).clip(0, 1)[None, :, None]
            whole += share * blurred[step]
        whole += (level - 1).clip(0, 1)[None, :, None] * blurred[2]
        frames.append(Frame(stored(whole, 1.0, seed=index), index))
    fused = fuse_focus(frames).frame.pixels
    assert psnr(fused, truth) > max(psnr(frame.pixels, truth) for frame in frames) + 1.5


def test_one_frame_is_its_own_fusion() -> None:
    pixels = stored(scene())
    fused = fuse_focus([Frame(pixels, 3)]).frame
    assert np.abs(fused.pixels.astype(int) - pixels).max() <= 1
    assert fused.index == 3


def test_glare_gives_way_to_a_frame_without_it() -> None:
    values = scene(seed=10)
    frames = [Frame(stored(wet(values)), 0), Frame(stored(values), 1)]
    for merged in (fuse_focus(frames), super_resolve(frames[::-1], 1)):
        assert merged.unreadable.mean() < 0.002
        wrong = np.abs(merged.frame.pixels.astype(float) - values).max(axis=2)
        assert np.quantile(wrong, 0.999) < 40


def test_blur_is_undone_without_rings() -> None:
    truth = scene(seed=11)
    blurred = stored(cv2.GaussianBlur(truth, (0, 0), 1.2), 1.0)
    sharp = deblur(Frame(blurred, 0)).frame.pixels
    assert psnr(sharp, truth) > psnr(blurred, truth) + 1.0
    near = np.ones((3, 3), np.uint8)
    low, high = cv2.erode(blurred, near).astype(int), cv2.dilate(blurred, near).astype(int)
    beyond = np.maximum(low - sharp, sharp.astype(int) - high)
    assert np.quantile(beyond, 0.999) < 20
    with pytest.raises(SettingError, match="blur"):
        deblur(Frame(blurred, 0), 5.0)


# --- steadying


def test_tremor_is_taken_out_although_an_instrument_moves() -> None:
    values = scene(300, 400, seed=12)
    rng = np.random.default_rng(5)
    steady = Steady()
    left: list[float] = []
    were: list[float] = []
    before = last = None
    for index in range(14):
        shift = rng.normal(0, 3, 2)
        pixels = stored(shifted(values, *shift), 2.0, seed=index)
        cv2.line(pixels, (12 * index, 0), (12 * index + 60, 200), (120, 125, 130), 34)
        seen = steady(Frame(pixels, index)).frame.pixels
        if before is not None and last is not None and index > 3:
            were.append(_moved(before, pixels))
            left.append(_moved(last, seen))
        before, last = pixels, seen
    assert np.median(left) < 0.35 * np.median(were)
    assert steady.lost_frames == 0
    assert seen.shape == (270, 360, 3)


def _moved(one: Pixels, other: Pixels) -> float:
    part = np.s_[-90:-10, 20:-20]  # below the instrument
    first, second = (pixels[part].mean(axis=2) for pixels in (one, other))
    window = cv2.createHanningWindow(first.shape[::-1], cv2.CV_64F)
    shift, _ = cv2.phaseCorrelate(first, second, window)
    return float(np.hypot(*shift))


def test_a_frame_without_anything_to_follow_is_counted() -> None:
    steady = Steady()
    for index in range(3):
        steady(Frame(np.full((60, 80), 90, np.uint8), index))
    assert steady.lost_frames == 2


@pytest.mark.parametrize("margin", [0.0, 0.5, float("nan")])
def test_a_margin_out_of_range_is_refused(margin: float) -> None:
    with pytest.raises(SettingError, match="margin"):
        Steady(margin)


def test_the_glare_of_an_instrument_is_not_filled_with_what_lies_behind_it() -> None:
    values = scene(160, 200, seed=13)
    covered = values.copy()
    covered[40:120, 60:130] = (110, 114, 118)
    covered[70:80, 80:110] = 255.0
    frames = [Frame(stored(covered, 1.0), 0)]
    frames += [Frame(stored(shifted(values, 0.4 * n, 0.3 * n), 1.0, seed=n), n) for n in (1, 2, 3)]
    merged = super_resolve(frames, 1, reference=0)
    assert merged.frame.pixels[72:78, 84:106].min() > 235
    assert merged.unreadable[72:78, 84:106].all()
