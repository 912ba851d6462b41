"""``sertoli field`` from end to end."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from sertoli.cli._main import main
from sertoli.frames import VideoWriter
from sertoli.phantom import FieldPicture, make_field
from sertoli.tubules import TubuleMapper, _field_job

CONTRACT = [
    *("frame", "file", "tubule_id", "rank", "score", "diameter_um", "diameter_sd_um"),
    *("diameter_px", "relative_diameter", "opacity", "length_um", "length_px"),
]
SIZE_UM = 8.0


@pytest.fixture(scope="module")
def picture() -> FieldPicture:
    """Render a small opened testis."""
    return make_field(3, patient="focal", um_per_px=SIZE_UM, width_px=256, height_px=192).picture(0)


@pytest.fixture(scope="module")
def opened(picture: FieldPicture, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the picture as a file."""
    file = tmp_path_factory.mktemp("field") / "opened.png"
    cv2.imwrite(str(file), picture.frame.pixels[..., ::-1])
    return file


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(one) for one in arguments])
    return int(left.value.code or 0)


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "tubules.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_json(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def test_a_picture(opened: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "map"
    assert run("field", opened, "--um-per-px", SIZE_UM, "--out", out, "--json") == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary == read_json(out / "summary.json")
    assert summary["schema_version"] == 1
    assert "not a medical device" in summary["disclaimer"]
    rows = rows_of(out)
    assert len(rows) == summary["tubules"] > 5
    assert list(rows[0])[: len(CONTRACT)] == CONTRACT
    for row in rows:
        assert float(row["diameter_um"]) == pytest.approx(SIZE_UM * float(row["diameter_px"]), 0.01)
        assert 0 <= float(row["score"]) <= 1
        assert 0 <= float(row["opacity"]) <= 1
    assert sorted(int(row["rank"]) for row in rows) == list(range(1, len(rows) + 1))
    lines = read_json(out / "centrelines.geojson")
    assert lines["type"] == "FeatureCollection"
    for feature in lines["features"]:
        points = np.array(feature["geometry"]["coordinates"])
        assert len(points) == len(feature["properties"]["diameter_um_list"]) >= 2
        assert (points > -1).all()
        assert (points < (256, 192)).all()
    drawn = cv2.imread(str(out / "overlay.png"))
    assert drawn is not None
    assert drawn.shape == (192, 256, 3)


def test_without_a_pixel_size_um_stays_empty(opened: Path, tmp_path: Path) -> None:
    out = tmp_path / "map"
    assert run("field", opened, "--out", out) == 0
    rows = rows_of(out)
    assert {row["diameter_um"] for row in rows} == {""}
    assert all(float(row["diameter_px"]) > 0 for row in rows)
    lines = read_json(out / "centrelines.geojson")["features"]
    assert {tuple(one["properties"]["diameter_um_list"]) for one in lines} == {()}
    assert any("--um-per-px" in text for text in read_json(out / "summary.json")["warnings"])


@pytest.mark.parametrize(("times", "doubted"), [(0.2, True), (1.0, False), (6.0, True)])
def test_a_pixel_size_that_cannot_be_is_doubted(
    picture: FieldPicture, times: float, doubted: bool
) -> None:
    found = TubuleMapper()(picture.frame)
    taken = replace(found, optics=replace(found.optics, um_per_px=times * SIZE_UM))
    said = _field_job._said(taken, 1.4)["warnings"]
    assert any("is the pixel size right?" in one for one in said) == doubted


def test_a_picture_of_no_section_is_told(tmp_path: Path) -> None:
    blank = tmp_path / "blank.png"
    cv2.imwrite(str(blank), np.full((120, 160, 3), 128, np.uint8))
    out = tmp_path / "map"
    assert run("field", blank, "--modality", "histology", "--out", out) == 0
    assert "no cross-section" in read_json(out / "summary.json")["warnings"][0]


def test_several_pictures_have_a_sheet(opened: Path, tmp_path: Path) -> None:
    folder = tmp_path / "case"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes(opened.read_bytes())
    out = tmp_path / "map"
    command = ("field", folder, "--um-per-px", SIZE_UM, "--out", out, "--stills")
    assert run(*command) == 0
    assert {row["file"] for row in rows_of(out)} == {"a.png", "b.png"}
    assert sorted(file.name for file in (out / "overlays").iterdir()) == ["a.png", "b.png"]
    assert (out / "overlay.png").exists()
    assert run(*command) == 2
    assert run(*command, "--overwrite") == 0


def test_a_recording_keeps_numbers(picture: FieldPicture, tmp_path: Path) -> None:
    video = tmp_path / "tremor.mp4"
    pixels = picture.frame.pixels
    with VideoWriter(video, fps=10, width_px=224, height_px=160) as writer:
        for n in range(6):
            x, y = 8 + 2 * (n % 3), 8 + n
            writer.write(np.ascontiguousarray(pixels[y : y + 160, x : x + 224]))
    out = tmp_path / "map"
    assert run("field", video, "--um-per-px", SIZE_UM, "--out", out) == 0
    rows = rows_of(out)
    by_frame = [{row["tubule_id"] for row in rows if row["frame"] == str(n)} for n in range(6)]
    assert len(by_frame[0]) > 4
    assert len(by_frame[0] & by_frame[-1]) >= 0.7 * min(len(by_frame[0]), len(by_frame[-1]))
    assert (out / "overlay.mp4").stat().st_size > 1000
    assert read_json(out / "summary.json")["frames"] == 6


@pytest.mark.parametrize("value", [0, 255])
def test_black_and_overexposed_frames_are_called_unreadable(
    value: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "plain.png"
    cv2.imwrite(str(file), np.full((120, 160, 3), value, np.uint8))
    out = tmp_path / "map"
    assert run("field", file, "--um-per-px", 8, "--out", out) == 0
    assert rows_of(out) == []
    summary = read_json(out / "summary.json")
    assert summary["statement"] == "100% of the picture is unreadable"
    assert "unreadable" in capsys.readouterr().err


def test_histology(tmp_path: Path) -> None:
    picture = np.full((300, 400, 3), (225, 220, 225), np.uint8)
    cv2.circle(picture, (200, 150), 90, (140, 110, 150), -1)
    cv2.circle(picture, (200, 150), 40, (235, 235, 235), -1)
    file = tmp_path / "section.png"
    cv2.imwrite(str(file), picture)
    out = tmp_path / "map"
    assert run("field", file, "--modality", "histology", "--um-per-px", 0.5, "--out", out) == 0
    mask = cv2.imread(str(out / "epithelium" / "00000.png"), cv2.IMREAD_GRAYSCALE)
    assert mask is not None
    assert mask.shape == (300, 400)
    assert read_json(out / "centrelines.geojson")["features"] == []
    assert "not validated on human" in read_json(out / "summary.json")["note"]
    assert (out / "outlines.geojson").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--rule", "wide-300um"), "micrometres"),
        (("--um-per-px", "0"), "pixel size"),
        (("--um-per-px", "nan"), "pixel size"),
        (("--dilated-from", "0.5"), "dilated"),
        (("--line-opacity", "7"), "opacity"),
        (("--modality", "phase_contrast"), "modality"),
        (("--fps", "-1"), "frames per second"),
    ],
)
def test_senseless_options_are_told(
    options: tuple[str, ...],
    said: str,
    opened: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "map"
    assert run("field", opened, "--out", out, *options) == 2
    assert said in capsys.readouterr().err
    assert not out.exists()
    assert not out.with_name("map.partial").exists()


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + bytes(20)])
def test_broken_files_are_told(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "broken.png"
    file.write_bytes(content)
    out = tmp_path / "map"
    assert run("field", file, "--out", out) == 2
    assert not out.exists()
    assert not out.with_name("map.partial").exists()


def test_tiny_and_grey_and_deep_pictures(tmp_path: Path) -> None:
    pictures = {
        "tiny": np.full((1, 1, 3), 90, np.uint8),
        "line": np.full((1, 300, 3), 90, np.uint8),
        "grey": np.full((64, 80), 90, np.uint8),
        "deep": np.full((64, 80, 3), 30_000, np.uint16),
    }
    for name, pixels in pictures.items():
        file = tmp_path / f"{name}.png"
        cv2.imwrite(str(file), pixels)
        assert run("field", file, "--um-per-px", 8, "--out", tmp_path / name) == 0
        assert run("field", file, "--out", tmp_path / f"{name}-unknown") == 0
