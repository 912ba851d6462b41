"""What is a sperm's own motion, and what only carries or shakes it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from sertoli.sperm import Detections
from sertoli.sperm.motility import MOTILITY_COLUMNS, Grade, Motility, MotilityMeter

Paths = npt.NDArray[np.float64]
UM_PER_PX = 0.5
HEAD_PX = 10.0


def heads(places: Paths) -> Detections:
    n = len(places)
    return Detections(
        places.astype(np.float32),
        np.full((n, 2), HEAD_PX, np.float32),
        np.full(n, 0.9, np.float32),
    )


def measured(
    paths_um: Paths,
    *,
    fps: float | None = 50.0,
    um_per_px: float | None = UM_PER_PX,
    noise_px: float = 0.2,
    drift_um: Paths | None = None,
    told: bool = True,
    every: int = 1,
) -> Motility:
    """Measure M paths, (M, frames, 2) in um, seen with noise; every n-th frame shows them."""
    rng = np.random.default_rng(8)
    frames = paths_um.shape[1]
    drift = np.zeros((frames, 2)) if drift_um is None else drift_um
    meter = MotilityMeter()
    for frame in range(0, frames, every):
        places = (paths_um[:, frame] + drift[frame]) / UM_PER_PX
        places = places + rng.normal(0, noise_px, places.shape)
        shift = drift[frame] / UM_PER_PX if told else np.zeros(2)
        meter.add(
            heads(places),
            np.arange(len(places)),
            frame,
            time_s=None if fps is None else frame / fps,
            um_per_px=um_per_px,
            drift_px=(float(shift[0]), float(shift[1])),
        )
    return meter.finish()


def scattered(count: int, frames: int, seed: int = 1) -> Paths:
    """Return cells that lie still all over the field, (count, frames, 2) um."""
    start = np.random.default_rng(seed).uniform(0, 300, (count, 1, 2))
    return np.repeat(start, frames, axis=1)


def swimmer(speed: float, frames: int, fps: float = 50.0, swing: float = 1.0) -> Paths:
    t = np.arange(frames) / fps
    path = np.column_stack([speed * t, swing * np.sin(2 * math.pi * 8 * t)])
    return 40 + path[None]


@pytest.mark.parametrize(
    ("speed", "swing", "grade"),
    [
        (60.0, 2.0, Grade.RAPID),
        (27.0, 1.0, Grade.RAPID),
        (23.0, 1.0, Grade.SLOW),
        (7.0, 0.5, Grade.SLOW),
        (3.0, 1.0, Grade.NON_PROGRESSIVE),
        (0.0, 1.0, Grade.NON_PROGRESSIVE),
        (0.0, 0.0, Grade.IMMOTILE),
    ],
)
def test_grades_of_the_who(speed: float, swing: float, grade: Grade) -> None:
    paths = np.concatenate([scattered(6, 150), swimmer(speed, 150, swing=swing)])
    found = measured(paths)
    assert found.grade[-1] is grade
    assert set(found.grade[:-1]) == {Grade.IMMOTILE}
    assert found.speed_unit == "um/s"


def test_a_tight_circle_is_not_progressive_and_a_long_track_not_slow() -> None:
    t = np.arange(500) / 50
    angle = 2 * math.pi * 2 * t
    circle = 60 + 3 * np.column_stack([np.cos(angle), np.sin(angle)])
    # to and fro over ten seconds: from end to end it comes nowhere
    there = 60 + np.column_stack([30 * np.minimum(t, 10 - t), 0 * t])
    found = measured(np.concatenate([scattered(5, 500), circle[None], there[None]]))
    assert found.grade[-2] is Grade.NON_PROGRESSIVE
    assert found.grade[-1] is Grade.RAPID


def test_a_jittering_still_cell_is_still() -> None:
    rng = np.random.default_rng(2)
    paths = scattered(8, 150)
    paths[-1] += rng.normal(0, 0.5, (150, 2))  # badly seen: five times the others' noise
    found = measured(paths)
    assert set(found.grade) == {Grade.IMMOTILE}
    assert np.all(found.figures[:, 0] < 5.0)
    assert np.isnan(found.figures[:, 3:]).all()


def test_brownian_motion_is_not_motility() -> None:
    rng = np.random.default_rng(3)
    steps = rng.normal(0, math.sqrt(2 * 0.15 / 50), (30, 400, 2))
    found = measured(scattered(30, 400) + np.cumsum(steps, axis=1))
    assert found.counts() == {"immotile": 30, "not measured": 0}


@pytest.mark.parametrize("told", [True, False], ids=["from pixels", "from neighbours"])
def test_drift_of_the_field_is_not_motility(told: bool) -> None:
    drift = np.outer(np.arange(200) / 50, (12.0, -6.0))
    paths = np.concatenate([scattered(7, 200), swimmer(40.0, 200)])
    found = measured(paths, drift_um=drift, told=told)
    assert set(found.grade[:-1]) == {Grade.IMMOTILE}
    assert found.grade[-1] is Grade.RAPID
    assert found.figures[-1, 1] == pytest.approx(40.0, rel=0.1)


def test_drift_from_pixels_is_enough_for_a_single_cell() -> None:
    drift = np.outer(np.arange(200) / 50, (12.0, -6.0))
    assert measured(scattered(1, 200), drift_um=drift).grade == (Grade.IMMOTILE,)


def test_flow_that_differs_from_place_to_place_is_not_motility() -> None:
    paths = scattered(60, 150, seed=4)
    speed = 10.0 * paths[:, :1, 1] / 300  # shear: none at the top, 10 um/s at the bottom
    paths[..., 0] += speed * np.arange(150) / 50
    assert measured(paths).counts() == {"immotile": 60, "not measured": 0}


def test_many_swimmers_each_their_own_way_are_no_current() -> None:
    rng = np.random.default_rng(6)
    angle = rng.uniform(0, 2 * math.pi, 20)
    speed = rng.uniform(30, 80, 20)
    way = np.column_stack([speed * np.cos(angle), speed * np.sin(angle)])
    t = np.arange(100) / 50
    found = measured(scattered(20, 100) + way[:, None] * t[None, :, None])
    assert set(found.grade) == {Grade.RAPID}


@pytest.mark.parametrize("every", [1, 2])
def test_frame_rate_and_noise_change_little(every: int) -> None:
    paths = np.concatenate([scattered(6, 300), swimmer(35.0, 300, fps=100.0)])
    clean = measured(paths, fps=100.0, noise_px=0.02).figures[-1]
    found = measured(paths, fps=100.0, every=every, noise_px=0.3).figures[-1]
    for column, tolerance in ((0, 0.08), (1, 0.03), (2, 0.03), (6, 0.25)):
        assert found[column] == pytest.approx(clean[column], rel=tolerance)


@pytest.mark.parametrize(
    ("fps", "um_per_px", "unit"),
    [(50.0, None, "px/s"), (None, 0.5, "um/frame"), (None, None, "px/frame")],
)
def test_without_units_no_grade_of_the_who(
    fps: float | None, um_per_px: float | None, unit: str
) -> None:
    paths = np.concatenate([scattered(6, 200), swimmer(30.0, 200), swimmer(0.0, 200)])
    found = measured(paths, fps=fps, um_per_px=um_per_px)
    assert found.speed_unit == unit
    assert set(found.grade[:6]) == {Grade.STILL}
    assert set(found.grade[6:]) == {Grade.MOVING}
    expected = 30.0 / (UM_PER_PX if um_per_px is None else 1) / (1 if fps else 50)
    assert found.figures[6, 1] == pytest.approx(expected, rel=0.05)


def test_too_short_is_empty_and_not_guessed() -> None:
    found = measured(swimmer(30.0, 20))
    assert found.grade == (None,)
    assert found.row(0) == [""] * len(MOTILITY_COLUMNS)
    assert found.counts() == {"not measured": 1}


def test_a_row_has_the_columns_of_the_contract() -> None:
    found = measured(np.concatenate([scattered(5, 150), swimmer(30.0, 150)]))
    row = dict(zip(MOTILITY_COLUMNS, found.row(5), strict=True))
    assert row["motility"] == "rapid"
    assert float(row["vsl"]) == pytest.approx(30, rel=0.05)
    assert 0 < float(row["lin"]) <= float(row["str"]) <= 1
    assert float(row["alh"]) == pytest.approx(2.0, rel=0.2)
    assert row["speed_unit"] == "um/s"
    still = dict(zip(MOTILITY_COLUMNS, found.row(0), strict=True))
    assert still["motility"] == "immotile"
    assert still["lin"] == still["bcf"] == ""
    assert found.row(99) == [""] * len(MOTILITY_COLUMNS)


def _nothing(meter: MotilityMeter) -> None:
    del meter


def _one_frame(meter: MotilityMeter) -> None:
    meter.add(heads(np.zeros((3, 2))), np.arange(3), 0, time_s=0.0)


def _not_followed(meter: MotilityMeter) -> None:
    for frame in range(100):
        meter.add(heads(np.zeros((2, 2))), np.full(2, -1), frame, time_s=frame / 50)


def _standing_clock(meter: MotilityMeter) -> None:
    for frame in range(100):
        meter.add(heads(np.zeros((1, 2))), np.zeros(1, np.int64), frame, time_s=0.0)


def _one_a_minute(meter: MotilityMeter) -> None:
    for frame in range(100):
        meter.add(
            heads(np.full((1, 2), 3.0 * frame)), np.zeros(1, np.int64), frame, time_s=60.0 * frame
        )


def _long_pause(meter: MotilityMeter) -> None:
    for frame in [*range(10), *range(1_000_000, 1_000_010)]:
        meter.add(heads(np.zeros((1, 2))), np.zeros(1, np.int64), frame, time_s=frame / 50)


def _clock_set_back(meter: MotilityMeter) -> None:
    for frame in range(100):
        time = float(frame % 10)
        meter.add(heads(np.zeros((1, 2))), np.zeros(1, np.int64), frame, time_s=time)


def _hurried_clock(meter: MotilityMeter) -> None:
    for frame in range(20):
        time = 1e-9 * frame if frame < 15 else float(frame)
        meter.add(heads(np.zeros((1, 2))), np.zeros(1, np.int64), frame, time_s=time)


def test_some_tracks_are_taken_and_told_apart_by_motion() -> None:
    grade = (Grade.RAPID, None, Grade.IMMOTILE, Grade.STILL, Grade.MOVING)
    motility = Motility(grade, np.arange(40.0).reshape(5, 8), "um/s")
    assert motility.moves().tolist() == [True, False, False, False, True]
    assert motility.lies_still().tolist() == [False, False, True, True, False]
    taken = motility.take(np.array([4, 1]))
    assert taken.grade == (Grade.MOVING, None)
    assert taken.figures[0, 0] == 32.0
    assert len(motility.take(np.zeros(0, np.int64))) == 0


@pytest.mark.parametrize(
    "fill",
    [
        _clock_set_back,
        _hurried_clock,
        _nothing,
        _one_frame,
        _not_followed,
        _standing_clock,
        _one_a_minute,
        _long_pause,
    ],
)
def test_odd_recordings_measure_nothing(fill: Callable[[MotilityMeter], None]) -> None:
    meter = MotilityMeter()
    fill(meter)
    found = meter.finish()
    assert all(grade is None for grade in found.grade)


def test_irregular_frames_and_gaps_are_measured() -> None:
    rng = np.random.default_rng(9)
    meter = MotilityMeter()
    for frame in range(150):
        if 60 <= frame < 66 or rng.random() < 0.15:
            continue
        time = (frame + rng.uniform(-0.2, 0.2)) / 50
        meter.add(
            heads(np.array([[2.0 * 30 * time, 50.0]])),
            np.zeros(1, np.int64),
            frame,
            time_s=time,
            um_per_px=0.5,
        )
    assert meter.finish().figures[0, 1] == pytest.approx(30.0, rel=0.02)


def test_a_clock_set_back_neither_fills_memory_nor_mixes_two_stretches() -> None:
    meter = MotilityMeter()
    for stretch in range(2):
        for frame in range(100):
            place = np.array([[20.0 + 400 * stretch + 0.6 * frame, 50.0]])
            meter.add(heads(place), np.zeros(1, np.int64), frame, time_s=frame / 50, um_per_px=1.0)
    assert meter.finish().figures[0, 1] == pytest.approx(30.0, rel=0.02)


def test_memory_does_not_grow_with_the_recording() -> None:
    meter = MotilityMeter()
    for frame in range(2000):
        meter.add(heads(np.zeros((4, 2))), np.arange(4), frame, time_s=frame / 50)
        assert len(meter._frames) <= 60
