import numpy as np
import pytest

from sertoli.frames import Frame
from sertoli.optics import Optics
from sertoli.sperm import Detector
from sertoli.sperm._magnification import HEAD_PX, MOST_PIXELS, TRIED, estimate


class Eye:
    """Sees heads of a given size in the picture's own px, whatever else there is."""

    def __init__(
        self, head_px: float, width_px: int, probability: float = 0.9, count: int = 40
    ) -> None:
        self.head_px, self.width_px, self.probability = head_px, width_px, probability
        self.count = count
        self.areas: list[int] = []

    def __call__(self, grey: np.ndarray, contrast: float) -> tuple[np.ndarray, np.ndarray]:
        self.areas.append(grey.size)
        # pictures small enough not to be cut: their width tells the magnification
        side = self.head_px * grey.shape[1] / self.width_px
        sizes = np.full((self.count, 2), side, np.float32)
        return sizes, np.full(self.count, self.probability, np.float32)


def frame(height: int = 96, width: int = 128) -> Frame:
    return Frame(np.random.default_rng(0).integers(0, 255, (height, width)).astype(np.uint8), 0)


@pytest.mark.parametrize("head_px", [8.5, 12.0, 17.0, 24.0, 34.0])
def test_heads_come_to_the_size_that_was_learnt(head_px: float) -> None:
    found = estimate([frame()], Eye(head_px, 128))
    assert found in TRIED
    assert abs(np.log2(found * head_px / HEAD_PX)) <= 0.26


def test_nothing_seen_leaves_the_picture_as_it_is() -> None:
    assert estimate([frame()], Eye(5.0, 128, probability=0.01)) == 1.0
    assert estimate([frame(1, 1)], Eye(5.0, 128)) == 1.0


def test_a_few_round_cells_do_not_change_the_magnification() -> None:
    assert estimate([frame()], Eye(34.0, 128, count=5)) == 1.0
    assert estimate([frame()] * 5, Eye(34.0, 128, count=5)) == 1.0


def test_frames_of_a_recording_decide_together() -> None:
    assert estimate([frame()] * 3, Eye(26.0, 128)) == estimate([frame()], Eye(26.0, 128))


def test_only_a_part_of_a_large_picture_is_looked_at() -> None:
    eye = Eye(13.0, 128)
    estimate([frame(2500, 3000)], eye)
    # rounded up to the network's grid
    assert max(eye.areas) < 1.2 * MOST_PIXELS


@pytest.mark.parametrize(
    ("height", "width", "heads", "expected"),
    [
        (1440, 1920, 3, 0.5),
        # cameras of 26 and 45 million px: one field, and 40 heads in all of it
        (4168, 6244, 40 / 85, 0.5),
        (5504, 8256, 40 / 148, 0.5),
        (7680, 9600, 3, 1.0),
        # a scan full of sperm
        (7680, 9600, 10, 0.5),
    ],
)
def test_specks_in_the_middle_of_a_scan_do_not_stand_for_all_of_it(
    height: int, width: int, heads: float, expected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(grey: np.ndarray, contrast: float) -> tuple[np.ndarray, np.ndarray]:
        # at half the size, so many sure heads for each 640 x 480 px of the picture
        count = round(heads * 4 * grey.size / (640 * 480))
        return np.full((count, 2), HEAD_PX, np.float32), np.full(count, 0.9, np.float32)

    monkeypatch.setattr("sertoli.sperm._magnification.TRIED", (0.5, 1.0))
    pixels = np.zeros((height, width), np.uint8)
    nothing = np.zeros((0, 2), np.float32), np.zeros(0, np.float32)
    ways = iter((look, lambda grey, contrast: nothing))
    assert estimate([Frame(pixels, 0)], lambda *seen: next(ways)(*seen)) == expected


@pytest.mark.parametrize("um_per_px", [0.09, 0.36, 0.72])
def test_a_known_pixel_size_needs_no_estimate(um_per_px: float) -> None:
    detector = Detector(threads=1)
    known = Frame(frame().pixels, 0, optics=Optics(um_per_px=um_per_px))
    expected = um_per_px / detector.network.um_per_px_reference
    assert detector.magnification([known]) == pytest.approx(expected, rel=0.07)
