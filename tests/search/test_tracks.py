"""From a recording to tracks.csv: pieces joined, drift taken off, motion measured."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from sertoli.search import SearchSettings, search

FRAMES = 75
HIDDEN = range(20, 45)
FPS = 25.0
DRIFT_PX = (0.4, -0.2)
STILL = [(30, 40), (95, 45), (30, 75), (90, 85)]
SETTINGS = SearchSettings(sequence=True, fps=FPS, um_per_px=0.5)


@pytest.fixture(scope="module")
def drifting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four cells that lie still, one of them hidden for a second, and a swimmer; all drifts."""
    folder = tmp_path_factory.mktemp("in") / "drifting"
    folder.mkdir()
    rough = np.random.default_rng(1).normal(0, 1, (200, 240)).astype(np.float32)
    ground = np.clip(30 + 120 * cv2.GaussianBlur(rough, (0, 0), 2.5), 0, 80)
    for frame in range(FRAMES):
        dx, dy = DRIFT_PX[0] * frame, DRIFT_PX[1] * frame
        move = np.array([[1, 0, dx - 50], [0, 1, dy - 50]], np.float32)
        picture = cv2.warpAffine(ground, move, (128, 112)).astype(np.uint8)
        places = [(x, y) for n, (x, y) in enumerate(STILL) if n != 1 or frame not in HIDDEN]
        for x, y in [*places, (8 + 1.2 * frame, 60.0)]:
            # in sixteenths of a pixel
            centre = (round(16 * (x + dx)), round(16 * (y + dy)))
            cv2.circle(picture, centre, 4 * 16, 220, -1, cv2.LINE_AA, 4)
        cv2.imwrite(str(folder / f"f{frame:03d}.png"), picture)
    return folder


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_each_cell_is_one_track_and_moves_as_it_does(
    drifting: Path, tmp_path: Path, finder: Any
) -> None:
    result = search(drifting, tmp_path / "out", finder, SETTINGS)
    tracks = table(result.folder / "tracks.csv")
    assert len(tracks) == result.summary["sperm"] == 5
    seen = sorted(int(track["sightings"]) for track in tracks)
    assert seen[0] == FRAMES - len(HIDDEN)
    assert {(t["first_frame"], t["last_frame"]) for t in tracks} == {("0", str(FRAMES - 1))}
    words = sorted(track["motility"] for track in tracks)
    assert words == ["immotile"] * 4 + ["slow"]
    assert result.summary["motility"] == {"slow": 1, "immotile": 4, "not measured": 0}
    swimmer = next(track for track in tracks if track["motility"] == "slow")
    assert float(swimmer["vsl"]) == pytest.approx(1.2 * FPS * 0.5, rel=0.05)
    assert swimmer["speed_unit"] == result.summary["speed_unit"] == "um/s"
    found = table(result.folder / "findings.csv")
    coco = json.loads((result.folder / "findings.coco.json").read_text(encoding="utf-8"))
    assert [row["track_id"] for row in found] == [str(a["track_id"]) for a in coco["annotations"]]
    for track in tracks:
        mine = [row for row in found if row["track_id"] == track["track_id"]]
        assert len(mine) == int(track["sightings"])
        mean = np.mean([float(row["probability"]) for row in mine])
        assert float(track["mean_probability"]) == pytest.approx(mean, abs=1e-4)


def test_stopped_and_resumed_gives_the_same_tables(
    drifting: Path, tmp_path: Path, finder: Any
) -> None:
    whole = search(drifting, tmp_path / "whole", finder, SETTINGS).folder
    done = 0

    def enough() -> bool:
        nonlocal done
        done += 1
        return done == 33

    search(drifting, tmp_path / "parts", finder, SETTINGS, should_stop=enough)
    parts = search(drifting, tmp_path / "parts", finder, SETTINGS, resume=True).folder
    for name in ("findings.csv", "tracks.csv", "findings.coco.json"):
        assert (whole / name).read_bytes() == (parts / name).read_bytes()


@pytest.mark.parametrize(
    ("settings", "unit"),
    [
        (SearchSettings(sequence=True, fps=FPS), "px/s"),
        (SearchSettings(sequence=True), "px/frame"),
    ],
)
def test_without_units_no_grade_of_the_who(
    drifting: Path, tmp_path: Path, finder: Any, settings: SearchSettings, unit: str
) -> None:
    result = search(drifting, tmp_path / "out", finder, settings)
    words = [track["motility"] for track in table(result.folder / "tracks.csv")]
    assert sorted(words) == ["moving"] + ["still"] * 4
    assert result.summary["speed_unit"] == unit


def test_a_sperm_is_judged_by_all_its_sightings(tmp_path: Path, finder: Any) -> None:
    folder = tmp_path / "flicker"
    folder.mkdir()
    plain, debris = [230, 230, 120, 230, 230] * 4, [105, 105, 150, 105, 105] * 4
    for frame, levels in enumerate(zip(plain, debris, strict=True)):
        picture = np.zeros((64, 96), np.uint8)
        for x, level in zip((24, 72), levels, strict=True):
            cv2.circle(picture, (x, 32), 5, level, -1)
        cv2.imwrite(str(folder / f"f{frame:03d}.png"), picture)
    result = search(folder, tmp_path / "out", finder, SETTINGS)
    (track,) = table(result.folder / "tracks.csv")
    assert (track["track_id"], track["sightings"]) == ("0", str(len(plain)))
    findings = table(result.folder / "findings.csv")
    assert {float(row["x_px"]) for row in findings} == {24.0}
    assert {row["track_id"] for row in findings} == {"0"}
    assert min(float(row["probability"]) for row in findings) >= finder.default_confidence
    stills = search(
        folder, tmp_path / "stills", finder, SearchSettings(sequence=False, um_per_px=0.5)
    )
    assert stills.summary["findings"] == plain.count(230) + debris.count(150)


@pytest.mark.parametrize(("swimmers", "found"), [(6, 6), (0, 1)])
def test_a_doubtful_still_thing_is_no_sperm_among_swimmers_and_one_where_none_swims(
    swimmers: int, found: int, tmp_path: Path, finder: Any
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    rough = np.random.default_rng(1).normal(0, 1, (360, 320)).astype(np.float32)
    ground = np.clip(45 + 150 * cv2.GaussianBlur(rough, (0, 0), 2.5), 0, 95).astype(np.uint8)
    for frame in range(FRAMES):
        picture = ground.copy()
        cv2.circle(picture, (160, 340), 4, 145, -1)
        for n in range(swimmers):
            way = (0.5 + 0.18 * n) * frame  # none as another: a common course were a current
            x = 60 + way if n % 2 else 260 - way
            cv2.circle(picture, (round(16 * x), 16 * (30 + 50 * n)), 64, 230, -1, cv2.LINE_AA, 4)
        cv2.imwrite(str(folder / f"f{frame:03d}.png"), picture)
    result = search(folder, tmp_path / "out", finder, SETTINGS)
    assert result.summary["sperm"] == found
    still = [t for t in table(result.folder / "tracks.csv") if t["motility"] == "immotile"]
    assert len(still) == (0 if swimmers else 1)
