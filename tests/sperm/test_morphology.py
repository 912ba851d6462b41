"""Heads are measured as they are, and only where they can be."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sertoli.errors import WeightsError
from sertoli.frames import Frame
from sertoli.sperm import Detections
from sertoli.sperm.morphology import (
    MORPHOLOGY_COLUMNS,
    HeadClassifier,
    HeadSizer,
    Morphology,
    NormalRange,
    Piece,
    Shapes,
    TrackShapes,
    Unjudged,
    head_crop,
    normal_range,
)

SIDE = 96
LENGTH, WIDTH = 26.0, 16.0


@pytest.fixture(scope="module")
def sizer() -> HeadSizer:
    return HeadSizer()


def heads(*centres: tuple[float, float], size: float = 24.0) -> Detections:
    """Boxes about places that count between the centres of pixels."""
    centre = np.array(centres, np.float32).reshape(-1, 2) + 0.5
    return Detections(centre, np.full_like(centre, size), np.ones(len(centre), np.float32))


def picture(
    angle: float = 0.0, tone: float = -60.0, length: float = LENGTH, width: float = WIDTH
) -> npt.NDArray[np.uint8]:
    """A lens-shaped head in the middle of an even field with a little noise."""
    yy, xx = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    u = (xx * math.cos(angle) + yy * math.sin(angle)) / (length / 2)
    v = (-xx * math.sin(angle) + yy * math.cos(angle)) / (width / 2)
    head = np.clip(1 - u * u - v * v, 0, 1) ** 0.7
    noise = np.random.default_rng(1).normal(0, 1.0, (SIDE, SIDE))
    grey: npt.NDArray[np.uint8] = np.clip(120 + tone * head + noise, 0, 255).astype(np.uint8)
    return grey


MIDDLE = ((SIDE - 1) / 2, (SIDE - 1) / 2)


@pytest.mark.parametrize("tone", [-60.0, 60.0])
@pytest.mark.parametrize("angle", [0.0, 0.6, -1.2])
def test_a_plain_head_is_measured(sizer: HeadSizer, tone: float, angle: float) -> None:
    found = sizer.measure(picture(angle, tone), heads(MIDDLE, size=26.0))
    assert found.unjudged == (None,)
    assert found.length_px[0] == pytest.approx(LENGTH, rel=0.15)
    assert found.width_px[0] == pytest.approx(WIDTH, rel=0.2)
    assert found.area_px2[0] == pytest.approx(
        math.pi / 4 * found.length_px[0] * found.width_px[0], rel=1e-5
    )
    assert found.ellipticity[0] > 1.2
    off = (float(found.angle_rad[0]) - angle + math.pi / 2) % math.pi - math.pi / 2
    assert abs(off) < 0.3


def test_longer_heads_are_longer(sizer: HeadSizer) -> None:
    lengths = [
        float(sizer.measure(picture(length=one), heads(MIDDLE, size=26.0)).length_px[0])
        for one in (20.0, 24.0, 28.0)
    ]
    assert lengths == sorted(lengths)
    assert lengths[2] / lengths[0] > 1.15


def test_gain_level_and_bit_depth_change_nothing(sizer: HeadSizer) -> None:
    plain = picture()
    deep = plain.astype(np.uint16) * 257
    faint = (plain // 2 + 60).astype(np.uint8)
    lengths = [
        float(sizer.measure(one, heads(MIDDLE)).length_px[0])
        for one in (plain, deep, np.stack([plain] * 3, -1), faint)
    ]
    assert lengths[1] == pytest.approx(lengths[0], rel=1e-3)
    assert lengths[2] == pytest.approx(lengths[0], rel=1e-3)
    assert lengths[3] == pytest.approx(lengths[0], rel=0.1)


def test_a_piece_gives_what_the_frame_gives(sizer: HeadSizer) -> None:
    frame = np.full((300, 400), 120, np.uint8)
    frame[150 : 150 + SIDE, 220 : 220 + SIDE] = picture()
    found = heads((220 + MIDDLE[0], 150 + MIDDLE[1]), size=20.0)
    whole = sizer.measure(frame, found)
    part = sizer.measure_pieces(
        [Piece(frame[150 : 150 + SIDE, 220 : 220 + SIDE], 0, (220.0, 150.0))], found
    )
    assert part.length_px[0] == pytest.approx(whole.length_px[0], rel=1e-4)
    assert part.unjudged == whole.unjudged


UNJUDGED = {
    "small": (heads(MIDDLE, size=7.0), Unjudged.TOO_SMALL),
    "at the edge": (heads((6.0, 48.0)), Unjudged.CUT),
    "two in one place": (heads(MIDDLE, (MIDDLE[0] + 8, MIDDLE[1])), Unjudged.OVERLAPPING),
    "nothing but noise": (heads((20.0, 20.0)), Unjudged.BLURRED),
}


@pytest.mark.parametrize("name", UNJUDGED)
def test_what_cannot_be_judged_is_not(sizer: HeadSizer, name: str) -> None:
    found, reason = UNJUDGED[name]
    shapes = sizer.measure(picture(), found)
    assert shapes.unjudged[0] is reason
    assert np.isnan([shapes.length_px[0], shapes.width_px[0], shapes.area_px2[0]]).all()


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (0, 0)])
def test_absurd_pictures_do_no_harm(sizer: HeadSizer, shape: tuple[int, int]) -> None:
    shapes = sizer.measure(np.zeros(shape, np.uint8), heads((1e6, -50.0), (0.0, 0.0)))
    assert all(one is not None for one in shapes.unjudged)
    assert len(sizer.measure(np.zeros((9, 9), np.uint8), Detections.empty())) == 0


def test_a_crop_has_its_head_in_the_middle() -> None:
    frame = np.zeros((80, 90), np.uint8)
    frame[30, 50] = 255
    crop = head_crop(frame, (50.0, 30.0), 21.0, 21)
    assert divmod(int(crop.argmax()), 21) == (10, 10)


def one_head(
    length: float, width: float, error: float, tail: float, reason: Unjudged | None = None
) -> Morphology:
    length_px, width_px, angle, off, chance = (
        np.array([value], np.float32) for value in (length, width, 0.1, error, tail)
    )
    return Morphology(length_px, width_px, angle, off, chance, (reason,))


def seen(length: float, width: float, error: float, tail: float = 0.9) -> Morphology:
    return one_head(length, width, error, tail)


def unseen(reason: Unjudged) -> Morphology:
    return one_head(np.nan, np.nan, 0.4, np.nan, reason)


def test_a_sperm_is_the_median_of_its_sharpest_sightings() -> None:
    shapes = Shapes()
    for length in (19.0, 20.0, 21.0, 20.0, 20.5):
        shapes.add(seen(length, 12.0, 0.03), 0)
    for _ in range(20):
        shapes.add(seen(40.0, 30.0, 0.09), 0)
    shapes.add(unseen(Unjudged.BLURRED), 0)
    shape = shapes.shape(0.25)
    assert (shape.length_px, shape.width_px) == (20.0, 12.0)
    assert shape.length_um == pytest.approx(5.0)
    assert shape.area_um2 == pytest.approx(math.pi / 4 * 5 * 3)
    assert shape.normal_range is NormalRange.WITHIN
    assert shape.tail_seen is True
    assert shape.note == ""


def test_without_a_pixel_size_nothing_is_said_of_the_normal_range() -> None:
    shapes = Shapes()
    shapes.add(seen(20.0, 12.0, 0.03, tail=0.5), 0)
    shape = shapes.shape(None)
    assert shape.length_px == 20.0
    for said in (shape.length_um, shape.area_um2, shape.normal_range, shape.tail_seen):
        assert said is None
    assert len(shape.cells()) == len(MORPHOLOGY_COLUMNS)
    assert shape.cells()[2:5] == ["", "", ""]


def test_what_was_never_judged_says_why() -> None:
    shapes = Shapes()
    for reason in (Unjudged.CUT, Unjudged.BLURRED, Unjudged.BLURRED):
        shapes.add(unseen(reason), 0)
    assert shapes.shape(0.3).note == "blurred"
    assert TrackShapes().shape(7).note == "not measured"


def test_tracks_keep_their_own_shapes(sizer: HeadSizer) -> None:
    tracks = TrackShapes(sizer)
    frame = picture()
    for _ in range(3):
        tracks.add([Piece(frame, 0)], heads(MIDDLE), np.array([4]), 0.2)
    tracks.add([Piece(frame, 0)], heads((6.0, 48.0)), np.array([5]), 0.2)
    tracks.add([Piece(frame, 0)], heads(MIDDLE), np.array([-1]), 0.2)
    assert tracks.shape(4).length_um == pytest.approx(0.2 * LENGTH, rel=0.15)
    assert tracks.shape(5).note == "cut by the edge"


@given(st.floats(1.0, 9.0), st.floats(1.0, 6.0), st.floats(0.0, 0.15))
def test_a_head_is_within_the_range_only_if_it_surely_is(
    length: float, width: float, error: float
) -> None:
    said = normal_range(length, width, error)
    inside = 4.0 <= length <= 5.5 and 2.5 <= width <= 3.5
    if said is NormalRange.WITHIN:
        assert inside
    if said is NormalRange.OUTSIDE:
        assert not inside
    if error == 0:
        assert said is (NormalRange.WITHIN if inside else NormalRange.OUTSIDE)


@pytest.mark.parametrize("make", [HeadSizer, HeadClassifier])
def test_other_files_are_refused(
    make: type[HeadSizer] | type[HeadClassifier], tmp_path: Path
) -> None:
    other = tmp_path / "other.onnx"
    other.write_bytes(b"not a network")
    detector = Path(__file__).parents[2] / "src" / "sertoli" / "weights" / "sperm.onnx"
    for file in (other, detector, tmp_path / "absent.onnx"):
        with pytest.raises(WeightsError):
            make(file)


def test_the_classifier_says_its_restriction(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("WARNING", logger="sertoli"):
        classifier = HeadClassifier()
    assert "CC BY-NC-SA 4.0" in caplog.text
    frame = Frame(picture(), 0)
    found = heads(MIDDLE)
    judged = classifier.classify(frame, found.centre_px, found.size_px).probability
    assert judged.shape == (1, 4)
    assert ((judged >= 0) & (judged <= 1)).all()
    empty = Detections.empty()
    assert len(classifier.classify(frame, empty.centre_px, empty.size_px).probability) == 0
