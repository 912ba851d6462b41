"""The second pass: pieces of one sperm's path become one track, others stay apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sertoli.sperm import Detections
from sertoli.sperm.tracking import MAX_GAP_FRAMES, Linker, TrackJoiner, link_recording

Path = npt.NDArray[np.float64]


def heads(places: npt.ArrayLike, size: float = 12.0) -> Detections:
    centre = np.asarray(places, np.float32).reshape(-1, 2)
    n = len(centre)
    return Detections(centre, np.full((n, 2), size, np.float32), np.full(n, 0.9, np.float32))


def linked(
    paths: list[Path], hidden: list[set[int]], drift: Path | None = None
) -> list[list[int | None]]:
    """Return the track of each path in each frame, None where it is hidden."""
    count = len(paths[0])
    shift = np.zeros((count, 2)) if drift is None else drift
    rows = [[n for n in range(len(paths)) if f not in hidden[n]] for f in range(count)]
    frames = (
        (
            f,
            heads([paths[n][f] + shift[f] for n in rows[f]]),
            (float(shift[f][0]), float(shift[f][1])),
        )
        for f in range(count)
    )
    ids = link_recording(frames)
    return [
        [int(ids[f][rows[f].index(n)]) if n in rows[f] else None for n in range(len(paths))]
        for f in range(count)
    ]


def tracks_of(table: list[list[int | None]], path: int) -> set[int]:
    return {one for row in table if (one := row[path]) is not None}


def straight(start: tuple[float, float], speed: tuple[float, float], frames: int = 80) -> Path:
    path: Path = np.asarray(start) + np.outer(np.arange(frames), speed)
    return path


@pytest.mark.parametrize(
    ("path", "gap", "joined"),
    [
        pytest.param(straight((50, 50), (0, 0)), 40, True, id="still, long gap"),
        pytest.param(straight((50, 50), (1, 0.5)), 15, True, id="slow swimmer"),
        pytest.param(straight((50, 50), (3, 0)), MAX_GAP_FRAMES + 2, True, id="swimmer"),
        pytest.param(straight((50, 50), (3, 0)), 45, False, id="swimmer, too long"),
    ],
)
def test_gap_beyond_the_live_linkers_patience(path: Path, gap: int, joined: bool) -> None:
    table = linked([path], [set(range(25, 25 + gap))])
    assert (len(tracks_of(table, 0)) == 1) == joined


def test_another_cell_far_away_is_not_the_one_that_went() -> None:
    table = linked(
        [straight((50, 50), (0, 0)), straight((80, 50), (0, 0))],
        [set(range(30, 80)), set(range(45))],
    )
    assert tracks_of(table, 0).isdisjoint(tracks_of(table, 1))


def test_swimmer_leaving_and_still_cell_appearing_stay_apart() -> None:
    swimmer = straight((10, 50), (4, 0))
    table = linked(
        [swimmer, straight((float(swimmer[40][0]), 50), (0, 0))],
        [set(range(28, 80)), set(range(40))],
    )
    assert tracks_of(table, 0).isdisjoint(tracks_of(table, 1))


def test_two_that_cross_unseen_go_on_as_themselves() -> None:
    up = straight((10, 40), (2, 0.5))
    down = straight((10, 80), (2, -0.5))
    hidden = set(range(32, 49))  # they meet in frame 40
    table = linked([up, down], [hidden, hidden])
    assert len(tracks_of(table, 0)) == 1
    assert len(tracks_of(table, 1)) == 1
    assert tracks_of(table, 0) != tracks_of(table, 1)


@pytest.mark.parametrize("jump", [0.0, 60.0])
def test_still_cells_in_a_drifting_field_stay_one_cell_each(jump: float) -> None:
    rng = np.random.default_rng(2)
    drift = np.outer(np.arange(80), (0.8, -0.5))
    drift[40:] += jump  # somebody touched the stage
    paths = [np.tile(place, (80, 1)) for place in rng.uniform(0, 300, (12, 2))]
    hidden = [set(np.flatnonzero(rng.random(80) < 0.4).tolist()) for _ in paths]
    table = linked(paths, hidden, drift)
    assert all(len(tracks_of(table, n)) == 1 for n in range(len(paths)))


def test_a_head_seen_twice_for_a_moment_does_not_share_its_track_out() -> None:
    linker = Linker()
    for frame in range(60):
        # an interlaced camera: the head seems to swing, and once there seem to be two
        places = [[50.0 + frame + (1.5 if frame % 2 else -1.5), 50.0]]
        if frame == 20:
            places.append([57.0 + frame, 50.0])
        assert int(linker.link(heads(places), frame)[0]) == 0


@given(seed=st.integers(0, 10_000), n=st.integers(0, 40))
@settings(max_examples=25, deadline=None)
def test_joined_tracks_never_have_two_heads_in_a_frame(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    frames = [
        (f, heads(rng.uniform(0, 100, (rng.integers(0, n + 1), 2))), (0.0, 0.0)) for f in range(30)
    ]
    ids = link_recording(frames)
    assert all(len(set(one.tolist())) == len(one) for one in ids)
    first = [one for ids_of_frame in ids for one in sorted(ids_of_frame.tolist())]
    assert set(first) == set(range(max(first, default=-1) + 1))


def test_nothing_to_join() -> None:
    joiner = TrackJoiner()
    joiner.add(Detections.empty(), np.zeros(0, np.int64), 0)
    assert joiner.join().shape == (0,)


def test_an_object_array_grows_only_with_tracks() -> None:
    joiner = TrackJoiner()
    for frame in range(500):
        joiner.add(heads([[10, 10]]), np.zeros(1, np.int64), frame)
    assert joiner.join().tolist() == [0]
    assert joiner._end.shape[0] == 64
