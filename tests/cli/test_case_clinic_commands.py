"""``sertoli case workup``, ``follow-up``, ``retrieval-model`` and ``sertoli outcomes``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sertoli.cli import main

DISCLAIMER = "Research software, not a medical device."

TOLD = """
case init --clinic MAD --staff S-01
case edit clinic MAD time_zone=Europe/Madrid
case new patient code=P-1 wants_sperm=yes
case new genetic-test patient=P-1 tested_on=2024-01-01 azfb=complete
case new hormone-panel patient=P-1 sampled_at=2024-01-01T08:00 testosterone_nmol_per_l=20
case new procedure patient=P-1 code=OP-1 kind=micro_tese surgeon=S-01 started_at=2024-03-04T09:00
case new hormone-panel patient=P-1 sampled_at=2024-07-01T08:00 testosterone_nmol_per_l=9
case new hormone-panel patient=P-1 sampled_at=2024-07-08T08:00 testosterone_nmol_per_l=9
"""


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SERTOLI_RECORD", raising=False)
    monkeypatch.setenv("SERTOLI_CLINIC", "MAD")
    monkeypatch.setenv("SERTOLI_STAFF", "S-01")


def call(line: str) -> object:
    with pytest.raises(SystemExit) as stop:
        main(line.split())
    return stop.value.code


def test_a_man_is_worked_up_and_followed(capsys: pytest.CaptureFixture[str]) -> None:
    for line in TOLD.strip().splitlines():
        assert call(line) == 0, capsys.readouterr().err
    capsys.readouterr()

    assert call("case workup P-1") == 0
    text = capsys.readouterr().out
    assert "advise against surgery" in text
    assert "[PMC8304267 [V: read in the abstract or page named]]" in text
    assert text.strip().endswith(DISCLAIMER)
    assert call("case workup P-1 --json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["advises_against_surgery"] is True
    assert report["schema_version"] == 1

    assert call("case follow-up P-1 --on 2024-07-20 --out p1.html") == 0
    text = capsys.readouterr().out
    assert "45% of his baseline" in text
    assert "Never suggest testosterone" in text
    assert Path("p1.html").exists()
    assert call("case follow-up P-1 --on 2024-07-20 --out p1.html") == 2
    assert "exists already" in capsys.readouterr().err

    assert call("case retrieval-model") == 2
    assert "too few men" in capsys.readouterr().err
    assert call("case workup P-7") == 2
    assert "there is no case P-7" in capsys.readouterr().err

    assert call("outcomes --json --small-cells 0") == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["name"], summary["biopsies"], summary["open"]) == ("MAD", 1, 1)
    assert summary["retrieval_rate"] is None


def test_the_example_needs_no_record(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("outcomes --example --json") == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["biopsies"], summary["positive"], summary["pregnancies"]) == (23, 13, 6)
    assert summary["retrieval_rate"] == pytest.approx(13 / 23, abs=1e-6)
    assert call("outcomes --example --out year") == 0
    text = capsys.readouterr().out
    assert "56.52 %" in text
    assert DISCLAIMER in text
    assert {path.name for path in Path("year").iterdir()} == {
        "summary.json",
        "rates.csv",
        "report.html",
        "report.pdf",
    }
    assert call("outcomes --example --out year") == 2
    assert "exists already" in capsys.readouterr().err


def test_without_a_record_it_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call("outcomes") == 2
    monkeypatch.delenv("SERTOLI_STAFF")
    capsys.readouterr()
    assert call("outcomes") == 2
    assert "--staff" in capsys.readouterr().err
