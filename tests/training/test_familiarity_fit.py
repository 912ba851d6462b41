"""The rule of familiarity, fitted on training pictures and on made-up other things."""

from __future__ import annotations

import numpy as np
import pytest
from training.sperm.familiarity import fit_familiarity
from training.sperm.scenes import SPERM, Scene
from training.sperm.strangers import stranger

from sertoli.sperm._familiarity import Familiarity


def scene(seed: int) -> Scene:
    """A field with some heads, as sharp and as noisy as the seed has it."""
    rng = np.random.default_rng(seed)
    pixels = rng.normal(rng.uniform(60, 190), rng.uniform(0.5, 3), (220, 220))
    yy, xx = np.mgrid[:220, :220]
    places = rng.uniform(10, 210, (rng.integers(3, 20), 2))
    for x, y in places:
        reach = rng.uniform(4, 14)
        pixels += rng.uniform(20, 60) * np.exp(-((xx - x) ** 2 + (yy - y) ** 2) / reach)
    boxes = np.concatenate([places - 6, np.full((len(places), 2), 12)], axis=1)
    grey = np.clip(pixels, 0, 255).astype(np.uint8)
    return Scene(grey, boxes.astype(np.float32), np.full(len(places), SPERM, np.int8), 0.36)


@pytest.fixture(scope="module")
def rule() -> Familiarity:
    return fit_familiarity([scene(seed) for seed in range(100)], strangers=60)


def test_it_knows_pictures_like_those_of_the_training(rule: Familiarity) -> None:
    strange = [rule.strangeness(scene(1000 + seed).pixels, 1.0) > 0 for seed in range(25)]
    assert np.mean(strange) <= 0.12


def test_it_does_not_know_other_things(rule: Familiarity) -> None:
    rng = np.random.default_rng(3)
    noise = rng.integers(0, 256, (300, 300)).astype(np.uint8)
    assert rule.strangeness(noise, 1.0) > 0
    others = [stranger(256, np.random.default_rng((9, seed))) for seed in range(25)]
    assert np.mean([rule.strangeness(other, 1.0) > 0 for other in others]) >= 0.7


def test_the_same_pictures_give_the_same_rule() -> None:
    scenes = [scene(seed) for seed in range(12)]
    first, second = (fit_familiarity(scenes, strangers=8) for _ in range(2))
    assert first.as_text() == second.as_text()


def test_strangers_are_drawn_by_their_seed() -> None:
    first, second = (stranger(64, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (64, 64)
