"""A search without a network: bright blobs stand in for sperm.

Run as a script (``conftest.py INPUT OUT SECONDS_PER_FRAME [resume]``) it is a search that a
test can kill.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from sertoli.frames import Frame
from sertoli.search import SearchSettings, search
from sertoli.sperm import Detections


class BlobFinder:
    """Finds bright blobs; the brighter, the more probable."""

    weights_name = "blobs"
    weights_sha256 = "0" * 64
    restriction: str | None = None
    default_confidence = 0.5

    def __init__(self, wait_s: float = 0.0) -> None:
        self.wait_s = wait_s
        self.frames: list[int] = []
        self.break_at: int | None = None

    def magnification(self, frames: Sequence[Frame]) -> float:
        return 1.0

    def is_unfamiliar(self, frame: Frame, *, magnification: float | None = None) -> bool:
        return False

    def detect(
        self,
        frame: Frame,
        *,
        confidence: float | None = None,
        magnification: float | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> Detections:
        if frame.index == self.break_at:
            raise RuntimeError("the detector broke")
        time.sleep(self.wait_s)
        self.frames.append(frame.index)
        grey = frame.grey()
        mask = np.asarray(grey > 100, np.uint8)
        count, _, stats, centres = cv2.connectedComponentsWithStats(mask)
        if on_progress is not None:
            on_progress(1.0)
        if count < 2:
            return Detections.empty()
        centre = centres[1:].astype(np.float32)
        peak = [grey[int(y), int(x)] for x, y in centre]
        found = Detections(
            centre, stats[1:, 2:4].astype(np.float32), (np.asarray(peak) / 255).astype(np.float32)
        )
        return found.at_least(self.default_confidence if confidence is None else confidence)


def draw(index: int, *, blobs: int = 4, shape: tuple[int, int] = (96, 128)) -> np.ndarray:
    """Draw blobs that drift to the right."""
    picture = np.full(shape, 20, np.uint8)
    for blob in range(blobs):
        centre = (10 + 2 * index % 100, 12 + 22 * blob)
        cv2.circle(picture, centre, 4, 140 + (31 * blob + 7 * index) % 110, -1)
    return picture


def write_folder(folder: Path, count: int, *, blobs: int = 4) -> Path:
    folder.mkdir()
    for index in range(count):
        cv2.imwrite(str(folder / f"f{index}.png"), draw(index, blobs=blobs))
    return folder


@pytest.fixture
def finder() -> BlobFinder:
    return BlobFinder()


@pytest.fixture(scope="session")
def new_finder() -> Callable[[], BlobFinder]:
    return BlobFinder


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve pictures with four blobs each, to be taken as a sequence or as stills."""
    return write_folder(tmp_path_factory.mktemp("in") / "recording", 12)


@pytest.fixture(scope="session")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("in") / "nothing", 3, blobs=0)


@pytest.fixture(scope="session")
def long_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("in") / "long", 60)


if __name__ == "__main__":
    place, out, wait = sys.argv[1:4]
    search(
        Path(place),
        Path(out),
        BlobFinder(float(wait)),
        SearchSettings(sequence=True, fps=25.0),
        resume="resume" in sys.argv,
    )
