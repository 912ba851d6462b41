"""TIFF and OME-TIFF files of one or many pages, of any size."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import tifffile

from sertoli.errors import InputError, SertoliError
from sertoli.frames._depth import converted
from sertoli.frames._frame import Frame, Pixels
from sertoli.frames._kind import cannot_read, quoted
from sertoli.frames._overlap import is_run
from sertoli.frames._source import FrameSource
from sertoli.frames._tiff_facts import TiffFacts, ome_facts, plain_facts
from sertoli.optics import Optics

log = logging.getLogger("sertoli.frames")

# tifffile reports every oddity of a file as an error; what matters is raised or logged here.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

MAPPED_BYTES = 256 * 2**20
"""A page of at least this size is mapped from disk instead of held in memory."""

MAX_SEGMENT_BYTES = 2**30
"""A compressed strip or tile must be decoded whole, so it must not be larger than this."""

MAX_PAGE_PX = 10_000_000_000
"""Above this a page's size is taken for damage."""

_WHITE_IS_ZERO, _PALETTE, _SEPARATED = 0, 3, 5  # values of PhotometricInterpretation


class _Plane(NamedTuple):
    """Where a frame lies in the file: a page, or part of a page that holds a whole stack."""

    page: int
    part: int | None = None
    t: int = 0
    z: int = 0


class TiffSource(FrameSource):
    """The pages of a TIFF file as frames; of an OME-TIFF, the planes of one channel.

    OME planes come with time as the slow axis and z as the fast one, from the first image of
    the file, in full resolution. Of several channels the first one of bright field, phase
    contrast, DIC or Hoffman is read, otherwise the first. Elsewhere every page of full
    resolution is a frame.

    Parameters
    ----------
    path : Path
    optics : Optics
        What the caller knows; it wins over what the file says.
    fps : float or None
        Frames per second of a sequence, instead of the times in the file.
    sequence : bool or None
        None decides: a time axis in the metadata, or neighbours that plainly overlap.
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
            self._is_ome, self._facts, self._planes = _facts_and_planes(
                path, tif, size_is_given=optics.um_per_px is not None
            )
            if not self._planes:
                raise _damaged(path)
            for number in {plane.page for plane in self._planes}:
                _check_page(path, _page(tif, number, ome=self._is_ome))
        self._optics = Optics(
            self._facts.um_per_px if optics.um_per_px is None else optics.um_per_px,
            optics.modality or self._facts.modality,
        )
        self._times = _times(self._planes, self._facts)
        if sequence is None and len(self._planes) > 1:
            sequence = self._planes[-1].t > 0 or is_run(len(self._planes), self._pixels_of)
        self._is_sequence = bool(sequence)

    @property
    def name(self) -> str:
        return self._path.name

    @property
    def optics(self) -> Optics:
        return self._optics

    @property
    def is_sequence(self) -> bool:
        return self._is_sequence

    @property
    def length(self) -> int:
        return len(self._planes)

    @property
    def sizes_px(self) -> set[tuple[int, int]]:
        """Every (width, height) among the frames."""
        with self._opened() as tif:
            pages = (_page(tif, plane.page, ome=self._is_ome) for plane in self._planes)
            return {(int(page.imagewidth), int(page.imagelength)) for page in pages}

    def frames(self, start: int = 0) -> Iterator[Frame]:
        with self._opened() as tif:
            for index in range(max(0, start), len(self._planes)):
                plane = self._planes[index]
                time = self._times[index] if self._times else None
                if self._fps is not None and self._is_sequence:
                    time = index / self._fps
                stage = self._facts.stage_um.get((plane.t, plane.z))
                yield Frame(self._read(tif, index), index, time, self._optics, stage)

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

    def _pixels_of(self, index: int) -> Pixels:
        with self._opened() as tif:
            return self._read(tif, index)

    def _read(self, tif: tifffile.TiffFile, index: int) -> Pixels:
        self._drop_scratch_files()
        plane = self._planes[index]
        page = _page(tif, plane.page, ome=self._is_ome)
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


def _facts_and_planes(
    path: Path, tif: tifffile.TiffFile, *, size_is_given: bool
) -> tuple[bool, TiffFacts, list[_Plane]]:
    """Return whether the file's OME metadata hold, its facts and where its frames lie.

    OME metadata that break the standard are left aside with a warning: the pixels count.
    """
    plain = plain_facts(path, tif, size_is_given=size_is_given)
    xml = tif.ome_metadata
    if not xml:
        return False, plain, _page_planes(tif)
    facts = ome_facts(path, xml, size_is_given=size_is_given)
    try:
        if facts is not None:
            planes = _ome_planes(path, tif, facts)
            return True, replace(facts, um_per_px=facts.um_per_px or plain.um_per_px), planes
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        pass  # what the library raises on metadata that contradict themselves
    log.warning("%s: its OME metadata are damaged and left aside", quoted(path))
    return False, plain, _page_planes(tif)


def _ome_planes(path: Path, tif: tifffile.TiffFile, facts: TiffFacts) -> list[_Plane]:
    series = tif.series[0].levels[0]
    inner = series.keyframe.ndim
    axes, sizes = series.axes[:-inner], series.shape[:-inner]
    strides = {a: math.prod(sizes[i + 1 :]) for i, a in enumerate(axes)}
    length = dict(zip(axes, sizes, strict=True))
    if any(length[a] > 1 for a in axes if a not in "TZC"):
        others = "".join(a for a in axes if a not in "TZC")
        raise InputError(
            f"{quoted(path)} has dimensions that are not read (axes {others})",
            "save it with time, z and channel only",
        )
    channel = min(facts.channel, length.get("C", 1) - 1)
    planes = []
    missing = 0
    for t, z in product(range(length.get("T", 1)), range(length.get("Z", 1))):
        number = t * strides.get("T", 0) + z * strides.get("Z", 0) + channel * strides.get("C", 0)
        if number < len(series.pages) and series.pages[number] is not None:
            planes.append(_Plane(number, None, t, z))
        else:
            missing += 1
    if missing:
        log.warning("%s: %d planes that its metadata promise are missing", quoted(path), missing)
    return planes


def _page_planes(tif: tifffile.TiffFile) -> list[_Plane]:
    pages = [
        number
        for number, page in enumerate(tif.pages)
        if page is not None and page.keyframe is not None
        if not (page.keyframe.is_reduced or page.keyframe.is_mask)
    ]
    if len(tif.pages) == 1 and tif.is_imagej and len(tif.series) == 1:
        # ImageJ writes stacks above 4 GB as one page with the others straight behind it.
        series = tif.series[0]
        count = math.prod(series.shape) // math.prod(tif.pages.first.shape)
        if count > 1 and series.dataoffset is not None:
            return [_Plane(0, part) for part in range(count)]
    return [_Plane(number) for number in pages]


def _page(tif: tifffile.TiffFile, number: int, *, ome: bool) -> Any:
    return tif.series[0].levels[0].pages[number] if ome else tif.pages[number]


def _times(planes: list[_Plane], facts: TiffFacts) -> list[float] | None:
    """Return each frame's time from the first one, if the file knows all of them."""
    times = [facts.time_s.get((plane.t, plane.z)) for plane in planes]
    known = [time for time in times if time is not None]
    return [time - known[0] for time in known] if len(known) == len(times) else None


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
