"""A map that was stopped or killed and gone on with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from sertoli.cli._main import main
from sertoli.errors import OutputError, SettingError
from sertoli.frames import VideoWriter
from sertoli.optics import Modality
from sertoli.phantom import make_field
from sertoli.tubules import CellNetwork, FieldSettings, map_input
from sertoli.tubules._network import WHITENESS_WEIGHTS

SIZE_UM = 8.0
FRAMES = 21
SETTINGS = FieldSettings(um_per_px=SIZE_UM)

SLOW_MAP = """
import sys, time
from sertoli.cli._main import main
from sertoli.tubules import CellNetwork
real = CellNetwork.cells
def slow(*given, **named):
    time.sleep(0.5)
    return real(*given, **named)
CellNetwork.cells = slow
main(sys.argv[1:])
"""


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a recording of a shaken field."""
    file = tmp_path_factory.mktemp("recording") / "tremor.mp4"
    testis = make_field(3, patient="focal", um_per_px=SIZE_UM, width_px=256, height_px=192)
    pixels = testis.picture(0).frame.pixels
    with VideoWriter(file, fps=25, width_px=224, height_px=160) as writer:
        for n in range(FRAMES):
            x, y = 8 + 2 * (n % 3), 8 + n % 5
            writer.write(np.ascontiguousarray(pixels[y : y + 160, x : x + 224]))
    return file


@pytest.fixture(scope="module")
def whole(video: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Give the files of a map that nothing broke off."""
    out = tmp_path_factory.mktemp("whole") / "map"
    map_input(video, out, SETTINGS)
    return files_of(out)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Give a list that grows by one with each look of the map's network."""
    heights: list[int] = []
    real = CellNetwork.cells

    def counted(self: CellNetwork, seen: Any, **named: Any) -> Any:
        if self.name != WHITENESS_WEIGHTS:
            heights.append(len(seen))
        return real(self, seen, **named)

    monkeypatch.setattr(CellNetwork, "cells", counted)
    return heights


def files_of(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def stop_after(frames: int) -> Any:
    left = iter(range(frames - 1))
    return lambda: next(left, None) is None


@pytest.mark.skipif(os.name == "nt", reason="has no SIGKILL")
def test_a_killed_map_ends_like_one_that_was_not(
    video: Path, whole: dict[str, bytes], tmp_path: Path, looks: list[int]
) -> None:
    out = tmp_path / "map"
    command = ["field", str(video), "--um-per-px", str(SIZE_UM), "--out", str(out)]
    process = subprocess.Popen([sys.executable, "-c", SLOW_MAP, *command])
    journal = tmp_path / "map.partial" / "journal.bin"
    until = time.monotonic() + 60
    while not journal.is_file() or journal.stat().st_size < 3000:
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not out.exists()
    with pytest.raises(OutputError, match="--resume"):
        map_input(video, out, SETTINGS)
    map_input(video, out, SETTINGS, resume=True)
    assert files_of(out) == whole
    assert 0 < len(looks) < len(range(0, FRAMES, 5))
    assert sorted(tmp_path.iterdir()) == [out]


def test_a_stopped_map_goes_on(
    video: Path, whole: dict[str, bytes], tmp_path: Path, looks: list[int]
) -> None:
    out = tmp_path / "map"
    assert map_input(video, out, SETTINGS, should_stop=stop_after(7))["stopped"]
    assert len(looks) == 2
    assert (out / "tubules.csv").exists()
    assert map_input(video, out, SETTINGS, resume=True, should_stop=stop_after(12))["stopped"]
    assert len(looks) == 3
    done = map_input(video, out, SETTINGS, resume=True)
    assert files_of(out) == whole
    assert len(looks) == len(range(0, FRAMES, 5))
    assert map_input(video, out, SETTINGS, resume=True) == done == json.loads(whole["summary.json"])
    assert len(looks) == len(range(0, FRAMES, 5))


def test_a_torn_journal_costs_only_what_is_torn(
    video: Path, whole: dict[str, bytes], tmp_path: Path, looks: list[int]
) -> None:
    out = tmp_path / "map"
    map_input(video, out, SETTINGS, should_stop=stop_after(12))
    journal = out / "journal.bin"
    journal.write_bytes(journal.read_bytes()[:-5])
    map_input(video, out, SETTINGS, resume=True)
    assert files_of(out) == whole
    assert len(looks) == len(range(0, FRAMES, 5)) + 1


def test_histology_goes_on(tmp_path: Path, looks: list[int]) -> None:
    folder = tmp_path / "sections"
    folder.mkdir()
    for n in range(3):
        picture = np.full((150, 200, 3), (225, 220, 225), np.uint8)
        cv2.circle(picture, (100, 75), 45 + n, (140, 110, 150), -1)
        cv2.circle(picture, (100, 75), 20, (235, 235, 235), -1)
        cv2.imwrite(str(folder / f"{n}.png"), picture)
    settings = FieldSettings(modality=Modality.HISTOLOGY, sequence=False)
    map_input(folder, tmp_path / "whole", settings)
    once = len(looks)
    out = tmp_path / "map"
    assert map_input(folder, out, settings, should_stop=stop_after(2))["stopped"]
    map_input(folder, out, settings, resume=True)
    assert files_of(out) == files_of(tmp_path / "whole")
    assert len(looks) == 2 * once


def test_another_map_is_not_gone_on_with(video: Path, tmp_path: Path) -> None:
    out = tmp_path / "map"
    map_input(video, out, SETTINGS, should_stop=stop_after(1))
    before = files_of(out)
    with pytest.raises(SettingError, match="another um-per-px"):
        map_input(video, out, FieldSettings(um_per_px=9.0), resume=True)
    assert files_of(out) == before
    assert sorted(tmp_path.iterdir()) == [out]
    with pytest.raises(SystemExit) as left:
        main(["field", str(video), "--out", str(out), "--resume", "--overwrite"])
    assert left.value.code == 2
