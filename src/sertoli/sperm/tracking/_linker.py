"""Link sightings of successive frames: which head is the same sperm as before."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from sertoli.sperm._sightings import Detections
from sertoli.sperm.tracking._assign import assign
from sertoli.sperm.tracking._evidence import log_odds_of

MAX_GAP_FRAMES = 10
"""A sperm unseen for more frames than this counts as a new one when it shows again."""

REACH_NEW_HEADS = 1.5
"""How far, in head sizes, a sperm seen once may have moved: its speed is unknown."""

REACH_HEADS = 1.0
"""How far, in head sizes, a sperm may be from where its speed would put it."""

REACH_GROWTH = 0.15
"""Share by which the reach grows with every frame in which the sperm was not seen."""

MIN_REACH_PX = 4.0

RUNNING = 0.2
"""Weight of the newest sighting in the running size, surprise (squared distance from where the
speed had put it) and log odds of a track."""

LEAST_SURPRISE_HEADS = 0.12
"""No less than so many head sizes is taken for that: places are never surer."""

SURPRISES = 4.0
"""Within reach, distances count in so many of a sperm's usual surprises.

What has kept to its course, above all what lies still, shall not leap to a head that another
one, less steady, may as well have come to.
"""

UNLIKE_COST = 0.02
MOST_UNLIKE = 3.0
"""What the square of a difference in log odds costs, and how great a one counts: where a sperm
passes debris, the plain head rather is the plain one's."""

FAINT_REACH = 0.5
"""Share of the reach within which a faint head may go on with a track."""

DAMPING = 0.8
"""Share of the speed that is left after a frame unseen: sperm turn."""

SPEED_WEIGHT = 0.3
"""Weight of the newest step in the running speed; lower is smoother."""

YOUNG_COST = 1.0
"""What a track seen once pays beside a squared distance in reaches; one seen n times, 1 / n of it.

Of two tracks that want one head the established one gets it: where a detector sees a head
twice for a moment, the second track shall not take turns with the first for ever after."""

STALE_COST = 0.1
STALE_FRAMES = 5
"""What each of up to so many frames unseen costs, for the same reason."""


class Linker:
    """Gives every sighting of a sequence its track, one frame at a time.

    Tracks are matched to the heads of a frame by their distance from the place where the
    running speed puts them, never by box overlap: a sperm may move further than its own
    length between frames. Within reach the assignment is the best one over all together
    (Hungarian method). Only the tracks of the last few frames are held, so memory does not
    grow with the recording.

    Parameters
    ----------
    max_gap : int
        Frames a sperm may go unseen before it is given up.
    plain_from : float
        Heads of at least this probability choose their tracks first, and they alone begin new
        ones; fainter heads may go on with what is left, so that debris beside a sperm does not
        lead its track astray.
    """

    def __init__(self, max_gap: int = MAX_GAP_FRAMES, plain_from: float = 0.0) -> None:
        self.max_gap = max_gap
        self.plain_from = plain_from
        self.count = 0
        """Tracks begun so far; ids run from 0 to ``count - 1``."""
        self._id = np.zeros(0, np.int64)
        self._place_px = np.zeros((0, 2))
        self._speed_px = np.zeros((0, 2))
        self._head_px = np.zeros(0)
        self._surprise_px2 = np.zeros(0)
        self._log_odds = np.zeros(0)
        self._sightings = np.zeros(0, np.int64)
        self._last_frame = np.zeros(0, np.int64)

    def link(
        self, found: Detections, frame: int, drift_px: tuple[float, float] = (0.0, 0.0)
    ) -> npt.NDArray[np.int64]:
        """Return the track ids of the heads of a frame.

        Parameters
        ----------
        found : Detections, N of them
        frame : int
            Index of the frame; each call needs a higher one than the call before.
        drift_px : (x, y)
            Displacement of the whole field since the first frame (`FieldDrift`): places are
            compared, and speeds measured, against the field and not against the picture.

        Returns
        -------
        ndarray, (N,) int64
            -1 for faint heads that no track goes on with.
        """
        self._forget(frame)
        centre = found.centre_px.astype(np.float64) - np.asarray(drift_px)
        head = np.sqrt(np.prod(found.size_px.astype(np.float64), axis=1))
        log_odds = log_odds_of(found.probability)
        plain = found.probability >= self.plain_from
        tracks, heads = self._match(
            np.arange(len(self._id)), centre, log_odds, np.flatnonzero(plain), frame
        )
        if not plain.all():
            left = np.setdiff1d(np.arange(len(self._id)), tracks)
            more = self._match(left, centre, log_odds, np.flatnonzero(~plain), frame, FAINT_REACH)
            tracks, heads = np.concatenate([tracks, more[0]]), np.concatenate([heads, more[1]])

        ids = np.full(len(found), -1, np.int64)
        ids[heads] = self._id[tracks]
        self._update(tracks, centre[heads], head[heads], log_odds[heads], frame)

        new = np.flatnonzero((ids < 0) & plain)
        ids[new] = self.count + np.arange(len(new))
        self.count += len(new)
        self._begin(ids[new], centre[new], head[new], log_odds[new], frame)
        return ids

    def _forget(self, frame: int) -> None:
        keep = frame - self._last_frame <= self.max_gap + 1
        if not keep.all():
            self._id = self._id[keep]
            self._place_px = self._place_px[keep]
            self._speed_px = self._speed_px[keep]
            self._head_px = self._head_px[keep]
            self._surprise_px2 = self._surprise_px2[keep]
            self._log_odds = self._log_odds[keep]
            self._sightings = self._sightings[keep]
            self._last_frame = self._last_frame[keep]

    def _match(
        self,
        rows: npt.NDArray[np.int64],
        centre: npt.NDArray[np.float64],
        log_odds: npt.NDArray[np.float64],
        heads: npt.NDArray[np.int64],
        frame: int,
        share: float = 1.0,
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return those of the rows of tracks and of the heads that belong together."""
        if not len(rows) or not len(heads):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        seen, head_px = self._sightings[rows], self._head_px[rows]
        gap = (frame - self._last_frame[rows]).astype(np.float64)
        expected = self._expected(rows, gap)
        growth = 1.0 + REACH_GROWTH * (gap - 1)
        far = np.where(seen > 1, REACH_HEADS, REACH_NEW_HEADS)
        reach = np.maximum(head_px * far, MIN_REACH_PX) * growth
        surprise = np.maximum(np.sqrt(self._surprise_px2[rows]), LEAST_SURPRISE_HEADS * head_px)
        usual = np.minimum(reach, SURPRISES * surprise * growth)

        pairs = cKDTree(expected).sparse_distance_matrix(
            cKDTree(centre[heads]), share * float(reach.max()), output_type="ndarray"
        )
        within = pairs["v"] <= share * reach[pairs["i"]]
        i, j = pairs["i"][within], pairs["j"][within]
        doubt = YOUNG_COST / seen + STALE_COST * np.minimum(gap - 1, STALE_FRAMES)
        unlike = np.minimum(np.abs(log_odds[heads[j]] - self._log_odds[rows[i]]), MOST_UNLIKE)
        cost = (pairs["v"][within] / usual[i]) ** 2 + doubt[i] + UNLIKE_COST * unlike**2
        chosen_tracks, chosen_heads = assign(i, j, cost)
        return rows[chosen_tracks], heads[chosen_heads]

    def _expected(
        self, rows: npt.NDArray[np.int64], gap: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Return where the speeds put tracks so many frames after they were seen, (N, 2) px."""
        # 1 + d + d^2 + ... : a damped step for each frame since it was last seen.
        steps = (1.0 - DAMPING**gap) / (1.0 - DAMPING)
        return np.asarray(self._place_px[rows] + self._speed_px[rows] * steps[:, None])

    def _update(
        self,
        tracks: npt.NDArray[np.int64],
        centre: npt.NDArray[np.float64],
        head: npt.NDArray[np.float64],
        log_odds: npt.NDArray[np.float64],
        frame: int,
    ) -> None:
        frames = (frame - self._last_frame[tracks]).astype(np.float64)
        off = ((centre - self._expected(tracks, frames)) ** 2).sum(axis=1) / frames
        # the second sighting was not foretold by any speed, the third replaces the first guess
        weight = np.choose(np.minimum(self._sightings[tracks], 3) - 1, [0.0, 1.0, RUNNING])
        self._surprise_px2[tracks] += weight * (off - self._surprise_px2[tracks])
        self._log_odds[tracks] += RUNNING * (log_odds - self._log_odds[tracks])
        gap = frames[:, None]
        speed = (centre - self._place_px[tracks]) / gap
        first = (self._sightings[tracks] == 1)[:, None]
        weight = np.where(first, 1.0, SPEED_WEIGHT)
        self._speed_px[tracks] += weight * (speed - self._speed_px[tracks])
        self._place_px[tracks] = centre
        self._head_px[tracks] += RUNNING * (head - self._head_px[tracks])
        self._sightings[tracks] += 1
        self._last_frame[tracks] = frame

    def _begin(
        self,
        ids: npt.NDArray[np.int64],
        centre: npt.NDArray[np.float64],
        head: npt.NDArray[np.float64],
        log_odds: npt.NDArray[np.float64],
        frame: int,
    ) -> None:
        n = len(ids)
        self._id = np.concatenate([self._id, ids])
        self._place_px = np.concatenate([self._place_px, centre])
        self._speed_px = np.concatenate([self._speed_px, np.zeros((n, 2))])
        self._head_px = np.concatenate([self._head_px, head])
        self._surprise_px2 = np.concatenate([self._surprise_px2, head**2])
        self._log_odds = np.concatenate([self._log_odds, log_odds])
        self._sightings = np.concatenate([self._sightings, np.ones(n, np.int64)])
        self._last_frame = np.concatenate([self._last_frame, np.full(n, frame, np.int64)])
