"""Numbers that stay with their tubule while the picture moves."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from sertoli.frames import Frame
from sertoli.optics import Optics
from sertoli.tubules import TubuleMapper, TubuleTracker
from sertoli.tubules._mapper import Look
from sertoli.tubules._register import Register

WIDE, HIGH = 320, 240
Moves = npt.NDArray[np.float64]


def tissue() -> npt.NDArray[np.uint8]:
    """Lay bright bent tubes over a dark ground; larger than a frame."""
    rng = np.random.default_rng(4)
    picture = np.full((400, 480, 3), (70, 45, 40), np.uint8)
    x = np.arange(-20, 520, 4)
    for row in range(10, 400, 26):
        y = row + 7 * np.sin(x / rng.uniform(30, 60) + rng.uniform(0, 6))
        line = np.rint(np.stack((x, y), 1)).astype(np.int32)
        for wide, tone in ((20, 0.55), (16, 0.8), (9, 1.0)):
            colour = tuple(float(tone * one) for one in (205, 180, 150))
            cv2.polylines(picture, [line], False, colour, wide, cv2.LINE_AA)
    noise = rng.normal(0, 6, picture.shape)
    return np.asarray(np.clip(cv2.GaussianBlur(picture, (0, 0), 1.2) + noise, 0, 255), np.uint8)


def frame_of(picture: npt.NDArray[np.uint8], matrix: Moves, index: int) -> Frame:
    seen = cv2.warpAffine(picture, matrix[:2], (WIDE, HIGH), flags=cv2.INTER_LINEAR)
    return Frame(np.asarray(seen, np.uint8), index, index / 10, Optics(8.0))


def move(dx: float, dy: float, degrees: float = 0.0, zoom: float = 1.0) -> Moves:
    turn = cv2.getRotationMatrix2D((WIDE / 2, HIGH / 2), degrees, zoom)
    whole = np.vstack((turn, (0, 0, 1)))
    whole[:2, 2] += (dx - 70, dy - 60)
    return np.asarray(whole, np.float64)


TREMOR = [
    move(0, 0), move(2.5, -1), move(4, 3, 0.5), move(-3, 5, 1, 1.02), move(-6, 2, -0.5, 1.05),
    move(1, -4, 0, 1.04),
]  # fmt: skip


def test_tremor_turn_and_zoom_are_found() -> None:
    picture = tissue()
    register = Register()
    corners = np.array([[(20.0, 20.0)], [(300.0, 20.0)], [(160.0, 220.0)]])
    for index, matrix in enumerate(TREMOR):
        found = register(frame_of(picture, matrix, index))
        true = matrix @ np.linalg.inv(TREMOR[0])
        away = cv2.perspectiveTransform(corners, found) - cv2.perspectiveTransform(corners, true)
        assert np.abs(away).max() < 1.0


def test_an_instrument_does_not_pull_the_picture_along() -> None:
    picture = tissue()
    register = Register()
    for index in range(6):
        frame = frame_of(picture, move(0, 0), index)
        pixels = frame.pixels.copy()
        pixels[60:110, : 40 + 25 * index] = (150, 155, 160)
        pixels[80:90, : 40 + 25 * index : 9] = 20
        found = register(Frame(pixels, index, frame.time_s, frame.optics))
        assert np.abs(found - np.eye(3)).max() < 0.5


@pytest.mark.parametrize("tone", [0, 255])
def test_a_frame_without_anything_in_it_moves_nothing(tone: int) -> None:
    picture = tissue()
    register = Register()
    register(frame_of(picture, TREMOR[0], 0))
    before = register(frame_of(picture, TREMOR[1], 1))
    plain = Frame(np.full((HIGH, WIDE, 3), tone, np.uint8), 2, 0.2, Optics(8.0))
    assert register(plain) == pytest.approx(before)
    after = register(frame_of(picture, TREMOR[1], 3))
    assert after == pytest.approx(before, abs=0.3)


def test_tubules_keep_their_numbers_and_evidence_adds_up() -> None:
    picture = tissue()
    tracker = TubuleTracker(TubuleMapper(), every=2)
    maps = [tracker(frame_of(picture, matrix, n)) for n, matrix in enumerate(TREMOR)]
    long = [
        {
            int(one)
            for one, length in zip(found.tubule_id, found.length_px, strict=True)
            if length > 90
        }
        for found in (maps[0], maps[-1])
    ]
    assert len(long[0]) >= 5
    first, last = long[0], {int(one) for one in maps[-1].tubule_id}
    assert len(first & last) >= 0.8 * len(first)
    for number in first & last:
        widths = [
            found.diameter_px[found.tubule_id == number].item() for found in (maps[0], maps[-1])
        ]
        assert widths[1] == pytest.approx(widths[0], rel=0.25)
    # between two looks the lines move with the picture
    moved = maps[1].stretches[0].points - maps[0].stretches[0].points
    assert np.median(moved, axis=0) == pytest.approx((2.5, -1.0), abs=0.6)


def test_a_recording_that_changes_its_size_starts_anew() -> None:
    picture = tissue()
    tracker = TubuleTracker(TubuleMapper())
    tracker(frame_of(picture, TREMOR[0], 0))
    small = Frame(np.ascontiguousarray(picture[:180, :200]), 1, 0.1, Optics(8.0))
    found = tracker(small)
    assert found.width_px == 200
    for stretch in found.stretches:
        assert (stretch.points < (200, 180)).all()


@pytest.mark.parametrize(("fps", "looks"), [(4, 8), (10, 10), (50, 10), (None, 2)])
def test_the_network_looks_so_many_times_a_second(
    fps: int | None, looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = 2 * (fps or 4)
    seen = []

    def look(self: TubuleMapper, frame: Frame, factor: float | None = None) -> Look:
        seen.append(frame.index)
        return Look((), np.zeros((1, 1), bool), 1.0)

    monkeypatch.setattr(TubuleMapper, "seen", look)
    tracker = TubuleTracker(TubuleMapper(), every=5, every_s=0.2)
    plain = np.full((24, 32, 3), 90, np.uint8)
    for index in range(frames):
        tracker(Frame(plain, index, None if fps is None else index / fps, Optics(8.0)))
    assert len(seen) == looks
