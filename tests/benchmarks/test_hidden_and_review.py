from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from benchmarks.hidden_sperm import REGIMES, row, simulate, verdict
from benchmarks.rare_dishes import NO_SPERM, DishRecord
from benchmarks.rare_sensitivity import write_sensitivity
from benchmarks.review_effort import curves, review_of


def record() -> DishRecord:
    """Three candidates of two fields: a sperm seen from both, and debris before it."""
    none = np.zeros(0)
    return DishRecord(
        seed=1,
        modality="dic",
        tail_gain=1.0,
        rare_fields=2,
        doped_fields=1,
        field=np.array([0, 0, 1]),
        place_um=np.array([[10.0, 10.0], [90.0, 10.0], [90.5, 10.0]]),
        probability=np.array([0.4, 0.8, 0.9]),
        sperm=np.array([NO_SPERM, 7, 7]),
        rare_sperm=np.array([7, 8]),
        doped_probability=np.array([0.7, 0.0]),
        doped_motility=np.zeros(2, np.int64),
        doped_contrast=np.ones(2),
        doped_obscured=0,
        doped_false=none,
    )


def test_a_review_meets_the_sperm_first_and_once() -> None:
    review = review_of(record(), 0.3)
    assert (review.sightings, len(review.field), review.sperm) == (3, 2, 2)
    told = curves([review], 2)
    assert told["queue"].tolist() == [0.5, 0.5]
    assert told["order of fields"].tolist() == [0.0, 0.5]


def test_sensitivity_is_written_dish_by_dish(tmp_path: Path) -> None:
    write_sensitivity([record()], "a" * 64, tmp_path / "s.json")
    told = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert told["dishes"] == [{"modality": "dic", "probability": [0.0, 0.7]}]
    assert told["weights_sha256"] == "a" * 64


def test_outcomes_are_set_beside_their_targets() -> None:
    outcome = simulate(REGIMES[3], 4, 0)
    assert outcome.truth.shape == outcome.bound.shape == outcome.knowing.shape == (4, 2)
    assert (outcome.truth[:, 0] <= outcome.truth[:, 1]).all()
    assert outcome.informed.shape == (4, 1)
    assert row(REGIMES[3], outcome).count("|") == 10
    assert "target 0.936" in verdict([outcome], 0.9)
