from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
import pytest

from sertoli.cli import main
from sertoli.frames import VideoWriter

FILES = {"findings.csv", "tracks.csv", "findings.coco.json", "summary.json", "report.html"}


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        main(["search", *map(str, arguments)])
    code = left.value.code
    assert isinstance(code, int)
    return code


def left_behind(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def blank(shape: tuple[int, int], grey: int = 90) -> np.ndarray:
    return np.full(shape, grey, np.uint8)


@pytest.fixture(scope="session")
def stills(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "dish one"
    folder.mkdir()
    rng = np.random.default_rng(3)
    for index in range(3):
        noise = rng.integers(60, 120, (64, 80)).astype(np.uint8)
        cv2.imwrite(str(folder / f"{index}.png"), noise)
    return folder


def video(path: Path, shape: tuple[int, int], grey: int, frames: int = 5) -> Path:
    with VideoWriter(path, width_px=shape[1], height_px=shape[0], fps=25) as writer:
        for _ in range(frames):
            writer.write(blank(shape, grey))
    return path


def test_writes_the_contract(stills: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(stills, "--stills") == 0
    assert left_behind(here) == {"dish one-search"}
    assert left_behind(here / "dish one-search") == FILES
    said = capsys.readouterr()
    assert "report.html" in said.out
    # noise may be said to look unlike sperm, nothing else is to be said
    assert all("unlike" in line for line in said.err.splitlines())


def test_what_was_not_searched_is_said(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fields = tmp_path / "fields"
    fields.mkdir()
    for index in range(3):
        (fields / f"{index}.png").write_bytes(png((64, 80))[: 80 if index == 1 else None])
    assert run(fields) == 0
    said = capsys.readouterr()
    assert "in the 2 fields searched" in said.out
    assert [line for line in said.err.splitlines() if "unlike" not in line] == [
        "sertoli: fields: 1 could not be read and was not searched; the report says more"
    ]


def test_json_prints_the_summary(
    stills: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--um-per-px", 0.4, "--modality", "phase_contrast", "--specimen", "L3-2")
    assert run(stills, "--stills", "--json", "--confidence", 0.6, *options, "--out", "deep/er") == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary == json.loads((here / "deep" / "er" / "summary.json").read_bytes())
    assert summary["settings"] == {
        "confidence": 0.6,
        "um_per_px": 0.4,
        "fps": None,
        "modality": "phase_contrast",
        "sequence": False,
        "specimen": "L3-2",
    }
    # a sequence is judged as a whole, stills one by one
    assert summary["optics"] == {
        "um_per_px": 0.4,
        "modality": "phase_contrast",
        "magnification": None,
    }
    assert summary["frames_searched"] == 3
    assert str(stills.parent) not in json.dumps(summary)


def test_existing_folder_is_refused_then_replaced_or_kept(stills: Path, here: Path) -> None:
    assert run(stills, "--out", "out") == 0
    assert run(stills, "--out", "out") == 2
    assert run(stills, "--out", "out", "--overwrite") == 0
    assert run(stills, "--out", "out", "--resume") == 0
    assert run(stills, "--out", "out", "--resume", "--overwrite") == 2
    assert left_behind(here) == {"out"}


def test_several_inputs(stills: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = here / "one.png"
    cv2.imwrite(str(picture), blank((40, 40)))
    assert run(stills, picture, "--out", "both") == 0
    assert left_behind(here / "both") == {"dish one", "one", "summary.json", "report.html"}
    assert run(stills, picture, here / "missing.avi") == 2
    assert left_behind(here) == {"one.png", "both", "dish one-search", "one-search"}
    assert "missing.avi" in capsys.readouterr().err


GOOD = "good.png"

BAD_OPTIONS: dict[str, list[object]] = {
    "um-per-px nan": ["--um-per-px", "nan"],
    "um-per-px negative": ["--um-per-px", "-1"],
    "um-per-px zero": ["--um-per-px", "0"],
    "um-per-px infinite": ["--um-per-px", "inf"],
    "um-per-px word": ["--um-per-px", "big"],
    "um-per-px of another microscope": ["--um-per-px", "3.2"],
    "um-per-px in metres": ["--um-per-px", "0.001"],
    "fps nan": ["--fps", "nan"],
    "fps negative": ["--fps", "-25"],
    "fps zero": ["--fps", "0"],
    "fps of no camera": ["--fps", "1e9"],
    "fps of a frame in three hours": ["--fps", "0.0001"],
    "confidence zero": ["--confidence", "0"],
    "confidence above one": ["--confidence", "1.01"],
    "confidence nan": ["--confidence", "nan"],
    "modality unknown": ["--modality", "sonar"],
    "specimen empty": ["--specimen", ""],
    "specimen with a line break": ["--specimen", "a\nb"],
    "specimen too long": ["--specimen", "x" * 65],
    "weights missing": ["--weights", "nowhere.onnx"],
    "weights of something else": ["--weights", GOOD],
    "option unknown": ["--faster"],
    "out is a file": ["--out", GOOD],
    "out below a file": ["--out", f"{GOOD}/deep"],
    "input missing": ["missing.png"],
}


@pytest.mark.parametrize("name", BAD_OPTIONS)
def test_bad_options_say_one_line_and_leave_nothing(
    name: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cv2.imwrite(str(here / GOOD), blank((40, 40)))
    options = BAD_OPTIONS[name]
    inputs = [] if name == "input missing" else [GOOD]
    assert run(*inputs, *options) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith("sertoli: ")
    assert left_behind(here) == {GOOD}


def png(shape: tuple[int, int]) -> bytes:
    return bytes(cv2.imencode(".png", blank(shape))[1].tobytes())


BAD_FILES: dict[str, tuple[str, bytes]] = {
    "empty video": ("a.mp4", b""),
    "empty picture": ("a.png", b""),
    "text named video": ("a.avi", b"Dear colleague,\n" * 50),
    "text named picture": ("a.png", b"Dear colleague,\n" * 50),
    "text named tiff": ("a.tif", b"II*\0" + b"Dear colleague,\n" * 50),
    "truncated picture": ("a.png", png((400, 400))[:120]),
    "truncated picture's head": ("a.png", png((400, 400))[:20]),
    "zeros": ("a.mkv", bytes(4096)),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_say_one_line_and_leave_nothing(
    name: str, here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file, content = BAD_FILES[name]
    (here / file).write_bytes(content)
    assert run(file) == 2
    said = capfd.readouterr().err
    assert len(said.splitlines()) == 1
    assert file in said
    assert left_behind(here) == {file}


def test_truncated_video(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = video(here / "v.mp4", (120, 160), 90, 40).read_bytes()
    (here / "v.mp4").write_bytes(data[: len(data) // 2])
    assert run("v.mp4") in {0, 2}
    assert not (here / "v-search.partial").exists()


@pytest.mark.skipif(os.name == "nt", reason="there are no named pipes in folders")
def test_named_pipe_is_not_waited_on(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(here / "pipe.mp4")
    assert run("pipe.mp4") == 2
    assert "neither a file nor a folder" in capsys.readouterr().err


def test_empty_folder(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "in").mkdir()
    assert run("in") == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert left_behind(here) == {"in"}


def one_by_one(here: Path) -> Path:
    cv2.imwrite(str(here / "dot.png"), blank((1, 1)))
    return here / "dot.png"


def mixed_sizes(here: Path) -> Path:
    (here / "mixed").mkdir()
    for side in (30, 64, 200):
        cv2.imwrite(str(here / "mixed" / f"{side}.png"), blank((side, side + 7)))
    return here / "mixed"


def named_wrongly(here: Path) -> Path:
    (here / "photo.avi").write_bytes(png((50, 60)))
    return here / "photo.avi"


def sixteen_bit(here: Path) -> Path:
    cv2.imwrite(str(here / "deep.tif"), np.full((50, 60), 4000, np.uint16))
    return here / "deep.tif"


def black_video(here: Path) -> Path:
    return video(here / "black.mp4", (120, 160), 0)


def long_and_thin(here: Path) -> Path:
    cv2.imwrite(str(here / "thin.png"), blank((3, 5000)))
    return here / "thin.png"


@pytest.mark.parametrize(
    "make", [one_by_one, mixed_sizes, named_wrongly, sixteen_bit, black_video, long_and_thin]
)
def test_odd_input_gets_a_result(make: Callable[[Path], Path], here: Path) -> None:
    path = make(here)
    assert run(path, "--out", "out") == 0
    summary = json.loads((here / "out" / "summary.json").read_bytes())
    assert summary["findings"] == 0
    assert left_behind(here) == {path.name, "out"}


def test_mixed_sizes_are_no_sequence(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(mixed_sizes(here), "--sequence") == 2
    assert "--stills" in capsys.readouterr().err
    assert left_behind(here) == {"mixed"}


def test_unwritable_place(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Mode bits do not stop every user, so the system's refusal is acted out.
    cv2.imwrite(str(here / GOOD), blank((40, 40)))

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert run(GOOD, "--out", "out") == 2
    said = capsys.readouterr().err
    assert "cannot write" in said
    assert len(said.splitlines()) == 1
    assert left_behind(here) == {GOOD}


SLOW_SEARCH = """
import sys, time
import sertoli.sperm as sperm
from sertoli.sperm import Detections

class Slow:
    weights_name, weights_sha256, default_confidence = "slow", "0" * 64, 0.5
    restriction: str | None = None
    def __init__(self, weights, *, device): pass
    def magnification(self, frames):
        return 1.0
    def is_unfamiliar(self, frame, *, magnification=None):
        return False
    def detect(self, frame, *, confidence=None, magnification=None, on_progress=None):
        time.sleep(0.06)
        return Detections.empty()

sperm.Detector = Slow
from sertoli.cli import main
main(sys.argv[1:])
"""


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def start_slowly(path: Path, here: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SLOW_SEARCH, "search", str(path), "--out", "out", *options],
        cwd=here,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C cannot be sent to one process")
def test_ctrl_c_keeps_what_was_found_and_resume_goes_on(here: Path) -> None:
    path = video(here / "long.mp4", (48, 64), 90, 40)
    process = start_slowly(path, here)
    journal = here / "out.partial" / "journal.bin"
    wait_for(lambda: journal.is_file() and journal.stat().st_size > 1200)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "--resume" in err
    assert "No sperm was found" in out
    summary = json.loads((here / "out" / "summary.json").read_bytes())
    assert summary["stopped"] is True
    assert 0 < summary["frames_searched"] < 40
    assert left_behind(here) == {"long.mp4", "out"}

    process = start_slowly(path, here, "--resume")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    again = json.loads((here / "out" / "summary.json").read_bytes())
    assert again["stopped"] is False
    assert again["frames_searched"] == 40
    assert again["elapsed_s"] > summary["elapsed_s"]


@pytest.mark.realdata
def test_real_recording(shared_data: Path, here: Path) -> None:
    recording = shared_data / "miamia" / "videos" / "S_0001.mp4"
    assert run(recording, "--out", "out", "--modality", "bright_field") == 0
    summary = json.loads((here / "out" / "summary.json").read_bytes())
    assert summary["frames_searched"] == summary["frames_total"] == 45
    assert summary["kind"] == "sequence"
    assert summary["sperm"] > 0


def test_a_device_that_is_not_there_is_one_line(
    stills: Path, here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    assert run(stills, "--device", "cuda") == 2
    told = capsys.readouterr().err
    assert "onnxruntime-gpu" in told
    assert told.count("\n") == 1
    assert left_behind(here) == set()


def test_the_command_offers_every_device() -> None:
    from sertoli.cli.search import command
    from sertoli.sperm import Device

    (option,) = (one for one in command.params if one.name == "device")
    assert isinstance(option.type, click.Choice)
    assert tuple(option.type.choices) == tuple(Device)
