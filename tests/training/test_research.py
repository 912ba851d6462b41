"""Research weights: trained on from the default run, with what may not ship set apart."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from training.sperm.batches import Supply
from training.sperm.export import DEFAULT_OUT, RESEARCH_OUT, Terms, _place, describe
from training.sperm.left_out import judge
from training.sperm.research import Origin, begin, miamia, with_miamia
from training.sperm.run import Run, Settings
from training.sperm.scenes import Scene

from sertoli.sperm import Detections
from sertoli.sperm.learning._calibration import Calibration

SETTINGS = Settings(seed=5, steps=6, crops=2, side_px=64, fields=3)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out like the set, with five frames of two videos."""
    folder = tmp_path_factory.mktemp("data") / "miamia"
    (folder / "images").mkdir(parents=True)
    images: list[dict[str, object]] = []
    boxes: list[dict[str, object]] = []
    for index in range(5):
        name = f"S_000{1 + index // 3}_{index}.png"
        pixels = np.full((60, 80), 90, np.uint8)
        cv2.circle(pixels, (30 + index, 25), 5, 200, -1)
        cv2.imwrite(str(folder / "images" / name), pixels)
        images.append(
            {
                "id": 10 + index,
                "file_name": name,
                "width": 80,
                "height": 60,
                "frame": index,
                "group": name[:6],
            }
        )
        for kind, box in ((1, [25 + index, 20, 10, 10]), (2, [60, 40, 12, 12])):
            boxes.append(
                {
                    "id": len(boxes),
                    "image_id": 10 + index,
                    "category_id": kind,
                    "bbox": box,
                    "area": 100,
                    "iscrowd": 0,
                }
            )
    described = {
        "images": images,
        "annotations": boxes,
        "categories": [{"id": 1, "name": "sperm"}, {"id": 2, "name": "impurity"}],
    }
    (folder / "annotations.json").write_text(json.dumps(described), encoding="utf-8")
    return folder.parent


@pytest.mark.parametrize(
    ("leave_out", "seen", "unseen"), [("S_0001", 2, 3), ("S_0002", 3, 2), ("none", 5, 0)]
)
def test_a_video_left_out_is_not_seen(leave_out: str, seen: int, unseen: int, data: Path) -> None:
    inside, outside = miamia(data, leave_out)
    assert (len(inside), len(outside)) == (seen, unseen)
    for scene in inside + outside:
        # what is labelled as something else is plain background
        assert len(scene.boxes_px) == 1
        x, y, w, h = scene.boxes_px[0]
        assert scene.pixels[int(y + h / 2), int(x + w / 2)] == 200


def test_a_run_goes_on_from_the_averaged_weights(tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    SETTINGS.write(base)
    before = Run(SETTINGS)
    with torch.no_grad():
        torch.nn.init.normal_(before.average.head.weight)
    before.step = 6
    before.save(base)
    begin(base, tmp_path / "on", "S_0001", 57, steps=4, seed=2)
    after = Run.load(tmp_path / "on")
    assert (after.step, after.settings.steps, after.settings.fields) == (0, 4, 3)
    assert after.settings.peak_rate < SETTINGS.peak_rate
    for network in (after.network, after.average):
        for name, value in before.average.state_dict().items():
            assert torch.equal(value, network.state_dict()[name]), name
    origin = Origin.read(tmp_path / "on")
    assert origin is not None
    assert (origin.leave_out, origin.frames) == ("S_0001", 57)
    assert Origin.read(base) is None


def test_its_frames_take_their_share_however_few() -> None:
    scene = Scene(np.zeros((9, 9), np.uint8), np.zeros((0, 4), np.float32), np.zeros(0, np.int8), 1)
    supply = Supply([scene], [scene] * 30, [])
    for frames in (3, 20):
        mixed = with_miamia(supply, [scene] * frames)
        assert (len(mixed.visem11) - 30) / 30 == pytest.approx(2.0, abs=0.1)
        assert sum(mixed.shares()) == pytest.approx(1.0)
        assert mixed.shares()[1] > supply.shares()[1]


def test_weights_say_what_their_data_forbid(tmp_path: Path) -> None:
    fitted = Calibration(1.0, 0.0, 0.0)
    free = describe(Run(SETTINGS), fitted, {})
    assert "restriction" not in free
    assert "miamia" not in free["training_data"]
    origin = Origin("0" * 64, "S_0002", 83)
    bound = describe(Run(SETTINGS), fitted, {}, Terms.of(origin))
    assert "non-commercial" in bound["restriction"]
    assert "miamia (non-commercial research), 83 frames without video S_0002" in (
        bound["training_data"].split("; ")
    )
    assert _place(tmp_path, None) == DEFAULT_OUT
    assert _place(tmp_path, origin).parent == tmp_path
    assert _place(tmp_path, Origin("0" * 64, "none", 102)) == RESEARCH_OUT


class _Spot:
    """Finds the bright disc."""

    weights_name, weights_sha256, default_confidence = "spot", "0" * 64, 0.5
    restriction: str | None = None

    def magnification(self, frames: Sequence[object]) -> float:
        return 1.0

    def is_unfamiliar(self, frame: object, *, magnification: float | None = None) -> bool:
        return False

    def detect(
        self,
        frame: object,
        *,
        confidence: float | None = None,
        magnification: float | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> Detections:
        y, x = np.nonzero(frame.grey() > 150)  # type: ignore[attr-defined]
        return Detections(
            np.array([[x.mean(), y.mean()]], np.float32),
            np.array([[10, 10]], np.float32),
            np.array([0.9], np.float32),
        )


def test_a_left_out_video_is_judged_alone(data: Path) -> None:
    figures = judge("S_0002", _Spot(), data / "miamia")
    assert (figures["frames"], figures["sperm"]) == (2, 2)
    assert (figures["f1"], figures["precision"], figures["recall"]) == (1.0, 1.0, 1.0)
    assert figures["f1_of_stills"] == 1.0
