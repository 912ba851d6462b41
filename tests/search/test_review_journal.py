from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sertoli.errors import OutputError, SettingError
from sertoli.outputs import OutputFolder
from sertoli.search.review import DECISIONS_NAME, DecisionJournal, Place, Verdict
from sertoli.search.review._decisions import checked_name, new_decision
from sertoli.search.review._standing import in_force

PLACE = Place(3, 10.5, 20.0, 8.0, 9.0)

WRITER = """
import sys
from pathlib import Path
from sertoli.search.review import DecisionJournal, Place, Verdict
from sertoli.search.review._decisions import new_decision
journal = DecisionJournal(Path(sys.argv[1]))
n = 0
while True:
    journal.append(new_decision(sys.argv[2], "c", Verdict.CONFIRM, [Place(n, 1, 1, 5, 5)]))
    print(n, flush=True)
    n += 1
    if len(sys.argv) > 3 and n == int(sys.argv[3]):
        break
"""


def decide(by: str = "AB", frame: int = 3) -> object:
    return new_decision(by, "content", Verdict.CONFIRM, [Place(frame, 1.0, 2.0, 8.0, 8.0)])


def test_what_was_written_is_read(tmp_path: Path) -> None:
    journal = DecisionJournal(tmp_path)
    first = new_decision("Ä. B.", "content", Verdict.UNSURE, [PLACE], marked=True)
    undo = new_decision("CD", "content", None, undoes=first.id)
    looked = new_decision("CD", "content", None, looked=7)
    for one in (first, undo, looked):
        journal.append(one)
    assert DecisionJournal(tmp_path).read() == [first, undo, looked]
    assert in_force(journal.read()) == []


@given(st.integers(0, 400), st.binary(max_size=30))
@settings(max_examples=40, deadline=None)
def test_a_torn_line_costs_only_itself(
    tmp_path_factory: pytest.TempPathFactory, cut: int, rubbish: bytes
) -> None:
    folder = tmp_path_factory.mktemp("torn")
    journal = DecisionJournal(folder)
    kept = decide(frame=1)
    journal.append(kept)  # type: ignore[arg-type]
    whole = journal.path.read_bytes()
    journal.append(decide(frame=2))  # type: ignore[arg-type]
    torn = journal.path.read_bytes()[: len(whole) + cut]
    journal.path.write_bytes(torn + (rubbish if not torn.endswith(b"\n") else b""))
    after = decide(frame=9)
    DecisionJournal(folder).append(after)  # type: ignore[arg-type]
    read = journal.read()
    assert read[0] == kept
    assert read[-1] == after


def test_survives_a_kill_at_any_moment(tmp_path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path), "AB"], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    told = [writer.stdout.readline() for _ in range(20)]
    writer.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    rest = writer.stdout.read()
    writer.wait()
    writer.stdout.close()
    said = len(told) + rest.count("\n")
    assert len(DecisionJournal(tmp_path).read()) >= said


def test_two_write_at_once(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), by, "60"], stdout=subprocess.DEVNULL
        )
        for by in ("AB", "CD")
    ]
    assert [one.wait() for one in writers] == [0, 0]
    read = DecisionJournal(tmp_path).read()
    assert sorted(one.by for one in read) == ["AB"] * 60 + ["CD"] * 60


def test_rubbish_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / DECISIONS_NAME).write_bytes(
        b'{"id": 1}\n[]\nnull\n\xff\xfe\x00\n'
        b'{"id":"a","at":"","by":"x","input":"c","verdict":"yes"}\n'
        b'{"id":"b","at":"","by":"x","input":"c","verdict":"confirm","places":[[1,1e999,0,1,1]]}\n'
        b'{"id":"b","at":"","by":"x","input":"c","verdict":"confirm","places":[[1]]}\n'
        + b"[" * 5000
        + b"\n"
    )
    assert DecisionJournal(tmp_path).read() == []


@pytest.mark.parametrize("by", ["", "   ", "a" * 65, "a\nb", "\x1b[31m"])
def test_refuses_names_that_cannot_be_written(by: str) -> None:
    with pytest.raises(SettingError, match="--by"):
        checked_name(by)


def test_says_where_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / DECISIONS_NAME).mkdir()
    with pytest.raises(OutputError, match=DECISIONS_NAME):
        DecisionJournal(tmp_path)


def write(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8", newline="\n")


def test_overwriting_a_folder_keeps_decisions(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out / "inner", DECISIONS_NAME, "one\ntwo\n")
    write(out, "findings.csv", "old")
    new = OutputFolder(out, overwrite=True)
    write(new.path / "inner", DECISIONS_NAME, "two\nthree")
    write(new.path, "findings.csv", "new")
    new.finish()
    assert (out / "findings.csv").read_text() == "new"
    assert (out / "inner" / DECISIONS_NAME).read_text().split() == ["two", "three", "one"]
    assert [one.name for one in tmp_path.iterdir()] == ["out"]


def test_an_unfinished_folder_that_is_thrown_away_keeps_decisions(tmp_path: Path) -> None:
    write(tmp_path / "out.partial" / "a", DECISIONS_NAME, "one\n")
    write(tmp_path / "out.partial" / "b", "journal.bin", "x")
    new = OutputFolder(tmp_path / "out", overwrite=True)
    assert not (new.path / "b").exists()
    new.finish()
    assert (tmp_path / "out" / "a" / DECISIONS_NAME).read_text() == "one\n"


def test_a_decision_during_the_change_of_folders_arrives(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    journal = DecisionJournal(out)
    for frame in range(3):
        journal.append(decide(frame=frame))  # type: ignore[arg-type]
    stop = threading.Event()
    written: list[int] = []

    def reviewer() -> None:
        while not stop.is_set():
            journal.append(decide(frame=100 + len(written)))  # type: ignore[arg-type]
            written.append(1)

    thread = threading.Thread(target=reviewer)
    thread.start()
    for _ in range(5):
        new = OutputFolder(out, overwrite=True)
        write(new.path, "findings.csv", "x")
        new.finish()
    stop.set()
    thread.join()
    assert len(DecisionJournal(out).read()) == 3 + len(written)
