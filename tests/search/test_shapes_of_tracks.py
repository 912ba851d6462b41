"""A search says of each followed sperm what its head measures, or why it does not."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from sertoli.search import SearchSettings, search
from sertoli.sperm.morphology import MORPHOLOGY_COLUMNS


@pytest.mark.parametrize("um_per_px", [None, 0.4])
def test_every_track_has_its_shape_or_the_reason(
    recording: Path, tmp_path: Path, finder: Any, um_per_px: float | None
) -> None:
    settings = SearchSettings(um_per_px=um_per_px, sequence=True)
    folder = search(recording, tmp_path / "out", finder, settings).folder
    with (folder / "tracks.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    assert tuple(rows[0])[-len(MORPHOLOGY_COLUMNS) :] == MORPHOLOGY_COLUMNS
    for row in rows:
        judged = row["head_length_px"] != ""
        assert judged == (row["morphology_note"] == "")
        assert (row["head_length_um"] != "") == (judged and um_per_px is not None)
        assert (row["head_normal_range"] != "") == (row["head_length_um"] != "")
