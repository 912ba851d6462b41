"""The classical baseline finds heads of either brightness; tuning chooses what is best."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from benchmarks.baselines.classical import Classical
from benchmarks.baselines.picture import heads_are_dark, levelled
from benchmarks.baselines.tuning import CUT_OFFS, choose, f1_at_cut_offs
from benchmarks.labelled import frames

from sertoli.frames import Frame
from sertoli.sperm import Detections
from sertoli.sperm.evaluation import ImageResult

TAILED = ((60, 60), (180, 70))
BARE = ((70, 170), (190, 180))


def picture(*, dark: bool) -> npt.NDArray[np.uint8]:
    """Four heads, 14 px long; two have tails. One large round cell."""
    rng = np.random.default_rng(5)
    shown = np.zeros((240, 260), np.float32)
    cv2.circle(shown, (125, 120), 26, 60.0, -1)
    for x, y in (*TAILED, *BARE):
        cv2.ellipse(shown, (x, y), (7, 4), 30.0, 0, 360, 80.0, -1)
    for x, y in TAILED:
        cv2.line(shown, (x + 7, y + 4), (x + 32, y + 19), 50.0, 1)
    shown = cv2.GaussianBlur(shown, (0, 0), 1.0)
    slope = np.linspace(0, 30, shown.shape[1], dtype=np.float32)
    noisy = 120 + slope + (-shown if dark else shown) + rng.normal(0, 2.0, shown.shape)
    pixels: npt.NDArray[np.uint8] = np.clip(noisy, 0, 255).astype(np.uint8)
    return pixels


def distances(found: Detections, heads: tuple[tuple[int, int], ...]) -> list[float]:
    return [float(np.linalg.norm(found.centre_px - np.array(head), axis=1).min()) for head in heads]


@pytest.mark.parametrize("dark", [False, True])
def test_classical_finds_heads_and_no_large_cell(dark: bool) -> None:
    frame = Frame(picture(dark=dark), 0)
    assert heads_are_dark(levelled(frame, 14), 14) is dark
    found = Classical(14, tail=False).detect(frame)
    strong = found.at_least(float(found.probability[0]) * 0.8)
    assert len(strong) == 4
    assert max(distances(strong, (*TAILED, *BARE))) < 3.0
    assert (np.diff(found.probability) <= 0).all()


def test_the_tail_check_keeps_heads_with_tails() -> None:
    found = Classical(14, tail=True).detect(Frame(picture(dark=False), 0))
    assert max(distances(found, TAILED)) < 3.0
    assert min(distances(found, BARE)) > 10.0


def test_an_even_picture_has_no_heads() -> None:
    assert len(Classical(12, tail=False).detect(Frame(np.full((80, 90), 90, np.uint8), 0))) == 0


def test_f1_at_every_cut_off() -> None:
    boxes = np.array([[10.0, 10, 8, 8], [50, 50, 8, 8]])
    found = np.array([[10.0, 10, 8, 8], [90, 90, 8, 8]])
    one = ImageResult(found, np.array([0.8, 0.4]), boxes, np.zeros(2, np.bool_))
    f1 = f1_at_cut_offs([one])
    at = dict(zip(np.round(CUT_OFFS, 3).tolist(), f1.tolist(), strict=True))
    # two found, one right; one found and right; nothing found
    assert at[0.0] == at[0.4] == pytest.approx(0.5)
    assert at[0.405] == at[0.8] == pytest.approx(2 / 3)
    assert at[0.805] == 0.0


@dataclass(frozen=True)
class Shifted:
    """Finds the spots of the test pictures, and as much beside them as it is told."""

    shift_px: int
    name: str = "shifted"

    @property
    def setting(self) -> str:
        return f"{self.shift_px} px"

    def detect(self, frame: Frame) -> Detections:
        _, _, stats, centres = cv2.connectedComponentsWithStats(
            (frame.grey() > 128).astype(np.uint8)
        )
        centre = (centres[1:] + self.shift_px).astype(np.float32)
        return Detections(
            centre, stats[1:, 2:4].astype(np.float32), np.full(len(centre), 0.7, np.float32)
        )


def test_the_best_setting_is_chosen(small_data: Path) -> None:
    pictures = list(frames(small_data / "labelled"))
    heard: list[str] = []
    one, tuned = choose((Shifted(20), Shifted(0)), {"a": pictures}, heard.append)
    assert one == tuned["a"]
    assert one.baseline == Shifted(0)
    assert 0 <= one.cut_off <= 0.7
    assert len(heard) == 2
