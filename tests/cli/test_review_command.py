from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from sertoli.cli._main import main

HEADER = (
    "frame,file,time_s,x_px,y_px,width_px,height_px,x_um,y_um,z_um,probability,track_id,class\n"
)


@pytest.fixture
def searched(tmp_path: Path) -> Path:
    """A folder as a search writes it, without the time a search takes."""
    folder = tmp_path / "dish-search"
    folder.mkdir()
    rows = "".join(
        f"{n},,0.04,{20 + 30 * n}.00,25.00,10.00,8.00,,,,0.{9 - n}0000,{n},sperm\n"
        for n in range(3)
    )
    (folder / "findings.csv").write_text(HEADER + rows, encoding="utf-8", newline="\n")
    summary = {
        "schema_version": 1,
        "command": "search",
        "input": "dish.mp4",
        "kind": "sequence",
        "frames_searched": 3,
        "finished_at": "2026-01-02T03:04:05+00:00",
        "settings": {"confidence": 0.3, "um_per_px": None, "fps": None, "modality": None},
        "optics": {"modality": None},
        "weights": {"sha256": "0" * 64},
        "warnings": [],
        "upper_bound_95": None,
        "identity": {"input content": "c0ffee"},
    }
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8", newline="\n")
    return folder


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(one) for one in arguments])
    return int(left.value.code or 0)


def test_decide_without_a_terminal(searched: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(
        "review", searched, "--by", "AB", "--share", 0.5, "--sensitivity", "18/20",
        "--sensitivity", "19/20", "--decide", "0:20:25=confirm", "--decide", "1:50:25=reject",
        "--decide", "2:80:25=unsure", "--mark", "2:5:5", "--json",
    )  # fmt: skip
    assert code == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["confirmed"], told["rejected"], told["unsure"]) == (2, 1, 1)
    assert told["confirmed_sperm"] is None  # one is left unsure
    assert told["bound"]["upper_bound_95"] >= 3
    summary = json.loads((searched / "summary.json").read_text(encoding="utf-8"))
    assert summary["upper_bound_95"] == told["bound"]["upper_bound_95"]
    assert run("review", searched, "--by", "AB", "--undo", "--list") == 0
    listed = capsys.readouterr().out
    assert "0:20:25" in listed
    assert "1 confirmed, 1 rejected, 1 left open" in listed
    assert "not a medical device" in listed


@pytest.mark.parametrize("asked", ["--json", "--list"])
def test_says_the_restriction_of_the_weights(
    searched: Path, asked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("review", searched, asked) == 0
    assert capsys.readouterr().err == ""
    file = searched / "summary.json"
    summary = json.loads(file.read_text(encoding="utf-8"))
    weights = {"name": "research", "sha256": "0" * 64, "restriction": "for tests only"}
    file.write_text(json.dumps(summary | {"weights": weights}), encoding="utf-8", newline="\n")
    for _ in range(2):  # said at every use
        assert run("review", searched, asked) == 0
        told = capsys.readouterr()
        assert told.err == "sertoli: weights research: for tests only\n"
    assert asked == "--list" or json.loads(told.out)["weights"] == weights
    review = json.loads((searched / "review.json").read_text(encoding="utf-8"))
    assert review["weights"] == weights
    assert json.loads(file.read_text(encoding="utf-8"))["weights"] == weights


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--decide", "0:20:25=yes"], "no decision"),
        (["--decide", "9:9:9=confirm"], "no candidate"),
        (["--decide", "0:20:25=confirm", "--mark", "1;2;3"], "no place"),
        (["--mark", "0:nan:3"], "no place"),
        (["--share", "1.5"], "share"),
        (["--share", "nan"], "share"),
        (["--sensitivity", "5/4"], "sensitivity"),
        (["--by", "a\tb", "--json"], "--by"),
        (["--out", "x"], "--out"),
        (["--input", "nothing.mp4"], "nothing.mp4"),
        ([], "no terminal"),
    ],
)
def test_refuses(
    searched: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("review", searched, *arguments) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert not (searched / "review.jsonl").exists()
    assert not (searched / "review.json").exists()


def test_refuses_what_is_no_search(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("review", tmp_path / "none", "--json") == 2
    (tmp_path / "empty").mkdir()
    assert run("review", tmp_path / "empty", "--json") == 2
    assert list((tmp_path / "empty").iterdir()) == []


def test_by_eye_from_python_to_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "one.png"
    cv2.imwrite(str(picture), np.full((60, 80), 90, np.uint8))
    out = tmp_path / "one-review"
    assert run("review", picture, "--out", out, "--mark", "0:30:99") == 2
    assert not out.exists()
    assert "frame" in capsys.readouterr().err
    assert run("review", picture, "--out", out, "--mark", "0:30:20", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["confirmed"], told["frames_total"]) == (1, 1)
    assert told["bound"]["upper_bound_95"] is None
    assert told["weights"] is None
    assert (out / "review.jsonl").is_file()
    for outside in ("1:30:20", "0:80:20", "0:30:60"):
        assert run("review", picture, "--out", out, "--mark", "0:9:9", "--mark", outside) == 2
        assert "frame" in capsys.readouterr().err
    assert len((out / "review.jsonl").read_text(encoding="utf-8").splitlines()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is needed")
def test_keys_at_a_terminal(searched: Path) -> None:
    import pty
    import termios

    keeper, terminal = pty.openpty()
    review = subprocess.Popen(
        [sys.executable, "-m", "sertoli", "review", str(searched), "--by", "AB"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, "NO_COLOR": "1", "TERM": "dumb"},
        close_fds=True,
    )
    os.close(terminal)
    said = ""
    for key in "ynq":
        said += _until(keeper, "[q] quit", review)
        # keys typed before the program listens are dropped: nobody decides without a picture
        while termios.tcgetattr(keeper)[3] & termios.ICANON and review.poll() is None:
            time.sleep(0.01)
        os.write(keeper, key.encode())
    said += _until(keeper, "medical device", review)
    assert review.wait() == 0
    os.close(keeper)
    assert "1 confirmed" in said
    told = json.loads((searched / "review.json").read_text(encoding="utf-8"))
    assert (told["confirmed"], told["rejected"], told["open"]) == (1, 1, 1)


def _until(keeper: int, words: str, process: subprocess.Popen[bytes]) -> str:
    import select

    said = b""
    until = time.monotonic() + 300
    while words.encode() not in said and time.monotonic() < until:
        ready, _, _ = select.select([keeper], [], [], 1.0)
        if ready:
            try:
                said += os.read(keeper, 4096)
            except OSError:
                break
        elif process.poll() is not None:
            break
    return said.decode("utf-8", "replace")
