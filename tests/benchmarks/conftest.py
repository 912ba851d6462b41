"""Small labelled pictures, and a finder that needs no weights.

Tests that need a package of the extras `benchmarks` and `train` are collected only where it
is installed: a skip would hide that a run which should check them does not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from sertoli.frames import Frame
from sertoli.sperm import Detections

NEEDS = {
    "test_trackpy_baseline.py": "trackpy",
    "test_detector_speed.py": "onnx",
    "test_tracking_scores.py": "trackeval",
}
collect_ignore = [file for file, package in NEEDS.items() if not find_spec(package)]

BOX_PX = 12.0
HEADS = ((40, 30), (90, 70), (30, 100), (120, 40))
"""x and y of the heads in the first picture; each later one shows them 1 px further right."""


class SpotFinder:
    """Finds what is brighter than 128; a finding is as probable as its spot is bright."""

    default_confidence = 0.5
    weights_name = "spots"
    weights_sha256 = "0" * 64
    restriction = None

    def magnification(self, frames: Sequence[Frame]) -> float:
        return 1.0

    def is_unfamiliar(self, frame: Frame, *, magnification: float | None = None) -> bool:
        return False

    def detect(
        self,
        frame: Frame,
        *,
        confidence: float | None = None,
        magnification: float | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> Detections:
        bright = (frame.grey() > 128).astype(np.uint8)
        count, labels, stats, centres = cv2.connectedComponentsWithStats(bright)
        peak = [float(frame.grey()[labels == one].max()) / 256 for one in range(1, count)]
        found = Detections(
            centres[1:].astype(np.float32).reshape(-1, 2),
            stats[1:, 2:4].astype(np.float32),
            np.array(peak, np.float32),
        )
        return found.at_least(self.default_confidence if confidence is None else confidence)


@pytest.fixture
def finder() -> SpotFinder:
    return SpotFinder()


def write_set(
    folder: Path,
    pictures: list[npt.NDArray[np.uint8]],
    boxes: list[list[tuple[float, float, float, float]]],
    *,
    category: str = "sperm",
) -> None:
    """Write pictures and COCO labels as the real sets have them; one group a picture."""
    (folder / "images").mkdir(parents=True)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for index, pixels in enumerate(pictures):
        name = f"picture_{index}.png"
        cv2.imwrite(str(folder / "images" / name), pixels)
        high, wide = pixels.shape
        images.append(
            {"id": index + 1, "file_name": name, "width": wide, "height": high}
            | {"group": f"video {index % 2}", "frame": index}
        )
        annotations += [
            {"id": len(annotations) + number, "image_id": index + 1, "category_id": 1}
            | {"bbox": list(box), "track_id": number}
            for number, box in enumerate(boxes[index])
        ]
    described = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": category}],
    }
    (folder / "annotations.json").write_text(json.dumps(described), encoding="utf-8")


@pytest.fixture
def small_data(tmp_path: Path) -> Path:
    """A folder with `labelled` (four pictures with four heads each) and `empty`."""
    data = tmp_path / "data"
    pictures, boxes = [], []
    for shift in range(4):
        pixels = np.full((128, 160), 60, np.uint8)
        for x, y in HEADS:
            cv2.circle(pixels, (x + shift, y), 5, 230, -1)
        pictures.append(pixels)
        half = BOX_PX / 2
        boxes.append([(x + shift - half, y - half, BOX_PX, BOX_PX) for x, y in HEADS])
    write_set(data / "labelled", pictures, boxes)
    plain = np.full((128, 160), 60, np.uint8)
    cv2.circle(plain, (50, 50), 6, 200, -1)
    write_set(data / "empty", [plain, plain[::-1]], [[(44, 44, 12, 12)], []], category="rbc")
    return data
