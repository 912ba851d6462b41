"""What a reviewer sees of a candidate: from the recording, or from the report's thumbnails."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sertoli.errors import InputError, SettingError
from sertoli.frames import Frame, FrameSource, open_source
from sertoli.journal import content_of
from sertoli.optics import Modality
from sertoli.search._thumbnails import SIDE_PX, stretch
from sertoli.search.review._candidates import Candidate
from sertoli.search.review._decisions import Place
from sertoli.search.review._drawing import Picture, beside, cut, enlarged, mark, ruled

CONTEXT_PX = 320
"""Side of the surroundings shown beside a candidate."""

ENLARGED_PX = 320
MAX_STEPS_FORWARD = 200
"""A recording is read on, not sought in anew, for a frame so little further on."""


class Recording:
    """The searched input, frame by frame.

    Parameters
    ----------
    path : Path
    content : str or None
        Hash that it must have; None takes any.
    sequence : bool or None
        As `sertoli.frames.open_source` takes it.
    um_per_px, fps : float, optional
    modality : Modality, optional

    Raises
    ------
    SettingError
        If it is another recording.
    InputError
        If it cannot be read.
    """

    def __init__(
        self,
        path: Path,
        content: str | None,
        *,
        sequence: bool | None = None,
        um_per_px: float | None = None,
        fps: float | None = None,
        modality: Modality | None = None,
    ) -> None:
        if content is not None and content_of(path) != content:
            raise SettingError(
                f"{path.name} is not the recording that was searched",
                "give that one with --input, or leave it out",
            )
        self.source: FrameSource = open_source(
            path,
            um_per_px=um_per_px,
            fps=fps,
            modality=modality,
            sequence=sequence,
            grey=True,
        )
        self._frames: Iterator[Frame] | None = None
        self._last: Frame | None = None

    def length(self) -> int:
        """Return how many frames there are, reading to the end if need be."""
        if self.source.length is not None:
            return self.source.length
        count = 0
        for _ in self.source.frames():
            count += 1
        return count

    def frame(self, index: int) -> Frame:
        """Return a frame.

        Raises
        ------
        InputError
            If there is none, or it cannot be read.
        """
        last = -1 if self._last is None else self._last.index
        if self._last is not None and index == last:
            return self._last
        if self._frames is None or not 0 < index - last <= MAX_STEPS_FORWARD:
            self._frames = self.source.frames(index)
        try:
            for frame in self._frames:
                self._last = frame
                if frame.index >= index:
                    break
        except InputError:
            self._frames = None
            raise
        if self._last is None or self._last.index != index:
            self._frames = None
            raise InputError(f"{self.source.name} has no frame {index}", "choose another one")
        return self._last

    def picture(self, place: Place) -> Picture:
        """Return a place enlarged and beside it its surroundings, marked, (h, w, 3)."""
        pixels = self.frame(place.frame).grey()
        side = round(min(max(SIDE_PX, 2 * max(place.width_px, place.height_px)), 512))
        near, near_at = cut(pixels, place, side)
        wide, wide_at = cut(pixels, place, CONTEXT_PX)
        return beside(
            enlarged(near, near_at, place, ENLARGED_PX),
            enlarged(wide, wide_at, place, ENLARGED_PX),
        )

    def whole(self, index: int, marked: Iterable[Place] = ()) -> Picture:
        """Return a whole frame, what is marked, and coordinates at its rim, (h, w, 3)."""
        shown = ruled(stretch(self.frame(index).grey()))
        for place in marked:
            mark(shown, place.x_px, place.y_px, place.width_px, place.height_px)
        return shown

    def require_place(self, frame: int, x_px: float, y_px: float) -> None:
        """Refuse a place that lies in no picture.

        Raises
        ------
        SettingError
            If it lies outside the frame.
        InputError
            If there is no such frame.
        """
        height, width = self.frame(frame).pixels.shape[:2]
        if not (-0.5 <= x_px <= width - 0.5 and -0.5 <= y_px <= height - 0.5):
            raise SettingError(
                f"x {x_px:g}, y {y_px:g} is no place in frame {frame}",
                f"give x up to {width - 1} and y up to {height - 1} px, from the top left",
            )

    def close(self) -> None:
        """Let go of the file."""
        self.source.close()


class ReportPictures:
    """The thumbnails of ``report.html``, where the recording itself is not at hand.

    Parameters
    ----------
    report : Path
        Where it cannot be read as one there are no pictures.
    """

    def __init__(self, report: Path) -> None:
        self._data: dict[str, Any] = {}
        self._sheets: dict[int, Picture] = {}
        self._at: dict[tuple[int, float, float], int] = {}
        self._of_track: dict[int, int] = {}
        try:
            self._text = report.read_text(encoding="utf-8")
            self._data = json.loads(_script(self._text, "data"))
            sperm = self._data["sperm"]
            for rank, (frame, x, y) in enumerate(
                zip(sperm.get("f", ()), sperm.get("x", ()), sperm.get("y", ()), strict=True)
            ):
                self._at[(frame, x, y)] = rank
            self._of_track = {
                track: rank for rank, track in enumerate(sperm.get("id", ())) if track >= 0
            }
        except (OSError, ValueError, KeyError, TypeError):
            self._text = ""

    def picture(self, candidate: Candidate) -> Picture | None:
        """Return the thumbnail of a candidate, None if there is none."""
        for track in candidate.tracks:
            if track in self._of_track:
                return self._cell(self._of_track[track])
        for place in candidate.places:
            rank = self._at.get((place.frame, round(place.x_px, 1), round(place.y_px, 1)))
            if rank is not None:
                return self._cell(rank)
        return None

    def _cell(self, rank: int) -> Picture | None:
        import cv2

        number, cell = divmod(rank, int(self._data["per_sheet"]))
        try:
            if number not in self._sheets:
                raw = base64.b64decode(json.loads(_script(self._text, f"sheet-{number}")))
                decoded = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_GRAYSCALE)
                if decoded is None:
                    return None
                self._sheets[number] = np.asarray(decoded, np.uint8)
        except ValueError:
            return None
        row, column = divmod(cell, int(self._data["across"]))
        side = int(self._data["side"])
        piece = self._sheets[number][
            row * side : (row + 1) * side, column * side : (column + 1) * side
        ]
        large = cv2.resize(piece, (ENLARGED_PX, ENLARGED_PX), interpolation=cv2.INTER_CUBIC)
        shown = np.repeat(np.asarray(large, np.uint8)[:, :, None], 3, axis=2)
        sperm, zoom = self._data["sperm"], ENLARGED_PX / side
        x, y, w, h = (float(sperm[name][rank]) * zoom for name in ("mx", "my", "mw", "mh"))
        mark(shown, x, y, w, h)
        return shown


def _script(text: str, name: str) -> str:
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', text, re.S)
    if found is None:
        raise ValueError(f"no {name} in the report")
    return found[1]
