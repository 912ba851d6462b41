"""``sertoli demo``: ends by itself, can be repeated, tells where the report is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sertoli.cli import demo, main
from sertoli.cli._watch import StopSwitch


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Three frames instead of four seconds and a small field, in an empty folder."""
    monkeypatch.setattr(demo, "FIELD_SIZE_PX", (160, 120))
    monkeypatch.setattr(demo, "SECONDS", 3 / demo.FPS)
    monkeypatch.chdir(tmp_path)


def exit_code(*arguments: str) -> object:
    with pytest.raises(SystemExit) as stop:
        main(["demo", *arguments])
    return stop.value.code


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_names_a_report_that_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code() == 0
    out = capsys.readouterr().out
    (report,) = re.findall(r"^Report: (.+)$", out, re.MULTILINE)
    assert Path(report).is_file()
    assert names(Path("sertoli-demo")) == [
        "dish",
        "dish.png",
        "field",
        "field-enhanced",
        "field-map",
        "index.html",
        "programme",
        "record",
        "search",
        "summary.json",
    ]
    assert names(Path("sertoli-demo/dish")) == ["dish.mp4", "truth.json"]
    page = Path(report).read_text(encoding="utf-8")
    for place in re.findall(r'(?:href|src)="([^"]+)"', page):
        assert (Path(report).parent / place).is_file(), place
    assert "not a medical device" in page
    assert "simulated" in page


def test_again_and_again_it_takes_the_next_free_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(demo, "_run", lambda place, detector: ({}, False))
    (tmp_path / "sertoli-demo").mkdir()
    (tmp_path / "sertoli-demo-2.partial").mkdir()
    assert exit_code("--json") == 0
    assert names(tmp_path) == ["sertoli-demo", "sertoli-demo-2.partial", "sertoli-demo-3"]
    assert names(tmp_path / "sertoli-demo") == []


def test_a_place_that_is_taken_is_refused_unless_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "here").mkdir()
    assert exit_code("--out", "here") == 2
    assert "--overwrite" in capsys.readouterr().err
    assert names(tmp_path / "here") == []

    assert exit_code("--out", "here", "--overwrite", "--json") == 0
    summary = json.loads(capsys.readouterr().out)
    written = json.loads((tmp_path / "here" / "summary.json").read_text(encoding="utf-8"))
    assert summary == written
    assert summary["schema_version"] == 1
    assert summary["synthetic"] is True
    assert summary["search"]["frames_searched"] == 3
    assert summary["evaluation"]["images"] == 3
    assert summary["evaluation"]["truths"] > 0
    review, record = summary["review"], summary["record"]
    assert review["simulated"] is True
    assert review["confirmed"] + review["rejected"] == review["candidates"] > 0
    assert review["bound"]["sentence"] == summary["search"]["upper_bound_95_note"]
    assert record["confirmed_sperm"] == review["confirmed"]
    assert record["verified"] is True
    assert summary["field"]["tubules"] > 0
    assert any("13" in line and "23" in line for line in summary["programme"]["rates"])


def test_stopped_it_keeps_what_was_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(StopSwitch, "is_on", lambda self: True)
    assert exit_code("--out", "here") == 130
    summary = json.loads((tmp_path / "here" / "summary.json").read_text(encoding="utf-8"))
    assert summary["stopped"] is True
    for later in ("evaluation", "review", "record", "programme"):
        assert summary[later] is None
    assert names(tmp_path / "here") == [
        "dish",
        "dish.png",
        "field",
        "field-enhanced",
        "field-map",
        "index.html",
        "search",
        "summary.json",
    ]
    assert "was stopped" in (tmp_path / "here" / "index.html").read_text(encoding="utf-8")
    assert (tmp_path / "here" / "search" / "report.html").is_file()


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (OSError("full"), 1)])
def test_broken_off_it_leaves_nothing(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr(demo, "_record", broken)
    assert exit_code() == code
    assert names(tmp_path) == []
