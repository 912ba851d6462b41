"""The drawn maps of one input as a file: a recording, one picture, or a sheet of several."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from sertoli.frames import Frame, FrameSource, Pixels, VideoWriter, write_png

USUAL_FPS = 25.0
LONGEST_OVERLAY_PX = 1920
SHEET_PICTURES = 9
SHEET_WIDTH_PX = 640


class OverlayFile:
    """``overlay.mp4`` of a sequence, ``overlay.png`` of one picture, a sheet of several."""

    def __init__(self, folder: Path, source: FrameSource) -> None:
        self._folder = folder
        self._video = source.is_sequence
        self._several = source.length is None or source.length > 1
        self._writer: VideoWriter | None = None
        self._size = (0, 0)
        self._first_s: float | None = None
        self._sheet: list[Pixels] = []
        self.name = "overlay.mp4" if self._video else "overlay.png"

    def add(self, frame: Frame, drawn: Pixels) -> None:
        """Add the next picture."""
        if not self._video:
            if self._several:
                (self._folder / "overlays").mkdir(exist_ok=True)
                name = f"{Path(frame.file).stem or f'{frame.index:05d}'}.png"
                write_png(self._folder / "overlays" / name, drawn)
                if len(self._sheet) < SHEET_PICTURES:
                    self._sheet.append(_narrowed(drawn, SHEET_WIDTH_PX))
            else:
                write_png(self._folder / self.name, drawn)
            return
        drawn = _narrowed(drawn, LONGEST_OVERLAY_PX)
        if self._writer is None:
            height, width = drawn.shape[:2]
            self._size = (width, height)
            self._writer = VideoWriter(
                self._folder / self.name, fps=USUAL_FPS, width_px=width, height_px=height
            )
            self._first_s = frame.time_s
        if (drawn.shape[1], drawn.shape[0]) != self._size:
            drawn = np.asarray(cv2.resize(drawn, self._size), np.uint8)
        timed = frame.time_s is not None and self._first_s is not None
        self._writer.write(drawn, frame.time_s - self._first_s if timed else None)  # type: ignore[operator]

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()
        if self._sheet:
            write_png(self._folder / self.name, _sheet(self._sheet))


def _narrowed(picture: Pixels, width: int) -> Pixels:
    if picture.shape[1] <= width:
        return picture
    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _sheet(pictures: list[Pixels]) -> Pixels:
    """Lay pictures side by side, three in a row."""
    height = max(one.shape[0] for one in pictures)
    width = max(one.shape[1] for one in pictures)
    across = min(3, len(pictures))
    down = -(-len(pictures) // across)
    sheet = np.zeros((down * height, across * width, 3), np.uint8)
    for n, one in enumerate(pictures):
        top, left = n // across * height, n % across * width
        sheet[top : top + one.shape[0], left : left + one.shape[1]] = one
    return sheet
