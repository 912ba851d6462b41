"""The measure of enhancement: frames and figures are what the page says they are."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.enhancement import quality, shot


def scene() -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 255, (60, 72, 3), np.uint8)


@pytest.mark.parametrize("factor", [2, 3])
def test_a_still_frame_is_the_mean_of_the_fine_pixels(factor: int) -> None:
    truth = scene()
    frame = shot(truth, factor, 0.0, 0.0, np.random.default_rng(1), moved=False)
    height, width = 60 // factor, 72 // factor
    means = truth.reshape(height, factor, width, factor, 3).mean(axis=(1, 3))
    assert np.abs(frame - means).max() <= 0.51


def test_a_moved_frame_differs_and_noise_is_as_asked() -> None:
    truth = np.full((120, 120, 3), 100, np.uint8)
    noisy = shot(truth, 2, 0.0, 3.0, np.random.default_rng(1), moved=False)
    assert noisy.std() == pytest.approx(3.0, rel=0.05)
    rng = np.random.default_rng(1)
    still, moved = (shot(scene(), 2, 0.0, 0.0, rng, moved=way) for way in (False, True))
    assert np.abs(still.astype(int) - moved).mean() > 5


def test_quality_is_best_for_the_truth_itself() -> None:
    truth = scene()
    worse = truth.copy()
    worse[::2] //= 2
    same, other = quality(truth, truth), quality(worse, truth)
    assert same.ssim == pytest.approx(1.0)
    assert other.ssim < 0.9
    assert other.psnr_db < 30 < same.psnr_db
