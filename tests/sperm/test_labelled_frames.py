"""Labelled frames of a laboratory are read whole, or refused with the remedy."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from sertoli.errors import InputError, MissingExtraError
from sertoli.frames import Frame
from sertoli.sperm.learning import Labelled, learn, read_labelled
from sertoli.sperm.learning._labelled import divide, magnifications

COCO: dict[str, Any] = {
    "categories": [{"id": 1, "name": "sperm"}, {"id": 2, "name": "cluster"}],
    "images": [
        {"id": 1, "file_name": "a.png", "group": "one"},
        {"id": 2, "file_name": "b.png", "group": "two"},
    ],
    "annotations": [
        {"id": 1, "image_id": 1, "category_id": 1, "bbox": [3, 4, 10, 8]},
        {"id": 2, "image_id": 2, "category_id": 2, "bbox": [20, 4, 10, 8]},
    ],
}


def written(folder: Path, coco: dict[str, Any]) -> Path:
    rng = np.random.default_rng(1)
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(folder / name), rng.integers(0, 255, (40, 60), dtype=np.uint8))
    (folder / "labels.json").write_text(json.dumps(coco), encoding="utf-8")
    return folder / "labels.json"


def test_frames_come_with_their_boxes_and_groups(tmp_path: Path) -> None:
    first, second = read_labelled(written(tmp_path, COCO), um_per_px=0.3)
    assert (first.group, second.group) == ("one", "two")
    assert first.boxes_px.tolist() == [[3, 4, 10, 8]]
    assert (first.sperm, second.sperm) == (1, 0)
    assert second.ignored.all()
    assert first.frame.pixels.shape == (40, 60)
    assert first.frame.optics.um_per_px == 0.3


def test_pictures_may_lie_elsewhere(tmp_path: Path) -> None:
    labels = written(tmp_path, COCO)
    (tmp_path / "json").mkdir()
    moved = labels.rename(tmp_path / "json" / "labels.json")
    with pytest.raises(InputError, match="--images"):
        read_labelled(moved)
    assert len(read_labelled(moved, tmp_path)) == 2


def test_frames_of_a_recording_are_found_by_their_number(tmp_path: Path) -> None:
    from sertoli.frames import VideoWriter

    video = tmp_path / "v.mp4"
    with VideoWriter(video, fps=10, width_px=64, height_px=48) as writer:
        for level in range(5):
            writer.write(np.full((48, 64), 40 * level, np.uint8))
    images = [{"id": n, "file_name": "v.mp4", "frame": n} for n in (3, 1)]
    coco = {"categories": COCO["categories"], "images": images, "annotations": []}
    labels = tmp_path / "labels.json"
    labels.write_text(json.dumps(coco), encoding="utf-8")
    levels = [round(float(one.frame.grey().mean()) / 40) for one in read_labelled(labels)]
    assert levels == [3, 1]
    images.append({"id": 9, "file_name": "v.mp4", "frame": 9})
    labels.write_text(json.dumps(coco), encoding="utf-8")
    with pytest.raises(InputError, match="frame 9"):
        read_labelled(labels)


def out_of_the_folder(coco: dict[str, Any]) -> None:
    coco["images"][0]["file_name"] = "../a.png"


def absolute(coco: dict[str, Any]) -> None:
    coco["images"][0]["file_name"] = "/etc/hostname"


def nameless(coco: dict[str, Any]) -> None:
    del coco["images"][0]["file_name"]


def absent(coco: dict[str, Any]) -> None:
    coco["images"][0]["file_name"] = "c.png"


def beyond_the_picture(coco: dict[str, Any]) -> None:
    coco["annotations"][0]["bbox"] = [300, 4, 10, 8]


def endless(coco: dict[str, Any]) -> None:
    coco["annotations"][0]["bbox"] = [float("inf"), 4, 10, 8]


@pytest.mark.parametrize(
    "spoil", [out_of_the_folder, absolute, nameless, absent, beyond_the_picture, endless]
)
def test_what_cannot_be_learnt_from_is_refused(
    tmp_path: Path, spoil: Callable[[dict[str, Any]], None]
) -> None:
    coco = json.loads(json.dumps(COCO))
    spoil(coco)
    with pytest.raises(InputError):
        read_labelled(written(tmp_path, coco))


def labelled(group: str, sperm: int, width: float = 10.0) -> Labelled:
    boxes = np.tile(np.array((5.0, 5.0, width, width)), (sperm, 1))
    return Labelled(Frame(np.zeros((64, 64), np.uint8), 0), boxes, np.zeros(sperm, bool), group)


def test_no_recording_is_on_both_sides() -> None:
    frames = [labelled(group, 10) for group in "aaaabbbbcc"]
    parts = divide(frames)
    assert parts.by_group
    assert not {one.group for one in parts.learnt} & {one.group for one in parts.aside}
    assert len(parts.learnt) + len(parts.aside) == len(frames)
    assert len(parts.aside) < len(parts.learnt)


def test_of_one_recording_the_last_frames_are_kept_aside() -> None:
    frames = [labelled("a", 10) for _ in range(8)]
    parts = divide(frames)
    assert not parts.by_group
    assert parts.aside == tuple(frames[-2:])


@pytest.mark.parametrize(("count", "sperm"), [(3, 50), (8, 1), (8, 0)])
def test_too_little_is_refused(count: int, sperm: int) -> None:
    with pytest.raises(InputError, match="label"):
        divide([labelled("a", sperm) for _ in range(count)])


def test_labelled_heads_overrule_a_magnification_that_is_plainly_wrong() -> None:
    frames = [labelled("near", 3, width=68.0), labelled("usual", 3, width=12.0)]
    assert magnifications(frames, lambda _: 1.0, 17.0) == {"near": 0.25, "usual": 1.0}
    assert magnifications(frames, lambda _: 1.0, None) == {"near": 1.0, "usual": 1.0}


def test_without_torch_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r"sertoli\[train\]"):
        learn("default", [labelled("a", 10) for _ in range(8)])
