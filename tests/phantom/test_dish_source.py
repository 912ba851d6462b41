"""A dish as a source of frames, and its truth."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sertoli.optics import Modality
from sertoli.phantom import DishTruth, make_dish, scan


def test_frames_are_the_same_alone_and_in_order() -> None:
    source = make_dish(4, regime="semen", seconds=0.2, fps=20, width_px=96, height_px=64)
    frames = list(source)
    assert source.length == len(frames) == 4
    assert source.is_sequence
    for start in range(5):
        again = list(source.frames(start))
        assert len(again) == 4 - start
        for frame, other in zip(frames[start:], again, strict=True):
            assert np.array_equal(frame.pixels, other.pixels)
            assert frame.index == other.index
    assert [frame.time_s for frame in frames] == pytest.approx([0.0, 0.05, 0.1, 0.15])


def test_a_scan_visits_each_place_once_and_knows_where_it_is() -> None:
    source = make_dish(4, fields=7, width_px=64, height_px=48, modality=Modality.DIC)
    places = {frame.stage_um for frame in source}
    assert len(places) == 7
    assert not source.is_sequence
    assert source.optics.um_per_px == 0.35
    assert source.optics.modality is Modality.DIC


def test_the_focus_is_turned_through_each_place() -> None:
    def heights(index: int) -> dict[int, float]:
        return {s.cell.number: s.defocus_um for s in swept.frame_with_truth(index)[1]}

    planes = (0.0, 3.0, 6.0)
    one = make_dish(4, fields=2, width_px=160, height_px=120)
    swept = make_dish(4, fields=2, width_px=160, height_px=120, sweep_um=planes)
    frames = list(swept)
    assert [frame.stage_um[2] for frame in frames if frame.stage_um] == [0.0, 3.0, 6.0] * 2
    assert [frame.time_s for frame in frames] == pytest.approx([0.0, 0.1, 0.2, 0.5, 0.6, 0.7])
    for alone, first, other in zip(one, frames[::3], frames[1::3], strict=True):
        assert alone.stage_um == first.stage_um
        assert np.array_equal(alone.pixels, first.pixels)
        assert not np.array_equal(first.pixels, other.pixels)
    low, high = heights(0), heights(2)
    both = low.keys() & high.keys()
    assert both
    assert all(low[n] - high[n] == pytest.approx(6.0) for n in both)


def test_a_serpentine_never_jumps() -> None:
    stops = scan(23, 100.0, 80.0)
    steps = [
        max(abs(b.x_um - a.x_um) / 100, abs(b.y_um - a.y_um) / 80)
        for a, b in itertools.pairwise(stops)
    ]
    assert max(steps) == pytest.approx(0.9)


def test_rare_sperm_are_rare() -> None:
    source = make_dish(1, sperm_per_field=0.001, fields=40, width_px=64, height_px=48)
    found = sum(
        thing.cell.kind == "sperm"
        for index in range(40)
        for thing in source.frame_with_truth(index)[1]
    )
    assert found <= 1


def test_truth_keeps_a_cell_s_number_through_time() -> None:
    source = make_dish(2, regime="semen", sperm_per_field=8, seconds=0.3, fps=10, width_px=320,
                       height_px=240)  # fmt: skip
    truth = DishTruth("test")
    for index in range(source.length):
        frame, shown = source.frame_with_truth(index)
        truth.add(frame, shown, "dish.mp4")
    document = truth.to_coco()
    assert [image["frame"] for image in document["images"]] == [0, 1, 2]
    names = {category["id"]: category["name"] for category in document["categories"]}
    heads = [a for a in document["annotations"] if names[a["category_id"]] == "sperm"]
    assert heads
    assert all(a["motility"] for a in heads)
    tracks = [{a["track_id"] for a in heads if a["image_id"] == i} for i in (1, 2, 3)]
    assert tracks[0] & tracks[1] & tracks[2]
    for image in (1, 2, 3):
        ids = [a["track_id"] for a in document["annotations"] if a["image_id"] == image]
        assert len(ids) == len(set(ids))


def test_focus_wanders_in_a_recording() -> None:
    def defocus(time: int) -> dict[int, float]:
        _, shown = source.frame_with_truth(time)
        return {thing.cell.number: thing.defocus_um for thing in shown}

    source = make_dish(5, regime="semen", seconds=4, fps=1, width_px=200, height_px=150)
    early, late = defocus(0), defocus(3)
    both = early.keys() & late.keys()
    assert both
    shifts = {round(early[n] - late[n], 6) for n in both}
    assert len(shifts) == 1
    assert 0 < abs(shifts.pop()) <= 1.0
