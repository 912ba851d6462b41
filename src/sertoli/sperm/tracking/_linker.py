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


_TRACK = np.dtype(
    [
        ("id", np.int64),
        ("place_px", np.float64, 2),
        ("speed_px", np.float64, 2),
        ("head_px", np.float64),
        ("surprise_px2", np.float64),
        ("log_odds", np.float64),
        ("sightings", np.int64),
        ("last_frame", np.int64),
    ]
)
"""What is held of a track: its running place, speed, size, surprise and log odds."""


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
        self._tracks = np.zeros(0, _TRACK)

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
            np.arange(len(self._tracks)), centre, log_odds, np.flatnonzero(plain), frame
        )
        if not plain.all():
            left = np.setdiff1d(np.arange(len(self._tracks)), tracks)
            more = self._match(left, centre, log_odds, np.flatnonzero(~plain), frame, FAINT_REACH)
            tracks, heads = np.concatenate([tracks, more[0]]), np.concatenate([heads, more[1]])

        ids = np.full(len(found), -1, np.int64)
        ids[heads] = self._tracks["id"][tracks]
        self._update(tracks, centre[heads], head[heads], log_odds[heads], frame)

        new = np.flatnonzero((ids < 0) & plain)
        ids[new] = self.count + np.arange(len(new))
        self.count += len(new)
        self._begin(ids[new], centre[new], head[new], log_odds[new], frame)
        return ids

    def _forget(self, frame: int) -> None:
        keep = frame - self._tracks["last_frame"] <= self.max_gap + 1
        if not keep.all():
            self._tracks = self._tracks[keep]

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
        held = self._tracks[rows]
        seen, head_px = held["sightings"], held["head_px"]
        gap = (frame - held["last_frame"]).astype(np.float64)
        expected = _expected(held, gap)
        growth = 1.0 + REACH_GROWTH * (gap - 1)
        far = np.where(seen > 1, REACH_HEADS, REACH_NEW_HEADS)
        reach = np.maximum(head_px * far, MIN_REACH_PX) * growth
        surprise = np.maximum(np.sqrt(held["surprise_px2"]), LEAST_SURPRISE_HEADS * head_px)
        usual = np.minimum(reach, SURPRISES * surprise * growth)

        pairs = cKDTree(expected).sparse_distance_matrix(
            cKDTree(centre[heads]), share * float(reach.max()), output_type="ndarray"
        )
        within = pairs["v"] <= share * reach[pairs["i"]]
        i, j = pairs["i"][within], pairs["j"][within]
        doubt = YOUNG_COST / seen + STALE_COST * np.minimum(gap - 1, STALE_FRAMES)
        unlike = np.minimum(np.abs(log_odds[heads[j]] - held["log_odds"][i]), MOST_UNLIKE)
        cost = (pairs["v"][within] / usual[i]) ** 2 + doubt[i] + UNLIKE_COST * unlike**2
        chosen_tracks, chosen_heads = assign(i, j, cost)
        return rows[chosen_tracks], heads[chosen_heads]

    def _update(
        self,
        tracks: npt.NDArray[np.int64],
        centre: npt.NDArray[np.float64],
        head: npt.NDArray[np.float64],
        log_odds: npt.NDArray[np.float64],
        frame: int,
    ) -> None:
        held = self._tracks[tracks]
        frames = (frame - held["last_frame"]).astype(np.float64)
        off = ((centre - _expected(held, frames)) ** 2).sum(axis=1) / frames
        # the second sighting was not foretold by any speed, the third replaces the first guess
        weight = np.choose(np.minimum(held["sightings"], 3) - 1, [0.0, 1.0, RUNNING])
        held["surprise_px2"] += weight * (off - held["surprise_px2"])
        held["log_odds"] += RUNNING * (log_odds - held["log_odds"])
        speed = (centre - held["place_px"]) / frames[:, None]
        weight = np.where(held["sightings"] == 1, 1.0, SPEED_WEIGHT)
        held["speed_px"] += weight[:, None] * (speed - held["speed_px"])
        held["place_px"] = centre
        held["head_px"] += RUNNING * (head - held["head_px"])
        held["sightings"] += 1
        held["last_frame"] = frame
        self._tracks[tracks] = held

    def _begin(
        self,
        ids: npt.NDArray[np.int64],
        centre: npt.NDArray[np.float64],
        head: npt.NDArray[np.float64],
        log_odds: npt.NDArray[np.float64],
        frame: int,
    ) -> None:
        new = np.zeros(len(ids), _TRACK)
        new["id"], new["place_px"], new["head_px"] = ids, centre, head
        new["surprise_px2"], new["log_odds"] = head**2, log_odds
        new["sightings"], new["last_frame"] = 1, frame
        self._tracks = np.concatenate([self._tracks, new])


def _expected(held: npt.NDArray[np.void], gap: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return where the speeds put tracks so many frames after they were seen, (N, 2) px."""
    # 1 + d + d^2 + ... : a damped step for each frame since it was last seen.
    steps = (1.0 - DAMPING**gap) / (1.0 - DAMPING)
    return np.asarray(held["place_px"] + held["speed_px"] * steps[:, None])
