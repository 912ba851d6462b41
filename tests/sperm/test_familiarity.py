"""The rule that tells familiar pictures from others, and how weights carry it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from sertoli.errors import WeightsError
from sertoli.frames import Frame
from sertoli.optics import Optics
from sertoli.sperm import Detector
from sertoli.sperm._familiarity import STATISTICS, Familiarity, expand, statistics

PEAKEDNESS = 6
"""Which statistic says how much single things stand out."""


def rule(limit: float = 0.0) -> Familiarity:
    """Calls pictures unlike whose kurtosis is under that of noise."""
    weights = np.zeros(1 + STATISTICS + STATISTICS * (STATISTICS + 1) // 2)
    weights[0], weights[1 + PEAKEDNESS] = 1.4, -1.0
    return Familiarity(np.zeros(STATISTICS), np.ones(STATISTICS), weights, limit)


def dish(height: int = 200, width: int = 240) -> np.ndarray:
    """Few bright things on a plain ground."""
    rng = np.random.default_rng(1)
    picture = rng.normal(110, 2, (height, width))
    yy, xx = np.mgrid[:height, :width]
    for x, y in rng.uniform(10, min(height, width) - 10, (9, 2)):
        picture += 90 * np.exp(-((xx - x) ** 2 / 12 + (yy - y) ** 2 / 8))
    return np.clip(picture, 0, 255).astype(np.uint8)


def noise(height: int = 200, width: int = 240) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (height, width)).astype(np.uint8)


def test_a_sparse_picture_differs_from_noise() -> None:
    assert rule().strangeness(dish(), 1.0) < 0 < rule().strangeness(noise(), 1.0)
    assert rule(limit=99.0).strangeness(noise(), 1.0) < 0


def test_lamp_gain_and_bit_depth_play_no_part() -> None:
    plain = statistics(dish() // 2, 1.0)
    brighter = statistics((dish() // 2) + 60, 1.0)
    deeper = statistics((dish() // 2).astype(np.uint16) * 257, 1.0)
    np.testing.assert_allclose(brighter, plain, atol=1e-3)
    np.testing.assert_allclose(deeper, plain, atol=1e-3)


@pytest.mark.parametrize("factor", [0.02, 0.3, 1.0, 2.5])
@pytest.mark.parametrize("shape", [(1, 1), (70, 300), (700, 900), (120, 150, 3)])
def test_any_picture_can_be_judged(shape: tuple[int, ...], factor: float) -> None:
    picture = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    assert not math.isnan(rule().strangeness(picture, factor))


def test_a_blank_picture_is_unlike_and_a_tiny_one_tells_nothing() -> None:
    assert rule().strangeness(np.full((200, 200), 90, np.uint8), 1.0) == math.inf
    assert rule().strangeness(noise(30, 30), 1.0) == -math.inf


def test_products_of_far_values_stay_bounded() -> None:
    far = np.full((1, STATISTICS), 1e9)
    assert np.isfinite(expand(far)).all()
    assert expand(far).max() < 100


def test_a_rule_survives_its_file() -> None:
    again = Familiarity.read({"familiarity": rule(0.25).as_text()}, "w.onnx")
    assert again is not None
    assert again.strangeness(dish(), 1.0) == pytest.approx(rule(0.25).strangeness(dish(), 1.0))


BROKEN = [
    "",
    "[]",
    "{}",
    '{"mean":1,"spread":1,"weights":1,"limit":0}',
    json.dumps(json.loads(rule().as_text()) | {"spread": [0.0] * STATISTICS}),
    json.dumps(json.loads(rule().as_text()) | {"limit": "high"}),
    json.dumps(json.loads(rule().as_text()) | {"mean": [math.nan] * STATISTICS}),
]


@pytest.mark.parametrize("text", BROKEN)
def test_a_rule_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(WeightsError, match=r"w\.onnx"):
        Familiarity.read({"familiarity": text}, "w.onnx")


def test_a_detector_goes_by_the_rule_in_its_weights(
    tmp_path: Path, weights_saying: Callable[..., bytes]
) -> None:
    file = tmp_path / "w.onnx"
    file.write_bytes(weights_saying(familiarity=rule().as_text()))
    detector = Detector(file, threads=1)
    assert detector.is_unfamiliar(Frame(noise(), 0))
    assert not detector.is_unfamiliar(Frame(dish(), 0))
    assert detector.is_unfamiliar(Frame(noise(), 0), magnification=0.9)
    # at this pixel size the picture is too small to tell
    assert not detector.is_unfamiliar(Frame(noise(), 0, optics=Optics(0.05)))


def test_weights_without_a_rule_never_warn() -> None:
    assert Familiarity.read({}, "w.onnx") is None


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("tubules_histology", 0.5, 1.0),
        ("visem11", 0.0, 0.1),
        ("miamia", 0.0, 0.1),
        ("bull", 0.0, 0.1),
        ("umid_val", 0.0, 0.1),
    ],
)
def test_the_shipped_weights_tell_tissue_from_microscopy_of_cells(
    name: str, least: float, most: float, shared_data: Path
) -> None:
    detector = Detector(threads=1)
    files = sorted((shared_data / name / "images").iterdir())
    pictures = [cv2.imread(str(file), cv2.IMREAD_GRAYSCALE) for file in files[:: len(files) // 10]]
    strange = [detector.is_unfamiliar(Frame(np.asarray(one), 0)) for one in pictures]
    assert least <= np.mean(strange) <= most


def test_the_shipped_weights_do_not_know_noise() -> None:
    detector = Detector(threads=1)
    assert detector.is_unfamiliar(Frame(noise(480, 640), 0))
    assert detector.is_unfamiliar(Frame(np.zeros((480, 640), np.uint8), 0))
