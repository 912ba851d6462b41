"""Weights learn from labelled frames, and nothing is written that is not better."""

from __future__ import annotations

import json
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from click.testing import CliRunner

import sertoli.cli.train as command
from sertoli.errors import OutputError, SettingError, UserError, WeightsError
from sertoli.frames import Frame
from sertoli.optics import Optics
from sertoli.sperm import Detector, Network
from sertoli.sperm.learning import Labelled, Learning, LearningSettings, _train, learn, write_learnt
from sertoli.sperm.learning._crops import SIDE_PX, Scene, batch
from sertoli.sperm.learning._graph import TrainableGraph
from sertoli.sperm.learning._learn import _require_better
from sertoli.sperm.learning._matched import Score

WEIGHTS = Path(__file__).parents[2] / "src" / "sertoli" / "weights"


def field(seed: int) -> Labelled:
    """Bright soft ovals on noise: heads for a network that has never seen their like."""
    rng = np.random.default_rng(seed)
    picture = rng.normal(100, 6, (200, 200))
    yy, xx = np.mgrid[:200, :200]
    centres = np.stack(np.meshgrid((30, 80, 130, 175), (35, 100, 160)), -1).reshape(-1, 2)
    centres = centres + rng.uniform(-8, 8, centres.shape)
    for x, y in centres:
        picture += 70 * np.exp(-(((xx - x) ** 2 / 14 + (yy - y) ** 2 / 9) ** 2))
    boxes = np.hstack((centres - 4.5, np.full_like(centres, 10.0)))
    frame = Frame(np.clip(picture, 0, 255).astype(np.uint8), 0, optics=Optics(0.36))
    return Labelled(frame, boxes, np.zeros(len(boxes), bool), f"{seed}")


def shaken_weights(folder: Path) -> Path:
    """Weights that are wrong enough to have something to learn."""
    content = (WEIGHTS / "sperm.onnx").read_bytes()
    graph = TrainableGraph(content, "default")
    torch.manual_seed(0)
    with torch.no_grad():
        for value in graph.parameters():
            value.add_(0.35 * value.std(unbiased=False) * torch.randn_like(value))
    file = folder / "shaken.onnx"
    file.write_bytes(graph.content(Network("default").metadata))
    return file


def test_the_graph_says_what_the_file_says(tmp_path: Path) -> None:
    file = WEIGHTS / "sperm.onnx"
    graph = TrainableGraph(file.read_bytes(), "default")
    picture = np.random.default_rng(0).standard_normal((2, 1, 48, 80)).astype(np.float32)
    expected = Network(file, threads=1).run(picture)
    found = graph(torch.from_numpy(picture)).detach().numpy()
    assert np.abs(found - expected).max() < 1e-4
    again = tmp_path / "again.onnx"
    again.write_bytes(graph.content(Network(file).metadata))
    assert np.array_equal(Network(again, threads=1).run(picture), expected)


def test_what_cannot_be_learnt_on_is_refused() -> None:
    with pytest.raises(WeightsError, match="8-bit"):
        TrainableGraph((WEIGHTS / "sperm-int8.onnx").read_bytes(), "int8")
    with pytest.raises(WeightsError, match="not an ONNX file"):
        TrainableGraph(b"nothing of the kind", "text")


def test_the_time_told_beforehand_is_that_of_all_that_follows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    steps_taken: list[int] = []

    def advance(*_: object) -> float:
        clock[0] += 30.0 if not steps_taken else 2.0  # the first one loads libraries
        steps_taken.append(1)
        return 1.0

    def look(*_: object) -> float:
        clock[0] += 5.0
        return 0.5

    monkeypatch.setattr(_train, "_advance", advance)
    monkeypatch.setattr(_train, "_look", look)
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    graph = TrainableGraph((WEIGHTS / "sperm.onnx").read_bytes(), "default")
    told: list[tuple[float, float]] = []
    _train.train(
        graph,
        graph,
        _train.Crops([], [], 1),
        {},
        20,
        lambda one: told.append((clock[0], one.seconds_left)),
    )
    ended = clock[0] + 5.0  # searched once more, as a user would
    assert told[0][1] == pytest.approx(ended - told[0][0])
    assert told[-1][1] == pytest.approx(ended - told[-1][0])


def test_crops_keep_boxes_on_their_heads() -> None:
    scene = Scene.of(field(1), 1.0)
    made = batch([scene], [scene], np.random.default_rng(0))
    assert made.pictures.shape[2:] == (SIDE_PX, SIDE_PX)
    assert made.sized.tolist() == [0, 1] * (len(made.sized) // 2)
    rows, _ = np.nonzero((made.heat >= 1).any(axis=0))
    assert len(rows) > 5
    for picture, heat in zip(made.pictures[:, 0], made.heat, strict=True):
        cells = cv2.resize(picture, heat.shape, interpolation=cv2.INTER_AREA)
        if (heat >= 1).any():
            assert cells[heat >= 1].mean() > cells[heat < 0.01].mean() + 0.5


def test_learning_makes_weights_better_and_says_so(tmp_path: Path) -> None:
    base = shaken_weights(tmp_path)
    told: list[Learning] = []
    learnt = learn(
        base,
        [field(seed) for seed in range(8)],
        [field(seed) for seed in range(20, 22)],
        LearningSettings(steps=12),
        on_progress=told.append,
    )
    assert learnt.after["own"].f1 > learnt.before["own"].f1
    assert told[0].step == 0
    assert told[0].seconds_left > 0
    assert told[-1].step == 12
    out = tmp_path / "new.onnx"
    card = write_learnt(learnt, out).read_text(encoding="utf-8")
    assert Detector(out).network.metadata["learnt_from"].startswith("shaken.onnx ")
    assert "Apache-2.0" in card
    assert f"{learnt.after['own'].f1:.3f}" in card
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.md", "new.onnx", "shaken.onnx"]
    with pytest.raises(OutputError, match="exists"):
        write_learnt(learnt, out)


def score(f1: float) -> dict[str, Score]:
    return {"own": Score(f1, f1, f1, 0.0), "kept": Score(0.7, 0.7, 0.7, 0.0)}


def test_what_is_not_better_is_refused() -> None:
    _require_better(score(0.6), score(0.65), score(0.66))
    # a better confidence alone is worth having
    _require_better(score(0.6), score(0.65), score(0.65))
    with pytest.raises(UserError, match="nothing was written"):
        _require_better(score(0.6), score(0.65), score(0.64))
    with pytest.raises(UserError, match="nothing was written"):
        _require_better(score(0.6), score(0.5), score(0.6))
    forgetful = score(0.9) | {"kept": Score(0.6, 0.6, 0.6, 0.0)}
    with pytest.raises(UserError, match="simulated"):
        _require_better(score(0.6), score(0.65), forgetful)


@pytest.mark.parametrize("steps", [0, -1, 10**9])
def test_absurd_steps_are_refused(steps: int) -> None:
    with pytest.raises(SettingError):
        LearningSettings(steps=steps)


@pytest.mark.parametrize(
    ("out", "base", "message"),
    [
        ("there.onnx", "default", "exists"),
        ("wrong.ending", "default", "onnx"),
        ("no/such/folder.onnx", "default", "cannot write"),
        ("new.onnx", "default", "too few"),
        ("new.onnx", "default-int8", "8-bit"),
        ("new.onnx", "absent.onnx", "cannot be read"),
    ],
)
def test_the_command_refuses_before_it_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str, base: str, message: str
) -> None:
    monkeypatch.setattr(command, "simulated", None)
    (tmp_path / "there.onnx").write_bytes(b"")
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((40, 40), np.uint8))
    coco = {
        "categories": [{"id": 1, "name": "sperm"}],
        "images": [{"id": 1, "file_name": "a.png"}],
        "annotations": [],
    }
    labels = tmp_path / "labels.json"
    labels.write_text(json.dumps(coco), encoding="utf-8")
    arguments = ["--from", base, "--labels", str(labels), "--out", str(tmp_path / out)]
    result = CliRunner().invoke(command.command, arguments)
    assert isinstance(result.exception, UserError)
    assert message in str(result.exception)
    assert not (tmp_path / "new.onnx").exists()


def test_the_command_learns_from_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = shaken_weights(tmp_path)
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for seed in range(4):
        one = field(seed)
        cv2.imwrite(str(tmp_path / f"{seed}.png"), one.frame.pixels)
        images.append({"id": seed, "file_name": f"{seed}.png"})
        for box in one.boxes_px.tolist() * 2:
            number = len(annotations) + 1
            annotations.append({"id": number, "image_id": seed, "category_id": 1, "bbox": box})
    coco = {
        "categories": [{"id": 1, "name": "sperm"}],
        "images": images,
        "annotations": annotations,
    }
    labels = tmp_path / "labels.json"
    labels.write_text(json.dumps(coco), encoding="utf-8")
    monkeypatch.setattr(command, "FIELDS", 2)
    out = tmp_path / "new.onnx"
    arguments = ["--from", str(base), "--labels", str(labels), "--out", str(out), "--json"]
    arguments += ["--um-per-px", "0.36", "--steps", "6"]
    result = CliRunner().invoke(command.command, arguments, catch_exceptions=True)
    if isinstance(result.exception, UserError):
        # six steps may be too few to be better: then nothing may be there
        assert not out.exists()
        assert not out.with_suffix(".md").exists()
        return
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert (summary["frames"], summary["frames_aside"], summary["by_group"]) == (3, 1, False)
    assert out.exists()
