"""Single pictures: PNG, JPEG, BMP and WebP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import numpy as np

from sertoli.errors import InputError
from sertoli.frames._depth import converted
from sertoli.frames._frame import Frame, Pixels
from sertoli.frames._kind import (
    HEAD_BYTES,
    MAX_PICTURE_PX,
    Kind,
    cannot_read,
    is_animated_webp,
    picture_size,
    quoted,
)
from sertoli.frames._source import FrameSource
from sertoli.optics import Optics

JPEG_HEADER_BYTES = 2**20
"""A JPEG's size can stand behind large metadata; further back than this it is damaged."""


class PictureSource(FrameSource):
    """A PNG, JPEG, BMP or WebP file as a source of one frame.

    Parameters
    ----------
    path : Path
    kind : Kind
        What the file is.
    optics : Optics
        As the caller knows them: these files hold no trustworthy pixel size.
    grey : bool
        Give luminance (H, W) instead of colour.
    """

    def __init__(self, path: Path, kind: Kind, optics: Optics, *, grey: bool) -> None:
        self._path = path
        self._kind = kind
        self._optics = optics
        self._grey = grey
        checked_size(path, kind)

    @property
    def name(self) -> str:
        return self._path.name

    @property
    def optics(self) -> Optics:
        return self._optics

    @property
    def is_sequence(self) -> bool:
        return False

    @property
    def length(self) -> int:
        return 1

    def frames(self, start: int = 0) -> Iterator[Frame]:
        if start <= 0:
            pixels = read_picture(self._path, self._kind, grey=self._grey)
            yield Frame(pixels, 0, None, self._optics)


def checked_size(path: Path, kind: Kind) -> tuple[int, int]:
    """Return (width, height) in px from the header of a PNG, JPEG, BMP or WebP.

    Raises
    ------
    InputError
        If the header is damaged, or the picture too large or animated.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            if kind is Kind.JPEG and picture_size(kind, head) is None:
                head += file.read(JPEG_HEADER_BYTES)
    except OSError as error:
        raise cannot_read(path, error) from error
    if kind is Kind.WEBP and is_animated_webp(head):
        raise InputError(
            f"{quoted(path)} is an animated WebP, which cannot be read",
            "save it as a video (MP4) or as single pictures",
        )
    size = picture_size(kind, head)
    if size is None:
        raise _damaged(path, kind)
    if size[0] * size[1] > MAX_PICTURE_PX:
        raise InputError(
            f"{quoted(path)} claims {size[0]} x {size[1]} px, too many for a {kind.value} file "
            f"(at most {MAX_PICTURE_PX // 1_000_000} million)",
            "save it as a tiled TIFF, which is read piece by piece",
        )
    return size


def read_picture(path: Path, kind: Kind, *, grey: bool) -> Pixels:
    """Decode a PNG, JPEG, BMP or WebP file.

    The orientation that a camera noted beside the picture is ignored: pixels come as stored.

    Returns
    -------
    ndarray, (H, W) or (H, W, 3) RGB, uint8 or uint16

    Raises
    ------
    InputError
        If the file is damaged, cut short or too large.
    """
    checked_size(path, kind)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise cannot_read(path, error) from error
    if _is_cut_short(kind, data):
        raise _damaged(path, kind)
    try:
        if kind is Kind.PNG:
            pixels = imagecodecs.png_decode(data)
        elif kind is Kind.JPEG:
            pixels = imagecodecs.jpeg8_decode(data)
        elif kind is Kind.WEBP:
            pixels = imagecodecs.webp_decode(data)
        else:
            pixels = imagecodecs.bmp_decode(data)
    # The decoders raise whatever their authors chose: their own class, IndexError and others.
    except Exception as error:
        raise _damaged(path, kind) from error
    if not isinstance(pixels, np.ndarray) or pixels.ndim not in (2, 3) or not pixels.size:
        raise _damaged(path, kind)
    if kind is Kind.JPEG and pixels.ndim == 3 and pixels.shape[2] == 4:
        raise InputError(
            f"{quoted(path)} is a JPEG in printing colours (CMYK)", "save it in RGB or grey"
        )
    return converted(pixels, grey=grey)


def _is_cut_short(kind: Kind, data: bytes) -> bool:
    """Tell if the end is missing: JPEG decoders would silently fill the rest with grey."""
    if kind is Kind.JPEG:
        scan = data.rfind(b"\xff\xda")
        return scan < 0 or data.find(b"\xff\xd9", scan) < 0
    return kind is Kind.PNG and data.rfind(b"IEND") < 0


def _damaged(path: Path, kind: Kind) -> InputError:
    return InputError(
        f"{quoted(path)} is a damaged or cut short {kind.value} picture",
        "copy or export it again, or leave it out",
    )
