from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from sertoli.frames import Frame
from sertoli.optics import Optics
from sertoli.sperm import Detections, Sightings, coco_image

CONTRACT = (
    "frame,file,time_s,x_px,y_px,width_px,height_px,x_um,y_um,z_um,probability,track_id,class"
)


def found() -> Detections:
    return Detections(
        np.array([[10.25, 20.5], [99.5, 49.5]], np.float32),
        np.array([[12, 8], [6, 6]], np.float32),
        np.array([0.987654, 0.5], np.float32),
    )


def frame(
    *,
    stage: tuple[float, float, float] | None = None,
    um_per_px: float | None = None,
    time_s: float | None = None,
    file: str = "",
) -> Frame:
    pixels = np.zeros((100, 200), np.uint8)
    return Frame(pixels, 7, time_s, Optics(um_per_px), stage, file)


def lines(table: Sightings) -> list[dict[str, str]]:
    text = io.StringIO()
    table.to_csv(text)
    return list(csv.DictReader(io.StringIO(text.getvalue())))


def test_header_is_the_contract() -> None:
    text = io.StringIO()
    Sightings.empty().to_csv(text)
    assert text.getvalue() == CONTRACT + "\n"


def test_unknown_is_empty() -> None:
    row = lines(Sightings.of_frame(frame(), found()))[0]
    assert row == {
        "frame": "7",
        "file": "",
        "time_s": "",
        "x_px": "10.25",
        "y_px": "20.50",
        "width_px": "12.00",
        "height_px": "8.00",
        "x_um": "",
        "y_um": "",
        "z_um": "",
        "probability": "0.98765",
        "track_id": "",
        "class": "sperm",
    }


def test_known_is_filled() -> None:
    table = Sightings.of_frame(frame(time_s=0.25, file="a,b.png"), found(), np.array([4, 9]))
    row = lines(table)[1]
    assert (row["time_s"], row["file"], row["track_id"]) == ("0.2500", "a,b.png", "9")


@pytest.mark.parametrize(
    ("um_per_px", "expected"),
    [(0.5, ("955.375", "1985.500", "3.000")), (None, ("1000.000", "2000.000", "3.000"))],
)
def test_stage_position_of_the_head(um_per_px: float | None, expected: tuple[str, ...]) -> None:
    row = lines(Sightings.of_frame(frame(stage=(1000, 2000, 3), um_per_px=um_per_px), found()))[0]
    assert (row["x_um"], row["y_um"], row["z_um"]) == expected


def test_coco_box_has_the_same_centre() -> None:
    table = Sightings.of_frame(frame(), found(), np.array([4, 9]))
    coco = json.loads(json.dumps(table.to_coco([coco_image(7, "dish.mp4", (200, 100))])))
    x, y, width, height = coco["annotations"][0]["bbox"]
    assert (x + width / 2, y + height / 2) == (10.25, 20.5)
    assert coco["annotations"][0]["image_id"] == coco["images"][0]["id"] == 8
    assert coco["annotations"][0]["track_id"] == 4
    assert coco["categories"] == [{"id": 1, "name": "sperm"}]
    assert coco["images"][0]["file_name"] == "dish.mp4"
    assert coco["images"][0]["frame"] == 7


def test_pandas_has_the_same_columns() -> None:
    parts = [Sightings.of_frame(frame(), found()), Sightings.of_frame(frame(), found())]
    table = Sightings.join(parts).to_pandas()
    assert ",".join(table.columns) == CONTRACT
    assert len(table) == 4
    assert table["track_id"].isna().all()
    assert Sightings.empty().to_pandas().shape == (0, 13)


def test_file_name_that_is_no_text_can_be_written(tmp_path: Path) -> None:
    odd = b"m\xff\xe4n.png".decode("utf-8", "surrogateescape")
    place = tmp_path / "findings.csv"
    Sightings.of_frame(frame(file=odd), found()).to_csv(place)
    assert place.read_text(encoding="utf-8").count("m\ufffd") == 2


def test_wrong_shapes_are_refused() -> None:
    table = Sightings.of_frame(frame(), found())
    with pytest.raises(ValueError, match="file: expected 2"):
        Sightings(
            table.frame,
            ["a"],
            table.time_s,
            table.centre_px,
            table.size_px,
            table.stage_um,
            table.probability,
            table.track_id,
        )
