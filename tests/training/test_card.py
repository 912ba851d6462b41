"""The model card: figures from the pages, failures in words and as a sheet."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from training.sperm import card as writer
from training.sperm.card import Page, card, left_out, section
from training.sperm.failures import describe, matched

from sertoli.sperm import Detector
from sertoli.sperm.evaluation import ImageResult


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(threads=1)


def page(folder: Path, block: str) -> Page:
    path = folder / "page.md"
    path.write_text(
        f"# T\n\nMade by\n\n    python -m benchmarks.thing \\\n        --update docs/page.md\n\n"
        f"<!-- figures: begin -->\n{block}\n<!-- figures: end -->\nafter\n",
        encoding="utf-8",
    )
    return Page("Things", path)


def test_a_page_measured_with_these_weights_is_taken_over(tmp_path: Path) -> None:
    block = "SHA-256 0123456789abcdef, 2026-11-23\n\n### As they come\n| a |\n![x](y.png)"
    text = section(page(tmp_path, block), "0123456789abcdef" + "0" * 48)
    assert "#### As they come\n| a |" in text
    assert "python -m benchmarks.thing --update docs/page.md" in text
    assert "y.png" not in text
    assert "after" not in text


def test_a_page_measured_with_other_weights_is_not(tmp_path: Path) -> None:
    text = section(page(tmp_path, "SHA-256 ffff, 0.99"), "0123456789abcdef" + "0" * 48)
    assert "Not measured with these weights" in text
    assert "0.99" not in text


def test_the_card_holds_what_the_file_says(detector: Detector) -> None:
    text = card(detector, "none known", "| noise | 4 | 100 % |", "python -m training.sperm.card")
    assert "| noise | 4 | 100 % |" in text
    assert detector.weights_sha256 in text
    assert "Restricted" not in text
    for page_ in writer.PAGES:
        assert f"### {page_.title}\n" in text
    assert "none known" in text
    assert "--leave-out" not in text


def test_left_out_videos_stand_beside_their_target(
    detector: Detector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "left-out.json"
    one = {"f1": 0.95, "precision": 0.9, "recall": 1.0, "frames": 3, "f1_of_stills": 0.7}
    videos = {"S_0001": one, "S_0002": one | {"f1": 0.5}}
    figures = {"date": "2026-11-23", "command": "make it", "videos": videos}
    file.write_text(json.dumps(figures), encoding="utf-8")
    monkeypatch.setattr(writer, "LEFT_OUT", file)
    assert left_out(detector) == ""
    monkeypatch.setattr(detector.network, "restriction", "for tests only")
    text = left_out(detector)
    assert "| S_0001 | 3 | 0.950 | 0.900 | 1.000 | reached | 0.700 |" in text
    assert "**missed**" in text


def test_findings_and_heads_are_matched_once() -> None:
    found = np.array([[10, 10, 10, 10], [11, 11, 10, 10], [80, 80, 10, 10]], float)
    truth = np.array([[12, 12, 10, 10], [50, 50, 10, 10]], float)
    right, met = matched(found, truth)
    assert right.tolist() == [True, False, False]
    assert met.tolist() == [True, False]
    assert matched(found, truth[:0])[0].tolist() == [False] * 3


def test_failures_are_put_into_words() -> None:
    truth = np.array([[10, 10, 10, 10], [18, 10, 10, 10]], float)
    still = np.array([[70, 70, 10, 10]], float)
    image = ImageResult(still, np.array([0.9]), truth, np.zeros(2, bool), "video")
    said = describe([image, image])
    assert "2 wrong findings (100 % at a place that is wrong in another picture" in said
    assert "100 % with a probability of 0.8" in said
    assert "4 of 4 heads missed (100 % of them touch another head" in said
    empty = ImageResult(np.zeros((0, 4)), np.zeros(0), np.zeros((0, 4)), np.zeros(0, bool))
    assert describe([empty]) == "1 pictures, 0 wrong findings."
