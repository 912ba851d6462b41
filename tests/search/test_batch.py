from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sertoli.errors import InputError, OutputError, SettingError
from sertoli.search import SearchSettings, search_all

STILLS = SearchSettings(sequence=False)


@pytest.fixture
def missing(tmp_path: Path) -> Path:
    return tmp_path / "missing.mp4"


def test_one_folder_an_input_and_a_page_above(
    recording: Path, nothing: Path, tmp_path: Path, finder: Any
) -> None:
    out = tmp_path / "out"
    heard: list[str] = []
    summary = search_all([recording, nothing], out, finder, STILLS, on_input=heard.append)
    assert heard == ["recording", "nothing"]
    assert {path.name for path in out.iterdir()} == {
        "recording",
        "nothing",
        "summary.json",
        "report.html",
    }
    assert (out / "nothing" / "findings.csv").is_file()
    assert json.loads((out / "summary.json").read_text(encoding="utf-8")) == summary
    assert summary["sperm"] == 48
    page = (out / "report.html").read_text(encoding="utf-8")
    assert 'href="recording/report.html"' in page
    assert page.count("Research software, not a medical device.") == 2


def test_the_page_above_says_what_the_reports_say(
    recording: Path, nothing: Path, tmp_path: Path, finder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "out" / "report.html"
    search_all([recording, nothing], page.parent, finder, STILLS)
    assert 'class="notice"' not in page.read_text(encoding="utf-8")
    finder.restriction = "for <tests> only"
    monkeypatch.setattr(
        finder, "is_unfamiliar", lambda frame, **_: bool(frame.grey().max() < 100), raising=True
    )
    search_all([recording, nothing], page.parent, finder, STILLS, overwrite=True)
    text = page.read_text(encoding="utf-8")
    assert text.count("restricted: for &lt;tests&gt; only.") == 1
    first, second = text.split("<tbody>")[1].split("</tr>")[:2]
    assert "notice" not in first
    assert "unlike anything that the detector was trained on" in second


def test_without_out_each_gets_its_own(
    recording: Path,
    nothing: Path,
    tmp_path: Path,
    finder: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    search_all([recording, nothing], None, finder, STILLS)
    assert {path.name for path in tmp_path.iterdir()} == {"recording-search", "nothing-search"}


def test_same_names_are_numbered(recording: Path, tmp_path: Path, finder: Any) -> None:
    search_all([recording, recording], tmp_path / "out", finder, STILLS)
    assert {path.name for path in (tmp_path / "out").iterdir() if path.is_dir()} == {
        "recording",
        "recording-2",
    }


def test_one_bad_input_does_not_cost_the_others(
    missing: Path, recording: Path, tmp_path: Path, finder: Any
) -> None:
    summary = search_all([missing, recording], tmp_path / "out", finder, STILLS)
    assert "missing.mp4" in summary["inputs"][0]["error"]
    assert summary["inputs"][1]["summary"]["findings"] == 48


def test_only_bad_inputs_leave_nothing(missing: Path, tmp_path: Path, finder: Any) -> None:
    with pytest.raises(InputError, match="missing"):
        search_all([missing, missing], tmp_path / "out", finder, STILLS)
    assert list(tmp_path.iterdir()) == []


def test_stopped_and_resumed(
    recording: Path, nothing: Path, tmp_path: Path, new_finder: Callable[[], Any]
) -> None:
    out = tmp_path / "out"
    paths = [nothing, recording, nothing]
    finder = new_finder()
    summary = search_all(paths, out, finder, STILLS, should_stop=lambda: len(finder.frames) >= 5)
    assert summary["stopped"]
    assert [bool(entry["summary"]) for entry in summary["inputs"]] == [True, True, False]
    again = search_all(paths, out, finder, STILLS, resume=True)
    assert not again["stopped"]
    assert len(finder.frames) == 3 + 12 + 3
    search_all(paths, tmp_path / "whole", new_finder(), STILLS)
    for name in ("nothing", "recording", "nothing-2"):
        tables = [(tmp_path / f / name / "findings.csv").read_bytes() for f in ("out", "whole")]
        assert tables[0] == tables[1]


def test_a_single_search_is_not_resumed_as_several(
    recording: Path, nothing: Path, tmp_path: Path, finder: Any
) -> None:
    from sertoli.search import search

    search(recording, tmp_path / "out", finder, STILLS)
    with pytest.raises(OutputError, match="single input"):
        search_all([recording, nothing], tmp_path / "out", finder, STILLS, resume=True)
    assert (tmp_path / "out" / "findings.csv").exists()


def test_written_files_name_no_folder(tmp_path: Path, recording: Path, finder: Any) -> None:
    missing = tmp_path / "JANE DOE" / "missing.mp4"
    summary = search_all([missing, recording], tmp_path / "out", finder, STILLS)
    assert summary["inputs"][0]["error"].startswith("cannot read missing.mp4:")
    for name in ("summary.json", "report.html"):
        assert "JANE" not in (tmp_path / "out" / name).read_text(encoding="utf-8")


def test_resuming_with_other_settings_changes_nothing(
    recording: Path, nothing: Path, tmp_path: Path, finder: Any
) -> None:
    search_all([recording, nothing], tmp_path / "out", finder, STILLS)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.*")}
    with pytest.raises(SettingError, match="confidence"):
        search_all(
            [recording, nothing],
            tmp_path / "out",
            finder,
            SearchSettings(sequence=False, confidence=0.9),
            resume=True,
        )
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.*")}


def test_a_folder_without_a_search_is_not_resumed(
    recording: Path, nothing: Path, tmp_path: Path, finder: Any
) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(OutputError, match="no search to go on with"):
        search_all([recording, nothing], tmp_path / "out", finder, STILLS, resume=True)
