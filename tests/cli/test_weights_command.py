"""``sertoli weights``, and what commands say that use restricted weights."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from sertoli.cli import main

RESTRICTION = "for tests only"


@pytest.fixture
def research(tmp_path: Path, weights_saying: Callable[..., bytes]) -> Path:
    folder = tmp_path / "restricted"
    folder.mkdir()
    file = folder / "sperm-research.onnx"
    file.write_bytes(weights_saying(restriction=RESTRICTION))
    return file


def run(*arguments: str, cwd: Path, research: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; from sertoli.cli import main; main(sys.argv[1:])"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=cwd,
        env={**os.environ, "SERTOLI_RESEARCH_WEIGHTS": str(research.parent)},
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )


def test_the_list_is_read_by_people_and_by_scripts(
    research: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SERTOLI_RESEARCH_WEIGHTS", str(research.parent))
    with pytest.raises(SystemExit) as left:
        main(["weights"])
    assert left.value.code == 0
    told = capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["weights", "--json"])
    listed = json.loads(capsys.readouterr().out)
    assert listed["schema_version"] == 1
    default, _, other = listed["weights"]
    assert default["name"] == "default"
    assert default["present"] is True
    assert default["restriction"] is None
    assert len(default["sha256"]) == 64
    assert default["trained_on"]
    assert other["name"] == "research"
    assert other["restriction"] == RESTRICTION
    for text in (default["sha256"], other["sha256"], RESTRICTION, "Apache-2.0"):
        assert text in told

    monkeypatch.setenv("SERTOLI_RESEARCH_WEIGHTS", str(research.parent / "gone"))
    with pytest.raises(SystemExit) as left:
        main(["weights"])
    assert left.value.code == 0
    assert "not present" in capsys.readouterr().out


@pytest.mark.parametrize("by_name", [True, False])
def test_a_restriction_is_said_at_every_use(by_name: bool, research: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    cv2.imwrite(str(tmp_path / "a.png"), rng.integers(80, 120, (64, 80)).astype(np.uint8))
    weights = "research" if by_name else str(research)
    done = run("search", "a.png", "--weights", weights, cwd=tmp_path, research=research)
    assert done.returncode == 0
    assert done.stderr.count(RESTRICTION) == 1
    assert RESTRICTION not in done.stdout
    summary = json.loads((tmp_path / "a-search" / "summary.json").read_text(encoding="utf-8"))
    assert summary["weights"]["restriction"] == RESTRICTION
    report = (tmp_path / "a-search" / "report.html").read_text(encoding="utf-8")
    assert RESTRICTION in report


def test_weights_that_are_not_there_are_the_users_mistake(research: Path, tmp_path: Path) -> None:
    research.unlink()
    done = run("demo", "--weights", "research", cwd=tmp_path, research=research)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "SERTOLI_RESEARCH_WEIGHTS" in done.stderr
    assert not (tmp_path / "sertoli-demo").exists()
