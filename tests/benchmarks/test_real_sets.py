"""The page of the real sets: every figure beside its target, baselines in the same table."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from benchmarks.labelled import LABELLED_SETS, Figures, LabelledSet, searched
from benchmarks.page import BEGIN, END
from benchmarks.real_sets import Resized, has_trained, main_row, median_box_px, resized_rows

from benchmarks import real_sets
from sertoli.search import Finder

FIGURES = Figures(
    fields=4,
    precision=0.9,
    recall=0.8,
    f1=0.85,
    best_f1=0.86,
    ap50=0.5,
    fp_per_image=0.31,
    recall_still=None,
    f1_by_group={"a": 0.9, "b": 0.8},
)


@pytest.mark.parametrize(
    ("name", "changed", "said"),
    [
        ("miamia", {}, "| 0.850 | >= 0.85: reached |"),
        ("visem11", {}, "| 0.850 | >= 0.93: **missed** |"),
        ("bull", {"f1": 0.8499}, ">= 0.85: **missed** |"),
        ("umid", {"f1": None}, "| 0.31 | <= 0.3: **missed** |"),
        ("umid", {"f1": None, "fp_per_image": 0.3}, "| 0.30 | <= 0.3: reached |"),
        ("other", {}, "| 0.850 |  |"),
    ],
)
def test_figures_stand_beside_their_target(
    name: str, changed: dict[str, float | None], said: str
) -> None:
    assert said in main_row(name, "x", replace(FIGURES, **changed))  # type: ignore[arg-type]


def test_resized_sets_stand_beside_the_native_ones() -> None:
    empty = replace(FIGURES, f1=None)
    near = Resized("bull", "default", 0.71, 8.1, FIGURES, replace(FIGURES, f1=0.801))
    far = Resized("bull", "default", 2.0, 22.8, FIGURES, replace(FIGURES, f1=0.9001))
    urine = Resized("umid", "default", 2.0, None, empty, empty)
    *_, first, second, third = resized_rows([near, far, urine])
    assert "| x 0.71 | 8 px | 4 | 0.850 | 0.801 | -0.049 | reached |" in first
    assert "| +0.050 | **missed** |" in second
    assert "| x 2 |  | 4 |  |  |  |  | 0.31 | 0.31 |" in third


def test_the_page_is_rewritten(
    small_data: Path, tmp_path: Path, finder: Finder, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = (
        LabelledSet("miamia", "", ("labelled",), tracked=True),
        LabelledSet("umid", "", ("empty",)),
    )
    monkeypatch.setattr(real_sets, "LABELLED_SETS", sets)
    monkeypatch.setattr(real_sets, "UNLABELLED", {"empty": "nothing"})
    monkeypatch.setattr(real_sets, "FACTORS", (0.5, 2.0))
    monkeypatch.setattr(real_sets, "Detector", lambda name: finder)
    row = {"set": "miamia", "baseline": "old way", "how": "tuned", "setting": "7 px"}
    baselines = tmp_path / "baselines.json"
    baselines.write_text(json.dumps({"every": 5, "rows": [row | asdict(FIGURES)]}))
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    arguments = ["--data", str(small_data), "--update", str(page), "--every-resized", "2"]
    arguments += ["--baselines", str(baselines)]
    monkeypatch.setattr("sys.argv", ["real_sets", *arguments])
    real_sets.main()
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old\n" not in text
    assert "| `miamia` | **weights `spots`** | 4 | 1.000 | >= 0.85: reached |" in text
    assert "| `miamia` | old way; tuned (7 px) | 4 | 0.850 | >= 0.85: reached |" in text
    assert "| `umid` | **weights `spots`** | 2 |  |  |" in text
    assert "| 1.00 | <= 0.3: **missed** |" in text
    # half the size would make the boxes 6 px
    assert "x 0.5 | 6 px" not in text
    assert "| `miamia` | `spots` | x 2 | 24 px | 2 | 1.000 | 1.000 | +0.000 | reached |" in text
    assert "| `umid` | `spots` | x 0.5 |" in text
    assert "| `miamia` | `video 1` | `spots` | 1.000 |" in text
    assert "| `empty` | nothing | 2 | 1.00 |" in text
    assert "by the baselines one in 5; resized one in 2." in text


def test_what_restricted_weights_were_trained_on_gives_no_verdict(
    small_data: Path, tmp_path: Path, finder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = (LabelledSet("miamia", "", ("labelled",)), LabelledSet("bull", "", ("labelled",)))
    monkeypatch.setattr(real_sets, "LABELLED_SETS", sets)
    monkeypatch.setattr(real_sets, "UNLABELLED", {})
    monkeypatch.setattr(real_sets, "FACTORS", (2.0,))
    bound = type(finder)()
    bound.restriction = "for tests only"
    bound.weights_name = "bound"
    assert has_trained(bound, "miamia")
    monkeypatch.setattr(real_sets, "Detector", {"free": finder, "bound": bound}.get)
    left_out = tmp_path / "left-out.json"
    one = {"f1": 0.95, "precision": 0.9, "recall": 1.0, "frames": 3, "f1_of_stills": 0.7}
    videos = {"S_0001": one, "S_0002": one | {"f1": 0.5}}
    figures = {"date": "2026-11-23", "command": "make it", "videos": videos}
    left_out.write_text(json.dumps(figures), encoding="utf-8")
    monkeypatch.setattr(real_sets, "LEFT_OUT", left_out)
    page = tmp_path / "page.md"
    texts = []
    for weights in (["free"], ["free", "bound"]):
        page.write_text(f"{BEGIN}\n{END}\n")
        arguments = ["--data", str(small_data), "--update", str(page), "--weights", *weights]
        monkeypatch.setattr("sys.argv", ["real_sets", *arguments])
        real_sets.main()
        texts.append(page.read_text(encoding="utf-8"))
    free, text = texts
    assert "trained on it" not in free
    assert "left out" not in free
    assert "| `miamia` | **weights `spots`** | 4 | 1.000 | >= 0.85: reached |" in text
    assert "| `miamia` | **weights `bound`** | 4 | 1.000 | trained on it |" in text
    assert "| `bull` | **weights `bound`** | 4 | 1.000 | >= 0.85: reached |" in text
    assert (
        "| `miamia` | `bound` | x 2 | 24 px | 1 | 1.000 | 1.000 | +0.000 | trained on it |" in text
    )
    assert "### Research weights on the video left out" in text
    assert "| S_0001 | 3 | 0.950 | 0.900 | 1.000 | reached | 0.700 |" in text
    assert "| S_0002 | 3 | 0.500 | 0.900 | 1.000 | **missed** | 0.700 |" in text


@pytest.mark.realdata
def test_real_labels_are_read_as_expected(shared_data: Path, finder: Finder) -> None:
    boxes = {real.name: median_box_px(real, shared_data) for real in LABELLED_SETS}
    assert boxes == {
        "miamia": 17.0,
        "visem11": 18.0,
        "bull": pytest.approx(11.42),
        "umid": None,
    }
    (urine,) = [real for real in LABELLED_SETS if real.name == "umid"]
    one = replace(urine, folders=("umid_val",))
    results = searched(one, shared_data, finder, every=20, factor=0.25)
    assert [len(result.truth_px) for result in results] == [0, 0]
