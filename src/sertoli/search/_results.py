"""From the journal to the result files, one frame at a time."""

from __future__ import annotations

import csv
import heapq
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from sertoli.search._coco_file import CocoFile
from sertoli.search._journal import BrokenFrame, SearchedFrame
from sertoli.search._links import Links, link, linked_records
from sertoli.sperm import Sightings, plain_text
from sertoli.sperm.morphology import MORPHOLOGY_COLUMNS, Piece, TrackShapes
from sertoli.sperm.motility import MOTILITY_COLUMNS

TRACKS_COLUMNS = (
    "track_id",
    "first_frame",
    "last_frame",
    "sightings",
    "probability",
    *MOTILITY_COLUMNS,
    "mean_probability",
)
"""Columns of ``tracks.csv``, in order; those of morphology come after them."""

BEST_SIGHTINGS = 5
"""A sperm's probability is the mean of this many of its best sightings."""


@dataclass(slots=True)
class Track:
    """One sperm of a sequence."""

    first_frame: int
    last_frame: int
    sightings: int = 0
    total_probability: float = 0.0
    best: list[float] = field(default_factory=list)

    @property
    def probability(self) -> float:
        """Mean of the best sightings."""
        return sum(self.best) / len(self.best)

    @property
    def mean_probability(self) -> float:
        """Mean of all sightings: low for what looks like a sperm for a moment only."""
        return self.total_probability / self.sightings

    def see(self, frame: int, probability: float) -> None:
        """Count a sighting."""
        self.last_frame = frame
        self.sightings += 1
        self.total_probability += probability
        if len(self.best) < BEST_SIGHTINGS:
            heapq.heappush(self.best, probability)
        else:
            heapq.heappushpop(self.best, probability)


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding with a thumbnail: where to find it again in the journal."""

    probability: float
    offset: int
    number: int
    track_id: int


@dataclass(slots=True)
class Gathered:
    """What the whole journal says, without the findings themselves.

    ``times_s``, ``found_per_frame`` and ``new_per_frame`` have an entry for each frame
    searched, in order; so do ``frames`` (their indices) and ``files``.
    """

    findings: int = 0
    frames: list[int] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    times_s: list[float | None] = field(default_factory=list)
    shapes_px: set[tuple[int, int]] = field(default_factory=set)
    um_per_px: set[float | None] = field(default_factory=set)
    found_per_frame: list[int] = field(default_factory=list)
    new_per_frame: list[int] = field(default_factory=list)
    stage: list[tuple[float, float, float, float]] = field(default_factory=list)
    tracks: dict[int, Track] = field(default_factory=dict)
    broken: list[BrokenFrame] = field(default_factory=list)
    stills_shown: list[Shown] = field(default_factory=list)
    track_shown: dict[int, Shown] = field(default_factory=dict)
    backdrops: dict[int, int] = field(default_factory=dict)
    elapsed_s: float = 0.0
    last_index: int = -1
    links: Links = field(default_factory=Links)
    shapes: TrackShapes = field(default_factory=TrackShapes)


def write_tables(journal: Path, folder: Path, input_name: str, confidence: float) -> Gathered:
    """Write findings.csv, findings.coco.json and tracks.csv; memory stays flat.

    Of a sequence only sightings count that are at least so probable in the light of their
    whole track (`sertoli.sperm.tracking.TrackEvidence`). What is written depends on the journal
    alone, so a resumed search ends with the same bytes as an unbroken one.
    """
    gathered = Gathered(links=link(journal, confidence))
    with (
        (folder / "findings.csv").open("w", encoding="utf-8", newline="") as findings,
        CocoFile(folder / "findings.coco.json", input_name) as coco,
    ):
        Sightings.empty().to_csv(findings)
        for offset, record in linked_records(journal, gathered.links):
            gathered.elapsed_s = record.elapsed_s
            gathered.last_index = record.index
            if isinstance(record, BrokenFrame):
                gathered.broken.append(record)
                continue
            sightings = sightings_of(record)
            sightings.to_csv(findings, header=False)
            coco.add(record, sightings)
            _count(gathered, offset, record, sightings)
            pieces = [
                Piece(one.pixels, one.row, (one.left_px, one.top_px)) for one in record.thumbnails
            ]
            gathered.shapes.add(pieces, record.found, record.track_id, record.um_per_px)
    with (folder / "tracks.csv").open("w", encoding="utf-8", newline="") as tracks:
        _write_tracks(tracks, gathered)
    return gathered


def sightings_of(record: SearchedFrame) -> Sightings:
    """Return the findings of a frame of the journal."""
    return Sightings.at(
        record.found,
        index=record.index,
        file=record.file,
        time_s=record.time_s,
        shape_px=record.shape_px,
        um_per_px=record.um_per_px,
        stage_um=record.stage_um,
        track_id=record.track_id,
    )


def _count(gathered: Gathered, offset: int, record: SearchedFrame, sightings: Sightings) -> None:
    new = 0
    for track_id, probability in zip(
        sightings.track_id.tolist(), sightings.probability.tolist(), strict=True
    ):
        if track_id < 0:
            continue
        track = gathered.tracks.get(track_id)
        if track is None:
            track = gathered.tracks[track_id] = Track(record.index, record.index)
            new += 1
        track.see(record.index, probability)
    for number, thumbnail in enumerate(record.thumbnails):
        track_id = int(sightings.track_id[thumbnail.row])
        shown = Shown(float(sightings.probability[thumbnail.row]), offset, number, track_id)
        if track_id < 0:
            gathered.stills_shown.append(shown)
        elif _better(shown, gathered.track_shown.get(track_id)):
            gathered.track_shown[track_id] = shown
    if record.backdrop:
        gathered.backdrops[record.index] = offset
    if record.stage_um is not None:
        scale = record.um_per_px or 0.0
        half_x, half_y = (side * scale / 2.0 for side in record.shape_px)
        gathered.stage.append((record.stage_um[0], record.stage_um[1], half_x, half_y))
    gathered.findings += len(sightings)
    gathered.frames.append(record.index)
    gathered.files.append(plain_text(record.file))
    gathered.times_s.append(record.time_s)
    gathered.shapes_px.add(record.shape_px)
    gathered.um_per_px.add(record.um_per_px)
    gathered.found_per_frame.append(len(sightings))
    gathered.new_per_frame.append(new)


def _better(shown: Shown, held: Shown | None) -> bool:
    return held is None or shown.probability > held.probability


def _write_tracks(file: TextIO, gathered: Gathered) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow((*TRACKS_COLUMNS, *MORPHOLOGY_COLUMNS))
    for track_id in sorted(gathered.tracks):
        track = gathered.tracks[track_id]
        writer.writerow(
            [
                track_id,
                track.first_frame,
                track.last_frame,
                track.sightings,
                f"{track.probability:.5f}",
                *gathered.links.motility.row(track_id),
                f"{track.mean_probability:.5f}",
                *gathered.shapes.shape(track_id).cells(),
            ]
        )
