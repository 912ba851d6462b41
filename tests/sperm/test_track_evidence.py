from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sertoli.sperm.tracking import TrackEvidence


def followed(*tracks: list[float]) -> TrackEvidence:
    """Return the evidence of tracks with these probabilities, one a frame."""
    evidence = TrackEvidence()
    for frame in range(max(map(len, tracks))):
        ids = [n for n, track in enumerate(tracks) if frame < len(track)]
        values = [tracks[n][frame] for n in ids]
        evidence.add(np.array(values, np.float32), np.array(ids, np.int64))
    return evidence


def weighed(evidence: TrackEvidence, probability: float, track: int) -> float:
    return float(evidence.weighed(np.array([probability], np.float32), np.array([track]))[0])


def test_a_faint_moment_of_a_plain_sperm_counts_and_a_bright_moment_of_debris_does_not() -> None:
    evidence = followed([0.9] * 9 + [0.15], [0.1] * 9 + [0.6])
    assert weighed(evidence, 0.15, 0) > 0.7
    assert weighed(evidence, 0.6, 1) < 0.2
    assert evidence.believed(0.3).tolist() == [True, False]


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.integers(1, 30))
def test_a_likelier_sighting_stays_likelier(one: float, other: float, length: int) -> None:
    evidence = followed([0.4] * length)
    low, high = sorted((one, other))
    assert weighed(evidence, low, 0) <= weighed(evidence, high, 0)


@given(
    st.lists(st.lists(st.floats(0.0, 1.0, width=32), min_size=1, max_size=8), min_size=1),
    st.floats(0.01, 0.99),
)
def test_a_track_is_believed_if_any_of_its_sightings_is(
    tracks: list[list[float]], confidence: float
) -> None:
    evidence = followed(*tracks)
    expected = [
        any(weighed(evidence, value, n) >= confidence for value in track)
        for n, track in enumerate(tracks)
    ]
    assert evidence.believed(confidence).tolist() == expected


def test_pieces_joined_are_judged_as_one() -> None:
    apart, whole = followed([0.9] * 6, [0.2] * 3), followed([0.9] * 6 + [0.2] * 3)
    joined = apart.joined(np.array([0, 0]))
    assert weighed(joined, 0.2, 0) == pytest.approx(weighed(whole, 0.2, 0))
    assert joined.believed(0.5).tolist() == [True]


def test_nothing_seen() -> None:
    nothing = np.zeros(0, np.float32), np.zeros(0, np.int64)
    evidence = TrackEvidence()
    evidence.add(*nothing)
    assert len(evidence.weighed(*nothing)) == 0
    assert len(evidence.believed(0.5)) == 0
    assert len(evidence.joined(np.zeros(0, np.int64)).believed(0.5)) == 0


def moving(*words: str) -> tuple[np.ndarray, np.ndarray]:
    """Return which tracks move, and which lie still; others were not measured."""
    return np.array([w == "moves" for w in words]), np.array([w == "still" for w in words])


def test_where_sperm_swim_what_lies_still_must_look_the_plainer() -> None:
    looks = [[0.9] * 20] * 12 + [[0.5] * 20, [0.97] * 20, [0.5] * 20]
    before = followed(*looks)
    known = before.knowing(*moving(*["moves"] * 12, "still", "still", "not measured"))
    assert known.believed(0.4).tolist() == [True] * 12 + [False, True, True]
    assert weighed(known, 0.9, 0) == weighed(before, 0.9, 0)
    assert weighed(known, 0.5, 14) == weighed(before, 0.5, 14)
    assert weighed(before, 0.5, 12) > 0.45  # and is itself as it was


def test_where_no_sperm_swims_stillness_says_nothing() -> None:
    before = followed([0.9] * 20, [0.5] * 20, [0.3] * 20)
    known = before.knowing(*moving("still", "still", "still"))
    for track in range(3):
        assert weighed(known, 0.5, track) == weighed(before, 0.5, track)


def test_a_single_swimmer_takes_little_from_those_that_lie_still() -> None:
    known = followed(*[[0.9] * 20] * 4).knowing(*moving("moves", "still", "still", "still"))
    assert weighed(known, 0.9, 1) > 0.9


@given(
    st.lists(st.tuples(st.floats(0.01, 0.99), st.sampled_from(("moves", "still", ""))), min_size=1)
)
def test_stillness_never_speaks_for_a_sperm(tracks: list[tuple[float, str]]) -> None:
    before = followed(*[[chance] * 5 for chance, _ in tracks])
    known = before.knowing(*moving(*[word for _, word in tracks]))
    assert known.stillness <= 0
    for n, (chance, _) in enumerate(tracks):
        assert weighed(known, chance, n) <= weighed(before, chance, n)
