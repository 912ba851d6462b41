"""``sertoli evaluate`` on a search's folder: what its ``summary.json`` says is passed on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sertoli.cli import main

HEADER = "frame,file,x_px,y_px,width_px,height_px,probability"
WEIGHTS = {"name": "research", "sha256": "0" * 64, "restriction": "for research only"}
WHOLE = {
    "command": "search",
    "frames_searched": 12,
    "frames_total": 12,
    "stopped": False,
    "files_skipped": 0,
    "frames_lost": 0,
    "weights": {**WEIGHTS, "restriction": None},
}
STOPPED = "the search was stopped before its end"
IN_VAIN = "The truth's images among them count as searched in vain."


@pytest.fixture
def searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as ``sertoli search`` writes it, as yet without a summary, and its truth."""
    monkeypatch.chdir(tmp_path)
    truth = {
        "images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png"}],
        "annotations": [{"image_id": 1, "category_id": 1, "bbox": [10, 10, 8, 8]}],
        "categories": [{"id": 1, "name": "sperm"}],
    }
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    folder = tmp_path / "searched"
    folder.mkdir()
    (folder / "findings.csv").write_text(f"{HEADER}\n0,a.png,14,14,8,8,0.01\n")
    return folder


def tell(folder: Path, **changes: Any) -> None:
    (folder / "summary.json").write_text(json.dumps(WHOLE | changes))


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(["evaluate", *arguments, "truth.json", "--out", "out"])
    return int(left.value.code or 0)


def written(folder: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads((folder.parent / "out" / "summary.json").read_bytes())
    return said


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({}, None, id="all searched"),
        pytest.param({"command": "enhance", "stopped": True}, None, id="no search"),
        pytest.param(
            {"stopped": True, "frames_searched": 3},
            f"Not searched: 9 of the search's images ({STOPPED}). {IN_VAIN}",
            id="stopped",
        ),
        pytest.param(
            {"stopped": True, "frames_searched": 3, "frames_total": None},
            f"Not searched: an unknown number of images ({STOPPED}). {IN_VAIN}",
            id="stopped, of unknown length",
        ),
        pytest.param({"stopped": True}, None, id="stopped at the very end"),
        pytest.param(
            {"frames_searched": 10, "files_skipped": 2},
            f"Not searched: 2 of the search's images (2 could not be read). {IN_VAIN}",
            id="files skipped",
        ),
        pytest.param(
            {"frames_searched": 1000, "frames_total": 3000, "frames_lost": 2000},
            f"Not searched: 2,000 of the search's images (2,000 could not be read). {IN_VAIN}",
            id="frames lost",
        ),
        pytest.param(
            {"stopped": True, "frames_searched": 3, "files_skipped": 1, "frames_lost": 1},
            f"Not searched: 9 of the search's images ({STOPPED}; 2 could not be read). {IN_VAIN}",
            id="all at once",
        ),
    ],
)
@pytest.mark.parametrize("findings", ["searched", "searched/findings.csv"])
def test_what_was_not_searched_is_said(
    searched: Path,
    capsys: pytest.CaptureFixture[str],
    findings: str,
    changes: dict[str, Any],
    says: str | None,
) -> None:
    tell(searched, **changes)
    assert run(findings) == 0
    notes = [note for note in written(searched)["notes"] if "searched" in note]
    assert notes == ([] if says is None else [says])
    assert says is None or says in capsys.readouterr().out


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_restriction_of_the_weights_is_said(
    searched: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    tell(searched, weights=WEIGHTS)
    assert run("searched", *options) == 0
    assert capsys.readouterr().err == "sertoli: weights research: for research only\n"
    assert written(searched)["weights"] == WEIGHTS


@pytest.mark.parametrize(
    ("changes", "weights"), [({}, WHOLE["weights"]), ({"weights": None}, None), (None, None)]
)
def test_without_a_restriction_nothing_is_said(
    searched: Path,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, Any] | None,
    weights: dict[str, Any] | None,
) -> None:
    if changes is not None:
        tell(searched, **changes)
    assert run("searched") == 0
    assert capsys.readouterr().err == ""
    assert written(searched)["weights"] == weights


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "summary.json is not JSON"),
        ({"stopped": "yes"}, "has stopped 'yes'"),
        ({"frames_searched": "12"}, "has frames_searched '12'"),
        ({"files_skipped": [1]}, "has files_skipped [1]"),
        ({"frames_lost": -1}, "has frames_lost -1"),
        ({"frames_total": 10**400}, "has frames_total 1000"),
        ({"frames_total": float("nan")}, "has frames_total nan"),
        ({"weights": ["research"]}, "has weights ['research']"),
        ({"weights": {"restriction": {"no": 1}}}, "has restriction {'no': 1}"),
    ],
)
def test_a_damaged_summary_is_one_line(
    searched: Path,
    capsys: pytest.CaptureFixture[str],
    content: str | dict[str, Any],
    says: str,
) -> None:
    text = content if isinstance(content, str) else json.dumps(WHOLE | content)
    (searched / "summary.json").write_text(text)
    assert run("searched") == 2
    error = capsys.readouterr().err
    assert says in error
    assert len(error.strip().splitlines()) == 1
    assert not (searched.parent / "out").exists()
