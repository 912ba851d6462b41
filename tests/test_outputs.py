"""Output folders appear whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sertoli.errors import OutputError
from sertoli.outputs import OutputFolder


def contents(place: Path) -> dict[str, str]:
    return {
        path.relative_to(place).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(place.rglob("*"))
        if path.is_file()
    }


def fill(folder: OutputFolder, text: str = "new") -> None:
    (folder.path / "a.txt").write_text(text, encoding="utf-8")


def test_nothing_stands_at_the_place_until_it_is_finished(tmp_path: Path) -> None:
    folder = OutputFolder(tmp_path / "deep" / "out")
    fill(folder)
    assert not (tmp_path / "deep" / "out").exists()
    assert folder.path == tmp_path / "deep" / "out.partial"
    assert folder.finish() == tmp_path / "deep" / "out"
    assert contents(tmp_path) == {"deep/out/a.txt": "new"}


def test_discarded_it_leaves_nothing(tmp_path: Path) -> None:
    folder = OutputFolder(tmp_path / "out")
    fill(folder)
    folder.discard()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["out", "out.partial"])
def test_what_stands_there_is_refused_and_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "a.txt").write_text("old", encoding="utf-8")
    with pytest.raises(OutputError, match="--overwrite"):
        OutputFolder(tmp_path / "out")
    assert contents(tmp_path) == {f"{name}/a.txt": "old"}


@pytest.mark.parametrize("name", ["out", "out.partial"])
@pytest.mark.parametrize("how", ["", "overwrite", "resume"])
def test_a_file_at_the_place_is_refused_and_left_alone(tmp_path: Path, name: str, how: str) -> None:
    (tmp_path / name).write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="not a folder"):
        OutputFolder(tmp_path / "out", overwrite=how == "overwrite", resume=how == "resume")
    assert contents(tmp_path) == {name: "mine"}


def test_overwriting_keeps_the_old_until_the_new_is_whole(tmp_path: Path) -> None:
    for name in ("out", "out.partial"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "summary.json").write_text("old", encoding="utf-8")
    folder = OutputFolder(tmp_path / "out", overwrite=True)
    fill(folder)
    assert contents(tmp_path) == {"out/summary.json": "old", "out.partial/a.txt": "new"}
    folder.finish()
    assert contents(tmp_path) == {"out/a.txt": "new"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_working_folder_is_never_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match="working folder"):
        OutputFolder(Path(), overwrite=True)
    assert contents(tmp_path) == {"thesis.txt": "mine"}


@pytest.mark.parametrize("holder", ["out", "out.partial"])
@pytest.mark.parametrize("given", [".", "dish.mp4", "deep/dish.mp4"])
def test_a_folder_with_the_input_is_never_overwritten(
    tmp_path: Path, holder: str, given: str
) -> None:
    (tmp_path / holder / "deep").mkdir(parents=True)
    (tmp_path / holder / "summary.json").write_text("old", encoding="utf-8")
    with pytest.raises(OutputError, match="holds the input"):
        OutputFolder(tmp_path / "out", overwrite=True, inputs=[tmp_path / holder / given])
    assert contents(tmp_path) == {f"{holder}/summary.json": "old"}


def test_the_root_of_the_disk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="root of the disk"):
        OutputFolder(Path(tmp_path.anchor))


@pytest.mark.parametrize("name", ["out", "out.partial"])
def test_discarding_a_resumed_run_puts_back_what_was_there(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "b.txt").write_text("hours of work", encoding="utf-8")
    OutputFolder(tmp_path / "out", resume=True).discard()
    assert contents(tmp_path) == {f"{name}/b.txt": "hours of work"}


def test_a_folder_in_use_that_cannot_be_replaced_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "summary.json").write_text("old", encoding="utf-8")
    folder = OutputFolder(tmp_path / "out", overwrite=True)
    fill(folder)
    move = os.replace

    def refuse(source: Path, target: Path) -> None:
        if source == folder.path:
            raise PermissionError(13, os.strerror(13))
        move(source, target)

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OutputError, match="cannot move"):
        folder.finish()
    assert contents(tmp_path) == {"out/summary.json": "old", "out.partial/a.txt": "new"}
    assert {path.name for path in tmp_path.iterdir()} == {"out", "out.partial"}


@pytest.mark.parametrize("name", ["out", "out.partial"])
def test_resuming_continues_what_is_there(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "b.txt").write_text("old", encoding="utf-8")
    folder = OutputFolder(tmp_path / "out", resume=True)
    assert folder.resumed
    fill(folder)
    folder.finish()
    assert contents(tmp_path) == {"out/a.txt": "new", "out/b.txt": "old"}


def test_resuming_nothing_begins(tmp_path: Path) -> None:
    folder = OutputFolder(tmp_path / "out", resume=True)
    assert not folder.resumed
    assert list(folder.path.iterdir()) == []


def test_a_place_below_a_file_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="--out") as refusal:
        OutputFolder(tmp_path / "file" / "out")
    assert "\n" not in str(refusal.value)
    assert contents(tmp_path) == {"file": "mine"}


def test_a_place_that_cannot_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Permissions do not stop an administrator, so the refusal of the system is acted.
    def refuse(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(OutputError, match="permissions"):
        OutputFolder(tmp_path / "out")


def test_a_relative_place_stays_where_it_was_when_the_working_folder_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = OutputFolder(Path("out"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert folder.finish() == tmp_path / "out"
