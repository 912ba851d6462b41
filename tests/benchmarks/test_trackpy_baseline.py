"""trackpy.locate, with the settings made for it, finds spots of either brightness."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from benchmarks.baselines import __main__ as command
from benchmarks.baselines.classical import Classical
from benchmarks.baselines.trackpy_locate import TrackpyLocate
from benchmarks.labelled import LabelledSet

from sertoli.frames import Frame

SPOTS = ((40, 40), (100, 60), (60, 110))


@pytest.mark.parametrize("sign", [-1, 1])
def test_spots_are_found(sign: int) -> None:
    shown = np.zeros((150, 150), np.float32)
    for spot in SPOTS:
        cv2.circle(shown, spot, 4, 60.0, -1)
    noise = np.random.default_rng(1).normal(0, 2.0, shown.shape)
    pixels = np.clip(120 + sign * cv2.GaussianBlur(shown, (0, 0), 1.0) + noise, 0, 255)
    found = TrackpyLocate(11).detect(Frame(pixels.astype(np.uint8), 0))
    best = found.centre_px[:3]
    assert sorted(np.round(best).astype(int).tolist()) == sorted(map(list, SPOTS))
    assert (np.diff(found.probability) <= 0).all()


def test_nothing_is_found_in_nothing() -> None:
    assert len(TrackpyLocate(11).detect(Frame(np.full((64, 64), 100, np.uint8), 0))) == 0


def test_the_command_writes_rows(
    small_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = (LabelledSet("labelled", "", ("labelled",)), LabelledSet("empty", "", ("empty",)))
    monkeypatch.setattr(command, "LABELLED_SETS", sets)
    monkeypatch.setattr(command, "GRIDS", ((TrackpyLocate(11),), (Classical(12, False),)))
    out = tmp_path / "new" / "rows.json"
    arguments = ["baselines", "--data", str(small_data), "--out", str(out), "--every", "2"]
    monkeypatch.setattr("sys.argv", arguments)
    command.main()
    written = json.loads(out.read_text(encoding="utf-8"))
    assert written["every"] == 2
    rows = [(row["set"], row["how"][:5], row["f1"]) for row in written["rows"]]
    assert rows[0] == ("labelled", "one s", 1.0)
    # a set without sperm has nothing to be tuned on
    assert [row[:2] for row in rows] == [
        ("labelled", "one s"),
        ("labelled", "tuned"),
        ("empty", "one s"),
    ] * 2
