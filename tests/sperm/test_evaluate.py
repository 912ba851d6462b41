"""The figures of an evaluation, against hand-made cases and an independent implementation."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sertoli.sperm import Detections
from sertoli.sperm.evaluation import (
    Evaluation,
    ImageResult,
    compare,
    evaluate,
    match_boxes,
    match_centres,
)


def boxes(*rows: tuple[float, float, float, float]) -> Any:
    return np.array(rows, np.float64).reshape(-1, 4)


def around(x: float, y: float, side: float = 4.0) -> tuple[float, float, float, float]:
    return (x - side / 2, y - side / 2, side, side)


def image(
    found: list[tuple[float, float, float, float]],
    probability: list[float],
    truth: list[tuple[float, float, float, float]],
    ignored: list[bool] | None = None,
    group: str = "",
) -> ImageResult:
    return ImageResult(
        boxes(*found),
        np.array(probability, np.float64),
        boxes(*truth),
        np.array(ignored or [False] * len(truth), np.bool_),
        group,
    )


@pytest.mark.parametrize(
    ("found", "truth", "ignored", "expected"),
    [
        pytest.param([around(6, 0)], [around(0, 0)], [False], [0], id="six px always reach"),
        pytest.param([around(6.1, 0)], [around(0, 0)], [False], [-1], id="no further"),
        pytest.param([around(10, 0)], [(-10, -5, 20, 10)], [False], [0], id="half longer side"),
        pytest.param([around(0, 9.9)], [(-10, -5, 20, 10)], [False], [0], id="in any direction"),
        pytest.param(
            [around(1, 0), around(0, 0)], [around(0, 0)], [False], [0, -1], id="best first"
        ),
        pytest.param(
            [around(2, 0), around(1, 0)],
            [around(0, 0), around(5, 0)],
            [False, False],
            [0, 1],
            id="nearest free",
        ),
        pytest.param(
            [around(4, 0)], [around(0, 0), around(3, 0)], [False, True], [0], id="wanted first"
        ),
        pytest.param(
            [around(0, 0), around(1, 0), around(2, 0)],
            [around(0, 0), around(1, 0)],
            [False, True],
            [0, 1, 1],
            id="ignored takes any number",
        ),
        pytest.param([around(19, 19)], [(0, 0, 20, 20)], [True], [0], id="corner of a cluster"),
        pytest.param([around(19, 19)], [(0, 0, 20, 20)], [False], [-1], id="corner of a sperm"),
        pytest.param([], [around(0, 0)], [False], [], id="nothing found"),
        pytest.param([around(0, 0)], [], [], [-1], id="nothing there"),
    ],
)
def test_centre_matching(found: Any, truth: Any, ignored: Any, expected: list[int]) -> None:
    matches = match_centres(boxes(*found), boxes(*truth), np.array(ignored, np.bool_))
    assert matches.tolist() == expected


@pytest.mark.parametrize(
    ("found", "truth", "ignored", "expected"),
    [
        pytest.param([(0, 0, 10, 10)], [(0, 0, 10, 20)], [False], [0], id="exactly a half"),
        pytest.param([(0, 0, 10, 10)], [(0, 0, 10, 21)], [False], [-1], id="less than a half"),
        pytest.param([(0, 0, 10, 10)], [(0, 0, 99, 99)], [True], [0], id="inside ignored"),
        pytest.param([(0, 0, 0, 10)], [(0, 0, 10, 10)], [False], [-1], id="no area"),
        pytest.param(
            [(0, 0, 10, 10)], [(0, 0, 10, 12), (0, 0, 10, 11)], [False, False], [1], id="most"
        ),
    ],
)
def test_box_matching(found: Any, truth: Any, ignored: Any, expected: list[int]) -> None:
    matches = match_boxes(boxes(*found), boxes(*truth), np.array(ignored, np.bool_))
    assert matches.tolist() == expected


def test_counts_and_ratios_by_hand() -> None:
    result = evaluate(
        [
            image(
                [around(0, 0), around(50, 50), around(90, 90)],
                [0.9, 0.8, 0.7],
                [around(1, 0), around(30, 0), around(90, 90, 20)],
                [False, False, True],
                group="a",
            ),
            image([], [], [around(0, 0)], group="b"),
            image([around(5, 5)], [0.2], [], group="b"),
        ]
    )
    assert (result.images, result.truths) == (3, 3)
    assert (result.tp, result.fp, result.fn, result.dont_care) == (1, 2, 2, 1)
    assert result.precision == pytest.approx(1 / 3)
    assert result.recall == pytest.approx(1 / 3)
    assert result.f1 == pytest.approx(1 / 3)
    assert result.fp_per_image == pytest.approx(2 / 3)
    assert result.lowest_probability == 0.2
    assert result.precision_interval == pytest.approx((0.0614919, 0.7923404), abs=1e-6)
    # At 0.9 one truth is found without a false positive, later ones find no more.
    assert result.recall_at_0_1_fp_per_image == pytest.approx(1 / 3)
    assert sorted(result.groups) == ["a", "b"]
    assert result.groups["b"].recall == 0.0
    assert result.groups["a"].precision == 0.5
    assert not result.groups["a"].groups


def test_recall_at_a_rate_of_false_positives() -> None:
    truth = [around(20.0 * k, 0) for k in range(4)]
    found = [truth[0], around(0, 100), truth[1], around(0, 200), truth[2]]
    result = evaluate([image(found, [0.9, 0.8, 0.7, 0.6, 0.5], truth)])
    assert result.recall_at_0_1_fp_per_image == 0.25
    assert result.recall_at_1_fp_per_image == 0.5
    assert result.curve.recall.tolist() == [0.25, 0.25, 0.5, 0.5, 0.75]


def test_findings_of_equal_probability_pass_together() -> None:
    result = evaluate([image([around(0, 0), around(99, 99)], [0.5, 0.5], [around(0, 0)])])
    assert result.curve.probability.tolist() == [0.5]
    assert result.recall_at_0_1_fp_per_image == 0.0
    assert result.recall_at_1_fp_per_image == 1.0


def test_without_truth_what_is_0_by_0_is_none() -> None:
    result = evaluate([image([around(0, 0)], [0.5], [])])
    assert (result.recall, result.ap50, result.recall_at_1_fp_per_image) == (None, None, None)
    assert (result.precision, result.f1) == (0.0, 0.0)
    empty = evaluate([image([], [], [])])
    assert (empty.precision, empty.f1, empty.lowest_probability) == (None, None, None)


def test_perfect_findings_are_perfect() -> None:
    truth = [around(20.0 * k, 7) for k in range(1500)]
    result = evaluate([image(truth, list(np.linspace(1, 0.1, 1500)), truth)])
    assert (result.precision, result.recall, result.f1, result.ap50) == (1, 1, 1, 1)


def test_of_detections_keeps_the_boxes() -> None:
    detections = Detections(
        np.array([[10, 20]], np.float32), np.array([[4, 6]], np.float32), np.ones(1, np.float32)
    )
    result = ImageResult.of_detections(detections, boxes((8, 17, 4, 6)))
    assert result.found_px.tolist() == [[8, 17, 4, 6]]
    assert evaluate([result]).ap50 == 1.0


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="no image"):
        evaluate([])
    with pytest.raises(ValueError, match="shapes"):
        image([around(0, 0)], [0.5, 0.4], [])


def reference_ap50(images: list[ImageResult]) -> float:
    """AP50 by faster-coco-eval, with ignored truth as its crowds."""
    from faster_coco_eval import COCO, COCOeval_faster

    truths: list[dict[str, Any]] = []
    found = []
    for number, one in enumerate(images, start=1):
        for box, ignored in zip(one.truth_px.tolist(), one.ignored.tolist(), strict=True):
            truths.append(
                {
                    "id": len(truths) + 1,
                    "image_id": number,
                    "category_id": 1,
                    "bbox": box,
                    "area": box[2] * box[3],
                    "iscrowd": int(ignored),
                }
            )
        for box, score in zip(one.found_px.tolist(), one.probability.tolist(), strict=True):
            found.append({"image_id": number, "category_id": 1, "bbox": box, "score": score})
    data = {
        "info": {},
        "images": [
            {"id": number, "width": 9999, "height": 9999} for number in range(1, len(images) + 1)
        ],
        "categories": [{"id": 1, "name": "sperm"}],
        "annotations": truths,
    }
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(data)
        judge = COCOeval_faster(truth, truth.loadRes(found), "bbox", print_function=lambda *_: None)
        judge.params.maxDets = [100, 1000, 100_000]
        judge.params.iouThrs = np.array([0.5])
        judge.params.areaRng = [[0, 1e10]]
        judge.params.areaRngLbl = ["all"]
        judge.evaluate()
        judge.accumulate()
    return float(np.mean(judge.eval["precision"][0, :, 0, 0, -1]))


side = st.integers(1, 12).map(float)
place = st.integers(0, 24).map(float)
box = st.tuples(place, place, side, side)


@st.composite
def random_images(draw: st.DrawFn) -> list[ImageResult]:
    images = []
    for _ in range(draw(st.integers(1, 4))):
        found = draw(st.lists(box, max_size=15))
        scores = st.integers(1, 1000).map(lambda n: n / 1000)
        probability = draw(st.lists(scores, min_size=len(found), max_size=len(found), unique=True))
        truth = draw(st.lists(box, max_size=8))
        ignored = draw(st.lists(st.booleans(), min_size=len(truth), max_size=len(truth)))
        images.append(image(found, probability, truth, ignored))
    return images


@settings(max_examples=150, deadline=None)
@given(random_images())
def test_ap50_agrees_with_an_independent_implementation(images: list[ImageResult]) -> None:
    result = evaluate(images)
    if result.ap50 is not None and any(len(one.probability) for one in images):
        assert result.ap50 == pytest.approx(reference_ap50(images), abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(random_images())
def test_laws_of_the_counts(images: list[ImageResult]) -> None:
    result = evaluate(images)
    assert result.tp + result.fp + result.dont_care == sum(len(one.probability) for one in images)
    assert result.tp + result.fn == result.truths
    for one in images:
        matches = match_centres(one.found_px, one.truth_px, one.ignored)
        wanted = [m for m in matches.tolist() if m >= 0 and not one.ignored[m]]
        assert len(wanted) == len(set(wanted))
    if len(result.curve.recall):
        assert (np.diff(result.curve.recall) >= 0).all()
        assert (np.diff(result.curve.fp_per_image) >= 0).all()
        if result.truths:
            assert result.curve.recall[-1] == result.recall


def scattered(truth_path: Path, seed: int, misses: int) -> tuple[list[ImageResult], Evaluation]:
    """Findings made from real labels: most of them moved, some lost, many false ones."""
    from sertoli.sperm.evaluation import read_truth

    random = np.random.default_rng(seed)
    images = []
    for truth in read_truth(truth_path).images:
        kept = truth.boxes_px[random.random(len(truth.boxes_px)) < 0.85]
        moved = kept + random.normal(0, 1.5, kept.shape)
        wrong = np.column_stack(
            [random.uniform(0, 600, (misses, 2)), random.uniform(8, 30, (misses, 2))]
        )
        found = np.vstack([moved, wrong])
        found[:, 2:] = np.maximum(found[:, 2:], 1)
        probability = np.concatenate([random.beta(5, 2, len(moved)), random.beta(2, 5, misses)])
        images.append(ImageResult(found, probability, truth.boxes_px, truth.ignored, truth.group))
    return images, evaluate(images)


@pytest.mark.realdata
@pytest.mark.parametrize(("name", "misses"), [("visem11", 20), ("miamia", 40), ("bull", 300)])
def test_ap50_agrees_on_real_labels(shared_data: Path, name: str, misses: int) -> None:
    images, result = scattered(shared_data / name / "annotations.json", 7, misses)
    assert result.ap50 == pytest.approx(reference_ap50(images), abs=1e-6)
    assert 0.2 < (result.ap50 or 0) < 1


@pytest.mark.realdata
def test_the_labels_themselves_score_one(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "visem11" / "annotations.json"
    truth = json.loads(path.read_text(encoding="utf-8"))
    names = {one["id"]: one["name"] for one in truth["categories"]}
    results = [
        {"image_id": a["image_id"], "category_id": 1, "bbox": a["bbox"], "score": 0.5}
        for a in truth["annotations"]
        if names[a["category_id"]] != "cluster"
    ]
    findings = tmp_path / "results.json"
    findings.write_text(json.dumps(results), encoding="utf-8")
    result = compare(findings, path).evaluation
    assert (result.images, result.precision, result.recall, result.ap50) == (600, 1, 1, 1)
