import json

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sertoli.errors import WeightsError
from sertoli.frames import Frame
from sertoli.sperm import Detector
from sertoli.sperm._company import FEWEST, KEY, TERMS, TONE_SIDE_PX, Company, looks, terms

ALIKE = Company(np.array((1.0, 0.7, -10.0, 0.5, -2.0, 0.8)))
"""Of the same size as the plain ones and about as dark, and meant by several cells: more likely."""


def crowd(plain: int, others: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Plain sperm alike in size and tone, then others that are not plain."""
    rng = np.random.default_rng(seed)
    odds = np.concatenate([rng.uniform(0.5, 4, plain), rng.uniform(-5, -0.5, others)])
    look = np.repeat([[np.log(13.0), -2.0, 0.0]], plain + others, axis=0)
    return odds.astype(np.float32), look.astype(np.float32)


@pytest.mark.parametrize("plain", [0, FEWEST - 1])
def test_too_few_plain_sperm_change_nothing(plain: int) -> None:
    odds, look = crowd(plain, 6)
    look[-1, 2] = np.log(3)
    assert terms(odds, look) is None
    assert ALIKE.judged(odds, look) is odds


def test_who_is_meant_by_several_cells_gains() -> None:
    odds, look = crowd(8, 3)
    before = ALIKE.judged(odds, look)
    look[-1, 2] = np.log(2)
    gained = ALIKE.judged(odds, look) - before
    np.testing.assert_allclose(gained, [*[0.0] * 10, 0.8 * np.log(2)], atol=1e-5)


def test_who_looks_like_the_plain_ones_gains_and_who_does_not_loses() -> None:
    odds, look = crowd(8, 3)
    look[-1, 0] -= np.log(2)  # half as large
    look[-2, 1] = 0.0  # without any tone
    judged = ALIKE.judged(odds, look)
    alone = 1.0 + 0.7 * odds
    assert judged[-3] == pytest.approx(alone[-3])
    square = np.log(2) ** 2
    assert judged[-1] == pytest.approx(alone[-1] - 10 * square / (square + 0.25), rel=1e-4)
    assert judged[-2] == pytest.approx(alone[-2] - 0.5 - 2 / 1.25, rel=1e-4)


def test_a_difference_beyond_the_strange_is_hardly_stranger() -> None:
    odds, look = crowd(8, 3)
    look[-3:, 0] -= np.log((1.2, 4.0, 8.0))
    compared = terms(odds, look)
    assert compared is not None
    slightly, much, more = compared[-3:, 2]
    assert 0 < slightly < 0.15
    assert 0.85 < much < more < 1.0
    assert more - much < 0.1


@settings(max_examples=40, deadline=None)
@given(gain=st.floats(0.2, 5), sign=st.sampled_from((-1, 1)), zoom=st.floats(-1, 1))
def test_only_differences_count(gain: float, sign: int, zoom: float) -> None:
    odds, look = crowd(9, 9, 4)
    look += np.random.default_rng(1).normal(0, 0.1, look.shape).astype(np.float32)
    other = look * np.array((1, gain * sign, 1)) + np.array((zoom, 0, 0))
    np.testing.assert_allclose(
        ALIKE.judged(odds, look), ALIKE.judged(odds, other.astype(np.float32)), atol=1e-3
    )


def test_heads_in_relief_have_no_tone_to_compare() -> None:
    odds, look = crowd(9, 9, 4)
    look[:, 1] = np.random.default_rng(1).normal(0, 0.01, len(look))
    compared = terms(odds, look)
    assert compared is not None
    assert compared.shape == (18, TERMS)
    assert not compared[:, 3:5].any()


def test_looks_are_size_tone_and_agreement() -> None:
    picture = np.zeros((40, 60), np.float32)
    picture[10:21, 20:31] = -3.0
    centre = np.array(((25.5, 15.5), (50.0, 30.0), (60.0, 40.0)), np.float32)
    size = np.array(((11, 11), (4, 9), (8, 8)), np.float32)
    look = looks(picture, centre, size, np.array((0.5, 0, 1), np.float32))
    np.testing.assert_allclose(np.exp(look[:, 0]), (11, 6, 8), rtol=1e-5)
    np.testing.assert_allclose(look[:, 1], (-3, 0, 0), atol=1e-5)
    np.testing.assert_allclose(look[:, 2], (0.5, 0, 1))


def test_the_tone_is_the_mean_around_the_middle_mirrored_at_the_border() -> None:
    rng = np.random.default_rng(3)
    picture = rng.normal(0, 2, (32, 48)).astype(np.float32)
    centre = rng.uniform((0, 0), (48, 32), (200, 2)).astype(np.float32)
    centre[:2] = (0, 0), (48, 32)
    side = (TONE_SIDE_PX, TONE_SIDE_PX)
    smooth = cv2.blur(picture, side, borderType=cv2.BORDER_REFLECT)
    x, y = np.minimum(centre.astype(int), (47, 31)).T
    tone = looks(picture, centre, np.ones((200, 2), np.float32), np.zeros(200, np.float32))[:, 1]
    np.testing.assert_allclose(tone, smooth[y, x], atol=1e-5)


def test_weights_are_read_as_they_are_written() -> None:
    held = Company.read({KEY: ALIKE.as_text()}, "w")
    assert held is not None
    np.testing.assert_allclose(held.weights, ALIKE.weights)
    assert Company.read({}, "w") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "null",
        json.dumps([1.0] * (TERMS - 1)),
        json.dumps(["a"] * TERMS),
        json.dumps([float("nan")] * TERMS),
    ],
)
def test_weights_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(WeightsError, match="company"):
        Company.read({KEY: text}, "odd.onnx")


def test_a_search_compares_the_candidates_of_a_picture() -> None:
    from sertoli.phantom import random_field

    detector = Detector(threads=1)
    assert detector.network.company is not None
    picture = random_field(2, 480, 640, 0.36, 256.0)
    frame = Frame(picture.pixels, 0)
    together = detector.detect(frame, confidence=0.01, magnification=1.0)
    detector.network.company = None
    alone = detector.detect(frame, confidence=0.01, magnification=1.0)
    assert (alone.probability > 0.5).sum() >= FEWEST
    assert len(together) != len(alone) or not np.allclose(together.probability, alone.probability)
    assert (np.diff(together.probability) <= 0).all()
