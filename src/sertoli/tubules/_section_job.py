"""The map of histology, picture by picture, and what is said of all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sertoli.frames import Frame, Pixels, write_png
from sertoli.tubules._network import SECTION_WEIGHTS
from sertoli.tubules._overlay import draw_sections
from sertoli.tubules._sections import SectionMap, SectionMapper
from sertoli.tubules._tables import (
    COLUMNS,
    SECTION_COLUMNS,
    Features,
    Table,
    section_features,
    section_rows,
)

NONE_CUT = "no cross-section was recognised: does it show a stained section of a testis?"
NOT_HUMAN = "rests on sections of two mink; not validated on human sections"


class SectionJob:
    """Cross-sections in histology."""

    def __init__(self, mapper: SectionMapper, folder: Path) -> None:
        self._mapper = mapper
        self._folder = folder / "epithelium"
        self._folder.mkdir(exist_ok=True)
        columns = [*COLUMNS[: COLUMNS.index("diameter_sd_px")], *SECTION_COLUMNS]
        self._table = Table(folder / "tubules.csv", columns)
        # cross-sections have no centreline: the file says so by being empty
        self._lines = Features(folder / "centrelines.geojson")
        self._outlines = Features(folder / "outlines.geojson")
        self._pictures: list[dict[str, Any]] = []

    def take(self, frame: Frame) -> Pixels:
        """Map a picture, write its rows, and return it with the outlines drawn over it."""
        found = self._mapper(frame)
        self._table.write(section_rows(frame, found))
        self._outlines.write(section_features(frame, found))
        mask = np.where(found.epithelium, 255, 0).astype(np.uint8)
        name = f"{Path(frame.file).stem or f'{frame.index:05d}'}.png"
        write_png(self._folder / name, mask)
        self._pictures.append({"frame": frame.index, "file": frame.file} | _section_said(found))
        return draw_sections(frame, found)

    def summary(self) -> dict[str, Any]:
        """Say what was found."""
        count = sum(one["tubules"] for one in self._pictures)
        return {
            "tubules": count,
            "pictures": self._pictures,
            "warnings": [NOT_HUMAN] if count else [NONE_CUT, NOT_HUMAN],
            "weights": SECTION_WEIGHTS,
            "note": NOT_HUMAN,
        }

    def close(self) -> None:
        """Finish the files."""
        self._table.close()
        self._lines.close()
        self._outlines.close()


def _section_said(found: SectionMap) -> dict[str, Any]:
    um = found.optics.um_per_px
    said: dict[str, Any] = {"tubules": len(found), "whole": int(found.complete.sum())}
    for name in ("outer_diameter", "lumen_diameter", "epithelium"):
        values = getattr(found, f"{name}_px")[found.complete]
        middle = float(np.median(values)) if len(values) else None
        said[f"median_{name}_px"] = None if middle is None else round(middle, 2)
        known = middle is not None and um is not None
        said[f"median_{name}_um"] = round(middle * um, 2) if known else None  # type: ignore[operator]
    return said
