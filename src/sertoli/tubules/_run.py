"""One input mapped, from the first frame to the finished folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from sertoli.errors import InputError, SettingError, WeightsError
from sertoli.frames import (
    Frame,
    FrameSource,
    Pixels,
    open_source,
    read_ahead,
    write_png,
)
from sertoli.journal import Identity, content_of, require_resumable
from sertoli.optics import Modality
from sertoli.outputs import OutputFolder, absolute
from sertoli.tubules._looks import LookJournal, NotedSectionMapper, NotedTubuleMapper
from sertoli.tubules._map import DILATED_FROM, MOST_UNREADABLE, TubuleMap
from sertoli.tubules._mapper import TubuleMapper
from sertoli.tubules._network import FIELD_WEIGHTS, SECTION_WEIGHTS, CellNetwork
from sertoli.tubules._overlay import draw_map, draw_sections
from sertoli.tubules._overlay_file import USUAL_FPS, OverlayFile
from sertoli.tubules._rank import Rule, weighted_median
from sertoli.tubules._sections import SectionMap, SectionMapper
from sertoli.tubules._tables import (
    COLUMNS,
    SECTION_COLUMNS,
    Features,
    Table,
    field_features,
    field_rows,
    section_features,
    section_rows,
)
from sertoli.tubules._track import TubuleTracker

SCHEMA_VERSION = 1
DISCLAIMER = "Research software, not a medical device."
NONE_CUT = "no cross-section was recognised: does it show a stained section of a testis?"
NOT_HUMAN = "rests on sections of two mink; not validated on human sections"
SIMULATED = "score calibrated on simulated testes only, no clinical probability"

PLAUSIBLE_UM = (50.0, 600.0)
"""Beyond, the median width of the tubules speaks against the pixel size."""

LOOKS_PER_S = 5.0
"""How often the network looks at a recording; between, the lines move with the picture."""


Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class FieldSettings:
    """How an input is mapped.

    Parameters
    ----------
    um_per_px, fps : float or None
        Win over what the file says.
    modality : Modality
        `OPERATING` or `HISTOLOGY`.
    sequence : bool or None
        As for `sertoli.frames.open_source`.
    dilated_from : float
        Relative diameter from which a tubule counts as dilated.
    rule : Rule
        What the score goes by.
    opacity : float
        Of the overlay's lines, 0 to 1.

    Raises
    ------
    SettingError
        If a value makes no sense.
    """

    um_per_px: float | None = None
    fps: float | None = None
    modality: Modality = Modality.OPERATING
    sequence: bool | None = None
    dilated_from: float = DILATED_FROM
    rule: Rule = Rule.RELATIVE
    opacity: float = 0.9

    def __post_init__(self) -> None:
        if self.modality not in (Modality.OPERATING, Modality.HISTOLOGY):
            raise SettingError(
                f"there is no tubule map for the modality {self.modality}",
                "give operating or histology; `sertoli search` is for dishes",
            )
        if not 1.0 < self.dilated_from <= 5.0:  # also refuses NaN
            raise SettingError(
                f"a tubule cannot count as dilated from {self.dilated_from:g} times the median",
                "give --dilated-from above 1, up to 5",
            )
        if not 0.0 <= self.opacity <= 1.0:
            raise SettingError(
                f"lines cannot have an opacity of {self.opacity:g}", "give --line-opacity 0 to 1"
            )


class _Job(Protocol):
    """What is done with each frame, and what is said of all."""

    def take(self, frame: Frame) -> Pixels:
        """Map a frame, write its rows, and return it with the map drawn over it."""

    def summary(self) -> dict[str, Any]:
        """Say what was found."""

    def close(self) -> None:
        """Finish the files."""


def map_input(
    path: Path,
    out: Path,
    settings: FieldSettings | None = None,
    *,
    resume: bool = False,
    overwrite: bool = False,
    on_progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Map a picture, a folder or a recording and write a folder of result files.

    Pictures that are no sequence are mapped each by itself: sizes are relative to the tubules of
    the same picture.

    Parameters
    ----------
    path : Path
        As for `sertoli.frames.open_source`.
    out : Path
        Folder to write: ``tubules.csv``, ``centrelines.geojson`` (histology: ``outlines.geojson``
        and ``epithelium/`` too), ``overlay.png`` or ``overlay.mp4``, ``summary.json``.
    settings : FieldSettings, optional
    resume : bool
        Go on with ``OUT.partial`` or with a stopped ``OUT``; a finished ``OUT`` of the same map
        is returned as it is.
    overwrite : bool
    on_progress : callable, optional
        Called with frames done and frames in all (None where unknown).
    should_stop : callable, optional
        Asked after each frame; what was done until then is kept, and ``stopped`` is true.

    Returns
    -------
    dict
        What ``summary.json`` says.

    Raises
    ------
    InputError, SettingError, OutputError, WeightsError
        ``OUT.partial`` stays where going on can help: not after bad input in a first run.
    """
    settings = settings or FieldSettings()
    out = absolute(out)
    mapper: NotedTubuleMapper | NotedSectionMapper
    if settings.modality is Modality.HISTOLOGY:
        mapper = NotedSectionMapper()
    else:
        mapper = NotedTubuleMapper(dilated_from=settings.dilated_from, rule=settings.rule)
    identity = _identity(path, settings, mapper.network)
    if resume and out.name:
        finished = require_resumable(out, identity, "map")
        if finished is not None:
            return finished
    with open_source(
        path,
        um_per_px=settings.um_per_px,
        fps=settings.fps,
        modality=settings.modality,
        sequence=settings.sequence,
    ) as source:
        if settings.rule is not Rule.RELATIVE and source.optics.um_per_px is None:
            raise SettingError(
                f"the rule {settings.rule} goes by micrometres, and the pixel size is unknown",
                "give --um-per-px, or take --rule relative",
            )
        folder = OutputFolder(out, overwrite=overwrite, resume=resume, inputs=[path])
        try:
            with LookJournal(folder.path, identity) as mapper.journal:
                job: _Job
                if isinstance(mapper, NotedSectionMapper):
                    job = _SectionJob(mapper, folder.path)
                else:
                    job = _FieldJob(mapper, source, folder.path, settings)
                summary = _mapped(job, source, folder.path, identity, on_progress, should_stop)
                mapper.journal.is_kept = summary["stopped"]
        except (InputError, SettingError, WeightsError):
            if not folder.resumed:  # else its journal is worth more than a clean place
                folder.discard()
            raise
        folder.finish()
    return summary


def _identity(path: Path, settings: FieldSettings, network: CellNetwork) -> Identity:
    """Return what must be equal for a map to be gone on with."""
    return {
        "input": path.resolve().name,
        "input content": content_of(path),
        "um-per-px": settings.um_per_px,
        "fps": settings.fps,
        "modality": settings.modality.value,
        "sequence": settings.sequence,
        "dilated-from": settings.dilated_from,
        "rule": settings.rule.value,
        "line-opacity": settings.opacity,
        "weights": network.sha256,
        "version": version("sertoli"),
    }


def _mapped(
    job: _Job,
    source: FrameSource,
    folder: Path,
    identity: Identity,
    on_progress: Progress | None,
    should_stop: Callable[[], bool] | None,
) -> dict[str, Any]:
    overlay = OverlayFile(folder, source)
    done, stopped = 0, False
    try:
        with read_ahead(source.frames()) as frames:
            for frame in frames:
                overlay.add(frame, job.take(frame))
                done += 1
                if on_progress is not None:
                    on_progress(done, source.length)
                if should_stop is not None and should_stop():
                    stopped = source.length is None or done < source.length
                    break
    finally:
        job.close()
        overlay.close()
    summary = {
        "schema_version": SCHEMA_VERSION,
        "sertoli_version": version("sertoli"),
        "disclaimer": DISCLAIMER,
        "command": "field",
        "input": source.name,
        "modality": identity["modality"],
        "um_per_px": source.optics.um_per_px,
        "sequence": source.is_sequence,
        "frames": done,
        "frames_total": source.length,
        "stopped": stopped,
        "overlay": overlay.name,
        "identity": dict(identity),
    } | job.summary()
    (folder / "summary.json").write_text(
        json.dumps(summary, indent=2) + "\n", encoding="utf-8", newline="\n"
    )
    return summary


class _FieldJob:
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


class _SectionJob:
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
