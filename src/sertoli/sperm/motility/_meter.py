"""Measures the motion of tracks while their sightings come by, in flat memory."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import numpy.typing as npt

from sertoli.sperm._sightings import Detections
from sertoli.sperm.motility._common import common_velocity
from sertoli.sperm.motility._courses import FEWEST_PLACES, Courses, Seen, courses
from sertoli.sperm.motility._grades import (
    HEAD_UM,
    HEADS_PER_S,
    Grade,
    grades,
    judge,
)
from sertoli.sperm.motility._kinematics import SMOOTHING_S, from_sums, stride_of
from sertoli.sperm.motility._paths import PathSums, hann, measure
from sertoli.sperm.motility._table import Motility

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

WINDOW_S = 1.0
"""Motion is measured second by second: the WHO grades by how far a sperm comes in a second,
and a sperm that turns shall not seem slow for being followed longer."""

SHORTEST_INTERVAL_S = 0.001
"""Of more frames than this, or of a clock gone wrong, places between are left out."""

ASSUMED_FPS = 50.0
"""Frames that make a window where their rate is unknown."""

DEAD_ZONE_HEADS = 0.03
"""A head nearer than this to its average path is on neither side of it."""


class MotilityMeter:
    """Takes sightings in, frame by frame, and says at the end how each track moved.

    Windows of `WINDOW_S` follow one another over the recording, each begun `SMOOTHING_S`
    before the last ends, so that the average paths, which need half of that on either
    side, join. In each window every track's path is put on equal intervals, the field's
    drift and what neighbours have in common are taken off, and its sums are added to the
    track's. Held are the sightings of one window and some twenty numbers a track.
    """

    def __init__(self) -> None:
        self._frames: list[Seen] = []
        self._timed: bool | None = None
        self._interval = 0.0
        self._begin = 0.0
        self._um_per_px: set[float | None] = set()
        self._tracks = 0
        # with room for more tracks than there are
        self._sums = np.zeros((64, len(fields(PathSums))))
        self._head_px = np.zeros(64)
        self._seen = np.zeros(64)

    def add(
        self,
        found: Detections,
        track_id: Ints,
        frame: int,
        *,
        time_s: float | None = None,
        um_per_px: float | None = None,
        drift_px: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """Take in a frame, in the order of the recording.

        Parameters
        ----------
        found : Detections, N of them
        track_id : ndarray, (N,) int64
            From 0; -1 for what is not followed and not measured.
        frame : int
        time_s : float or None
            None where the frame rate is unknown; then frames are the unit of time.
        um_per_px : float or None
        drift_px : (x, y)
            Displacement of the whole field since the first frame.
        """
        if self._timed is None:
            self._timed = time_s is not None
        if (time_s is not None) != self._timed:
            return
        time = frame / ASSUMED_FPS if time_s is None else time_s
        while self._frames and time >= self._begin + WINDOW_S:
            self._finish_window()
        if self._frames and time <= self._frames[-1].time_s:
            # a clock that stands or was set back: what comes now begins anew
            self._finish_window()
            self._frames = []
        if not self._frames:
            self._begin = time
        self._um_per_px.add(um_per_px)
        followed = track_id >= 0
        ids = track_id[followed]
        head = np.sqrt(np.prod(found.size_px[followed].astype(np.float64), axis=1))
        self._make_room(int(ids.max(initial=-1)) + 1)
        self._seen[ids] += 1
        self._head_px[ids] += (head - self._head_px[ids]) / self._seen[ids]
        place = found.centre_px[followed].astype(np.float64) - np.asarray(drift_px)
        self._frames.append(Seen(time, ids, place, head))

    def finish(self) -> Motility:
        """Return the motility of the tracks 0 to the highest that was seen."""
        if self._frames:
            self._finish_window()
        count = self._tracks
        sizes = self._um_per_px
        um_per_px = next(iter(sizes)) if len(sizes) == 1 else None
        measured = np.flatnonzero(self._sums[:count, 0] > 0)
        figures = np.full((count, 8), np.nan)
        graded: list[Grade | None] = [None] * count
        if len(measured):
            values, words = self._figures(measured, um_per_px)
            figures[measured] = values
            for track, word in zip(measured.tolist(), words, strict=True):
                graded[track] = word
        unit = ("px" if um_per_px is None else "um") + ("/s" if self._timed else "/frame")
        return Motility(tuple(graded), figures, unit)

    def _figures(self, rows: Ints, um_per_px: float | None) -> tuple[Floats, list[Grade]]:
        sums = PathSums(*self._sums[rows].T)
        head = self._head_px[rows]
        size = HEAD_UM / head if um_per_px is None else np.full(len(rows), um_per_px)
        noise, active = judge(sums, head, size, self._interval)
        found = from_sums(sums, self._interval, hann(SMOOTHING_S / self._interval), noise)
        if um_per_px is not None and self._timed:
            words = grades(found.vsl * um_per_px, active)
        else:
            moving = active | (found.vsl > HEADS_PER_S * head)
            words = [Grade.MOVING if one else Grade.STILL for one in moving.tolist()]
        still = np.array([word in {Grade.IMMOTILE, Grade.STILL} for word in words])
        length = 1.0 if um_per_px is None else um_per_px
        time = 1.0 if self._timed else 1.0 / ASSUMED_FPS
        speeds = [value * length * time for value in (found.vcl, found.vsl, found.vap)]
        # of a cell that lies still these would be figures of the noise
        ratios = (found.lin, found.straightness, found.wob)
        swings = (found.alh * length, found.bcf * time)
        shape = [np.where(still, np.nan, value) for value in (*ratios, *swings)]
        return np.stack([*speeds, *shape], axis=1), words

    def _make_room(self, count: int) -> None:
        self._tracks = max(self._tracks, count)
        more = self._tracks - len(self._seen)
        if more > 0:
            more = max(more, len(self._seen))
            for name in ("_seen", "_head_px", "_sums"):
                held = getattr(self, name)
                setattr(self, name, np.concatenate([held, np.zeros((more, *held.shape[1:]))]))

    def _finish_window(self) -> None:
        times = np.array([one.time_s for one in self._frames])
        if self._interval == 0.0 and len(times) >= FEWEST_PLACES:
            self._interval = max(float(np.median(np.diff(times))), SHORTEST_INTERVAL_S)
        if self._interval > 0.0:
            self._measure_window()
        self._begin += WINDOW_S - SMOOTHING_S
        self._frames = [one for one in self._frames if one.time_s >= self._begin]

    def _measure_window(self) -> None:
        count = round(WINDOW_S / self._interval) + 1
        grid = self._frames[0].time_s + self._interval * np.arange(count, dtype=np.float64)
        found = courses(self._frames, grid, self._interval)
        if len(found):
            self._add_up(found)

    def _add_up(self, found: Courses) -> None:
        each = np.arange(len(found))
        places, first, last = found.places, found.first, found.last
        start, end = places[each, first], places[each, last]
        velocity = (end - start) / ((last - first) * self._interval)[:, None]
        current = common_velocity((start + end) / 2.0, velocity, found.head_px)
        at = np.arange(places.shape[1]) * self._interval
        places = places - current[:, None, :] * at[None, :, None]
        kernel = hann(SMOOTHING_S / self._interval)
        dead_zone = DEAD_ZONE_HEADS * float(np.median(found.head_px))
        sums = measure(
            places,
            first.astype(float),
            last.astype(float),
            kernel,
            dead_zone,
            stride_of(self._interval),
        )
        self._sums[found.track] += np.stack(
            [getattr(sums, one.name) for one in fields(PathSums)], axis=1
        )
