"""``sertoli phantom dish`` as a person calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sertoli.cli import main

SMALL = ["--width", "64", "--height", "48"]


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(["phantom", "dish", *arguments])
    return int(end.value.code or 0)


def test_a_recording_with_its_truth(tmp_path: Path) -> None:
    assert run("--seed", "1", "--out", str(tmp_path / "a"), "--seconds", "0.2", *SMALL) == 0
    assert {p.name for p in (tmp_path / "a").iterdir()} == {"dish.mp4", "truth.json"}
    truth = json.loads((tmp_path / "a" / "truth.json").read_text(encoding="utf-8"))
    assert len(truth["images"]) == 5
    assert truth["info"]["synthetic"] is True


def test_the_same_seed_writes_the_same_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert run("--seed", "3", "--out", str(tmp_path / name), "--seconds", "0.1", *SMALL) == 0
    for name in ("dish.mp4", "truth.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_stills_of_many_places(tmp_path: Path) -> None:
    assert run("--seed", "1", "--out", str(tmp_path / "a"), "--fields", "3", *SMALL) == 0
    names = {p.name for p in (tmp_path / "a").iterdir()}
    assert names == {"dish_00000.png", "dish_00001.png", "dish_00002.png", "truth.json"}


@pytest.mark.parametrize(
    "wrong",
    [
        ("--um-per-px", "nan"),
        ("--um-per-px", "0.05"),
        ("--sperm-per-field", "-1"),
        ("--seconds", "0"),
        ("--fps", "inf"),
        ("--width", "0"),
        ("--seed", "-1"),
        ("--modality", "x-ray"),
    ],
)
def test_nonsense_is_refused_in_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], wrong: tuple[str, str]
) -> None:
    arguments = ["--seed", "1", "--out", str(tmp_path / "a"), *SMALL, *wrong]
    assert run(*arguments) == 2
    assert len(capfd.readouterr().err.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_kept_unless_told(tmp_path: Path) -> None:
    place = tmp_path / "a"
    place.mkdir()
    (place / "precious").write_text("x", encoding="utf-8")
    arguments = ["--seed", "1", "--out", str(place), "--fields", "1", *SMALL]
    assert run(*arguments) == 2
    assert (place / "precious").exists()
    assert run(*arguments, "--overwrite") == 0
    assert not (place / "precious").exists()
    assert list(tmp_path.iterdir()) == [place]
