"""The made-up programme as a record, and the page about it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import programme, programme_scale
from sertoli.case import Record, verify
from sertoli.outcomes import programme_from_record


def test_the_made_up_record_holds_what_its_tables_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programme, "CLINICS", 2)
    place = str(tmp_path / "record.db")
    programme.make_clinics(place)
    first = programme.load(place, 30, 0, keep=True)
    assert first.rows == sum(map(len, first.samples.values()))
    programme.load(place, 20, 1)
    with Record.open(place, clinic="C01", staff="S-0", all_clinics=True) as record:
        read = programme_from_record(record, as_of=programme_scale.TODAY)
        assert verify(record).sound
    assert read.biopsies["man_id"].nunique() == 50
    assert read.biopsies["clinic"].nunique() == 2
    assert set(read.biopsies["outcome"]) >= {"positive", "negative"}
    assert len(read.cycles) > 0
    assert read.notes == ("All records of these clinics are made up: C01, C02.",)


def test_the_page_says_what_is_missing_and_what_was_missed(tmp_path: Path) -> None:
    steps = [
        {
            "men": men,
            "rows": men * 10,
            "load_s": men / 100,
            "report_s": seconds,
            "read_s": 1.0,
            "compute_s": 1.0,
            "write_s": 1.0,
            "fetch_s": 0.5,
        }
        for men, seconds in [(2_000, 4.0), (20_000, 12.0), (200_000, 61.0)]
    ]
    figures = {"database": "sqlite", "plain_rows_per_s": 10_000.0, "steps": steps}
    (tmp_path / "sqlite.json").write_text(json.dumps(figures), encoding="utf-8")
    page = programme_scale.page(tmp_path)
    assert "**missed**" in page
    assert "| 0.100 |" in page
    assert "**PostgreSQL**: not measured yet." in page
    assert "0.15 of what linear growth would be" in page
    figures["steps"] = steps[:1]
    (tmp_path / "sqlite.json").write_text(json.dumps(figures), encoding="utf-8")
    page = programme_scale.page(tmp_path)
    assert "Not measured yet: 20,000 and 200,000 men." in page
    assert "linear" not in page
