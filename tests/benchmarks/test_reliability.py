"""Reliability: bins of equal number, the calibration error, don't-care left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.labelled import LabelledSet
from benchmarks.page import BEGIN, END
from benchmarks.reliability import BINS, FLOOR, chance, judged, reliability
from hypothesis import given, settings
from hypothesis import strategies as st
from training.sperm.scenes import Scene

from benchmarks import reliability as page_of
from sertoli.search import Finder
from sertoli.sperm.evaluation import ImageResult


def test_what_is_said_and_what_is_seen() -> None:
    rng = np.random.default_rng(3)
    said = rng.uniform(FLOOR, 1, 20_000)
    true = reliability(said, rng.random(20_000) < said)
    boastful = reliability(said, rng.random(20_000) < said**2)
    assert len(true.count) == BINS
    assert set(true.count.tolist()) <= {20_000 // BINS, 20_000 // BINS + 1}
    assert true.error == pytest.approx(0.0, abs=0.02)
    # the mean of p - p * p over the range
    assert boastful.error == pytest.approx(0.174, abs=0.02)
    assert (true.low <= true.observed).all()
    assert (true.observed <= true.high).all()


def test_few_things_seen_often_err_by_chance() -> None:
    said = np.random.default_rng(3).uniform(FLOOR, 1, 12_000)
    alone = chance(said, np.arange(12_000))
    # things that are sure enough, seen 200 times each
    often = chance(np.repeat(said[:60], 200), np.repeat(np.arange(60), 200))
    assert (alone.tracks, often.tracks) == (12_000, 60)
    assert alone.high < 0.03
    assert 0.05 < often.low < often.mean < often.high < 0.3
    assert "60 tracks" in str(often)


def test_findings_below_the_floor_are_left_out() -> None:
    said = np.array([0.04, FLOOR, 0.9])
    got = reliability(said, np.array([True, False, True]))
    assert got.findings == 2
    assert got.error == pytest.approx((0.05 + 0.1) / 2)
    assert reliability(said[:1], np.array([True])).error is None


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60))
def test_the_error_is_a_share(pairs: list[tuple[float, bool]]) -> None:
    said = np.array([p for p, _ in pairs], np.float64)
    got = reliability(said, np.array([r for _, r in pairs], np.bool_))
    assert got.findings == int((said >= FLOOR).sum())
    assert got.error is None or 0 <= got.error <= 1


def test_findings_on_dont_care_labels_are_left_out() -> None:
    found = np.array([[10.0, 10, 10, 10], [50, 50, 10, 10], [90, 90, 10, 10], [10, 10, 10, 10]])
    truth = np.array([[11.0, 10, 10, 10], [50, 50, 10, 10]])
    one = ImageResult(found, np.array([0.5, 0.6, 0.7, 0.8]), truth, np.array([False, True]))
    probability, right = judged([one])
    # the more probable of two on one head has it
    assert dict(zip(probability.tolist(), right.tolist(), strict=True)) == {
        0.8: True,
        0.7: False,
        0.5: False,
    }
    assert [len(part) for part in judged([])] == [0, 0]


def test_the_page_is_rewritten(
    small_data: Path, tmp_path: Path, finder: Finder, monkeypatch: pytest.MonkeyPatch
) -> None:
    spot = np.full((40, 40), 60, np.uint8)
    spot[10:20, 10:20] = 200
    box = np.array([[10, 10, 10, 10]], np.float32)
    scene = Scene(spot, box, np.array([1], np.int8), 0.3)
    sets = (LabelledSet("miamia", "", ("labelled",)), LabelledSet("umid", "", ("empty",)))
    monkeypatch.setattr(page_of, "LABELLED_SETS", sets)
    monkeypatch.setattr(page_of, "RECORDING", "labelled")
    monkeypatch.setattr(page_of, "phantom_fields", lambda *_, **__: [scene])
    monkeypatch.setattr(page_of, "Detector", lambda name: finder)
    page, picture = tmp_path / "page.md", tmp_path / "curves.png"
    page.write_text(f"{BEGIN}\nold\n{END}\n")
    arguments = ["--data", str(small_data), "--update", str(page), "--picture", str(picture)]
    monkeypatch.setattr("sys.argv", ["reliability", *arguments, "--cache", str(tmp_path)])
    page_of.main()
    text = page.read_text(encoding="utf-8")
    # 200 of 256 is the probability of the finder made for tests; the third set is a recording,
    # whose sightings are judged together
    assert "| phantom, pixel size given |" in text
    assert "| 1 | 0.781 | 1.000 | 0.219 | <= 0.05: **missed** |" in text
    assert "| 16 | 0.938 | 1.000 | 0.062 | reported only |" in text
    assert "| 2 | 0.781 | 0.000 | 0.781 | reported only |" in text
    assert "The findings of `labelled` are sightings of 4 tracks." in text
    assert picture.read_bytes().startswith(b"\x89PNG")
