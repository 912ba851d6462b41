"""``sertoli case``: a case told on the command line, and what it says to mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sertoli.cli import main

DISCLAIMER = "Research software, not a medical device."

TOLD = """
init --clinic MAD --staff S-01
edit clinic MAD time_zone=Europe/Madrid
new staff code=S-02 role=surgeon reads_all_clinics=no
new patient code=P-1 birth_year=1985
new procedure patient=P-1 code=OP-1 kind=micro_tese surgeon=S-02 started_at=2024-03-04T09:00
add-specimen OP-1 SP-1 side=left mass_mg=9,4 taken_at=2024-03-04T10:00
add-search SP-1 dish-search confirmed_sperm=9 motile_sperm=1 share_searched=1
new tank code=T-1
new canister tank=T-1 number=1
new cane canister=1 number=1
new goblet cane=1 code=G-1 number=1 places=3
new straw specimen=SP-1 code=ST-1 frozen_at=2024-03-05T13:00 frozen_by=S-02 witness=S-01 sperm=6
move ST-1 --to G-1/1 --witness S-02
move ST-1 --to G-1/2 --from G-1/1 --witness S-02
"""

SUMMARY: dict[str, Any] = {
    "schema_version": 1,
    "command": "search",
    "finished_at": "2024-03-04T11:00:00+01:00",
    "elapsed_s": 120.5,
    "stopped": False,
    "sperm": 12,
    "settings": {"specimen": "SP-1"},
    "weights": {"name": "default", "sha256": "ab" * 32},
}


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sit down at an empty folder, known to the record."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SERTOLI_RECORD", raising=False)
    monkeypatch.setenv("SERTOLI_CLINIC", "MAD")
    monkeypatch.setenv("SERTOLI_STAFF", "S-01")
    write_search("dish-search")


def write_search(name: str, **changes: Any) -> None:
    Path(name).mkdir()
    content = json.dumps({**SUMMARY, **changes})
    Path(name, "summary.json").write_text(content, encoding="utf-8")


def call(line: str) -> object:
    with pytest.raises(SystemExit) as stop:
        main(["case", *line.split()])
    return stop.value.code


def tell(capsys: pytest.CaptureFixture[str]) -> None:
    for line in TOLD.strip().splitlines():
        assert call(line) == 0, capsys.readouterr().err
        assert capsys.readouterr().out.endswith(f"{DISCLAIMER}\n")


def answer(capsys: pytest.CaptureFixture[str], line: str) -> dict[str, Any]:
    assert call(line + " --json") == 0
    content: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert content["disclaimer"] == DISCLAIMER
    return content


MISTAKES = {
    "new patient code=Garcia": "pseudonym",
    "new patient code": "FIELD=VALUE",
    "new patient code=P-1": "taken already",
    "new patient code=P-2 code=P-3": "twice",
    "new patient code=P-2 shoe_size=44": "shoe_size is no field",
    "new patient code=P-2 birth_year=old": "birth_year",
    "new man code=P-2": "no entity",
    "edit patient P-9 birth_year=1980": "not in this clinic",
    "add-specimen OP-1 SP-2 taken_at=2024-03-04T08:00": "before procedure.started_at",
    "add-search SP-1 dish-search": "in the record already",
    "add-search SP-1 of-another": "specimen SP-9",
    "add-search SP-1 nowhere": "no finished search",
    "move ST-1 --to G-1/3 --from G-1/1 --witness S-02": "not recorded at G-1/1",
    "move ST-1 --to G-1/3 --witness S-01": "same as moved_by_id",
    "move ST-1 --witness S-02": "--out",
    "move ST-1 --to somewhere --witness S-02": "no place",
    "void specimen SP-1 --reason mistake": "depends on the row",
    "list --all-clinics": "may not read across",
    "restore nowhere.db": "no copy",
    "verify --head nowhere.json": "no exported head",
    "log patient": "give both",
    "backup copies --every 0": "hours",
}


def test_a_case_told_is_a_case_kept(capsys: pytest.CaptureFixture[str]) -> None:
    tell(capsys)
    case = answer(capsys, "show P-1")["case"]
    assert case["specimen"][0]["mass_mg"] == 9.4
    assert case["procedure"][0]["started_at"].startswith("2024-03-04T08:00")
    (search,) = case["bench_search"]
    assert (search["candidates"], search["confirmed_sperm"], search["complete"]) == (12, 9, True)
    assert [move["place"] for move in case["straw_move"]] == [1, 2]
    assert call("show P-1") == 0
    assert "2024-03-04 08:00 UTC" in capsys.readouterr().out

    write_search("of-another", settings={"specimen": "SP-9"})
    for line, said in MISTAKES.items():
        assert call(line) == 2, line
        problem = capsys.readouterr().err
        assert said in problem, line
        assert problem.count("\n") == 1

    assert answer(capsys, "list")["rows"][0]["code"] == "P-1"
    changes = answer(capsys, "log straw ST-1")["changes"]
    assert changes[0]["changed"]["sperm"] == {"was": None, "is": 6}
    assert call("log --last 3") == 0
    assert call("fields") == call("fields straw") == call("list goblet") == 0

    assert call("head head.json") == 0
    assert call("backup copies --keep 1") == 0
    capsys.readouterr()
    assert answer(capsys, "verify --head head.json")["sound"]
    (copy,) = Path("copies").iterdir()
    assert call(f"restore {copy} --record other.db") == 0
    assert call(f"restore {copy} --record other.db") == 2
    assert call("list --record other.db") == 0
    assert call("upgrade") == 0


def test_void_and_erase(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("init") == 0
    assert call("new patient code=P-1") == call("new patient code=P-2") == 0
    assert call("void patient P-1 --reason twice") == 0
    capsys.readouterr()
    assert [row["code"] for row in answer(capsys, "list")["rows"]] == ["P-2"]
    assert [row["code"] for row in answer(capsys, "list --voided")["rows"]] == ["P-1", "P-2"]
    assert call("erase P-2 --reason request --yes") == 0
    capsys.readouterr()
    assert answer(capsys, "list")["rows"] == []
    assert answer(capsys, "verify")["sound"]


def test_it_is_known_who_writes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call("list") == 2
    assert "there is no record" in capsys.readouterr().err
    monkeypatch.delenv("SERTOLI_STAFF")
    assert call("list") == 2
    assert "SERTOLI_STAFF" in capsys.readouterr().err


def test_hormones_are_taken_as_the_laboratory_printed_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call("init --clinic MAD --staff S-01")
    call("new patient code=P-1")
    new = ["case", "new", "hormone-panel", "patient=P-1", "sampled_at=2024-03-04T08:00+01:00"]
    capsys.readouterr()

    def typed(*given: str) -> object:
        with pytest.raises(SystemExit) as ended:
            main([*new, *given, "--json"])
        return ended.value.code

    assert typed("testosterone=3,1 ng/mL", "fsh_iu_per_l=12 mIU/mL", "prolactin_miu_per_l=300") == 0
    row = json.loads(capsys.readouterr().out)["row"]
    assert row["testosterone_nmol_per_l"] == pytest.approx(3.1 * 3.467)
    assert (row["fsh_iu_per_l"], row["prolactin_miu_per_l"]) == (12, 300)
    for wrong in ("testosterone=3.1", "testosterone=3.1 IU/L", "testosterone=low", "lh=1.2.3 IU/L"):
        assert typed(wrong) == 2
        said = capsys.readouterr().err
        assert "hormone_panel." in said
        assert "give" in said
    edit = ["case", "edit", "hormone-panel", "1", "testosterone=310 ng/dL", "--json"]
    with pytest.raises(SystemExit):
        main(edit)
    row = json.loads(capsys.readouterr().out)["row"]
    assert row["testosterone_nmol_per_l"] == pytest.approx(310 * 0.03467)


def test_every_command_answers_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    def answered(line: str) -> dict[str, Any]:
        capsys.readouterr()
        assert call(f"{line} --json") == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert found["disclaimer"] == DISCLAIMER
        return found

    assert answered("init --clinic MAD --staff S-01")["director"] == "S-01"
    for code in ("P-1", "P-2"):
        answered(f"new patient code={code}")
    assert answered("void patient P-2 --reason twice")["row"] == "P-2"
    assert answered("head head.json")["head"]["clinic"] == "MAD"
    assert answered("erase P-1 --yes --reason request")["erased_rows"] == 1
    copy = answered("backup copies")["copy"]
    assert answered(f"restore {copy} --record other.db")["sound"] is True
    assert answered("upgrade")["upgraded"] is True
