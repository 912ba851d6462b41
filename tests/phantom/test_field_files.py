"""What ``sertoli phantom field`` writes, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from sertoli.cli._main import sertoli
from sertoli.errors import OutputError, SettingError
from sertoli.frames import open_source
from sertoli.phantom import FieldSource, make_field, write_field
from sertoli.phantom.render.operating import LOOKS

SEGMENT = {
    "tubule": int,
    "points": list,
    "diameter_um": float,
    "opacity": float,
    "class": str,
    "has_sperm": bool,
    "visible": bool,
    "in_focus": bool,
}


def small(seed: int = 6, images: int = 2, seconds: float | None = None) -> FieldSource:
    return make_field(
        seed, patient="focal", images=images, seconds=seconds, fps=5, width_px=96, height_px=64
    )


def truth(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    return document


def test_stills_and_their_truth(tmp_path: Path) -> None:
    folder = write_field(small(), tmp_path / "out")
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["field_000.png", "field_001.png", "truth.json"]
    document = truth(folder)
    assert document["schema_version"] == 1
    assert "not a medical device" in document["description"]
    assert [image["file"] for image in document["images"]] == names[:2]
    tubules: list[set[int]] = []
    narrow = document["median_diameter_um"]
    for image in document["images"]:
        assert image["um_per_px"] == 8.0
        assert image["segments"]
        for segment in image["segments"]:
            for key, kind in SEGMENT.items():
                assert isinstance(segment[key], kind), key
            points = np.array(segment["points"])
            assert points.shape[0] >= 2
            assert points.shape[1] == 2
            assert len(segment["diameter_um_list"]) == len(points)
            assert (points >= -0.6).all()
            assert (points <= np.array([95.6, 63.6])).all()
            if segment["visible"]:
                assert 0.7 < segment["diameter_um"] / (narrow * segment["relative_diameter"]) < 1.3
            assert 0 <= segment["opacity"] <= 1
        tubules.append({segment["tubule"] for segment in image["segments"]})
    # Another place, other tubules.
    assert not tubules[0] & tubules[1]
    frame = next(iter(open_source(folder / "field_000.png")))
    assert np.array_equal(frame.pixels, small().picture(0).frame.pixels)


def test_a_recording_and_its_truth(tmp_path: Path) -> None:
    folder = write_field(small(seconds=1.0), tmp_path / "out")
    document = truth(folder)
    assert [image["frame"] for image in document["images"]] == [0, 1, 2, 3, 4]
    times = [image["time_s"] for image in document["images"]]
    assert times == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    with open_source(folder / "field.mp4") as source:
        assert sum(1 for _ in source) == 5


def test_the_same_seed_writes_the_same(tmp_path: Path) -> None:
    one = write_field(small(), tmp_path / "one")
    two = write_field(small(), tmp_path / "two")
    for name in ("field_000.png", "truth.json"):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    other = write_field(small(seed=7), tmp_path / "other")
    assert (one / "field_000.png").read_bytes() != (other / "field_000.png").read_bytes()


def test_an_existing_folder_is_refused_and_overwritten_on_request(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(OutputError, match="exists already"):
        write_field(small(images=1), out)
    assert (out / "mine.txt").exists()
    write_field(small(images=1), out, overwrite=True)
    assert not (out / "mine.txt").exists()


def test_a_stop_leaves_nothing_half_written(tmp_path: Path) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_field(small(), tmp_path / "out", on_picture=stop)
    assert list(tmp_path.iterdir()) == []


BAD = {
    "an unknown look": ["--look", "neon"],
    "an unknown patient": ["--patient", "somebody"],
    "pixels too large": ["--um-per-px", "50"],
    "no number": ["--um-per-px", "nan"],
    "an endless recording": ["--seconds", "inf"],
    "no recording": ["--seconds", "0"],
    "wider than a testis": ["--um-per-px", "20", "--width", "4096"],
    "a tiny picture": ["--width", "1"],
    "a negative depth": ["--depth", "-1"],
    "an absurd effect": ["--effect", "1e9"],
}


@pytest.mark.parametrize("name", BAD)
def test_nonsense_is_refused_before_anything_is_written(name: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["phantom", "field", "--seed", "1", "--out", str(out), *BAD[name]]
    result = CliRunner().invoke(sertoli, arguments)
    refused = result.exit_code == 2 or isinstance(result.exception, SettingError)
    assert refused, (result.exit_code, result.exception)
    assert not out.exists()
    assert list(tmp_path.iterdir()) == []


def test_the_command_writes_a_picture(tmp_path: Path) -> None:
    out = tmp_path / "my field é"
    arguments = ["phantom", "field", "--seed", "1", "--out", str(out), "--width", "96"]
    arguments += ["--height", "64", "--patient", "normal", "--look", LOOKS[0], "--depth", "1.5"]
    result = CliRunner().invoke(sertoli, arguments)
    assert result.exit_code == 0, result.output
    assert "not a medical device" in result.output
    document = truth(out)
    assert document["patient"] == "normal"
    assert document["depth"] == 1.5
    assert document["look"] == LOOKS[0]
