"""A pixel size that a file states is held to the same limits as one that a person gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile

from sertoli.errors import InputError, SettingError
from sertoli.search import SearchSettings, search

PICTURE = np.zeros((64, 96), np.uint8)


def ome(path: Path, um_per_px: float) -> None:
    size = {"PhysicalSizeX": um_per_px, "PhysicalSizeY": um_per_px}
    tifffile.imwrite(path, PICTURE, ome=True, metadata=size)


def imagej(path: Path, um_per_px: float) -> None:
    density = (1 / um_per_px, 1 / um_per_px)
    tifffile.imwrite(path, PICTURE, imagej=True, resolution=density, metadata={"unit": "um"})


@pytest.mark.parametrize("write", [ome, imagej])
@pytest.mark.parametrize(("um_per_px", "fits"), [(0.019, False), (0.5, True), (3.2, False)])
def test_a_stated_pixel_size_by_which_no_head_is_seen_is_refused(
    tmp_path: Path, finder: Any, write: Any, um_per_px: float, fits: bool
) -> None:
    path = tmp_path / "a.tif"
    write(path, um_per_px)
    out = tmp_path / "out"
    if fits:
        search(path, out, finder)
        return
    with pytest.raises(InputError, match=rf"^a\.tif states {um_per_px:g} um.*--um-per-px"):
        search(path, out, finder)
    assert not list(tmp_path.glob("out*"))
    with pytest.raises(SettingError, match="a head would be"):
        SearchSettings(um_per_px=um_per_px)
    found = search(path, out, finder, SearchSettings(um_per_px=0.32))
    assert found.summary["optics"]["um_per_px"] == 0.32


def test_the_file_of_a_folder_is_named(tmp_path: Path, finder: Any) -> None:
    folder = tmp_path / "fields"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), PICTURE)
    ome(folder / "b.tif", 0.5)
    ome(folder / "c.tif", 3.2)
    with pytest.raises(InputError, match=r"^c\.tif states 3\.2 um per px"):
        search(folder, tmp_path / "out", finder)


def test_one_image_of_several_counts(tmp_path: Path, finder: Any) -> None:
    path = tmp_path / "positions.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as writer:
        for um_per_px in (0.5, 3.2):
            writer.write(PICTURE, metadata={"PhysicalSizeX": um_per_px})
    with pytest.raises(InputError, match=r"states 3\.2 um per px"):
        search(path, tmp_path / "out", finder)
