"""What ``summary.json`` and the report say of files that differ among themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from sertoli.search import SearchSettings, search


def write_stills(folder: Path, sizes: list[float | None]) -> Path:
    folder.mkdir()
    picture = np.full((96, 128), 20, np.uint8)
    picture[40:48, 60:68] = 200
    for index, size in enumerate(sizes):
        facts = {} if size is None else {"PhysicalSizeX": size, "PhysicalSizeY": size}
        tifffile.imwrite(folder / f"f{index}.ome.tif", picture, ome=True, metadata=facts)
    return folder


@pytest.mark.parametrize(
    ("sizes", "given", "um_per_px", "of_files", "shown"),
    [
        ([0.36, 0.36], None, 0.36, None, "0.36 µm per px"),
        ([None, None], None, None, None, "unknown"),
        ([0.36, 0.18, 0.36], None, None, [0.18, 0.36], "several: 0.18 to 0.36 µm per px"),
        ([0.36, None], None, None, [0.36, None], "0.36 µm per px, unknown for some files"),
        (
            [None, 0.36, 0.18],
            None,
            None,
            [0.18, 0.36, None],
            "several: 0.18 to 0.36 µm per px, unknown for some files",
        ),
        ([0.36, 0.18], 0.3, 0.3, None, "0.3 µm per px"),
    ],
)
def test_pixel_sizes_of_files(
    tmp_path: Path,
    finder: Any,
    sizes: list[float | None],
    given: float | None,
    um_per_px: float | None,
    of_files: list[float | None] | None,
    shown: str,
) -> None:
    stills = write_stills(tmp_path / "stills", sizes)
    settings = SearchSettings(sequence=False, um_per_px=given)
    folder = search(stills, tmp_path / "out", finder, settings).folder
    optics = json.loads((folder / "summary.json").read_bytes())["optics"]
    assert optics["um_per_px"] == um_per_px
    assert optics.get("um_per_px_of_files") == of_files
    report = (folder / "report.html").read_text(encoding="utf-8")
    row = report.split("Pixel size", 1)[1].split("</tr>", 1)[0]
    assert f">{shown}<" in row
