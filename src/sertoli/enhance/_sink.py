"""Places that take enhanced pictures: one picture, a video, a folder of pictures."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from sertoli.errors import InputError, OutputError, SettingError
from sertoli.frames import Frame, Pixels, VideoWriter
from sertoli.outputs import OutputFolder, absolute

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
VIDEOS = (".mp4", ".mov", ".mkv", ".avi")
EIGHT_BIT = (".jpg", ".jpeg", ".bmp")
JPEG_QUALITY = 95
FPS = 25.0
"""Of a video made from frames without times."""


class Sink(ABC):
    """A result under construction."""

    @abstractmethod
    def write(self, pixels: Pixels, frame: Frame) -> None:
        """Take the next picture; ``frame`` says which it is."""

    @abstractmethod
    def finish(self) -> Path:
        """Put the whole result into its place."""

    @abstractmethod
    def discard(self) -> None:
        """Remove what was written so far."""


def open_sink(out: Path, *, fps: float | None, overwrite: bool, inputs: Iterable[Path]) -> Sink:
    """Return the place for a name, by its ending.

    Raises
    ------
    SettingError
        If the ending is of nothing that can be written.
    OutputError
        If something stands there already.
    """
    suffix = out.suffix.lower()
    if not suffix:
        return _FolderSink(OutputFolder(out, overwrite=overwrite, inputs=inputs))
    if suffix not in PICTURES + VIDEOS:
        raise SettingError(
            f"nothing can be written to a file that ends in {suffix}",
            f"end it in one of {', '.join(PICTURES + VIDEOS)}, or in nothing for a folder",
        )
    place = absolute(out)
    if place.is_dir():
        raise OutputError(f"{out} is a folder", "choose another --out")
    if any(place == absolute(path) or _is_same(place, path) for path in inputs):
        raise OutputError(f"{out} is the input itself", "choose another --out")
    if place.exists() and not overwrite:
        raise OutputError(f"{out} exists already", "choose another --out, or add --overwrite")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot write to {out.parent}: {error.strerror or error}", "choose another --out"
        ) from error
    return _VideoSink(place, fps) if suffix in VIDEOS else _PictureSink(place)


def _is_same(place: Path, path: Path) -> bool:
    try:
        return place.samefile(path)
    except OSError:
        return False


class _FileSink(Sink):
    """A file that is written beside its place and moved there when it is whole."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._partial = place.with_name(f"{place.stem}.partial{place.suffix}")

    def finish(self) -> Path:
        try:
            self._partial.replace(self._place)
        except OSError as error:
            raise OutputError(
                f"cannot write {self._place}: {error.strerror or error}",
                "close the programs that use it, or choose another --out",
            ) from error
        return self._place

    def discard(self) -> None:
        with contextlib.suppress(OSError):
            self._partial.unlink(missing_ok=True)


class _PictureSink(_FileSink):
    """One picture."""

    def __init__(self, place: Path) -> None:
        super().__init__(place)
        self._is_written = False

    def write(self, pixels: Pixels, frame: Frame) -> None:
        if self._is_written:
            raise InputError(
                f"the input holds more than one picture, {self._place.name} takes one",
                "give --out a video's name or a folder's, or --merge the frames into one",
            )
        self._is_written = True
        _write_picture(self._partial, pixels)


class _VideoSink(_FileSink):
    """A video, timed as its source was."""

    def __init__(self, place: Path, fps: float | None) -> None:
        super().__init__(place)
        self._fps = fps
        self._writer: VideoWriter | None = None
        self._shape: tuple[int, ...] = ()
        self._last_s = -1.0

    def write(self, pixels: Pixels, frame: Frame) -> None:
        if pixels.dtype != np.uint8:  # video encoders that may be shipped take 8 bits
            pixels = (pixels >> 8).astype(np.uint8)
        if self._writer is None:
            height, width = self._shape = pixels.shape[:2]
            fps = self._fps or FPS
            self._writer = VideoWriter(self._partial, fps=fps, width_px=width, height_px=height)
        if pixels.shape[:2] != self._shape:
            raise InputError(
                "the frames differ in size, and those of a video may not",
                "give --out a folder's name",
            )
        time_s = frame.time_s if self._fps is None else None
        self._writer.write(pixels, time_s)

    def finish(self) -> Path:
        if self._writer is not None:
            writer, self._writer = self._writer, None
            writer.close()
        return super().finish()

    def discard(self) -> None:
        if self._writer is not None:
            writer, self._writer = self._writer, None
            with contextlib.suppress(OutputError):
                writer.close()
        super().discard()


class _FolderSink(Sink):
    """A folder of PNG, named after the files or numbers they come from."""

    def __init__(self, folder: OutputFolder) -> None:
        self._folder = folder
        self._names: set[str] = set()

    def write(self, pixels: Pixels, frame: Frame) -> None:
        stem = Path(frame.file).stem if frame.file else f"frame_{frame.index:05d}"
        name = f"{stem}.png"
        if name.casefold() in self._names:  # pages of one file, or a.png beside a.jpg
            name = f"{stem}_{frame.index:05d}.png"
        self._names.add(name.casefold())
        _write_picture(self._folder.path / name, pixels)

    def finish(self) -> Path:
        return self._folder.finish()

    def discard(self) -> None:
        self._folder.discard()


def _write_picture(path: Path, pixels: Pixels) -> None:
    if pixels.dtype != np.uint8 and path.suffix.lower() in EIGHT_BIT:
        pixels = (pixels >> 8).astype(np.uint8)
    suffix = path.suffix.lower()
    flags = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if suffix in (".jpg", ".jpeg") else []
    stored = pixels if pixels.ndim == 2 else pixels[..., ::-1]
    # Not cv2.imwrite: it fails silently, and on Windows with names beyond ASCII.
    try:
        packed, data = cv2.imencode(suffix, stored, flags)
    except cv2.error:
        packed = False
    if not packed:
        raise OutputError(
            f"a picture of {pixels.shape[1]} x {pixels.shape[0]} px cannot be written as {suffix}",
            "choose another ending, .png or .tif",
        )
    try:
        path.write_bytes(data.tobytes())
    except OSError as error:
        raise OutputError(
            f"cannot write {path.name}: {error.strerror or error}",
            "free space on the disk or choose another place with --out",
        ) from error
