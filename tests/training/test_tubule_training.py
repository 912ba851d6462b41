"""The making of the tubule map's networks."""

from __future__ import annotations

import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from training.tubules.calibrate import fitted
from training.tubules.export import check, write_onnx
from training.tubules.made_up import made_up
from training.tubules.network import STRIDE, TubuleNetwork
from training.tubules.scenes import MAPS, SEEN, UNREADABLE, Scene, crop, moved, targets, to_batch
from training.tubules.sections import FRAME_PX, section
from training.tubules.strangers import nothing, stranger
from training.tubules.train_fields import batch, losses, train
from training.tubules.train_whiteness import train as train_whiteness
from training.tubules.whiteness_fields import lay, paint
from training.tubules.whiteness_network import WhitenessNetwork

from sertoli.tubules import CellNetwork, TubuleMapper
from sertoli.tubules._network import as_seen


@pytest.fixture(scope="module")
def scene() -> Scene:
    """Render a made-up field."""
    return made_up(3, side=160)


def test_made_up_fields_are_reproducible_and_hold_every_truth(scene: Scene) -> None:
    again = made_up(3, side=160)
    assert (again.pixels == scene.pixels).all()
    assert (again.flags == scene.flags).all()
    on = (scene.flags & SEEN) > 0
    assert on.mean() > 0.2
    assert (scene.offset[on] <= 1).all()
    assert (scene.diameter_px[on] > 4).all()
    assert not ((scene.flags & SEEN) & ((scene.flags & UNREADABLE) > 0)).any()


def test_a_scene_is_read_as_it_was_saved(scene: Scene, tmp_path: Path) -> None:
    scene.save(tmp_path / "scene.npz")
    read = Scene.load(tmp_path / "scene.npz")
    assert read.look == scene.look
    assert (read.direction == scene.direction).all()
    assert [file.name for file in tmp_path.iterdir()] == ["scene.npz"]


@pytest.mark.parametrize(
    ("view", "direction", "scale"),
    [
        (((1, 0, 0), (0, 1, 0)), 0.3, 1.0),
        (((0, -1, 63), (1, 0, 0)), 0.3 + np.pi / 2, 1.0),
        (((-1, 0, 63), (0, 1, 0)), np.pi - 0.3, 1.0),
        (((2, 0, 0), (0, 2, 0)), 0.3, 2.0),
    ],
)
def test_truth_turns_with_the_picture(
    view: tuple[tuple[float, ...], ...], direction: float, scale: float
) -> None:
    flat = np.ones((64, 64), np.float32)
    truth = np.dstack((0.5 * flat, 20 * flat, 0.3 * flat, 0.7 * flat, SEEN * flat))
    offset, diameter, turned, opacity, flags = moved(truth, np.array(view, float), 64)
    assert offset.shape == (32, 32)
    assert diameter == pytest.approx(20 * scale)
    assert np.cos(2 * turned) == pytest.approx(np.cos(2 * direction), abs=1e-3)
    assert np.sin(2 * turned) == pytest.approx(np.sin(2 * direction), abs=1e-3)
    assert opacity == pytest.approx(0.7)
    assert (flags == SEEN).all()


def test_targets_peak_on_the_line_and_keep_off_what_is_unreadable() -> None:
    offset = np.array([[0.0, 0.5, 2.0, 0.0]], np.float32)
    flags = np.array([[SEEN, SEEN, 0, UNREADABLE]], np.uint8)
    wide = np.full((1, 4), 22.0, np.float32)
    maps, weights = targets(offset, wide, 0 * wide, 0 * wide + 0.4, flags)
    assert maps[0, 0].tolist() == pytest.approx([1, np.exp(-0.5 * (0.5 / 0.22) ** 2), 0, 0])
    assert maps[1, 0, :2] == pytest.approx(0, abs=1e-6)
    assert maps[5, 0].tolist() == [0, 0, 0, 1]
    assert (weights[1, 0] > 0).tolist() == [True, True, False, False]


def test_a_network_learns_and_its_export_says_the_same(scene: Scene, tmp_path: Path) -> None:
    torch.set_num_threads(1)  # threads that wait for a busy core make it many times slower
    torch.manual_seed(1)
    network = TubuleNetwork(MAPS)
    scenes = [scene, stranger(nothing(1))]
    held = to_batch([crop(scene, 96, np.random.default_rng(n), (1, 1.001)) for n in range(2)])
    with torch.no_grad():
        before = float(losses(network(held[0]), *held[1:]).sum())
    assert train(network, scenes, 8, 1) == 8
    with torch.no_grad():
        after = float(losses(network(held[0]), *held[1:]).sum())
    assert after < before
    file = tmp_path / "network.onnx"
    channels = "line,log_diameter,cos,sin,opacity,unreadable"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_onnx(network, file, {"stride": str(STRIDE), "cells": channels})
    check(network, file)
    assert list(CellNetwork(file).cells(as_seen(scene.pixels, 0.5))) == channels.split(",")


def test_the_network_of_whiteness_learns_and_its_export_says_the_same(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(1)
    network = WhitenessNetwork()
    before = network.head.weight.detach().clone()
    train_whiteness(network, [paint(lay(520_000), 520_000 * 50, ("halogen", "led"))], 2)
    assert not torch.equal(network.head.weight, before)
    file = tmp_path / "whiteness.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_onnx(network.eval(), file, {"cells": "white,sure", **network.facts()})
    check(network, file)
    assert TubuleMapper(whiteness=CellNetwork(file)).whiteness.facts["stride"] == "4"


def test_batches_follow_from_seed_and_step(scene: Scene) -> None:
    one = batch([scene], 4, 7, crops=2, side=64)
    same = batch([scene], 4, 7, crops=2, side=64)
    other = batch([scene], 4, 8, crops=2, side=64)
    assert torch.equal(one[0], same[0])
    assert not torch.equal(one[0], other[0])


def test_lumens_belong_to_tubules_and_gaps_do_not() -> None:
    mask = np.full((480, 640), 255, np.uint8)
    for x in (160, 460):
        cv2.circle(mask, (x, 240), 110, 0, -1)
        cv2.circle(mask, (x, 240), 50, 255, -1)
    mask[:FRAME_PX] = 255
    made = section("M01G4x20_1", np.zeros((480, 640, 3), np.uint8), mask)
    assert made.animal == "M01"
    assert made.tubule[60, 40] == 1
    assert made.epithelium[60, 40] == 0
    assert made.tubule[60, 78] == 0
    assert made.core[60, 40] == 1


def test_the_score_is_fitted_the_right_way_round() -> None:
    rng = np.random.default_rng(1)
    rows = np.column_stack((np.ones(800), rng.uniform(0, 1, 800), *rng.normal(0, 1, (4, 800))))
    truth = rng.random(800) < 1 / (1 + np.exp(2 - 4 * rows[:, 1]))
    rule = fitted(rows, truth)
    assert rule.intercept == pytest.approx(-2, abs=0.6)
    assert rule.wide == pytest.approx(4, abs=1.0)
    assert rule.spread == pytest.approx(0, abs=0.3)
