"""The pass over an input: frame by frame into the journal, and from there to the result files."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sertoli.errors import InputError
from sertoli.frames import Frame, FrameSource, read_ahead
from sertoli.journal import JOURNAL_NAME, Identity
from sertoli.search._identity import confidence_of, without_folders
from sertoli.search._journal import BrokenFrame, JournalWriter, SearchedFrame, read_records
from sertoli.search._report import write_report
from sertoli.search._results import write_tables
from sertoli.search._sample import spread_frames
from sertoli.search._settings import Finder, SearchSettings
from sertoli.search._side_by_side import keep_freed_memory, side_by_side
from sertoli.search._summary import summarise
from sertoli.search._thumbnails import ThumbnailCutter, backdrop, cut
from sertoli.search._unfamiliar import unfamiliar
from sertoli.sperm import Detections, Linker
from sertoli.sperm.tracking import FAINT_SHARE, DriftState, FieldDrift, TrackEvidence

SEQUENCE_BACKDROP_PX = 1280
STILL_BACKDROP_PX = 640
STILL_BACKDROPS = 40
"""The report shows the map of this many stills over the picture, of the others without."""

MOST_SIDE_BY_SIDE = 4
"""For at most so many cores a frame of a recording is searched beside the others, and one more
for when one of them waits; further cores share the work within a frame."""

PATIENCE_S = 2.0
"""A person who stops a search waits this long for the frame in hand to be finished."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search is.

    Parameters
    ----------
    frames_done : int
        Frames behind us, those of an earlier, resumed run included.
    frames_total : int or None
        None where only reading to the end would tell.
    frame_share : float
        Share done of the frame in hand, 0 to 1.
    found : int
        Sperm so far: tracks of a sequence, findings of stills.
    """

    frames_done: int
    frames_total: int | None
    frame_share: float
    found: int


class _StoppedWithinFrameError(Exception):
    """Unwinds the detector when the person stops during a large picture."""


class SearchPass:
    """The state of a search: all of it can be rebuilt from the journal."""

    def __init__(
        self,
        path: Path,
        source: FrameSource,
        finder: Finder,
        settings: SearchSettings,
        identity: Identity,
        folder: Path,
        on_progress: Callable[[Progress], None] | None,
        should_stop: Callable[[], bool] | None,
    ) -> None:
        self.path = path
        self.source = source
        self.finder = finder
        self.settings = settings
        self.identity = identity
        self.folder = folder
        self.on_progress = on_progress
        self.should_stop = should_stop or (lambda: False)
        self.confidence = confidence_of(settings, finder)
        self.followed = source.is_sequence
        self.linker = Linker(plain_from=self.confidence)
        self.evidence = TrackEvidence()
        self.drift = FieldDrift()
        self.cutter = ThumbnailCutter()
        self.frames_done = 0
        self.frames_broken = 0
        self.next_index = 0
        self.findings = 0
        self.elapsed_s = 0.0
        self.stopped = False
        self.first_problem: InputError | None = None
        self.journal = JournalWriter(folder / JOURNAL_NAME, identity)
        try:
            self._replay()
        except BaseException:
            self.journal.close()
            raise
        self._started = time.monotonic() - self.elapsed_s
        self.magnification: float | None = None
        self.warnings: list[dict[str, Any]] = []

    def to_the_end(self, *, skip_broken: bool) -> dict[str, Any]:
        """Search every frame that is left, write the result files, return the summary."""
        self._search(skip_broken=skip_broken)
        self.journal.close()
        if self.frames_done == 0 and not self.stopped:
            raise self.first_problem or InputError(
                f"{self.source.name} holds no frame", "check that it is whole"
            )
        journal = self.folder / JOURNAL_NAME
        gathered = write_tables(journal, self.folder, self.source.name, self.confidence)
        summary = summarise(
            gathered,
            source=self.source,
            finder=self.finder,
            settings=self.settings,
            identity=self.identity,
            magnification=self.magnification,
            warnings=self.warnings,
            stopped=self.stopped,
        )
        write_report(self.folder / "report.html", journal, gathered, summary)
        text = json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False)
        (self.folder / "summary.json").write_text(text + "\n", encoding="utf-8", newline="\n")
        if not self.stopped:
            journal.unlink()
        return summary

    @property
    def found(self) -> int:
        if not self.followed:
            return self.findings
        return int(np.count_nonzero(self.evidence.believed(self.confidence)))

    def _replay(self) -> None:
        drift = DriftState()
        for _, record in read_records(self.folder / JOURNAL_NAME):
            self.next_index = record.index + 1
            self.elapsed_s = record.elapsed_s
            if isinstance(record, BrokenFrame):
                self.frames_broken += 1
                continue
            drift = record.drift
            self._link(record.found, record.index, drift.drift_px)
            self.cutter.choose(record.found, record.track_id, followed=self.followed)
            self.frames_done += 1
            self.findings += len(record.found)
        if drift.frame >= 0:
            reference, last = (self._frame_again(n) for n in (drift.reference_frame, drift.frame))
            self.drift.restore(drift, reference, last)

    def _frame_again(self, index: int) -> Frame:
        return next(iter(self.source.frames(index)))

    def _link(
        self, found: Detections, index: int, drift_px: tuple[float, float]
    ) -> np.ndarray[Any, np.dtype[np.int64]]:
        if self.followed:
            track_id = self.linker.link(found, index, drift_px)
            known = track_id >= 0
            self.evidence.add(found.probability[known], track_id[known])
            return track_id
        return np.full(len(found), -1, np.int64)

    def _look_ahead(self) -> None:
        """Judge the input by a sample, before it is searched."""
        # a single picture may be huge: it is read once, and judged when it is searched
        sample = [] if self.source.length == 1 else spread_frames(self.source)
        if self.followed and sample:  # stills may come from several microscopes
            self.magnification = self.finder.magnification(sample)
        self.warnings = unfamiliar(sample, self.finder, self.magnification)

    def _search(self, *, skip_broken: bool) -> None:
        self._tell(0.0)
        self._look_ahead()
        with closing(self._searched(skip_broken=skip_broken)) as searched:
            try:
                for frame, found in searched:
                    self.next_index = frame.index + 1
                    if isinstance(frame, BrokenFrame):
                        self.journal.append(frame)
                        self.frames_broken += 1
                        continue
                    self._keep(frame, found)
                    self._tell(0.0)
                    if self.should_stop() and self.next_index != self.source.length:
                        self.stopped = True
                        return
            except _StoppedWithinFrameError:
                self.stopped = True

    def _searched(self, *, skip_broken: bool) -> Generator[tuple[Frame | BrokenFrame, Detections]]:
        """Give every frame that is left, in order, with what was found in it.

        Those of a sequence are searched side by side; a single still may be huge, and says
        how far it is.
        """
        frames = self._frames(skip_broken=skip_broken)
        if self.followed:
            keep_freed_memory()
            workers = min(os.cpu_count() or 1, MOST_SIDE_BY_SIDE) + 1
            yield from side_by_side(frames, self._find, workers)
        else:
            for frame in frames:
                yield frame, self._find(frame, self._follow_progress())

    def _find(
        self, frame: Frame | BrokenFrame, on_progress: Callable[[float], None] | None = None
    ) -> Detections:
        if isinstance(frame, BrokenFrame):
            return Detections.empty()
        return self.finder.detect(
            frame,
            confidence=self.confidence * (FAINT_SHARE if self.followed else 1.0),
            magnification=self.magnification,
            on_progress=on_progress,
        )

    def _follow_progress(self) -> Callable[[float], None]:
        begun = time.monotonic()

        def on_progress(share: float) -> None:
            self._tell(min(share, 1.0))
            if share < 1 and self.should_stop() and time.monotonic() - begun > PATIENCE_S:
                raise _StoppedWithinFrameError

        return on_progress

    def _keep(self, frame: Frame, found: Detections) -> None:
        """Link what was found in a frame, and write it to the journal."""
        if self.source.length == 1:
            self.warnings = unfamiliar([frame], self.finder, self.magnification)
        if self.followed:
            self.drift.update(frame)
        drift = self.drift.state
        track_id = self._link(found, frame.index, drift.drift_px)
        if self.followed:
            found, track_id = found.take(track_id >= 0), track_id[track_id >= 0]
        rows = self.cutter.choose(found, track_id, followed=self.followed)
        self.journal.append(
            SearchedFrame(
                index=frame.index,
                file=frame.file,
                time_s=frame.time_s,
                stage_um=frame.stage_um,
                um_per_px=frame.optics.um_per_px,
                shape_px=(frame.width_px, frame.height_px),
                elapsed_s=time.monotonic() - self._started,
                found=found,
                track_id=track_id,
                thumbnails=[cut(frame, found, row) for row in rows],
                backdrop=self._backdrop(frame),
                drift=drift,
            )
        )
        self.frames_done += 1
        self.findings += len(found)

    def _backdrop(self, frame: Frame) -> bytes:
        if self.followed or self.source.length == 1:
            return b"" if self.frames_done else backdrop(frame, SEQUENCE_BACKDROP_PX)
        return backdrop(frame, STILL_BACKDROP_PX) if self.frames_done < STILL_BACKDROPS else b""

    def _frames(self, *, skip_broken: bool) -> Iterator[Frame | BrokenFrame]:
        """Give the frames that are left, and in their place those that cannot be read.

        In a folder one bad file must not cost a night's work: it is left out and counted.
        What follows a bad spot in a recording cannot be placed in time, so it ends there.
        """
        upcoming = self.next_index
        while self.source.length is None or upcoming < self.source.length:
            try:
                with read_ahead(self.source.frames(upcoming)) as frames:
                    for frame in frames:
                        upcoming = frame.index + 1
                        yield frame
                return
            except InputError as problem:
                self.first_problem = self.first_problem or problem
                yield BrokenFrame(
                    upcoming,
                    without_folders(problem.what, self.path),
                    time.monotonic() - self._started,
                )
                upcoming += 1
                if not skip_broken:
                    return

    def _tell(self, share: float) -> None:
        if self.on_progress is not None:
            self.on_progress(
                Progress(
                    self.frames_done + self.frames_broken, self.source.length, share, self.found
                )
            )
