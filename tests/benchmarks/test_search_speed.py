"""The benchmark measures what it says, on frames small enough to be quick."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from benchmarks.page import BEGIN, END, replace_block
from click.testing import CliRunner

from sertoli.errors import InputError
from sertoli.frames import Frame
from sertoli.sperm import Detector

FILE = Path(__file__).resolve().parents[2] / "benchmarks" / "search_speed.py"


@pytest.fixture
def search_speed(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("search_speed", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name.
    monkeypatch.setitem(sys.modules, "search_speed", module)
    spec.loader.exec_module(module)
    return module


def test_measures_and_rewrites_its_table(
    search_speed: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_speed, "SIZES", ((96, 64),))
    monkeypatch.setattr(search_speed, "TARGET_SIZE", (96, 64))
    monkeypatch.setattr(search_speed, "DRAWN_FRAMES", 4)
    monkeypatch.setattr(search_speed, "CROWD", 50)
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    figures = tmp_path / "figures.json"
    done = CliRunner().invoke(
        search_speed.main,
        ["--seconds", "0.02", "--repeats", "2", "--out", str(figures), "--update", str(page)],
        catch_exceptions=False,
    )
    assert done.exit_code == 0
    (one,) = json.loads(figures.read_text())["sizes"]
    assert set(one["fps"]) == {"decode", "network", "detector", "search", "crowd"}
    assert one["crowd_factor"] > 0
    assert all(speed > 0 for speed in one["fps"].values())
    assert one["ratio_range"][0] <= one["ratio"] <= one["ratio_range"][1]
    assert one["peak_mib"] > 20
    assert one["frames"] >= 4
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "| 96x64 |" in text
    assert "Target at 96x64" in text
    assert "With 50 objects in every frame" in text


def test_network_is_measured_on_the_detectors_own_tiles(search_speed: ModuleType) -> None:
    detector = Detector()
    pixels = np.random.default_rng(1).integers(0, 255, (70, 90), np.uint8)
    pieces = search_speed.captured_input(detector, Frame(pixels, 0))
    assert len(pieces) == 1
    assert pieces[0].shape[2] >= 70
    assert pieces[0].shape[3] >= 90
    assert len(search_speed.captured_input(detector, Frame(pixels, 0))) == 1


def test_a_page_without_a_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no place for the table"):
        replace_block(tmp_path / "missing.md", "")
