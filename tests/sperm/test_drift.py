"""The field's displacement from pixels alone."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from sertoli.frames import Frame
from sertoli.sperm.tracking import FieldDrift

WIDTH, HEIGHT = 320, 240


@pytest.fixture(scope="module")
def scene() -> npt.NDArray[np.uint8]:
    rng = np.random.default_rng(3)
    rough = rng.normal(0, 1, (HEIGHT + 200, WIDTH + 200)).astype(np.float32)
    smooth = cv2.GaussianBlur(rough, (0, 0), 3.0)
    scaled: npt.NDArray[np.uint8] = np.clip(120 + 250 * smooth, 0, 255).astype(np.uint8)
    return scaled


def view(scene: npt.NDArray[np.uint8], x: float, y: float) -> npt.NDArray[np.uint8]:
    """Show the scene displaced by (x, y) px."""
    move = np.array([[1, 0, x - 100], [0, 1, y - 100]], np.float32)
    return np.asarray(cv2.warpAffine(scene, move, (WIDTH, HEIGHT)), np.uint8)


@pytest.mark.parametrize(
    ("path", "tolerance"),
    [
        pytest.param([(0.0, 0.0)] * 5, 0.05, id="nothing moves"),
        pytest.param([(1.5 * n, -0.7 * n) for n in range(60)], 1.0, id="creeps far"),
        pytest.param([(0, 0), (0, 0), (30, -20), (30, -20)], 0.5, id="jumps"),
        pytest.param([(0, 0), (80, 0), (80, 0)], 1.0, id="jumps a quarter of the picture"),
    ],
)
def test_displacement(
    scene: npt.NDArray[np.uint8], path: list[tuple[float, float]], tolerance: float
) -> None:
    drift = FieldDrift()
    for n, (x, y) in enumerate(path):
        found = drift.update(Frame(view(scene, x, y), n))
        assert found == pytest.approx((x, y), abs=tolerance)


def test_a_few_swimmers_do_not_move_the_field(scene: npt.NDArray[np.uint8]) -> None:
    drift = FieldDrift()
    for n in range(20):
        pixels = view(scene, 0, 0)
        for swimmer in range(6):
            cv2.circle(pixels, (20 + 9 * n, 30 + 35 * swimmer), 6, 255, -1)
        assert drift.update(Frame(pixels, n)) == pytest.approx((0, 0), abs=1.0)


def test_a_blank_frame_counts_as_no_movement(scene: npt.NDArray[np.uint8]) -> None:
    drift = FieldDrift()
    drift.update(Frame(view(scene, 0, 0), 0))
    drift.update(Frame(view(scene, 6, 2), 1))
    blank = np.full((HEIGHT, WIDTH), 90, np.uint8)
    assert drift.update(Frame(blank, 2)) == pytest.approx((6, 2), abs=0.5)
    assert np.isfinite(drift.update(Frame(view(scene, 6, 2), 3))).all()


def test_going_on_after_a_break_gives_the_same(scene: npt.NDArray[np.uint8]) -> None:
    frames = [Frame(view(scene, 2.3 * n, 1.1 * n), n) for n in range(40)]
    whole, first, second = FieldDrift(), FieldDrift(), FieldDrift()
    expected = [whole.update(frame) for frame in frames]
    for frame in frames[:25]:
        first.update(frame)
    state = first.state
    second.restore(state, frames[state.reference_frame], frames[state.frame])
    assert [second.update(frame) for frame in frames[25:]] == expected[25:]


def test_colour_deep_and_tiny_pictures() -> None:
    rng = np.random.default_rng(1)
    for shape, kind in (((40, 60, 3), np.uint8), ((50, 30), np.uint16), ((1, 1), np.uint8)):
        drift = FieldDrift()
        pixels = rng.integers(0, 255, shape).astype(kind)
        drift.update(Frame(pixels, 0))
        assert drift.update(Frame(pixels, 1)) == pytest.approx((0, 0), abs=0.05)


def test_another_size_begins_anew(scene: npt.NDArray[np.uint8]) -> None:
    drift = FieldDrift()
    drift.update(Frame(view(scene, 0, 0), 0))
    before = drift.update(Frame(view(scene, 5, 0), 1))
    assert drift.update(Frame(view(scene, 5, 0)[:100, :150], 2)) == before
