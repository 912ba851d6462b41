"""``sertoli import`` and ``sertoli export`` as a person types them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sertoli.case import Record
from sertoli.cli import main

TABLE = "ID;Height;Ward\nP-1;181,5;2\nP-2;170,0;3\n"


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_record: Callable[[], Record]) -> None:
    """Sit down at a folder with an empty record and a table."""
    new_record().close()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SERTOLI_RECORD", "record-0.db")
    monkeypatch.setenv("SERTOLI_CLINIC", "MAD")
    monkeypatch.setenv("SERTOLI_STAFF", "S-01")
    Path("men.csv").write_text(TABLE, encoding="utf-8")


def call(line: str) -> object:
    """Run a command and return its exit code."""
    with pytest.raises(SystemExit) as ended:
        main(line.split())
    return ended.value.code


def test_a_table_goes_in_and_comes_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("import --propose m.toml men.csv") == 0
    assert call("import --propose m.toml men.csv") == 2
    assert "exists already" in capsys.readouterr().err
    assert call("import --mapping m.toml --dry-run men.csv") == 0
    said = capsys.readouterr().out
    assert "nothing was entered" in said
    assert "'Ward', 2 values" in said
    assert "not a medical device" in said
    assert call("import --mapping m.toml --json --reason moved men.csv") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["entered"] is True
    assert answer["entities"] == [{"entity": "patient", "new": 2, "filled": 0, "unchanged": 0}]
    assert answer["left_out"][0]["column"] == "Ward"
    for kind in ("fhir", "redcap", "parquet"):
        assert call(f"export {kind} --for own_use") == 0
        assert Path(f"MAD-{kind}-export", "summary.json").is_file()
    assert call("export fhir") == 2
    assert call("export fhir --for own_use --overwrite --json") == 0
    capsys.readouterr()
    assert call("import MAD-fhir-export/bundle.json") == 0
    assert "was there already" in capsys.readouterr().out
    assert call("import --dry-run MAD-parquet-export") == 0
    assert call("import MAD-redcap-export") == 2


def test_problems_are_listed_and_nothing_goes_in(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("import --propose m.toml men.csv") == 0
    Path("men.csv").write_text(TABLE.replace("170,0", "17"), encoding="utf-8")
    assert call("import --mapping m.toml men.csv") == 2
    assert "men.csv, row 3, column 'Height': cannot be 17" in capsys.readouterr().out
    assert call("case list --json") == 0
    assert json.loads(capsys.readouterr().out)["rows"] == []


MISTAKES = {
    "import men.csv": "need a mapping",
    "import --mapping none.toml men.csv": "none.toml",
    "import --mapping m.toml none.csv": "none.csv",
    "import none.json": "none.json",
    "import --mapping m.toml .": "needs no mapping",
    "import . .": "import it by itself",
    "import .": "holds no export",
    "import --mapping m.toml m.toml": "",
    "import": "FILE",
    "export": "FORMAT",
    "export dicom": "fhir",
    "export fhir --out men.csv": "not a folder",
    "export fhir --clinic BCN": "does not belong",
}


@pytest.mark.parametrize("line", MISTAKES)
def test_mistakes_end_with_one_line(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    call("import --propose m.toml men.csv")
    capsys.readouterr()
    assert call(line) == 2
    said = capsys.readouterr()
    assert MISTAKES[line] in said.err
    assert "Traceback" not in said.err


def test_nobody_is_exported_who_did_not_agree(capsys: pytest.CaptureFixture[str]) -> None:
    for code in ("P-1", "P-2", "P-3"):
        assert call(f"case new patient code={code}") == 0
    given = "purpose=data_sharing given_on=2024-01-01"
    assert call(f"case new consent patient=P-1 {given}") == 0
    assert call(f"case new consent patient=P-2 {given} withdrawn_on=2024-02-01") == 0
    capsys.readouterr()
    assert call("export parquet --json --out shared") == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["use"] == "data_sharing"
    assert summary["rows"]["patient"] == summary["rows"]["consent"] == 1
    assert summary["without_consent"] == {"patient": 2}
    assert call("export parquet --for research --out study") == 0
    assert "Without consent to research, and left out: patient 3" in capsys.readouterr().out
    assert call("export parquet --for own_use --json --out own") == 0
    assert json.loads(capsys.readouterr().out)["rows"]["patient"] == 2
