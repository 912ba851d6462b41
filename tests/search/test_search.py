from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sertoli.errors import InputError, OutputError, SettingError
from sertoli.search import Progress, SearchSettings, search

TABLES = ("findings.csv", "tracks.csv", "findings.coco.json")
FILES = {*TABLES, "summary.json", "report.html"}
SEQUENCE = SearchSettings(sequence=True, fps=25.0)
STILLS = SearchSettings(sequence=False)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def tables(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in TABLES}


def test_sequence(recording: Path, tmp_path: Path, finder: Any) -> None:
    result = search(recording, tmp_path / "out", finder, SEQUENCE)
    assert {path.name for path in result.folder.iterdir()} == FILES
    assert sorted(finder.frames) == list(range(12))
    found = rows(result.folder / "findings.csv")
    assert len(found) == 48
    assert found[4] | {"x_px": "", "y_px": "", "probability": ""} == {
        "frame": "1",
        "file": "f1.png",
        "time_s": "0.0400",
        "x_px": "",
        "y_px": "",
        "width_px": "9.00",
        "height_px": "9.00",
        "x_um": "",
        "y_um": "",
        "z_um": "",
        "probability": "",
        "track_id": "0",
        "class": "sperm",
    }
    tracks = rows(result.folder / "tracks.csv")
    assert [track["track_id"] for track in tracks] == ["0", "1", "2", "3"]
    assert {(t["first_frame"], t["last_frame"], t["sightings"]) for t in tracks} == {
        ("0", "11", "12")
    }
    # twelve frames are too short to measure
    assert {track["motility"] + track["vcl"] + track["speed_unit"] for track in tracks} == {""}
    assert all(0 < float(t["mean_probability"]) <= float(t["probability"]) for t in tracks)
    summary = json.loads((result.folder / "summary.json").read_text(encoding="utf-8"))
    assert summary == result.summary
    wanted = {"frames_searched": 12, "findings": 48, "sperm": 4, "findings_per_field": 4.0}
    assert {name: summary[name] for name in wanted} == wanted
    assert summary["stopped"] is False
    assert summary["upper_bound_95"] is None
    coco = json.loads((result.folder / "findings.coco.json").read_text(encoding="utf-8"))
    assert len(coco["images"]) == 12
    assert len(coco["annotations"]) == 48
    assert [a["id"] for a in coco["annotations"]] == list(range(1, 49))


def test_track_probability_is_the_mean_of_the_best_five(
    recording: Path, tmp_path: Path, finder: Any
) -> None:
    folder = search(recording, tmp_path / "out", finder, SEQUENCE).folder
    of_first = [
        float(row["probability"]) for row in rows(folder / "findings.csv") if row["track_id"] == "0"
    ]
    expected = np.mean(sorted(of_first)[-5:])
    assert float(rows(folder / "tracks.csv")[0]["probability"]) == pytest.approx(expected, abs=1e-4)


def test_stills_have_no_tracks(recording: Path, tmp_path: Path, finder: Any) -> None:
    result = search(recording, tmp_path / "out", finder, STILLS)
    assert {row["track_id"] for row in rows(result.folder / "findings.csv")} == {""}
    assert rows(result.folder / "tracks.csv") == []
    assert result.summary["sperm"] == result.summary["findings"] == 48


def test_confidence_is_the_floor(recording: Path, tmp_path: Path, finder: Any) -> None:
    folder = search(recording, tmp_path / "out", finder, SearchSettings(confidence=0.8)).folder
    found = [float(row["probability"]) for row in rows(folder / "findings.csv")]
    assert 0 < len(found) < 48
    assert min(found) >= 0.8


def test_nothing_found(nothing: Path, tmp_path: Path, finder: Any) -> None:
    result = search(nothing, tmp_path / "out", finder, STILLS)
    assert rows(result.folder / "findings.csv") == []
    report = (result.folder / "report.html").read_text(encoding="utf-8")
    assert "No sperm was found in the 3 fields searched at confidence 0.50." in report
    assert "This does not prove that there are none." in report


def test_progress_is_told(recording: Path, tmp_path: Path, finder: Any) -> None:
    heard: list[Progress] = []
    search(recording, tmp_path / "out", finder, SEQUENCE, on_progress=heard.append)
    assert heard[-1] == Progress(12, 12, 0.0, 4)
    assert [p.frames_done + p.frame_share for p in heard] == sorted(
        p.frames_done + p.frame_share for p in heard
    )


@pytest.mark.parametrize("sort", [SEQUENCE, STILLS], ids=["sequence", "stills"])
@given(stops=st.lists(st.integers(1, 5), min_size=1, max_size=3))
@settings(max_examples=12, deadline=None)
def test_stopped_and_resumed_is_as_unbroken(
    sort: SearchSettings,
    recording: Path,
    tmp_path_factory: pytest.TempPathFactory,
    new_finder: Callable[[], Any],
    stops: list[int],
) -> None:
    tmp_path = tmp_path_factory.mktemp("stop")
    whole = search(recording, tmp_path / "whole", new_finder(), sort)
    out = tmp_path / "out"
    finder = new_finder()
    done = 0
    for stop in stops:
        done += stop
        heard: list[Progress] = []

        def should_stop(done: int = done, heard: list[Progress] = heard) -> bool:
            return bool(heard) and heard[-1].frames_done >= done

        result = search(
            *(recording, out, finder, sort),
            resume=True,
            on_progress=heard.append,
            should_stop=should_stop,
        )
        if done >= 12:
            break
        assert result.stopped
        assert result.summary["frames_searched"] == done
        assert {path.name for path in out.iterdir()} == FILES | {"journal.bin"}
        assert len({row["frame"] for row in rows(out / "findings.csv")}) == done
    result = search(recording, out, finder, sort, resume=True)
    assert not result.stopped
    if sort is STILLS:
        assert finder.frames == list(range(12))
    else:  # what was under way beside the last frame is done again
        assert set(finder.frames) == set(range(12))
    assert tables(out) == tables(whole.folder)
    assert {path.name for path in out.iterdir()} == FILES


@given(frames=st.integers(1, 11), cut=st.integers(1, 30_000))
@settings(max_examples=25, deadline=None)
def test_killed_at_any_byte_and_resumed_is_as_unbroken(
    recording: Path,
    tmp_path_factory: pytest.TempPathFactory,
    new_finder: Callable[[], Any],
    frames: int,
    cut: int,
) -> None:
    tmp_path = tmp_path_factory.mktemp("kill")
    whole = search(recording, tmp_path / "whole", new_finder(), SEQUENCE)
    finder = new_finder()
    finder.break_at = frames
    with pytest.raises(RuntimeError):
        search(recording, tmp_path / "out", finder, SEQUENCE)
    journal = tmp_path / "out.partial" / "journal.bin"
    os.truncate(journal, max(journal.stat().st_size - cut, 0))
    result = search(recording, tmp_path / "out", new_finder(), SEQUENCE, resume=True)
    assert tables(result.folder) == tables(whole.folder)
    assert not (tmp_path / "out.partial").exists()


@pytest.mark.parametrize("share", [0.2, 0.7])
def test_process_killed_for_real(
    share: float, long_recording: Path, tmp_path: Path, new_finder: Callable[[], Any]
) -> None:
    script = [sys.executable, str(Path(__file__).with_name("conftest.py")), str(long_recording)]
    whole = search(long_recording, tmp_path / "whole", new_finder(), SEQUENCE)
    out = tmp_path / "out"
    journal = tmp_path / "out.partial" / "journal.bin"
    process = subprocess.Popen([*script, str(out), "0.05"])
    try:
        wait_until(lambda: journal.is_file() and journal.stat().st_size > 30_000)
        time.sleep(share)
    finally:
        process.kill()
        process.wait()
    assert not out.exists()
    subprocess.run([*script, str(out), "0", "resume"], check=True)
    assert tables(out) == tables(whole.folder)


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"confidence": 0.7}, "confidence"),
        ({"um_per_px": 0.5}, "um-per-px"),
        ({"fps": 30.0}, "fps"),
        ({"sequence": False}, "sequence"),
        ({"specimen": "B2"}, "specimen"),
    ],
)
@pytest.mark.parametrize("stop", [True, False])
def test_resuming_something_else_is_refused(
    change: dict[str, Any], field: str, stop: bool, recording: Path, tmp_path: Path, finder: Any
) -> None:
    out = tmp_path / "out"
    search(recording, out, finder, SEQUENCE, should_stop=lambda: stop)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    other = SearchSettings(**({"sequence": True, "fps": 25.0} | change))
    with pytest.raises(SettingError, match=field):
        search(recording, out, finder, other, resume=True)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_resuming_with_other_weights_or_input_is_refused(
    recording: Path, nothing: Path, tmp_path: Path, finder: Any
) -> None:
    out = tmp_path / "out"
    search(recording, out, finder, SEQUENCE, should_stop=lambda: True)
    with pytest.raises(SettingError, match="another input"):
        search(nothing, out, finder, SEQUENCE, resume=True)
    copy = tmp_path / "recording"
    shutil.copytree(recording, copy)
    (copy / "f3.png").write_bytes((copy / "f4.png").read_bytes())
    with pytest.raises(SettingError, match="input content"):
        search(copy, out, finder, SEQUENCE, resume=True)
    finder.weights_sha256 = "1" * 64
    with pytest.raises(SettingError, match="weights"):
        search(recording, out, finder, SEQUENCE, resume=True)


def test_resuming_a_finished_search_does_nothing(
    recording: Path, tmp_path: Path, finder: Any
) -> None:
    first = search(recording, tmp_path / "out", finder, SEQUENCE)
    second = search(recording, tmp_path / "out", finder, SEQUENCE, resume=True)
    assert second.summary == first.summary
    assert sorted(finder.frames) == list(range(12))


def test_resume_without_anything_there_just_begins(
    recording: Path, tmp_path: Path, finder: Any
) -> None:
    assert not search(recording, tmp_path / "out", finder, SEQUENCE, resume=True).stopped


def test_resuming_a_folder_of_something_else_is_refused(
    recording: Path, tmp_path: Path, finder: Any
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(OutputError, match="no search"):
        search(recording, tmp_path / "out", finder, SEQUENCE, resume=True)
    assert (tmp_path / "out" / "letter.txt").exists()


def test_existing_out_is_refused_unless_overwritten(
    recording: Path, tmp_path: Path, finder: Any
) -> None:
    out = tmp_path / "out"
    search(recording, out, finder, SEQUENCE)
    with pytest.raises(OutputError, match="exists"):
        search(recording, out, finder, SEQUENCE)
    assert sorted(finder.frames) == list(range(12))
    search(recording, out, finder, STILLS, overwrite=True)
    assert rows(out / "tracks.csv") == []


def test_first_frame_failing_leaves_nothing(recording: Path, tmp_path: Path, finder: Any) -> None:
    finder.break_at = 0
    with pytest.raises(RuntimeError):
        search(recording, tmp_path / "out", finder, SEQUENCE)
    assert list(tmp_path.iterdir()) == []


def test_full_disk_can_be_resumed(
    recording: Path,
    tmp_path: Path,
    new_finder: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from sertoli.search import _journal

    whole = search(recording, tmp_path / "whole", new_finder(), SEQUENCE)
    real = _journal.JournalWriter.append

    def full(self: Any, record: Any) -> None:
        if record.index == 5:
            raise OSError(28, "No space left on device")
        real(self, record)

    with monkeypatch.context() as patch:
        patch.setattr(_journal.JournalWriter, "append", full)
        with pytest.raises(OutputError, match=r"No space.*--resume"):
            search(recording, tmp_path / "out", new_finder(), SEQUENCE)
    finder = new_finder()
    result = search(recording, tmp_path / "out", finder, SEQUENCE, resume=True)
    assert sorted(finder.frames) == list(range(5, 12))
    assert tables(result.folder) == tables(whole.folder)


def damaged(recording: Path, folder: Path, names: list[str]) -> Path:
    shutil.copytree(recording, folder)
    for name in names:
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: len(data) // 2])
    return folder


def test_one_broken_file_does_not_cost_the_night(
    recording: Path, tmp_path: Path, finder: Any
) -> None:
    folder = damaged(recording, tmp_path / "some", ["f3.png", "f11.png"])
    result = search(folder, tmp_path / "out", finder, STILLS)
    assert sorted(finder.frames) == [0, 1, 2, 4, 5, 6, 7, 8, 9, 10]
    assert result.summary["files_skipped"] == 2
    assert [skip["frame"] for skip in result.summary["skipped"]] == [3, 11]
    assert "f3.png" in result.summary["skipped"][0]["reason"]
    report = (result.folder / "report.html").read_text(encoding="utf-8")
    assert "2 could not be read and were not searched" in report


def test_nothing_but_broken_files_is_an_error(recording: Path, tmp_path: Path, finder: Any) -> None:
    names = [path.name for path in recording.iterdir()]
    folder = damaged(recording, tmp_path / "all", names)
    with pytest.raises(InputError, match="f0"):
        search(folder, tmp_path / "out", finder, STILLS)
    assert [path.name for path in tmp_path.iterdir()] == ["all"]


def test_thumbnails_do_not_pile_up(long_recording: Path, tmp_path: Path, finder: Any) -> None:
    """A followed sperm is cut again only when seen plainly better, so the journal stays small."""
    search(long_recording, tmp_path / "out", finder, SEQUENCE, should_stop=lambda: False)
    heard: list[Progress] = []
    search(
        *(long_recording, tmp_path / "stopped", finder, SEQUENCE),
        on_progress=heard.append,
        should_stop=lambda: heard[-1].frames_done >= 59,
    )
    # 59 frames with 4 sperm: cut each time, they would take 1.5 MB.
    assert (tmp_path / "stopped" / "journal.bin").stat().st_size < 500_000


def test_a_full_disk_at_resuming_costs_nothing(
    recording: Path, tmp_path: Path, new_finder: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    finder = new_finder()
    search(recording, out, finder, STILLS, should_stop=lambda: len(finder.frames) >= 5)

    def refuse(file: int) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", refuse)
        with pytest.raises(OutputError, match="make room"):
            search(recording, out, new_finder(), STILLS, resume=True)
    again = new_finder()
    assert search(recording, out, again, STILLS, resume=True).summary["frames_searched"] == 12
    assert again.frames == list(range(5, 12))


def test_an_input_is_never_overwritten(recording: Path, tmp_path: Path, finder: Any) -> None:
    place = tmp_path / "man"
    shutil.copytree(recording, place)
    with pytest.raises(OutputError, match="holds the input"):
        search(place / "f1.png", place, finder, STILLS, overwrite=True)
    assert len(list(place.iterdir())) == 12


def test_a_damaged_page_is_named_without_its_folder(tmp_path: Path, finder: Any) -> None:
    import tifffile

    path = tmp_path / "JANE DOE" / "stack.tif"
    path.parent.mkdir()
    pages = np.random.default_rng(0).integers(0, 90, (4, 64, 64), np.uint8)
    tifffile.imwrite(path, pages, compression="zlib", photometric="minisblack")
    with tifffile.TiffFile(path) as tif:
        at, count = tif.pages[2].dataoffsets[0], tif.pages[2].databytecounts[0]
    data = bytearray(path.read_bytes())
    data[at : at + count] = bytes(count)
    path.write_bytes(data)
    result = search(path, tmp_path / "out", finder, STILLS)
    assert result.summary["frames_searched"] == 2
    assert result.summary["skipped"][0]["reason"].startswith("stack.tif is ")
    for file in result.folder.iterdir():
        assert b"JANE" not in file.read_bytes()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file names that are not text")
def test_a_file_name_that_is_not_text(recording: Path, tmp_path: Path, finder: Any) -> None:
    path = tmp_path / os.fsdecode(b"f\xff.png")
    try:
        shutil.copy(recording / "f1.png", path)
    except OSError:
        pytest.skip("this file system has no file names that are not text")
    result = search(path, tmp_path / "out", finder)
    assert result.summary["input"] == "f\ufffd.png"
    assert search(path, tmp_path / "out", finder, resume=True).summary == result.summary
