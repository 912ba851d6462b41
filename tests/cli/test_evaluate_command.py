"""``sertoli evaluate`` from the outside: files in, files and one-line errors out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import pytest

from sertoli.cli import main

HEADER = "frame,file,time_s,x_px,y_px,width_px,height_px,x_um,y_um,z_um,probability,track_id,class"

ROWS = [
    (0, "a.png", 14.0, 14.0, 8, 8, 0.9),  # on sperm
    (0, "a.png", 80.0, 80.0, 8, 8, 0.8),  # on the cluster
    (1, "b.png", 50.0, 50.0, 8, 8, 0.4),  # on an impurity: background
]


def write_csv(path: Path, rows: list[tuple[Any, ...]], *, video: bool = False) -> Path:
    lines = [HEADER]
    for frame, file, x, y, width, height, probability in rows:
        name = "" if video else file
        lines.append(f"{frame},{name},,{x},{y},{width},{height},,,,{probability},,sperm")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def coco(**changes: Any) -> dict[str, Any]:
    return {
        "images": [
            {"id": 1, "file_name": "a.png", "width": 100, "height": 100, "group": "one"},
            {"id": 2, "file_name": "b.png", "width": 100, "height": 100, "group": "two"},
            {"id": 3, "file_name": "c.png", "width": 100, "height": 100, "group": "two"},
        ],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 10, 8, 8]},
            {"id": 2, "image_id": 1, "category_id": 2, "bbox": [70, 70, 25, 25]},
            {"id": 3, "image_id": 2, "category_id": 3, "bbox": [46, 46, 8, 8]},
            {"id": 4, "image_id": 3, "category_id": 1, "bbox": [10, 10, 8, 8]},
            {"id": 5, "image_id": 3, "category_id": 1, "bbox": [10, 10, 0, 8]},
        ],
        "categories": [
            {"id": 1, "name": "sperm"},
            {"id": 2, "name": "cluster"},
            {"id": 3, "name": "impurity"},
        ],
        **changes,
    }


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "findings.csv", ROWS)
    (tmp_path / "truth.json").write_text(json.dumps(coco()), encoding="utf-8")
    return tmp_path


def run(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as left:
        main(["evaluate", *map(str, arguments)])
    return int(left.value.code or 0)


def summary(folder: Path) -> dict[str, Any]:
    loaded = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def counts(folder: Path) -> tuple[int, int, int, int]:
    found = summary(folder)
    return found["tp"], found["fp"], found["fn"], found["dont_care"]


def test_writes_summary_and_plot(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("findings.csv", "truth.json") == 0
    folder = place / "findings-evaluate"
    found = summary(folder)
    assert found["schema_version"] == 1
    assert counts(folder) == (1, 1, 1, 1)
    assert (found["precision"], found["recall"], found["f1"]) == (0.5, 0.5, 0.5)
    assert found["images"] == 3
    assert found["lowest_probability"] == 0.4
    assert (found["classes"], found["ignored_classes"]) == (["sperm"], ["cluster"])
    assert found["background_classes"] == ["impurity"]
    assert found["groups"]["one"]["recall"] == 1.0
    assert "low --confidence" in found["notes"][0]
    picture = cv2.imread(str(folder / "precision_recall.png"))
    assert picture is not None
    assert picture.std() > 5
    text = capsys.readouterr().out
    assert "recall at 0.1 fp/image" in text
    assert str(folder) in text
    assert not (place / "findings-evaluate.partial").exists()


def test_json_prints_the_summary_and_nothing_else(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("findings.csv", "truth.json", "--json", "--out", "here") == 0
    assert json.loads(capsys.readouterr().out) == summary(place / "here")


def test_an_existing_folder_is_kept_unless_told(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("findings.csv", "truth.json") == 0
    assert run("findings.csv", "truth.json") == 2
    assert "--overwrite" in capsys.readouterr().err
    assert run("findings.csv", "truth.json", "--overwrite") == 0


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--ignore", "none"], (1, 2, 1, 0)),
        (["--classes", "sperm,impurity"], (2, 0, 1, 1)),
        (["--classes", "sperm, impurity", "--ignore", "none"], (2, 1, 1, 0)),
        (["--classes", "none", "--ignore", "sperm,cluster"], (0, 1, 0, 2)),
        (["--classes", "sperm,small_or_pinhead", "--ignore", "cluster"], (1, 1, 1, 1)),
    ],
)
def test_classes(place: Path, options: list[str], expected: tuple[int, ...]) -> None:
    assert run("findings.csv", "truth.json", "--out", "out", *options) == 0
    assert counts(place / "out") == expected


def test_fields_without_sperm_need_no_option(place: Path) -> None:
    truth = json.loads((place / "truth.json").read_text(encoding="utf-8"))
    for category in truth["categories"]:
        category["name"] += " of urine"
    (place / "urine.json").write_text(json.dumps(truth), encoding="utf-8")
    assert run("findings.csv", "urine.json", "--out", "out") == 0
    assert counts(place / "out") == (0, 3, 0, 0)
    found = summary(place / "out")
    assert any("every finding is a false positive" in note for note in found["notes"])


def as_folder(place: Path) -> Path:
    (place / "dish-search").mkdir()
    (place / "findings.csv").rename(place / "dish-search" / "findings.csv")
    return place / "dish-search"


def as_coco(place: Path) -> Path:
    """The same findings as COCO, with ids of its own."""
    images = [
        {"id": 7, "file_name": "a.png"},
        {"id": 8, "file_name": "b.png"},
        {"id": 9, "file_name": "c.png"},
    ]
    path = place / "findings.coco.json"
    path.write_text(json.dumps({"images": images, "annotations": results(7)}))
    return path


def as_results(place: Path) -> Path:
    path = place / "results.json"
    path.write_text(json.dumps(results(1)))
    return path


def results(first_image: int) -> list[dict[str, Any]]:
    return [
        {
            "image_id": first_image + frame,
            "category_id": 1,
            "bbox": [x - width / 2, y - height / 2, width, height],
            "score": probability,
        }
        for frame, _, x, y, width, height, probability in ROWS
    ]


def as_video(place: Path) -> Path:
    return write_csv(place / "video.csv", ROWS, video=True)


def as_coco_of_a_video(place: Path) -> Path:
    path = place / "video.coco.json"
    images = [{"id": 5 + k, "file_name": "dish.mp4", "frame": k} for k in range(3)]
    path.write_text(json.dumps({"images": images, "annotations": results(5)}))
    return path


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(as_folder, id="search folder"),
        pytest.param(as_coco, id="coco"),
        pytest.param(as_results, id="coco results"),
        pytest.param(as_video, id="video"),
        pytest.param(as_coco_of_a_video, id="coco of a video"),
    ],
)
def test_every_form_of_findings_gives_the_same(place: Path, make: Any) -> None:
    findings = make(place)
    assert run(findings, "truth.json", "--out", "out") == 0
    assert counts(place / "out") == (1, 1, 1, 1)
    assert summary(place / "out")["ap50"] == pytest.approx(51 / 101)


def test_frames_of_the_truth_go_before_its_order(place: Path) -> None:
    data = coco()
    for image, frame in zip(data["images"], (2, 0, 1), strict=True):
        image["frame"] = frame
    (place / "truth.json").write_text(json.dumps(data))
    rows = [((frame + 2) % 3, *rest) for frame, *rest in ROWS]
    write_csv(place / "video.csv", rows, video=True)
    assert run("video.csv", "truth.json", "--out", "out") == 0
    assert counts(place / "out") == (1, 1, 1, 1)


def test_folders_in_front_of_names_do_not_matter(place: Path) -> None:
    data = coco()
    for image in data["images"]:
        image["file_name"] = "images/" + image["file_name"]
    (place / "truth.json").write_text(json.dumps(data))
    assert run("findings.csv", "truth.json", "--out", "out") == 0
    assert counts(place / "out") == (1, 1, 1, 1)


def test_crowds_are_dont_care(place: Path) -> None:
    data = coco()
    data["annotations"][0]["iscrowd"] = 1
    (place / "truth.json").write_text(json.dumps(data))
    assert run("findings.csv", "truth.json", "--out", "out") == 0
    assert counts(place / "out") == (0, 1, 1, 2)


def test_images_outside_the_truth_are_left_out_and_said(place: Path) -> None:
    write_csv(place / "findings.csv", [*ROWS, (3, "z.png", 5, 5, 8, 8, 0.9)])
    assert run("findings.csv", "truth.json", "--out", "out") == 0
    assert counts(place / "out") == (1, 1, 1, 1)
    assert summary(place / "out")["findings_outside_truth"] == 1
    assert any("left out" in note for note in summary(place / "out")["notes"])


def test_no_findings_is_a_result(place: Path) -> None:
    write_csv(place / "findings.csv", [])
    assert run("findings.csv", "truth.json", "--out", "out") == 0
    found = summary(place / "out")
    assert counts(place / "out") == (0, 0, 2, 0)
    assert (found["precision"], found["recall"], found["ap50"]) == (None, 0.0, 0.0)


def findings_with(**values: str) -> str:
    row = dict.fromkeys(HEADER.split(","), "")
    row |= {"frame": "0", "file": "a.png", "x_px": "1", "y_px": "1"}
    row |= {"width_px": "4", "height_px": "4", "probability": "0.5", **values}
    return f"{HEADER}\n{','.join(row.values())}\n"


def truth_with(place: int, **values: Any) -> str:
    data = coco()
    data["annotations"][place] |= values
    return json.dumps(data)


def images_with(**values: Any) -> str:
    data = coco()
    data["images"][0] |= values
    return json.dumps(data)


def categories_with(**values: Any) -> str:
    data = coco()
    data["categories"][0] |= values
    return json.dumps(data)


@pytest.mark.parametrize(
    ("name", "content", "options", "says"),
    [
        ("findings.csv", "", [], "not a table"),
        ("findings.csv", b"\xff\xfe\x00\x89PNG", [], "not a table"),
        ("findings.csv", "frame,file,x_px\n", [], "no column y_px, width_px"),
        ("findings.csv", findings_with(x_px="nan"), [], "line 2 of findings.csv has x_px 'nan'"),
        ("findings.csv", findings_with(y_px="inf"), [], "y_px 'inf'"),
        ("findings.csv", findings_with(x_px="left"), [], "x_px 'left'"),
        ("findings.csv", findings_with(frame="-1"), [], "frame '-1'"),
        ("findings.csv", findings_with(frame="0.5"), [], "frame '0.5'"),
        ("findings.csv", findings_with(frame="1e30"), [], "frame '1e30'"),
        ("findings.csv", findings_with(frame="9" * 400), [], "frame '9999"),
        ("findings.csv", findings_with(x_px="1e300"), [], "x_px '1e300'"),
        ("findings.csv", findings_with(width_px="1e200"), [], "width_px '1e200'"),
        ("findings.csv", findings_with(width_px="-4"), [], "width_px '-4'"),
        ("findings.csv", findings_with(probability="1.5"), [], "probability '1.5'"),
        ("findings.csv", findings_with(probability=""), [], "probability ''"),
        ("findings.csv", findings_with(file="q.png"), [], "'q.png', the truth has e.g. 'a.png'"),
        ("findings.csv", findings_with(frame="9", file=""), [], "frame '9'"),
        ("truth.json", "{", [], "not JSON"),
        ("truth.json", b"\xff{}", [], "not JSON"),
        ("truth.json", "9" * 5000, [], "truth.json has a number of thousands of digits"),
        ("truth.json", "[" * 100_000, [], "not JSON"),
        ("truth.json", "[]", [], "no list 'images'"),
        ("truth.json", json.dumps(coco(images=[], annotations=[])), [], "lists no image"),
        ("truth.json", json.dumps(coco(categories=[])), [], "category_id"),
        (
            "truth.json",
            truth_with(0, category_id=99),
            [],
            "category_id that the file does not list",
        ),
        ("truth.json", truth_with(0, bbox=[1, 2, 3, 10**400]), [], "annotation 1"),
        ("truth.json", truth_with(0, bbox=[1, 2, 3, 1e200]), [], "annotation 1"),
        ("truth.json", truth_with(0, bbox=[1, 2, True, 4]), [], "has bbox [1, 2, True, 4]"),
        ("truth.json", truth_with(0, bbox=[1, 2, "3", 4]), [], "has bbox [1, 2, '3', 4]"),
        ("truth.json", truth_with(0, bbox=[1, 2, 3]), [], "has bbox [1, 2, 3]"),
        ("truth.json", truth_with(0, bbox=[1, 2, 3, float("nan")]), [], "annotation 1"),
        ("truth.json", truth_with(0, image_id=99), [], "image_id that the file does not list"),
        ("truth.json", truth_with(0, image_id="1"), [], "image_id '1'"),
        ("truth.json", truth_with(0, image_id=[1]), [], "image_id [1]"),
        ("truth.json", truth_with(0, category_id=float("nan")), [], "category_id nan"),
        ("truth.json", truth_with(0, category_id=10**400), [], "category_id that the file does"),
        ("truth.json", truth_with(0, id="x" * 999, bbox=0), [], "has bbox 0"),
        (
            "truth.json",
            truth_with(0, iscrowd="0"),
            [],
            "annotation 1 of truth.json has iscrowd '0'",
        ),
        ("truth.json", images_with(id=[1]), [], "one of the images of truth.json has id [1]"),
        ("truth.json", images_with(id=True), [], "has id True"),
        ("truth.json", images_with(id=2), [], "the same id to several images"),
        ("truth.json", images_with(frame=-1), [], "image 1 of truth.json has frame -1"),
        ("truth.json", images_with(frame=1e30), [], "has frame 1e+30"),
        ("truth.json", images_with(frame=10**400), [], "has frame 1000"),
        ("truth.json", images_with(frame=False), [], "has frame False"),
        ("truth.json", images_with(file_name=["a"]), [], "has file_name ['a']"),
        ("truth.json", images_with(group={"man": 1}), [], "has group {'man': 1}"),
        ("truth.json", categories_with(id=[1]), [], "one of the categories of truth.json has id"),
        ("truth.json", categories_with(id=2), [], "the same id to several categories"),
        ("truth.json", categories_with(name=["sperm"]), [], "category 1 of truth.json has name"),
        ("truth.json", None, ["--classes", "sprem"], "sperm, cluster, impurity"),
        ("truth.json", None, ["--ignore", "clutter"], "sperm, cluster, impurity"),
        ("truth.json", None, ["--classes", "sperm", "--ignore", "sperm"], "named twice"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    place: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: str | bytes | None,
    options: list[str],
    says: str,
) -> None:
    if content is not None:
        raw = content if isinstance(content, bytes) else content.encode()
        (place / name).write_bytes(raw)
    assert run("findings.csv", "truth.json", *options) == 2
    error = capsys.readouterr().err
    assert says in error
    assert len(error.strip().splitlines()) == 1
    assert len(error) < 300
    assert sorted(path.name for path in place.iterdir()) == ["findings.csv", "truth.json"]


def result_with(**values: Any) -> list[dict[str, Any]]:
    return [{"image_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5, **values}]


def coco_with(**values: Any) -> dict[str, Any]:
    """Return findings as COCO, with fields of their image."""
    return {"images": [{"id": 1, "file_name": "a.png"} | values], "annotations": result_with()}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"images": []}, "no list of annotations"),
        ({"annotations": []}, "no list 'images'"),
        (result_with(score=None), "score None"),
        (result_with(score=5), "score 5"),
        (result_with(score=10**400), "annotation 0 of found.json has score 1000"),
        (result_with(score=float("nan")), "score nan"),
        (result_with(score=True), "score True"),
        (result_with(score="0.5"), "score '0.5'"),
        (result_with(id="x" * 999, score=5), "score 5"),
        (result_with(bbox=[1, 2, 3]), "has bbox [1, 2, 3]"),
        (result_with(bbox=[1, 2, -3, 4]), "has bbox [1, 2, -3, 4]"),
        (result_with(bbox=[1, 2, 3, 10**400]), "has bbox [1, 2, 3, 1000"),
        (result_with(bbox=[1, 2, 3, False]), "has bbox [1, 2, 3, False]"),
        (result_with(bbox=list(range(9999))), "has bbox [0, 1, 2, 3, 4, 5, ...]"),
        (result_with(image_id=77), "image id '77'"),
        (result_with(image_id=[1]), "image_id [1]"),
        (result_with(image_id=True), "image_id True"),
        ({"images": [], "annotations": result_with()}, "image_id 1"),
        (coco_with(id=[1]), "one of the images of found.json has id [1]"),
        (coco_with(id={}), "has id {}"),
        (coco_with(id=1.0), "has id 1.0"),
        (coco_with(file_name=["a.png"]), "image 1 of found.json has file_name ['a.png']"),
        (coco_with(file_name="", frame=-1), "image 1 of found.json has frame -1"),
        (coco_with(file_name="", frame=True), "has frame True"),
        (coco_with(file_name="", frame=10**400), "has frame 1000"),
        (
            {"images": [{"id": 1}, {"id": 1}], "annotations": result_with()},
            "the same id to several images",
        ),
        ("text", "no list of annotations"),
    ],
)
def test_bad_coco_findings(
    place: Path, capsys: pytest.CaptureFixture[str], content: Any, says: str
) -> None:
    (place / "found.json").write_text(json.dumps(content))
    assert run("found.json", "truth.json") == 2
    error = capsys.readouterr().err
    assert says in error
    assert len(error.strip().splitlines()) == 1
    assert len(error) < 300
    assert not (place / "found-evaluate").exists()


def test_text_that_no_file_can_hold(place: Path) -> None:
    half = json.loads('"\\ud800"')  # one half of a character of two
    (place / "truth.json").write_text(images_with(group=half))
    assert run("findings.csv", "truth.json", "--out", "out") == 0
    assert set(summary(place / "out")["groups"]) == {"?", "two"}


def test_what_is_not_there(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "empty").mkdir()
    for findings, truth in (
        ("no.csv", "truth.json"),
        ("findings.csv", "no.json"),
        ("empty", "truth.json"),
    ):
        assert run(findings, truth) == 2
        assert "no" in capsys.readouterr().err


def test_images_that_cannot_be_told_apart(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = coco()
    for image in data["images"]:
        image["frame"] = 4
    (place / "truth.json").write_text(json.dumps(data))
    assert run(as_video(place), "truth.json") == 2
    assert "several images with frame '4'" in capsys.readouterr().err


def test_the_summary_names_files_without_their_folders(tmp_path: Path) -> None:
    place = tmp_path / "JANE DOE"
    place.mkdir()
    findings = write_csv(place / "findings.csv", [*ROWS, (9, "z.png", 1.0, 1.0, 8, 8, 0.3)])
    truth = place / "truth.json"
    truth.write_text(json.dumps(coco()), encoding="utf-8")
    with pytest.raises(SystemExit) as leaving:
        main(["evaluate", str(findings), str(truth), "--out", str(tmp_path / "out")])
    assert leaving.value.code == 0
    text = (tmp_path / "out" / "summary.json").read_text(encoding="utf-8")
    assert "JANE" not in text
    summary = json.loads(text)
    assert (summary["findings"], summary["truth"]) == ("findings.csv", "truth.json")
    assert summary["findings_outside_truth"] == 1
