"""The map of an opened testis, picture by picture, and what is said of all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sertoli.frames import Frame, FrameSource, Pixels
from sertoli.tubules._map import MOST_UNREADABLE, TubuleMap
from sertoli.tubules._mapper import TubuleMapper
from sertoli.tubules._network import FIELD_WEIGHTS, WHITENESS_WEIGHTS
from sertoli.tubules._overlay import draw_map
from sertoli.tubules._overlay_file import USUAL_FPS
from sertoli.tubules._rank import weighted_median
from sertoli.tubules._settings import FieldSettings
from sertoli.tubules._tables import COLUMNS, Features, Table, field_features, field_rows
from sertoli.tubules._track import TubuleTracker

SIMULATED = "score calibrated on simulated testes only, no clinical probability"

PLAUSIBLE_UM = (50.0, 600.0)
"""Beyond, the median width of the tubules speaks against the pixel size."""

LOOKS_PER_S = 5.0
"""How often the network looks at a recording; between, the lines move with the picture."""


class FieldJob:
    """Maps of an opened testis."""

    def __init__(
        self, mapper: TubuleMapper, source: FrameSource, folder: Path, settings: FieldSettings
    ) -> None:
        self._mapper = mapper
        self._tracker: TubuleTracker | None = None
        if source.is_sequence:
            self._tracker = TubuleTracker(
                self._mapper, every=round(USUAL_FPS / LOOKS_PER_S), every_s=1 / LOOKS_PER_S
            )
        self._settings = settings
        self._table = Table(folder / "tubules.csv", COLUMNS)
        self._features = Features(folder / "centrelines.geojson")
        self._pictures: list[dict[str, Any]] = []
        self._ids: set[int] = set()
        self._rows = 0
        self._last: TubuleMap | None = None

    def take(self, frame: Frame) -> Pixels:
        """Map a frame, write its rows, and return it with the map drawn over it."""
        found = self._mapper(frame) if self._tracker is None else self._tracker(frame)
        self._table.write(field_rows(frame, found, self._settings.dilated_from))
        self._features.write(field_features(frame, found))
        self._rows += len(found)
        self._last = found
        if self._tracker is None:
            self._pictures.append(
                {"frame": frame.index, "file": frame.file}
                | _said(found, self._settings.dilated_from)
            )
        else:
            self._ids.update(int(one) for one in found.tubule_id)
        return draw_map(frame, found, opacity=self._settings.opacity)

    def summary(self) -> dict[str, Any]:
        """Say what was found."""
        if self._tracker is None:
            pictures = self._pictures
        else:
            pictures = (
                [{"last_frame": True} | _said(self._last, self._settings.dilated_from)]
                if self._last is not None
                else []
            )
        warnings = sorted({text for one in pictures for text in one["warnings"]})
        return {
            "tubules": self._rows if self._tracker is None else len(self._ids),
            "rule": self._settings.rule.value,
            "dilated_from": self._settings.dilated_from,
            "stands_out": any(one["stands_out"] for one in pictures),
            "statement": pictures[0]["statement"] if len(pictures) == 1 else None,
            "pictures": pictures,
            "warnings": warnings,
            "weights": FIELD_WEIGHTS,
            "whiteness_weights": WHITENESS_WEIGHTS,
            "note": SIMULATED,
        }

    def close(self) -> None:
        """Finish the files."""
        self._table.close()
        self._features.close()


def _said(found: TubuleMap, dilated_from: float) -> dict[str, Any]:
    warnings = []
    if found.unreadable_share > MOST_UNREADABLE:
        warnings.append(
            "nearly all of a picture is unreadable: is it in focus and well lit, and does it show "
            "an opened testis under the operating microscope?"
        )
    elif not len(found):
        warnings.append(
            "no tubule was recognised in a picture: does it show an opened testis under the "
            "operating microscope, and is its pixel size right?"
        )
    um_per_px = found.optics.um_per_px
    if len(found) and um_per_px is None:
        warnings.append("the pixel size is unknown, so lengths are in px only: give --um-per-px")
    elif um_per_px is not None:
        width_um = weighted_median(found.diameter_px, found.length_px) * um_per_px
        if width_um < PLAUSIBLE_UM[0] or width_um > PLAUSIBLE_UM[1]:  # without tubules it is NaN
            warnings.append(
                f"the tubules seem to be {width_um:.0f} um wide, and those of a man are about 100 "
                "to 350: is the pixel size right?"
            )
    return {
        "tubules": len(found),
        "dilated": None if not len(found) else int((found.relative_diameter >= dilated_from).sum()),
        "stands_out": found.stands_out,
        "statement": found.statement,
        "unreadable_share": round(found.unreadable_share, 4),
        "warnings": warnings,
    }
