"""Maps as rows and features: ``tubules.csv``, ``centrelines.geojson``, ``outlines.geojson``."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sertoli.frames import Frame
from sertoli.tubules._map import TubuleMap
from sertoli.tubules._sections import SectionMap

COLUMNS = (
    "frame",
    "file",
    "tubule_id",
    "rank",
    "score",
    "diameter_um",
    "diameter_sd_um",
    "diameter_px",
    "relative_diameter",
    "opacity",
    "length_um",
    "length_px",
    "diameter_sd_px",
    "dilated",
    "reasons",
)
SECTION_COLUMNS = (
    "whole",
    "lumen_diameter_um",
    "lumen_diameter_px",
    "epithelium_um",
    "epithelium_px",
    "epithelium_sd_px",
)
"""Only with ``--modality histology``; ``diameter_*`` is then the outer diameter."""

Row = dict[str, Any]


def field_rows(frame: Frame, found: TubuleMap, dilated_from: float) -> list[Row]:
    """Return one row a tubule; um fields are empty without a pixel size."""
    um = found.optics.um_per_px
    return [
        {
            "frame": frame.index,
            "file": frame.file,
            "tubule_id": int(found.tubule_id[n]),
            "rank": int(found.rank[n]),
            "score": f"{found.score[n]:.4f}",
            "diameter_um": _length(found.diameter_px[n], um),
            "diameter_sd_um": _length(found.diameter_sd_px[n], um),
            "diameter_px": f"{found.diameter_px[n]:.2f}",
            "relative_diameter": f"{found.relative_diameter[n]:.3f}",
            "opacity": f"{found.opacity[n]:.3f}",
            "length_um": _length(found.length_px[n], um),
            "length_px": f"{found.length_px[n]:.1f}",
            "diameter_sd_px": f"{found.diameter_sd_px[n]:.2f}",
            "dilated": int(found.relative_diameter[n] >= dilated_from),
            "reasons": found.reasons[n],
        }
        for n in range(len(found))
    ]


def field_features(frame: Frame, found: TubuleMap) -> list[dict[str, Any]]:
    """Return one LineString a visible stretch, in px."""
    um = found.optics.um_per_px
    features = []
    for stretch in found.stretches:
        widths = stretch.diameter_px
        features.append(
            _feature(
                "LineString",
                _rounded(stretch.points),
                {
                    "frame": frame.index,
                    "file": frame.file,
                    "tubule_id": int(found.tubule_id[stretch.tubule]),
                    "diameter_um_list": [] if um is None else _list(widths * um),
                    "diameter_px_list": _list(widths),
                },
            )
        )
    return features


def section_rows(frame: Frame, found: SectionMap) -> list[Row]:
    """Return one row a cross-section; what the border cuts has no measures."""
    um = found.optics.um_per_px
    rows = []
    middle = np.nanmedian(found.outer_diameter_px) if found.complete.any() else np.nan
    for n in range(len(found)):
        outer = found.outer_diameter_px[n]
        rows.append(
            {
                "frame": frame.index,
                "file": frame.file,
                "tubule_id": n + 1,
                "diameter_um": _length(outer, um),
                "diameter_px": _number(outer),
                "relative_diameter": _number(outer / middle, 3),
                "whole": int(found.complete[n]),
                "lumen_diameter_um": _length(found.lumen_diameter_px[n], um),
                "lumen_diameter_px": _number(found.lumen_diameter_px[n]),
                "epithelium_um": _length(found.epithelium_px[n], um),
                "epithelium_px": _number(found.epithelium_px[n]),
                "epithelium_sd_px": _number(found.epithelium_sd_px[n]),
            }
        )
    return rows


def section_features(frame: Frame, found: SectionMap) -> list[dict[str, Any]]:
    """Return one Polygon a cross-section: its outer outline, and its lumens as holes."""
    features = []
    for n, outline in enumerate(found.outlines):
        rings = [outline, *found.lumens[n]]
        features.append(
            _feature(
                "Polygon",
                [_rounded(np.vstack((ring, ring[:1]))) for ring in rings],
                {
                    "frame": frame.index,
                    "file": frame.file,
                    "tubule_id": n + 1,
                    "whole": bool(found.complete[n]),
                },
            )
        )
    return features


class Table:
    """A CSV file under construction.

    Parameters
    ----------
    file : Path
    columns : sequence of str
    """

    def __init__(self, file: Path, columns: Sequence[str]) -> None:
        self._held = file.open("w", encoding="utf-8", newline="")
        self._writer = csv.DictWriter(self._held, columns, restval="", lineterminator="\n")
        self._writer.writeheader()

    def write(self, rows: Iterable[Row]) -> None:
        """Append rows."""
        self._writer.writerows(rows)

    def close(self) -> None:
        """Finish the file."""
        self._held.close()


class Features:
    """A GeoJSON FeatureCollection under construction: too long to be held for a long video.

    Parameters
    ----------
    file : Path
    """

    def __init__(self, file: Path) -> None:
        self._held = file.open("w", encoding="utf-8", newline="\n")
        self._held.write('{"type": "FeatureCollection", "features": [')
        self._between = "\n"

    def write(self, features: Iterable[dict[str, Any]]) -> None:
        """Append features."""
        for feature in features:
            self._held.write(self._between + json.dumps(feature))
            self._between = ",\n"

    def close(self) -> None:
        """Finish the file."""
        self._held.write("\n]}\n")
        self._held.close()


def _feature(kind: str, coordinates: object, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": kind, "coordinates": coordinates},
        "properties": properties,
    }


def _length(px: float, um_per_px: float | None) -> str:
    return "" if um_per_px is None else _number(px * um_per_px)


def _number(value: float, digits: int = 2) -> str:
    return "" if np.isnan(value) else f"{value:.{digits}f}"


def _rounded(points: npt.NDArray[np.float64]) -> list[list[float]]:
    return [[round(float(x), 2), round(float(y), 2)] for x, y in points]


def _list(values: npt.NDArray[np.float64]) -> list[float]:
    return [round(float(value), 2) for value in values]
