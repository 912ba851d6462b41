"""One input mapped, from the first frame to the finished folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from sertoli.errors import InputError, SettingError, WeightsError
from sertoli.frames import Frame, FrameSource, Pixels, open_source, read_ahead
from sertoli.journal import Identity, content_of, require_resumable
from sertoli.optics import Modality
from sertoli.outputs import OutputFolder, absolute
from sertoli.tubules._field_job import FieldJob
from sertoli.tubules._looks import LookJournal, NotedSectionMapper, NotedTubuleMapper
from sertoli.tubules._network import CellNetwork
from sertoli.tubules._overlay_file import OverlayFile
from sertoli.tubules._rank import Rule
from sertoli.tubules._section_job import SectionJob
from sertoli.tubules._settings import FieldSettings

SCHEMA_VERSION = 1
DISCLAIMER = "Research software, not a medical device."

Progress = Callable[[int, int | None], None]


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
    if isinstance(mapper, NotedTubuleMapper):
        identity = {**identity, "whiteness weights": mapper.whiteness.sha256}
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
                    job = SectionJob(mapper, folder.path)
                else:
                    job = FieldJob(mapper, source, folder.path, settings)
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
