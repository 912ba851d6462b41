from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sertoli.search import SearchSettings, _journal, search
from sertoli.search._thumbnails import ThumbnailCutter
from sertoli.sperm import Detections

STILLS = SearchSettings(sequence=False)
SEQUENCE = SearchSettings(sequence=True, fps=25.0)


class Page(HTMLParser):
    """The page as a browser reads it: its elements, and the texts of its scripts."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: dict[str, str] = {}
        self.text = ""
        self._script: str | None = None
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in {"script", "style"}:
            self._script = dict(attrs).get("id") or tag

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style"}:
            self._script = None

    def handle_data(self, data: str) -> None:
        if self._script is None:
            self.text += data
        else:
            self.scripts[self._script] = self.scripts.get(self._script, "") + data

    @property
    def data(self) -> Any:
        return json.loads(self.scripts["data"])


def test_self_contained(recording: Path, tmp_path: Path, finder: Any) -> None:
    page = Page(search(recording, tmp_path / "out", finder, SEQUENCE).folder / "report.html")
    assert not re.search(r"https?://|//[a-z]|@import|src=|<link|fetch\(", page.source)
    assert page.text.count("Research software, not a medical device.") == 2
    assert "4 possible sperm in 12 frames" in page.text


def test_every_sperm_with_its_place(recording: Path, tmp_path: Path, finder: Any) -> None:
    page = Page(search(recording, tmp_path / "out", finder, SEQUENCE).folder / "report.html")
    sperm = page.data["sperm"]
    assert sorted(sperm["id"]) == [0, 1, 2, 3]
    assert sperm["p"] == sorted(sperm["p"], reverse=True)
    assert set(sperm["n"]) == {12}
    assert {len(column) for column in sperm.values()} == {4}
    assert len(page.data["bins"]) == 12
    assert sum(one["fresh"] for one in page.data["bins"]) == 4
    assert "sheet-0" in page.scripts
    assert "backdrop-0" in page.scripts


def test_the_mark_is_on_the_head(recording: Path, tmp_path: Path, finder: Any) -> None:
    import base64

    import cv2
    import numpy as np

    page = Page(search(recording, tmp_path / "out", finder, STILLS).folder / "report.html")
    raw = base64.b64decode(json.loads(page.scripts["sheet-0"]))
    picture = np.asarray(cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_GRAYSCALE))
    sperm, side, across = page.data["sperm"], page.data["side"], page.data["across"]
    for i in range(len(sperm["p"])):
        x = side * (i % across) + round(sperm["mx"][i] - 0.5)
        y = side * (i // across) + round(sperm["my"][i] - 0.5)
        assert picture[y, x] > 100  # the background is near 0


def test_nothing_found_has_no_empty_boxes(nothing: Path, tmp_path: Path, finder: Any) -> None:
    page = Page(search(nothing, tmp_path / "out", finder, STILLS).folder / "report.html")
    assert "No sperm was found in the 3 fields searched at confidence 0.50." in page.text
    assert "Every sperm" not in page.text
    assert "canvas" not in {tag for tag, _ in page.tags}


def test_stopped_says_so(recording: Path, tmp_path: Path, finder: Any) -> None:
    result = search(recording, tmp_path / "out", finder, STILLS, should_stop=lambda: True)
    page = Page(result.folder / "report.html")
    assert "stopped before its end: 1 of 12 were searched" in page.text


HOSTILE = [
    "<img src=x onerror=alert(1)>.png",
    "<script>alert(1)<\u200bscript>.png",
    "' onload='x' \" $(x) {{ 7*7 }}.png",
    "]]> <!-- &lt;b&gt;.png",
    "=1+1.png",
    "\u2028\u2029.png",
]


def test_hostile_names_stay_text(recording: Path, tmp_path: Path, finder: Any) -> None:
    folder = tmp_path / "<b>in & out<"
    folder.mkdir()
    for name in HOSTILE:
        shutil.copy(recording / "f1.png", folder / name)
    (folder / "<i>broken.png").write_bytes((recording / "f1.png").read_bytes()[:150])
    settings = replace(STILLS, specimen="</script><b>")
    page = Page(search(folder, tmp_path / "out", finder, settings).folder / "report.html")
    names = {tag for tag, _ in page.tags}
    assert not names & {"img", "b", "i"}
    assert page.source.count("</script>") == page.source.count("<script")
    assert set(page.data["files"].values()) == set(HOSTILE)
    assert "<b>in & out<" in page.text
    assert str(tmp_path) not in page.source


def test_map_over_the_stage(
    recording: Path, tmp_path: Path, finder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = _journal.JournalWriter.append

    def staged(self: Any, record: Any) -> None:
        stage = (1000.0 + 50 * record.index, 500.0, 3.0)
        real(self, replace(record, stage_um=stage, um_per_px=0.5))

    monkeypatch.setattr(_journal.JournalWriter, "append", staged)
    page = Page(search(recording, tmp_path / "out", finder, STILLS).folder / "report.html")
    stage = page.data["stage"]
    assert len(stage["fields"]) == 12
    left, top, width, height = stage["extent"]
    for x, y in zip(page.data["sperm"]["sx"], page.data["sperm"]["sy"], strict=True):
        assert left < x < left + width
        assert top < y < top + height


def test_ten_thousand_stay_small(
    tmp_path: Path,
    recording: Path,
    new_finder: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from sertoli.search import _report, _thumbnails

    monkeypatch.setattr(_thumbnails, "MAX_SHOWN", 10)
    monkeypatch.setattr(_report, "MAX_SHOWN", 10)
    result = search(recording, tmp_path / "out", new_finder(), STILLS)
    page = Page(result.folder / "report.html")
    assert len(page.data["sperm"]["p"]) == 10
    assert "shows the 10 most probable of 48" in page.text
    best = sorted(
        (
            a["score"]
            for a in json.loads((result.folder / "findings.coco.json").read_bytes())["annotations"]
        ),
        reverse=True,
    )[:10]
    assert page.data["sperm"]["p"] == pytest.approx(best, abs=1e-4)


@given(st.lists(st.integers(1, 999), min_size=1, max_size=40))
def test_the_best_sighting_of_a_sperm_is_always_cut(chances: list[int]) -> None:
    cutter = ThumbnailCutter()
    place, track = np.zeros((1, 2), np.float32), np.zeros(1, np.int64)
    cut = [
        chance
        for chance in chances
        if cutter.choose(
            Detections(place, place + 9, np.array([chance / 1000], np.float32)),
            track,
            followed=True,
        )
    ]
    assert max(cut) == max(chances)
