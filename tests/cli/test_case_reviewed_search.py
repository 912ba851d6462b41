"""What a review confirmed reaches the record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sertoli.cli import main

FINISHED = "2024-03-04T11:00:00+01:00"

SUMMARY: dict[str, Any] = {
    "schema_version": 1,
    "command": "search",
    "finished_at": FINISHED,
    "elapsed_s": 120.5,
    "stopped": False,
    "sperm": 12,
    "settings": {"specimen": "SP-1"},
    "weights": {"name": "default", "sha256": "ab" * 32},
    "upper_bound_95": None,
}

REVIEW: dict[str, Any] = {
    "search_finished_at": FINISHED,
    "journal_bytes": 5,
    "complete": True,
    "confirmed_sperm": 3,
    "motile_sperm": None,
    "share_searched": 0.25,
    "sensitivity_mean": 0.8,
    "sensitivity_low": 0.6,
    "sensitivity_high": 0.9,
}


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sit down at a record with one specimen, and a search of it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SERTOLI_RECORD", raising=False)
    monkeypatch.setenv("SERTOLI_CLINIC", "MAD")
    monkeypatch.setenv("SERTOLI_STAFF", "S-01")
    for line in (
        "init --clinic MAD --staff S-01",
        "new patient code=P-1 birth_year=1985",
        "edit clinic MAD time_zone=Europe/Madrid",
        "new procedure patient=P-1 code=OP-1 kind=micro_tese surgeon=S-01 "
        "started_at=2024-03-04T09:00",
        "add-specimen OP-1 SP-1 taken_at=2024-03-04T10:00+01:00",
    ):
        assert case(line) == 0
    Path("s").mkdir()
    write("summary.json", SUMMARY)
    Path("s/review.jsonl").write_bytes(b"12345")


def case(line: str) -> object:
    with pytest.raises(SystemExit) as stop:
        main(["case", *line.split()])
    return stop.value.code


def write(name: str, content: object) -> None:
    Path("s", name).write_text(json.dumps(content), encoding="utf-8")


def added(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert case("add-search SP-1 s --json") == 0
    row: dict[str, Any] = json.loads(capsys.readouterr().out)["row"]
    return row


def test_a_finished_review_is_taken_over(capsys: pytest.CaptureFixture[str]) -> None:
    write("review.json", REVIEW)
    row = added(capsys)
    assert row["confirmed_sperm"] == 3
    assert row["share_searched"] == 0.25
    assert row["sensitivity_mean"] == 0.8
    assert row.get("motile_sperm") is None


@pytest.mark.parametrize(
    "changes", [{"complete": False}, {"search_finished_at": "2024-03-05T11:00:00+01:00"}]
)
def test_an_unfinished_or_older_review_is_not(
    changes: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    write("review.json", {**REVIEW, **changes})
    assert added(capsys).get("confirmed_sperm") is None


@pytest.mark.parametrize("content", [[], {}, {**REVIEW, "journal_bytes": 4}])
def test_refuses_a_review_that_cannot_be_relied_on(
    content: object, capsys: pytest.CaptureFixture[str]
) -> None:
    write("review.json", content)
    assert case("add-search SP-1 s") == 2
    assert "sertoli review" in capsys.readouterr().err


def test_reviewed_or_not_it_is_the_same_search(capsys: pytest.CaptureFixture[str]) -> None:
    added(capsys)
    write("summary.json", {**SUMMARY, "upper_bound_95": 9, "upper_bound_95_note": "at most 9"})
    assert case("add-search SP-1 s") == 2
    assert "in the record already" in capsys.readouterr().err
