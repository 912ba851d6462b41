"""TIFF and OME-TIFF files of one or many pages, of any size."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

from sertoli.errors import InputError, SertoliError
from sertoli.frames._depth import converted
from sertoli.frames._frame import Frame, Pixels
from sertoli.frames._kind import cannot_read, quoted
from sertoli.frames._ome import ome_planes
from sertoli.frames._overlap import is_run
from sertoli.frames._source import FrameSource
from sertoli.frames._tiff_facts import Plane, optics_by_tags
from sertoli.optics import Optics

# tifffile reports every oddity of a file as an error; what matters is raised or logged here.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

MAPPED_BYTES = 256 * 2**20
"""A page of at least this size is mapped from disk instead of held in memory."""

MAX_SEGMENT_BYTES = 2**30
"""A compressed strip or tile must be decoded whole, so it must not be larger than this."""

MAX_PAGE_PX = 10_000_000_000
"""Above this a page's size is taken for damage."""

FAR_FIELDS = 0.5
"""Where the stage moves by more of a field between frames, their looks tell if they are a run: a
scan with overlapping fields may be stored along the time axis."""

_WHITE_IS_ZERO, _PALETTE, _SEPARATED = 0, 3, 5  # values of PhotometricInterpretation


class TiffSource(FrameSource):
    """The pages of a TIFF file as frames; of an OME-TIFF, the planes of one channel.

    `ome_planes` says which planes and in what order. Elsewhere every page of full resolution
    is a frame.

    Parameters
    ----------
    path : Path
    optics : Optics
        What the caller knows; it wins over what the file says.
    fps : float or None
        Frames per second of a sequence, instead of the times in the file.
    sequence : bool or None
        None decides by the stage, a time axis in the metadata, or neighbours that plainly
        overlap.
    grey : bool
        Give luminance (H, W) instead of colour.

    Raises
    ------
    InputError
        If the file is damaged, too large or has pixels that are not square.
    """

    def __init__(
        self, path: Path, optics: Optics, *, fps: float | None, sequence: bool | None, grey: bool
    ) -> None:
        self._path = path
        self._fps = fps
        self._grey = grey
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._scratch_files: list[Path] = []
        with self._opened() as tif:
            self._planes = _planes(path, tif, optics)
            if not self._planes:
                raise _damaged(path)
            self._sizes_px = set()
            for number in {plane.page for plane in self._planes}:
                page: Any = tif.pages[number]
                _check_page(path, page)
                self._sizes_px.add((int(page.imagewidth), int(page.imagelength)))
        self._is_sequence = self._shows_one_place() if sequence is None else sequence
        self._times = _times(self._planes, rising=self._is_sequence)

    @property
    def name(self) -> str:
        return self._path.name

    @property
    def optics(self) -> Optics:
        return self._planes[0].optics

    @property
    def stated_optics(self) -> dict[Optics, str]:
        return {plane.optics: self.name for plane in self._planes}

    @property
    def is_sequence(self) -> bool:
        return self._is_sequence

    @property
    def length(self) -> int:
        return len(self._planes)

    @property
    def sizes_px(self) -> set[tuple[int, int]]:
        """Every (width, height) among the frames."""
        return self._sizes_px

    def frames(self, start: int = 0) -> Iterator[Frame]:
        with self._opened() as tif:
            for index in range(max(0, start), len(self._planes)):
                plane = self._planes[index]
                time = self._times[index] if self._times else None
                if self._fps is not None and self._is_sequence:
                    time = index / self._fps
                yield Frame(self._read(tif, index), index, time, plane.optics, plane.stage_um)

    def close(self) -> None:
        """Delete the scratch files of mapped pages, now or when the last one is let go."""
        if self._scratch is not None:
            self._scratch.cleanup()
            self._scratch = None

    @contextlib.contextmanager
    def _opened(self) -> Iterator[tifffile.TiffFile]:
        """Open the file; whatever the library raises on a damaged one becomes an InputError."""
        try:
            with tifffile.TiffFile(self._path) as tif:
                yield tif
        except (SertoliError, GeneratorExit):
            raise
        except PermissionError as error:
            raise cannot_read(self._path, error) from error
        except Exception as error:
            raise _damaged(self._path) from error

    def _shows_one_place(self) -> bool:
        """Tell if neighbours show the same place: by the stage, the time axis or their looks."""
        planes, um_per_px = self._planes, self.optics.um_per_px
        if len(planes) < 2 or len({plane.image for plane in planes}) > 1:
            return False
        stages = [plane.stage_um[:2] for plane in planes if plane.stage_um is not None]
        moves_um = np.abs(np.diff(np.array(stages).reshape(-1, 2), axis=0))
        moves = bool(moves_um.any())
        far = moves  # a move whose share of the field is unknown may be a long one
        if moves and um_per_px is not None:
            fields = moves_um / (np.array(max(self._sizes_px)) * um_per_px)
            if fields.max() > 1:
                return False
            far = bool(fields.max() > FAR_FIELDS)
        if planes[0].t != planes[-1].t and not far:
            return True
        if len(stages) == len(planes) and not moves:
            return True
        return is_run(len(planes), self._pixels_of)

    def _pixels_of(self, index: int) -> Pixels:
        with self._opened() as tif:
            return self._read(tif, index)

    def _read(self, tif: tifffile.TiffFile, index: int) -> Pixels:
        self._drop_scratch_files()
        plane = self._planes[index]
        page: Any = tif.pages[plane.page]
        pixels = self._stored(tif, page, plane.part)
        if page.keyframe.axes.startswith("S") and pixels.ndim == 3:
            pixels = np.moveaxis(pixels, 0, -1)
        photometric = int(page.keyframe.photometric)
        if photometric == _PALETTE and page.keyframe.colormap is not None and pixels.ndim == 2:
            colours = np.asarray(page.keyframe.colormap, np.uint16).T
            pixels = (colours >> 8).astype(np.uint8)[pixels]
        return converted(
            pixels,
            grey=self._grey,
            inverted=photometric == _WHITE_IS_ZERO,
            allocate=self._allocate,
        )

    def _stored(self, tif: tifffile.TiffFile, page: Any, part: int | None) -> Pixels:
        """Return the page's numbers as stored; mapped from disk if there are very many."""
        shape, dtype = page.keyframe.shape, page.keyframe.dtype
        if part is not None or (page.nbytes >= MAPPED_BYTES and page.is_memmappable):
            skipped = (part or 0) * int(np.prod(shape)) * dtype.itemsize
            mapped: Pixels = np.memmap(
                page.parent.filehandle.path,
                dtype=dtype.newbyteorder(tif.byteorder),
                mode="r",
                offset=page.dataoffsets[0] + skipped,
                shape=shape,
            )
            return mapped if mapped.nbytes >= MAPPED_BYTES else np.array(mapped)
        if page.nbytes < MAPPED_BYTES:
            return np.asarray(page.asarray())
        self._check_space(page.nbytes)
        return np.asanyarray(page.asarray(out=str(self._scratch_file())))

    def _allocate(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Pixels:
        if math.prod(shape) * np.dtype(dtype).itemsize < MAPPED_BYTES:
            return np.empty(shape, dtype)
        self._check_space(math.prod(shape) * np.dtype(dtype).itemsize)
        return np.memmap(self._scratch_file(), dtype=np.dtype(dtype), mode="w+", shape=shape)

    def _scratch_file(self) -> Path:
        if self._scratch is None:
            # On Windows a file cannot go while a frame maps it: then it stays in the temporary
            # folder, which is better than an error at the end of a good run.
            self._scratch = tempfile.TemporaryDirectory(
                prefix="sertoli-", ignore_cleanup_errors=True
            )
        handle, name = tempfile.mkstemp(dir=self._scratch.name)
        os.close(handle)
        self._scratch_files.append(Path(name))
        return Path(name)

    def _drop_scratch_files(self) -> None:
        """Free the disk of earlier pages; Windows refuses while a frame still maps its file."""
        left = []
        for file in self._scratch_files:
            try:
                file.unlink(missing_ok=True)
            except OSError:
                left.append(file)
        self._scratch_files = left

    def _check_space(self, needed_bytes: int) -> None:
        if shutil.disk_usage(tempfile.gettempdir()).free < needed_bytes + 2**28:
            raise InputError(
                f"{quoted(self._path)} needs {needed_bytes / 2**30:.1f} GiB of scratch space",
                "free space in the temporary folder, or save the picture as uncompressed TIFF",
            )


def _planes(path: Path, tif: tifffile.TiffFile, given: Optics) -> list[Plane]:
    """Return the file's frames in order, with what is known of each."""
    planes = ome_planes(path, tif, given)
    if planes is not None:
        return planes
    optics = optics_by_tags(path, tif, given)
    return [plane._replace(optics=optics) for plane in _page_planes(tif)]


def _page_planes(tif: tifffile.TiffFile) -> list[Plane]:
    count = len(tif.pages)  # found first: only so does the library notice a chain that turns back
    pages = [
        number
        for number in range(count)
        if (keyframe := tif.pages[number].keyframe) is not None
        if not (keyframe.is_reduced or keyframe.is_mask)
    ]
    if count == 1 and tif.is_imagej and len(tif.series) == 1:
        # ImageJ writes stacks above 4 GB as one page with the others straight behind it.
        series = tif.series[0]
        parts = math.prod(series.shape) // math.prod(tif.pages.first.shape)
        if parts > 1 and series.dataoffset is not None:
            return [Plane(0, part) for part in range(parts)]
    return [Plane(number) for number in pages]


def _times(planes: list[Plane], *, rising: bool) -> list[float] | None:
    """Return each frame's time from the first one, if the file knows all of them.

    Times that go back where they must not are no times of frames, nor are those of a z stack
    that stand still: some programs give all its planes the same. In a recording a clock may
    well be read twice within its tick.
    """
    times = [plane.time_s for plane in planes if plane.time_s is not None]
    steps = np.diff(times)
    at = {(plane.image, plane.t) for plane in planes}
    is_stack = len(at) < len(planes)
    goes_back = rising and np.any(steps < 0)
    if len(times) < len(planes) or goes_back or (is_stack and np.any(steps == 0)):
        return None
    return [time - times[0] for time in times]


def _check_page(path: Path, page: Any) -> None:
    """Refuse what cannot be a picture, is cut short, or cannot be read in bounded memory."""
    keyframe = page.keyframe
    shape = keyframe.shape
    samples = shape[-1] if keyframe.axes.endswith("S") else 1
    if keyframe.axes.startswith("S"):
        samples = shape[0]
    is_flat = len(shape) == 2 or (len(shape) == 3 and samples <= 4)
    if not is_flat or min(shape) < 1 or keyframe.dtype is None or keyframe.dtype.kind not in "buif":
        raise InputError(
            f"{quoted(path)} holds pages of a form that is not read "
            f"(axes {keyframe.axes}, {keyframe.dtype})",
            "save it as grey or RGB pages",
        )
    if int(keyframe.photometric) == _SEPARATED and samples == 4:
        raise InputError(f"{quoted(path)} is in printing colours (CMYK)", "save it in RGB or grey")
    if keyframe.imagewidth * keyframe.imagelength > MAX_PAGE_PX:
        raise _damaged(path)
    segment = math.prod(keyframe.chunks) * keyframe.dtype.itemsize
    if keyframe.compression != 1 and segment > MAX_SEGMENT_BYTES:
        raise InputError(
            f"{quoted(path)} is compressed in pieces too large for memory",
            "save it as a tiled or uncompressed TIFF",
        )
    end = page.parent.filehandle.size
    pieces = zip(page.dataoffsets, page.databytecounts, strict=False)
    if not page.dataoffsets or any(at + count > end for at, count in pieces):
        raise _damaged(path)


def _damaged(path: Path) -> InputError:
    return InputError(
        f"{quoted(path)} is a damaged or cut short TIFF",
        "copy or export it again, or leave it out",
    )
