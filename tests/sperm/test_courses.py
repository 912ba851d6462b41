import numpy as np
import pytest

from sertoli.sperm.motility._courses import FEWEST_PLACES, Seen, courses

INTERVAL_S = 0.04


def seen(tracks_of_frame: list[list[int]]) -> list[Seen]:
    """Every track moves evenly by (track, -track) px a frame."""
    return [
        Seen(
            frame * INTERVAL_S,
            np.array(tracks, np.int64),
            np.array([(one * frame, -one * frame) for one in tracks], float).reshape(-1, 2),
            np.full(len(tracks), 10.0) + frame,
        )
        for frame, tracks in enumerate(tracks_of_frame)
    ]


def grid(count: int) -> np.ndarray:
    return np.arange(count) * INTERVAL_S


def test_gaps_are_bridged_by_straight_lines_and_ends_rest() -> None:
    tracks = [[2, 3] for _ in range(26)]
    for frame in (5, 6, 7):
        tracks[frame] = [3]
    tracks[0] = tracks[1] = [3]
    found = courses(seen(tracks), grid(26), INTERVAL_S)
    assert found.track.tolist() == [2, 3]
    steps = np.arange(26.0)
    assert np.allclose(found.places[1, :, 0], 3 * steps)
    assert np.allclose(found.places[0, :, 0], 2 * np.maximum(steps, 2))
    assert found.first.tolist() == [2, 0]
    assert found.last.tolist() == [25, 25]
    assert found.head_px[1] == pytest.approx(10 + 12.5)


@pytest.mark.parametrize(
    ("frames", "first", "last"),
    [
        (range(30), 0, 29),
        ([*range(20), *range(28, 30)], 0, 19),
        ([*range(3), *range(12, 30)], 12, 29),
    ],
    ids=["whole", "long gap near the end", "long gap near the start"],
)
def test_only_the_longest_stretch_counts(frames: list[int], first: int, last: int) -> None:
    tracks = [[7] if frame in list(frames) else [] for frame in range(30)]
    found = courses(seen(tracks), grid(30), INTERVAL_S)
    assert (found.first.tolist(), found.last.tolist()) == ([first], [last])


@pytest.mark.parametrize("frames", [0, 1, FEWEST_PLACES, 12])
def test_of_too_little_nothing_is_said(frames: int) -> None:
    tracks = [[1] if frame < frames else [] for frame in range(30)]
    assert len(courses(seen(tracks), grid(30), INTERVAL_S)) == 0
