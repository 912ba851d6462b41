"""The networks that look at heads learn, and say in their files what they are."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from training.morphology import crops, sizing_crops, train, train_sizing
from training.morphology.network import HeadNetwork

from sertoli.sperm.morphology import CLASSIFIER_PX, PARTS, SIZER_WINDOW, HeadClassifier, HeadSizer


def test_a_simulated_head_has_its_true_size() -> None:
    made, truth = sizing_crops.make(3)
    assert made.shape[1:] == (sizing_crops.CROP_PX, sizing_crops.CROP_PX)
    assert len(made) == len(truth) > 0
    length, width, _, tail, shown, side = truth.T
    assert (length >= width).all()
    # the box stands about the ellipse: its longer side is never shorter than the width
    assert (width < 1.0).all()
    assert set(tail) <= {0.0, 1.0}
    assert set(shown) <= {0.0, 1.0}
    assert (side > 3).all()


@pytest.mark.parametrize("angle", [0.3, 1.4, 2.5])
def test_turned_crops_keep_their_truth(angle: float) -> None:
    side = sizing_crops.CROP_PX
    unit = side / sizing_crops.WINDOW
    crop = np.full((side, side), 100, np.uint8)
    middle = ((side - 1) / 2, (side - 1) / 2)
    axes = (0.9 * unit, 0.4 * unit)
    cv2.ellipse(crop, (middle, axes, math.degrees(angle)), 200, -1)
    rng = np.random.default_rng(2)
    truth = np.array((0.9, 0.4, angle, 1, 1, 20), np.float32)
    for _ in range(6):
        seen, wanted = train_sizing.seen_anew(crop, truth, rng)
        inside = np.abs(seen) > np.abs(seen).max() / 2
        yy, xx = np.nonzero(inside)
        spread, axis = np.linalg.eigh(np.cov(np.stack((xx, yy))))
        found = math.atan2(axis[1, 1], axis[0, 1])
        assert math.cos(2 * found) == pytest.approx(wanted[2], abs=0.25)
        assert math.sin(2 * found) == pytest.approx(wanted[3], abs=0.25)
        length = 4 * math.sqrt(spread[1]) / (seen.shape[0] / SIZER_WINDOW)
        assert length == pytest.approx(math.exp(wanted[0]), rel=0.2)


def test_the_loss_prefers_the_truth_and_honest_errors() -> None:
    truth = torch.tensor([[0.0, -0.5, 1.0, 0.0, 1.0]])
    right = torch.tensor([[0.0, -0.5, -3.0, 1.0, 0.0, 4.0]])
    unsure, wrong = right.clone(), right.clone()
    unsure[0, 2] = 0.0
    wrong[0, 0] = 0.4
    losses = [float(train_sizing.sizing_loss(one, truth)) for one in (right, unsure, wrong)]
    assert losses == sorted(losses)


def test_files_say_what_they_are(tmp_path: Path) -> None:
    heads, sizes = tmp_path / "heads.onnx", tmp_path / "sizes.onnx"
    with warnings.catch_warnings():  # of the exporter itself
        warnings.simplefilter("ignore")
        train.write(HeadNetwork().eval(), heads, 1, 1)
        train_sizing.write(train_sizing.SizeNetwork().eval(), sizes, 10, 1, 1)
    assert "non-commercial" in HeadClassifier(heads).restriction
    HeadSizer(sizes)


def test_the_classifier_learns_what_is_shown() -> None:
    rng = np.random.default_rng(1)
    abnormal = np.zeros((64, len(PARTS)), np.float32)
    abnormal[::2] = 1
    pictures = rng.normal(100, 3, (64, crops.ROOM_PX, crops.ROOM_PX)).astype(np.float32)
    middle = crops.ROOM_PX // 2
    pictures[::2, middle - 9 : middle + 9, middle - 9 : middle + 9] += 60
    pictures[1::2, middle - 3 : middle + 3, middle - 3 : middle + 3] += 60
    heads = crops.Heads(pictures, abnormal, np.array(["a"] * 64))
    network = train.train(heads, epochs=4, seed=1)
    ready = torch.from_numpy(crops.plain(pictures)[:, None])
    assert ready.shape[-1] == CLASSIFIER_PX
    with torch.no_grad():
        odds = network(ready).numpy()
    assert odds[::2].mean() > odds[1::2].mean()
