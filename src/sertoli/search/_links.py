"""The second pass over a journal: tracks joined, and sightings judged by their whole track."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sertoli.search._journal import Record, SearchedFrame, read_records
from sertoli.sperm.motility import Motility, MotilityMeter
from sertoli.sperm.tracking import TrackEvidence, TrackJoiner


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """What the second pass made of the live linker's tracks.

    Parameters
    ----------
    track : ndarray, (T,) int64
        Which final track each is part of; -1 where it is no sperm.
    whole, evidence : ndarray, (T,) int64, and TrackEvidence
        Which joined track each is part of, sperm or not, and what is known of those.
    motility : Motility
        Of the final tracks.
    confidence : float
        Lowest probability of a finding.
    """

    track: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    whole: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    evidence: TrackEvidence = field(default_factory=TrackEvidence)
    motility: Motility = field(default_factory=lambda: MotilityMeter().finish())
    confidence: float = 0.0

    def applied(self, record: SearchedFrame) -> SearchedFrame:
        """Return a frame with its final tracks, probabilities and findings; stills have none."""
        if not len(self.track) or not len(record.found):
            return record
        found, whole = record.found, self.whole[record.track_id]
        probability = self.evidence.weighed(found.probability, whole)
        kept = np.flatnonzero(probability >= self.confidence)
        place = dict(zip(kept.tolist(), range(len(kept)), strict=True)) if record.thumbnails else {}
        return replace(
            record,
            found=replace(found.take(kept), probability=probability[kept]),
            track_id=self.track[record.track_id[kept]],
            thumbnails=[
                replace(one, row=place[one.row]) for one in record.thumbnails if one.row in place
            ],
        )


def link(journal: Path, confidence: float) -> Links:
    """Join the live tracks of a journal, measure their motion, and judge which are sperm.

    Parameters
    ----------
    journal : Path
    confidence : float
        Lowest probability of a finding.
    """
    joiner, live = TrackJoiner(), TrackEvidence()
    for record in _followed(journal):
        joiner.add(record.found, record.track_id, record.index, record.drift.drift_px)
        live.add(record.found.probability, record.track_id)
    whole = joiner.join()
    meter = MotilityMeter()
    for record in _followed(journal):
        meter.add(
            record.found,
            whole[record.track_id],
            record.index,
            time_s=record.time_s,
            um_per_px=record.um_per_px,
            drift_px=record.drift.drift_px,
        )
    motility = meter.finish()
    evidence = live.joined(whole).knowing(motility.moves(), motility.lies_still())
    sperm = evidence.believed(confidence)
    numbered = np.where(sperm, np.cumsum(sperm) - 1, -1)
    motility = motility.take(np.flatnonzero(sperm))
    return Links(numbered[whole], whole, evidence, motility, confidence)


def _followed(journal: Path) -> Iterator[SearchedFrame]:
    """Give the frames of a sequence; stills have no tracks."""
    for _, record in read_records(journal):
        if isinstance(record, SearchedFrame) and not (record.track_id < 0).any():
            yield record


def linked_records(journal: Path, links: Links) -> Iterator[tuple[int, Record]]:
    """Give every record with its offset, its tracks and findings as the second pass made them.

    Parameters
    ----------
    journal : Path
    links : Links
        What `link` made of it.
    """
    for offset, record in read_records(journal):
        yield offset, links.applied(record) if isinstance(record, SearchedFrame) else record
