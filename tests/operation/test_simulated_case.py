"""The simulated case: the reviewer goes by the truth, so do the words on the numbered tubules."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from sertoli.operation.simulated import keep_record, review_by_truth, show_field, write_page
from sertoli.operation.simulated._field import _numbered
from sertoli.search.review import ReviewQueue, State

COLUMNS = "frame,file,time_s,x_px,y_px,width_px,height_px,x_um,y_um,z_um,probability,track_id,class"
CATEGORIES = ("sperm", "elongated_spermatid", "obscured_sperm")


def write_search(folder: Path, places: list[tuple[int, float, float]]) -> None:
    """Write what a search of stills leaves behind, with a finding at each place."""
    folder.mkdir()
    rows = [f"{n},,,{x},{y},12,12,,,,0.9,,sperm" for n, x, y in places]
    (folder / "findings.csv").write_text("\n".join([COLUMNS, *rows, ""]), encoding="utf-8")
    summary = {
        "schema_version": 1,
        "command": "search",
        "finished_at": "2024-03-04T11:00:00+01:00",
        "elapsed_s": 20.0,
        "stopped": False,
        "sperm": len(places),
        "kind": "stills",
        "frames_searched": 2,
        "settings": {"specimen": "SP-1", "confidence": 0.5},
        "weights": {"sha256": "ab" * 32},
        "optics": {"modality": "phase_contrast"},
        "identity": {"input content": "cd" * 32},
        "warnings": [],
    }
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")


def write_truth(file: Path, things: list[tuple[int, str, float, float]]) -> None:
    """Write a dish's truth: a box of 12 px around each place."""
    document = {
        "categories": [{"id": n, "name": name} for n, name in enumerate(CATEGORIES, 1)],
        "images": [{"id": n + 1, "file_name": "dish.mp4", "frame": n} for n in range(2)],
        "annotations": [
            {
                "id": number,
                "image_id": frame + 1,
                "category_id": CATEGORIES.index(kind) + 1,
                "bbox": [x - 6, y - 6, 12, 12],
            }
            for number, (frame, kind, x, y) in enumerate(things, 1)
        ],
    }
    file.write_text(json.dumps(document), encoding="utf-8")


@pytest.fixture
def reviewed(tmp_path: Path) -> dict[str, Any]:
    write_search(tmp_path / "s", [(0, 50, 50), (0, 90, 50), (1, 30, 80), (1, 90, 20)])
    write_truth(
        tmp_path / "truth.json",
        [
            (0, "sperm", 52, 49),
            (0, "elongated_spermatid", 90, 50),
            (1, "obscured_sperm", 30, 80),
            (0, "sperm", 90, 20),  # there, but in the other picture
        ],
    )
    return review_by_truth(tmp_path / "s", tmp_path / "truth.json")


def test_only_what_lies_on_a_sperm_is_confirmed(reviewed: dict[str, Any], tmp_path: Path) -> None:
    queue = ReviewQueue(tmp_path / "s", "another")
    confirmed = {
        (one.places[0].frame, one.places[0].x_px)
        for one in queue.candidates
        if queue.state(one) is State.CONFIRMED
    }
    assert confirmed == {(0, 50.0), (1, 30.0)}
    assert (reviewed["confirmed"], reviewed["rejected"], reviewed["open"]) == (2, 2, 0)
    assert reviewed["reviewers"] == ["simulated reviewer"]
    assert reviewed["complete"] is True


def test_the_page_says_the_restriction_of_the_weights(tmp_path: Path) -> None:
    field = dict.fromkeys(("picture", "enhanced", "overlay", "tubules", "statement", "seed"), "x")
    summary = {"sertoli_version": "0", "seed": 1, "disclaimer": "x", "stopped": True}
    summary |= {"field": {**field, "numbered": []}, "evaluation": None}
    for restriction, times in ((None, 0), ("for tests only", 1)):
        search = {"weights": {"restriction": restriction}}
        page = write_page(tmp_path, {**summary, "search": search}, "Nothing.")
        assert page.read_text(encoding="utf-8").count("restricted: for tests only.") == times


def test_the_record_holds_what_was_confirmed(reviewed: dict[str, Any], tmp_path: Path) -> None:
    told = keep_record(tmp_path / "clinic.db", "SP-1", tmp_path / "s")
    assert told["confirmed_sperm"] == reviewed["confirmed"] == 2
    assert told["specimen"] == "SP-1"
    assert told["verified"] is True


def test_the_field_is_shown_with_its_truth(tmp_path: Path) -> None:
    told = show_field(tmp_path, 46, size_px=(200, 150), um_per_px=12.0)
    for name in ("picture", "enhanced", "overlay"):
        assert (tmp_path / told[name]).is_file()
    assert (tmp_path / told["picture"]).read_bytes() != (tmp_path / told["enhanced"]).read_bytes()
    assert [one["rank"] for one in told["numbered"]] == [1, 2, 3, 4, 5]
    assert all(one["has_sperm"] is not None for one in told["numbered"])
    assert json.loads((tmp_path / "field" / "truth.json").read_text(encoding="utf-8"))["synthetic"]


def test_a_number_goes_by_the_visible_tubule_it_lies_on(tmp_path: Path) -> None:
    places = {1: 20.0, 2: 60.0, 3: 100.0, 4: 140.0}
    with (tmp_path / "tubules.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("tubule_id", "rank", "reasons"))
        rows.writerows((n + 10, n, "wide") for n in (2, 1, 4, 3))
    lines = [
        {
            "properties": {"tubule_id": n + 10},
            "geometry": {"coordinates": [[x, y] for x in (10.0, 20.0, 30.0)]},
        }
        for n, y in places.items()
    ]
    (tmp_path / "centrelines.geojson").write_text(json.dumps({"features": lines}), encoding="utf-8")
    segments = [
        (1, 24.0, True, True),
        (2, 58.0, False, True),
        (3, 100.0, True, False),  # hidden
        (4, 165.0, True, True),  # farther than its radius
    ]
    image = {
        "um_per_px": 10.0,
        "segments": [
            {
                "tubule": n,
                "points": [[x, y] for x in (10.0, 20.0, 30.0)],
                "diameter_um": 200.0,
                "has_sperm": has_sperm,
                "visible": visible,
            }
            for n, y, has_sperm, visible in segments
        ],
    }
    truth = tmp_path / "truth.json"
    truth.write_text(json.dumps({"images": [image]}), encoding="utf-8")
    told = _numbered(tmp_path, truth)
    assert [one["rank"] for one in told] == [1, 2, 3, 4]
    assert [one["has_sperm"] for one in told] == [True, False, None, None]
