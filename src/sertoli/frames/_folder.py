"""Folders of pictures, in natural name order."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from sertoli.errors import InputError
from sertoli.frames._frame import Frame, Pixels
from sertoli.frames._kind import (
    PICTURE_SUFFIXES,
    PICTURES,
    Kind,
    cannot_read,
    kind_of,
    quoted,
    read_head,
)
from sertoli.frames._overlap import is_run
from sertoli.frames._picture import PictureSource, checked_size
from sertoli.frames._source import FrameSource
from sertoli.optics import Optics

log = logging.getLogger("sertoli.frames")


class _Entry(NamedTuple):
    """A frame's place: a file and the page in it."""

    path: Path
    kind: Kind
    page: int = 0


class FolderSource(FrameSource):
    """The pictures of a folder, in natural name order (``img2`` before ``img10``).

    Every page of a TIFF file in it is a frame, also of one that belongs to a set of files.
    Hidden files, folders and files that are no pictures by their content are left out; one that
    only claims to be a picture by its name is left out with a warning. A damaged picture keeps
    its place: an ``InputError`` says so when its turn comes, and ``frames`` can go on behind it.

    Parameters
    ----------
    path : Path
    optics : Optics
        What the caller knows; it wins over what TIFF files say.
    fps : float or None
        Frames per second of a sequence; without it the frames have no times.
    sequence : bool or None
        None decides: a sequence if neighbours plainly overlap in content.
    grey : bool
        Give luminance (H, W) instead of colour.

    Raises
    ------
    InputError
        If there is no picture, none that is sound, or pictures of several sizes in what is
        said to be a sequence.
    """

    def __init__(
        self, path: Path, optics: Optics, *, fps: float | None, sequence: bool | None, grey: bool
    ) -> None:
        self._path = path
        self._given = optics
        self._fps = fps
        self._grey = grey
        self._entries: list[_Entry] = []
        self._kept: list[FrameSource] = []
        self._stated: dict[Optics, str] = {}
        sizes: dict[tuple[int, int], Path] = {}
        problem: InputError | None = None
        try:
            for file, kind in _pictures(path):
                try:
                    entries, sizes_px = self._look_at(file, kind)
                except InputError as error:
                    problem = problem or error
                    entries, sizes_px = [_Entry(file, kind)], set()
                self._entries += entries
                for size in sizes_px:
                    sizes.setdefault(size, file)
        except OSError as error:
            raise cannot_read(path, error) from error
        if problem is not None and not sizes:
            raise problem
        if not self._entries:
            raise InputError(
                f"{quoted(path)} holds no pictures",
                "give a folder with PNG, JPEG, BMP, WebP or TIFF files, or give videos one by one",
            )
        if sequence and len(sizes) > 1:
            one, other = list(sizes.values())[:2]
            raise InputError(
                f"{quoted(path)} holds pictures of different sizes ({quoted(Path(one.name))} and "
                f"{quoted(Path(other.name))}), which cannot be one sequence",
                "use --stills, or put each size in its own folder",
            )
        if sequence is None:
            sequence = len(sizes) == 1 and is_run(len(self._entries), self._pixels_of)
        self._is_sequence = sequence

    @property
    def name(self) -> str:
        return self._path.resolve().name

    @property
    def optics(self) -> Optics:
        """Pixel size and modality of the first sound picture; each frame carries its own."""
        return next(iter(self._stated), self._given)

    @property
    def stated_optics(self) -> dict[Optics, str]:
        return self._stated

    @property
    def is_sequence(self) -> bool:
        return self._is_sequence

    @property
    def length(self) -> int:
        return len(self._entries)

    def frames(self, start: int = 0) -> Iterator[Frame]:
        at = max(0, start)
        while at < len(self._entries):
            entry = self._entries[at]
            source = self._source(entry)
            if entry.kind is Kind.TIFF:
                self._kept.append(source)
            for frame in source.frames(entry.page):
                timed = self._fps is not None and self._is_sequence
                time = at / self._fps if timed and self._fps else None
                yield replace(frame, index=at, time_s=time, file=entry.path.name)
                at += 1
            # A mapped page may still be in use: its scratch file goes at the next file's end.
            while len(self._kept) > 1:
                self._kept.pop(0).close()

    def close(self) -> None:
        """Delete the scratch files of mapped pages."""
        while self._kept:
            self._kept.pop().close()

    def _look_at(self, file: Path, kind: Kind) -> tuple[list[_Entry], set[tuple[int, int]]]:
        """Return the frames in a file and every (width, height) among them."""
        entry = _Entry(file, kind)
        with self._source(entry) as source:
            if kind is Kind.TIFF:
                entries = [entry._replace(page=page) for page in range(source.length or 0)]
                sizes: set[tuple[int, int]] = source.sizes_px  # type: ignore[attr-defined]
            else:
                entries, sizes = [entry], {checked_size(file, kind)}
            for optics in source.stated_optics:
                self._stated.setdefault(optics, file.name)
        return entries, sizes

    def _source(self, entry: _Entry) -> FrameSource:
        if entry.kind is not Kind.TIFF:
            return PictureSource(entry.path, entry.kind, self._given, grey=self._grey)
        from sertoli.frames._tiff import TiffSource  # slow to import, and few need it

        return TiffSource(entry.path, self._given, fps=None, sequence=False, grey=self._grey)

    def _pixels_of(self, index: int) -> Pixels:
        entry = self._entries[index]
        with self._source(entry) as source:
            return next(source.frames(entry.page)).pixels


def _pictures(folder: Path) -> Iterator[tuple[Path, Kind]]:
    for file in sorted(folder.iterdir(), key=lambda file: _natural(file.name)):
        if file.name.startswith(".") or not file.is_file():
            continue
        claims = file.suffix.lower() in PICTURE_SUFFIXES
        kind = Kind.OTHER if file.stat().st_size == 0 else kind_of(read_head(file))
        if kind in PICTURES or kind is Kind.TIFF:
            yield file, kind
        elif claims:
            log.warning("%s is no picture in spite of its name: left out", quoted(file))


def _natural(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """Return a sorting key by which numbers within names count as numbers."""
    parts = re.findall(r"([0-9]+)|([^0-9]+)", name.casefold())
    return [(0, int(digits), "") if digits else (1, 0, text) for digits, text in parts], name
