"""What all sightings of a sperm together say of each of them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

FAINT_SHARE = 1.0 / 3.0
"""In a sequence sightings are followed from this share of the confidence on: a head that is
faint in one frame is plain in another."""

OWN, TOGETHER = 0.25, 1.0
"""Weights of a sighting's own log odds and of its track's mean: near those that
``python -m benchmarks.track_evidence`` fits, and as good (decision 027)."""

STILLNESS = 0.5
"""Weight of what stillness says: 1 would be Bayes' rule, and fits ask for more
(``python -m benchmarks.track_evidence``), at the cost of sperm that do lie still. Those are what
is searched for in tissue, and cost more than another look at debris."""

STILL_BEFORE = 2.0
"""So many still sperm, in view throughout, are taken as seen before any look: a few swimmers
alone do not show that the sperm of a dish swim."""

_ROUNDS = 20
_SUREST = 1e-6


class TrackEvidence:
    """Probabilities of sightings in the light of their tracks.

    Frame by frame a detector's doubt comes and goes with focus and noise, while debris that
    looks like a head for a moment seldom does so for long. The log odds of a sighting become a
    weighted sum of its own and of the mean over its track; and where the sperm of a recording
    swim, what lies still must look the plainer (`knowing`). Only sums are held, so memory
    grows with the number of tracks alone.
    """

    def __init__(self) -> None:
        self._sum = np.zeros(0)
        self._count = np.zeros(0, np.int64)
        self._best = np.zeros(0)
        self._lies_still = np.zeros(0, np.bool_)
        self.stillness = 0.0
        """Log odds, at most 0, that lying still adds to those of a sighting, unweighed."""
        self._tracks = 0

    def add(self, probability: Floats, track_id: Ints) -> None:
        """Count the sightings of a frame.

        Parameters
        ----------
        probability : ndarray, (N,) float32
        track_id : ndarray, (N,) int64
            From 0 on, each at most once.
        """
        if not len(track_id):
            return
        self._make_room(int(track_id.max()) + 1)
        odds = log_odds_of(probability)
        self._sum[track_id] += odds
        self._best[track_id] = np.maximum(self._best[track_id], odds)
        self._count[track_id] += 1

    def joined(self, into: Ints) -> TrackEvidence:
        """Return the evidence of joined tracks; ``into``, (T,) int64, says what each is part of."""
        whole = TrackEvidence()
        if len(into):
            whole._make_room(int(into.max()) + 1)
            np.add.at(whole._sum, into, self._sum[: len(into)])
            np.add.at(whole._count, into, self._count[: len(into)])
            np.maximum.at(whole._best, into, self._best[: len(into)])
        return whole

    def knowing(self, moves: Flags, still: Flags) -> TrackEvidence:
        """Return the evidence in the light of how the tracks of the recording move.

        Debris does not swim. Let m be the share of sperm that do, among those in view: then to
        lie still is for a sperm 1 - m times as likely as for debris, and by Bayes' rule
        log(1 - m) is added to the log odds of what lies still. The share is found together
        with the sperm, in rounds. Where no sperm swims, as in testicular tissue, nothing
        changes. Moving tracks gain nothing: a current may have moved them.

        Parameters
        ----------
        moves, still : ndarray, (T,) bool
            Neither for a track whose motion could not be measured.
        """
        seen, mean = self._count[: self._tracks], self.mean(np.arange(self._tracks))
        before = STILL_BEFORE * seen.max(initial=1)
        known = self.joined(np.arange(self._tracks))
        known._lies_still[: self._tracks] = still
        for _ in range(_ROUNDS):
            odds = (OWN + TOGETHER) * mean + STILLNESS * known.stillness * still
            sperm = seen / (1.0 + np.exp(-odds))
            swim, lie = float(sperm[moves].sum()), float(sperm[still].sum())
            known.stillness = math.log((lie + before) / (swim + lie + before))
        return known

    def mean(self, track_id: Ints) -> npt.NDArray[np.float64]:
        """Return the mean log odds of tracks, (N,); 0 for one without a sighting."""
        mean: npt.NDArray[np.float64] = self._sum[track_id] / np.maximum(self._count[track_id], 1)
        return mean

    def weighed(self, probability: Floats, track_id: Ints) -> Floats:
        """Return the probabilities of sightings, (N,) float32, in the light of their tracks."""
        odds = OWN * log_odds_of(probability) + TOGETHER * self.mean(track_id)
        odds += STILLNESS * self.stillness * self._lies_still[track_id]
        return (1.0 / (1.0 + np.exp(-odds))).astype(np.float32)

    def believed(self, confidence: float) -> npt.NDArray[np.bool_]:
        """Tell which tracks have a sighting of at least ``confidence``, (T,) bool."""
        seen, mean = self._count[: self._tracks], self.mean(np.arange(self._tracks))
        odds = OWN * self._best[: self._tracks] + TOGETHER * mean
        odds += STILLNESS * self.stillness * self._lies_still[: self._tracks]
        # as `weighed` does, or the two could differ in the last digit
        chance = (1.0 / (1.0 + np.exp(-odds))).astype(np.float32)
        return np.asarray((seen > 0) & (chance >= confidence), dtype=np.bool_)

    def _make_room(self, count: int) -> None:
        self._tracks = max(self._tracks, count)
        more = count - len(self._sum)
        if more > 0:
            more = max(more, len(self._sum), 64)
            self._sum = np.concatenate([self._sum, np.zeros(more)])
            self._count = np.concatenate([self._count, np.zeros(more, np.int64)])
            self._best = np.concatenate([self._best, np.full(more, -np.inf)])
            self._lies_still = np.concatenate([self._lies_still, np.zeros(more, np.bool_)])


def log_odds_of(probability: Floats) -> npt.NDArray[np.float64]:
    """Return log odds, (N,) float64, of probabilities; finite also at 0 and 1."""
    chance = np.clip(probability.astype(np.float64), _SUREST, 1.0 - _SUREST)
    odds: npt.NDArray[np.float64] = np.log(chance / (1.0 - chance))
    return odds
