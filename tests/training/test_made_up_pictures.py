import numpy as np
import pytest
from training.sperm.composites import add_blobs, add_specks, ground
from training.sperm.scenes import SPERM
from training.sperm.targets import TOO_LARGE_PX, target
from training.sperm.visibility import LEAST, visibility

from sertoli.sperm.learning._targets import LARGEST_PX


def picture(seed: int = 0, noise: float = 4.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(120, noise, (80, 80))


def head(tone: float, relief: float = 0.0) -> np.ndarray:
    yy, xx = np.mgrid[:80, :80] + 0.5
    inside = np.hypot((xx - 40) / 7, (yy - 40) / 5) < 1
    return np.asarray(inside * (tone + relief * np.sign(xx - 40)))


BOX = np.array((33, 35, 14, 10), np.float32)


@pytest.mark.parametrize(
    ("what", "seen"),
    [
        (head(0), False),
        (head(3), False),
        (head(40), True),
        (head(-40), True),
        (head(0, relief=30), True),
    ],
    ids=["nothing", "lost in the noise", "bright", "dark", "relief without a mean"],
)
def test_only_what_stands_out_counts_as_visible(what: np.ndarray, seen: bool) -> None:
    grey = np.clip(picture() + what, 0, 255).astype(np.uint8)
    assert (visibility(grey, BOX) >= LEAST) == seen


def test_more_noise_makes_a_head_less_visible() -> None:
    def of(noise: float) -> float:
        grey = np.clip(picture(noise=noise) + head(30), 0, 255).astype(np.uint8)
        return visibility(grey, BOX)

    assert of(2) > of(6) > of(20)


def test_a_head_that_fills_the_picture_has_nothing_to_be_compared_with() -> None:
    grey = np.full((10, 10), 7, np.uint8)
    assert visibility(grey, np.array((0, 0, 10, 10), np.float32)) == float("inf")


@pytest.mark.parametrize("seed", range(12))
def test_grounds_are_finite_and_the_same_for_the_same_seed(seed: int) -> None:
    made = ground(64, np.random.default_rng(seed))
    assert made.shape == (64, 64)
    assert np.isfinite(made).all()
    assert np.array_equal(made, ground(64, np.random.default_rng(seed)))


def test_pieces_without_a_tail_keep_away_from_sperm() -> None:
    boxes = np.array([(60, 60, 12, 12)], np.float32)
    touched = np.zeros((128, 128), bool)
    for seed in range(40):
        plain = np.full((128, 128), 100, np.float32)
        add_blobs(plain, 6.0, 50.0, boxes, np.random.default_rng(seed))
        touched |= plain != 100
    assert touched.mean() > 0.5
    away = np.full((128, 128), 100, np.float32)
    add_specks(away, 13.0, np.random.default_rng(1))
    assert (away != 100).any()


@pytest.mark.parametrize(
    ("side", "centres", "left_out"),
    [(12, 1, False), (LARGEST_PX + 2, 0, True), (TOO_LARGE_PX + 2, 0, False)],
)
def test_heads_too_large_are_left_out_and_far_too_large_are_background(
    side: float, centres: int, left_out: bool
) -> None:
    box = np.array([(60 - side / 2, 60 - side / 2, side, side)], np.float32)
    made = target(box, np.array([SPERM], np.int8), None, 128)
    assert (made.heat >= 1).sum() == centres
    assert (made.care == 0).any() == left_out
