"""``sertoli enhance`` from the outside: files in, files and one-line errors out."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from sertoli.cli import main
from sertoli.frames import VideoWriter, open_source


def picture(seed: int = 0, height: int = 60, width: int = 80) -> np.ndarray:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(60, 200, (height // 4, width // 4, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("still.png", picture())
    cv2.imwrite("deep.png", picture().astype(np.uint16) * 200)
    Path("pictures").mkdir()
    for index in range(3):
        cv2.imwrite(f"pictures/p{index}.png", picture(index))
    with VideoWriter(Path("film.mp4"), fps=10, width_px=80, height_px=60) as film:
        for index in range(5):
            film.write(np.roll(picture(), index, axis=1), index / 10)
    Path("text.png").write_text("no picture", encoding="utf-8")
    Path("empty.png").touch()
    return tmp_path


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["enhance", *arguments])
    assert isinstance(stop.value.code, int)
    return stop.value.code


def left_over(place: Path) -> list[str]:
    return [path.name for path in place.rglob("*partial*")]


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "bmp"])
def test_a_picture_is_written_in_its_kind(place: Path, suffix: str) -> None:
    assert run("still.png", "--out", f"new/out.{suffix}") == 0
    with open_source(Path(f"new/out.{suffix}")) as source:
        (frame,) = source
    assert frame.pixels.shape == (60, 80, 3)
    assert left_over(place) == []


def test_16_bits_stay_16(place: Path) -> None:
    assert run("deep.png", "--out", "out.png") == 0
    written = cv2.imread("out.png", cv2.IMREAD_UNCHANGED)
    assert written is not None
    assert written.dtype == np.uint16


def test_the_summary_says_what_was_done(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--magnify", "2", "--um-per-px", "8", "--json", "--mask", "m.png"]
    assert run("still.png", "--out", "out.png", *arguments) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["schema_version"] == 1
    assert summary["um_per_px"] == 4.0
    assert (summary["width_px"], summary["height_px"]) == (160, 120)
    assert summary["steps"]["light"] is None  # magnified alone, colours stay as recorded
    assert "not a medical device" in summary["disclaimer"]
    mask = cv2.imread("m.png", cv2.IMREAD_UNCHANGED)
    assert mask is not None
    assert mask.shape == (120, 160)


@pytest.mark.parametrize(
    ("arguments", "light"),
    [([], True), (["--deblur"], False), (["--deblur", "--light"], True), (["--no-light"], False)],
)
def test_the_light_chain_is_on_unless_something_else_is_asked(
    place: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], light: bool
) -> None:
    assert run("still.png", "--out", "out.png", "--json", *arguments) == 0
    assert (json.loads(capsys.readouterr().out)["steps"]["light"] is not None) == light


def test_with_nothing_on_the_picture_is_the_same(place: Path) -> None:
    assert run("still.png", "--out", "out.png", "--no-light") == 0
    before, after = cv2.imread("still.png"), cv2.imread("out.png")
    assert np.array_equal(before, after)  # type: ignore[arg-type]


def test_a_video_keeps_its_frames_and_times(place: Path) -> None:
    assert run("film.mp4", "--out", "out.mp4", "--mask", "mask.mp4", "--compare") == 0
    with open_source(Path("film.mp4")) as before, open_source(Path("out.mp4")) as after:
        times = [[frame.time_s for frame in source] for source in (before, after)]
        width = next(iter(after)).width_px
    assert times[1] == pytest.approx(times[0], abs=1e-3)
    assert width == 160
    assert left_over(place) == []


def test_a_folder_becomes_a_folder_of_the_same_names(place: Path) -> None:
    assert run("pictures", "--out", "clear") == 0
    assert sorted(path.name for path in Path("clear").iterdir()) == ["p0.png", "p1.png", "p2.png"]


@pytest.mark.parametrize("merge", ["focus", "tremor"])
def test_frames_are_merged_into_one(place: Path, merge: str) -> None:
    assert run("film.mp4", "--out", "out.png", "--merge", merge) == 0
    assert Path("out.png").is_file()


BAD = {
    "missing": (["none.png"], "none.png"),
    "no picture": (["text.png"], "text.png"),
    "empty": (["empty.png"], "empty.png"),
    "more than one": (["film.mp4", "--out", "one.png"], "more than one picture"),
    "ending": (["still.png", "--out", "out.exe"], ".exe"),
    "video ending": (["still.png", "--out", "out.webm"], ".webm"),
    "the input itself": (["still.png", "--out", "still.png", "--overwrite"], "input itself"),
    "exists": (["still.png", "--out", "text.png"], "exists already"),
    "a folder": (["still.png", "--out", "pictures.png"], "is a folder"),
    "too large": (["still.png", "--magnify", "99"], "magnification"),
    "not a number": (["still.png", "--magnify", "nan"], "magnification"),
    "strength": (["still.png", "--noise", "2"], "--noise"),
    "pixel size": (["still.png", "--um-per-px", "-1"], "pixel size"),
    "rate": (["film.mp4", "--out", "a.mp4", "--fps", "0"], "frames per second"),
    "merge and steady": (["film.mp4", "--merge", "focus", "--steady"], "--steady"),
    "merge and deblur": (["film.mp4", "--merge", "tremor", "--deblur"], "--deblur"),
    "mask on the result": (["still.png", "--mask", "out.png"], "--mask"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_mistake_is_one_line_and_nothing_is_written(
    place: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    Path("pictures.png").mkdir()
    arguments, said = BAD[name]
    before = sorted(path.name for path in place.rglob("*"))
    if "--out" not in arguments:
        arguments = [*arguments, "--out", "out.png"]
    assert run(*arguments) == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert line.startswith("sertoli: ")
    assert said in line
    assert sorted(path.name for path in place.rglob("*")) == before


def test_an_existing_file_is_replaced_only_when_told(place: Path) -> None:
    Path("out.png").write_bytes(b"old")
    assert run("still.png", "--out", "out.png") == 2
    assert Path("out.png").read_bytes() == b"old"
    assert run("still.png", "--out", "out.png", "--overwrite") == 0
    assert Path("out.png").read_bytes() != b"old"


def test_ctrl_c_leaves_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sertoli.enhance import LightChain

    calls = []

    def stop(self: LightChain, frame: object) -> None:
        calls.append(frame)
        raise KeyboardInterrupt

    monkeypatch.setattr(LightChain, "__call__", stop)
    assert run("film.mp4", "--out", "out.mp4") == 130
    assert calls
    assert not Path("out.mp4").exists()
    assert left_over(place) == []
