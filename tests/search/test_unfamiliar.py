"""A search says when its pictures look unlike the training pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sertoli.search import SearchSettings, search


def warnings(folder: Path) -> list[dict[str, Any]]:
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = summary["warnings"]
    return found


@pytest.mark.parametrize("sequence", [True, False])
def test_unlike_pictures_are_said_in_summary_and_report(
    sequence: bool, recording: Path, tmp_path: Path, finder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[int] = []

    def strange(frame: Any, *, magnification: float | None = None) -> bool:
        looked_at.append(frame.index)
        assert magnification == (1.0 if sequence else None)
        return bool(frame.index >= 4)

    monkeypatch.setattr(finder, "is_unfamiliar", strange)
    settings = SearchSettings(sequence=sequence, fps=25.0 if sequence else None)
    result = search(recording, tmp_path / "out", finder, settings)
    # a few, spread over the input
    assert looked_at == [0, 4, 8]
    (warning,) = warnings(result.folder)
    assert warning["kind"] == "unfamiliar"
    assert (warning["looked_at"], warning["unfamiliar"]) == (3, 2)
    report = (result.folder / "report.html").read_text(encoding="utf-8")
    assert "2 of 3 pictures" in report
    assert "unlike anything that the detector was trained on" in report


def test_a_few_strange_frames_are_no_warning(
    recording: Path, tmp_path: Path, finder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finder, "is_unfamiliar", lambda frame, **_: frame.index == 4)
    result = search(recording, tmp_path / "out", finder, SearchSettings(sequence=False))
    assert warnings(result.folder) == []
    assert "unlike" not in (result.folder / "report.html").read_text(encoding="utf-8")


def test_a_single_picture_is_judged_once(
    recording: Path, tmp_path: Path, finder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[int] = []

    def strange(frame: Any, *, magnification: float | None = None) -> bool:
        looked_at.append(frame.index)
        return True

    monkeypatch.setattr(finder, "is_unfamiliar", strange)
    result = search(recording / "f3.png", tmp_path / "out", finder, SearchSettings())
    assert looked_at == [0]
    (warning,) = warnings(result.folder)
    assert warning["text"].startswith("the picture looks unlike")


def test_a_resumed_search_comes_to_the_same_warning(
    recording: Path, tmp_path: Path, finder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finder, "is_unfamiliar", lambda frame, **_: True)
    settings = SearchSettings(sequence=True, fps=25.0)
    stopped = search(
        recording,
        tmp_path / "out",
        finder,
        settings,
        should_stop=lambda: len(finder.frames) >= 3,
    )
    assert stopped.stopped
    resumed = search(recording, tmp_path / "out", finder, settings, resume=True)
    assert not resumed.stopped
    assert resumed.summary["warnings"] == stopped.summary["warnings"] != []
