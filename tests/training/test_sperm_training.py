import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from training.sperm import train as training
from training.sperm.batches import Supply, batch
from training.sperm.export import describe, write_onnx
from training.sperm.network import ALIGNMENT, STRIDE, SpermNetwork, receptive_radius_px
from training.sperm.run import Run, Settings
from training.sperm.scenes import DONT_CARE, SPERM, Scene, cut
from training.sperm.sprites import Sprite
from training.sperm.tails import tail_loss
from training.sperm.take_over import take_over
from training.sperm.targets import target
from training.sperm.train import advance

from sertoli.sperm import Detector
from sertoli.sperm._company import LOOKS
from sertoli.sperm.learning._calibration import calibrate
from sertoli.sperm.learning._loss import detection_loss
from sertoli.sperm.learning._matched import Matched

SETTINGS = Settings(seed=5, steps=6, crops=2, side_px=64, fields=0)

NO_BOXES, NO_KINDS = np.zeros((0, 4), np.float32), np.zeros(0, np.int8)


def scene(seed: int = 0) -> Scene:
    rng = np.random.default_rng(seed)
    pixels = rng.normal(100, 5, (200, 260))
    boxes = []
    for x, y in rng.uniform(20, 180, (14, 2)):
        yy, xx = np.mgrid[:200, :260]
        pixels += 80 * np.exp(-((xx + 0.5 - x) ** 2 + (yy + 0.5 - y) ** 2) / 12)
        boxes.append((x - 6, y - 6, 12, 12))
    kinds = np.full(14, SPERM, np.int8)
    kinds[0] = DONT_CARE
    grey = np.clip(pixels, 0, 255).astype(np.uint8)
    return Scene(grey, np.array(boxes, np.float32), kinds, 0.4)


@pytest.fixture(scope="module")
def supply() -> Supply:
    yy, xx = np.mgrid[:60, :120]
    darkness = np.exp(-((xx - 20) ** 2 / 200 + (yy - 30) ** 2 / 100)).astype(np.float32)
    return Supply([], [scene()], [Sprite(darkness, (5, 20, 30, 20))])


def run_steps(run: Run, supply: Supply, steps: int) -> None:
    for _ in range(steps):
        advance(run, batch(supply, SETTINGS.seed, run.step, SETTINGS.crops, SETTINGS.side_px))


def test_a_resumed_run_ends_with_the_weights_of_an_unbroken_one(
    tmp_path: Path, supply: Supply
) -> None:
    SETTINGS.write(tmp_path)
    unbroken = Run(SETTINGS)
    run_steps(unbroken, supply, 6)
    broken = Run.load(tmp_path)
    run_steps(broken, supply, 3)
    broken.save(tmp_path)
    again = Run.load(tmp_path)
    assert again.step == 3
    run_steps(again, supply, 3)
    for ours, theirs in ((unbroken.network, again.network), (unbroken.average, again.average)):
        for name, value in ours.state_dict().items():
            assert torch.equal(value, theirs.state_dict()[name]), name


def test_a_run_does_not_begin_with_restricted_weights(
    tmp_path: Path,
    weights_saying: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file, out = tmp_path / "start.onnx", tmp_path / "run"
    file.write_bytes(weights_saying(restriction="for tests only"))
    arguments = ["train", "--data", "none", "--out", str(out), "--start", str(file)]
    monkeypatch.setattr("sys.argv", arguments)
    with pytest.raises(SystemExit) as left:
        training.main()
    assert left.value.code == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert str(file) in said
    assert "for tests only" in said
    assert not out.exists()
    file.write_bytes(weights_saying())
    assert training.restriction_of(file) == ""


def test_a_batch_depends_on_seed_and_step_alone(supply: Supply) -> None:
    first, second = (batch(supply, 1, 7, 3, 64) for _ in range(2))
    np.testing.assert_array_equal(first.pictures, second.pictures)
    np.testing.assert_array_equal(first.shape, second.shape)
    assert not np.array_equal(first.pictures, batch(supply, 1, 8, 3, 64).pictures)
    assert np.isfinite(first.pictures).all()


def test_learning_lowers_the_loss(supply: Supply) -> None:
    torch.set_num_threads(1)
    run = Run(Settings(1, 40, 4, 64, 0))
    made = batch(supply, 1, 0, 4, 64)
    losses = [advance(run, made) for _ in range(40)]
    assert losses[-1] < 0.6 * losses[0]


def test_perfect_cells_cost_next_to_nothing() -> None:
    drawn = target(np.array([[20, 24, 10, 14]], np.float32), np.array([SPERM], np.int8), None, 64)
    cells = np.concatenate([np.where(drawn.heat >= 1, 12.0, -12.0)[None], drawn.shape])
    tensors = [torch.from_numpy(a[None]).float() for a in (drawn.heat, drawn.care, drawn.shape)]
    right = detection_loss(torch.from_numpy(cells[None]).float(), *tensors)
    wrong = detection_loss(torch.from_numpy(-cells[None]).float(), *tensors)
    assert float(right) < 0.05 < float(wrong)


def test_the_loss_does_not_look_where_nobody_cares() -> None:
    boxes = np.array([[16, 16, 16, 16]], np.float32)
    drawn = target(boxes, np.array([DONT_CARE], np.int8), None, 64)
    assert not drawn.heat.any()
    assert not drawn.care[4:8, 4:8].any()
    assert drawn.care.sum() == drawn.care.size - 16
    tensors = [torch.from_numpy(a[None]) for a in (drawn.heat, drawn.care, drawn.shape)]
    cells = torch.full((1, 5, 16, 16), -20.0)
    cells[0, 0, 4:8, 4:8] = 20.0
    assert float(detection_loss(cells, *tensors)) < 1e-6


def test_a_crop_keeps_boxes_on_their_heads() -> None:
    whole = scene()
    rng = np.random.default_rng(4)
    seen = 0
    for um_per_px in (0.3, 0.4, 0.7):
        for _ in range(8):
            picture, boxes, kinds, tails = cut(whole, 96, um_per_px, rng)
            assert picture.shape == (96, 96)
            assert tails is None
            for x, y, w, h in boxes[kinds == SPERM]:
                column, row = int(x + w / 2), int(y + h / 2)
                assert picture[row, column] > picture.mean() + 15
                seen += 1
    assert seen > 20


def test_the_stated_radius_holds() -> None:
    network = SpermNetwork().eval()
    radius = receptive_radius_px(network)
    picture = torch.randn(1, 1, 320, 320)
    changed = picture.clone()
    border = 208
    changed[..., border:] = 5.0
    with torch.no_grad():
        torch.nn.init.normal_(network.head.weight)
        apart = (network(picture) - network(changed)).abs().amax((0, 1, 2))
    safe = (border - radius) // STRIDE
    assert float(apart[:safe].max()) == 0.0
    assert float(apart[safe + 4 :].max()) > 0.0


def test_an_exported_file_is_all_that_a_detector_needs(tmp_path: Path) -> None:
    run = Run(SETTINGS)
    with torch.no_grad():
        torch.nn.init.normal_(run.average.head.weight)
    matched = Matched(
        np.linspace(3, -3, 60).astype(np.float32),
        np.arange(60) < 30,
        np.arange(60) % 4,
        heads=35,
        scenes=4,
        look=np.zeros((60, LOOKS), np.float32),
    )
    fitted = calibrate([matched])
    file = tmp_path / "w.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_onnx(run.average, file, describe(run, fitted, {"phantom": matched}))
    detector = Detector(file, threads=1)
    assert detector.default_confidence == pytest.approx(fitted.default_confidence, abs=1e-3)
    for count, height, width in ((1, ALIGNMENT, 5 * ALIGNMENT), (3, 96, 64)):
        rng = np.random.default_rng(2)
        picture = rng.standard_normal((count, 1, height, width), np.float32)
        with torch.no_grad():
            expected = run.average(torch.from_numpy(picture)).numpy()
        np.testing.assert_allclose(detector.network.run(picture), expected, atol=1e-4)


def test_calibrated_probabilities_match_what_happens() -> None:
    rng = np.random.default_rng(0)
    chance = rng.uniform(0.02, 0.98, 20_000)
    logit = (2.5 * (np.log(chance / (1 - chance)) - 0.7)).astype(np.float32)
    order = np.argsort(-logit)
    right = (rng.random(20_000) < chance)[order]
    scene = rng.integers(0, 10, 20_000)
    held_out = Matched(
        logit[order],
        right,
        scene,
        int(right.sum()) + 500,
        10,
        np.zeros((len(right), LOOKS), np.float32),
    )
    fitted = calibrate([held_out])
    assert fitted.temperature == pytest.approx(2.5, rel=0.06)
    assert fitted.bias == pytest.approx(0.7, abs=0.1)
    assert 0.1 < fitted.default_confidence < 0.6
    reported = fitted.applied(held_out)
    assert (1 / (1 + np.exp(-reported.logit))).mean() == pytest.approx(right.mean(), abs=0.01)


def test_tails_are_learnt_only_where_they_are_known() -> None:
    drawn = np.zeros((1, 64, 64), np.float32)
    drawn[0, 21:23, 8:40] = 1
    known = target(NO_BOXES, NO_KINDS, drawn[0], 64).tail
    assert known[5].sum() == 8
    assert known.sum() == 8
    unknown = target(NO_BOXES, NO_KINDS, None, 64).tail
    tails = torch.from_numpy(np.stack((known, unknown)))
    logit = torch.from_numpy(np.stack((known, known)))[:, None] * 40 - 20
    assert float(tail_loss(logit, tails)) < 1e-3
    assert float(tail_loss(-logit, tails)) > 1
    assert float(tail_loss(-logit[1:], tails[1:])) == 0


@pytest.mark.parametrize("um_per_px", [0.3, 0.4, 1.1])
def test_tails_stay_beside_their_heads(um_per_px: float) -> None:
    plain = scene()
    lines = np.zeros(plain.pixels.shape, np.uint8)
    for x, y, w, h in plain.boxes_px:
        lines[int(y + h / 2), int(x + w) : int(x + w) + 6] = 255
    whole = replace(plain, tails=lines)
    rng = np.random.default_rng(1)
    near = 0
    for _ in range(8):
        _, boxes, _, tails = cut(whole, 96, um_per_px, rng)
        assert tails is not None
        rows, columns = np.nonzero(tails > 0.5)
        if not len(boxes):
            continue
        middle = boxes[:, :2] + boxes[:, 2:] / 2
        reach = boxes[:, 2:].max() / 2 + 8 * 0.4 / um_per_px
        for row, column in zip(rows, columns, strict=True):
            if min(row, column) > 20 and max(row, column) < 76:
                assert np.hypot(*(middle - (column, row)).T).min() < reach + 2
                near += 1
    assert near > 10


def test_a_network_that_takes_over_another_answers_as_it_did(tmp_path: Path) -> None:
    torch.manual_seed(3)
    before = SpermNetwork().eval()
    with torch.no_grad():
        for step in (m for m in before.modules() if isinstance(m, torch.nn.BatchNorm2d)):
            step.running_mean.uniform_(-0.2, 0.2)
            step.running_var.uniform_(0.5, 2)
            step.bias.uniform_(-0.2, 0.2)
        before.head.weight.normal_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_onnx(before, tmp_path / "before.onnx", {})
    pictures = np.random.default_rng(1).standard_normal((4, 1, 96, 96)).astype(np.float32)
    after = SpermNetwork().eval()
    taken = take_over(after, tmp_path / "before.onnx", pictures)
    assert "head" in taken
    with torch.no_grad():
        other = torch.from_numpy(pictures[:, :, ::-1].copy())
        assert torch.allclose(after(other), before(other), atol=1e-3)
        # training normalises by the batch: on the same pictures that changes nothing
        seen = torch.from_numpy(pictures)
        assert torch.allclose(after.train()(seen), before(seen), atol=2e-2)


def test_nothing_is_taken_over_from_a_stranger(tmp_path: Path) -> None:
    onnx.save(onnx.helper.make_model(onnx.GraphProto(name="empty")), tmp_path / "other.onnx")
    with pytest.raises(ValueError, match="no layer"):
        take_over(SpermNetwork(), tmp_path / "other.onnx", np.zeros((1, 1, 32, 32), np.float32))
