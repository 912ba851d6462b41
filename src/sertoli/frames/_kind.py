"""What a file is, by its first bytes, never by its name."""

from __future__ import annotations

import stat
from enum import Enum
from pathlib import Path

from sertoli.errors import InputError

HEAD_BYTES = 4096
"""Enough to tell the kinds apart, to read the size of most pictures and to find ``acTL``."""

MAX_PICTURE_PX = 200_000_000
"""A PNG, JPEG, BMP or WebP above this is refused: its decoder would need it all in memory."""


class Kind(Enum):
    """The families of files, one reader each."""

    PNG = "PNG"
    JPEG = "JPEG"
    BMP = "BMP"
    WEBP = "WebP"
    TIFF = "TIFF"
    OTHER = "other"
    """A video if FFmpeg finds one in it."""


PICTURES = frozenset({Kind.PNG, Kind.JPEG, Kind.BMP, Kind.WEBP})

PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff"})

_TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def quoted(path: Path) -> str:
    """Return the path for a one-line message: line breaks and the like are escaped."""
    text = str(path)
    return text if text.isprintable() else repr(text)


def read_head(path: Path) -> bytes:
    """Return the first bytes of a regular file.

    Raises
    ------
    InputError
        If the file is missing, not a regular file, empty or unreadable.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError(f"{quoted(path)} is not a file", "give a recording, picture or folder")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError as error:
        raise InputError(
            f"{quoted(path)} does not exist", "check the name and the place"
        ) from error
    except ValueError as error:  # a name that no file can have, such as one with a NUL
        raise InputError(f"{quoted(path)} is not a possible file name", "check it") from error
    except OSError as error:
        raise cannot_read(path, error) from error
    if not head:
        raise InputError(f"{quoted(path)} is empty", "record or copy it again, or leave it out")
    return head


def cannot_read(path: Path, error: OSError) -> InputError:
    """Say that the system refuses to read ``path``."""
    return InputError(
        f"{quoted(path)} cannot be read ({error.strerror or error})",
        "check its permissions and that the disk is there",
    )


def kind_of(head: bytes) -> Kind:
    """Tell what a file is from its first bytes."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        # An animated PNG announces itself before the first picture data.
        animation, data = head.find(b"acTL"), head.find(b"IDAT")
        return Kind.OTHER if 0 <= animation < (data if data >= 0 else len(head)) else Kind.PNG
    if head.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return Kind.WEBP
    if head.startswith(_TIFF_MAGIC):
        return Kind.TIFF
    # "BM" alone would catch many a text: the size of the header that follows is telling.
    if head.startswith(b"BM") and head[14:18] in _BMP_HEADERS:
        return Kind.BMP
    return Kind.OTHER


_BMP_HEADERS = frozenset(n.to_bytes(4, "little") for n in (12, 40, 52, 56, 64, 108, 124))


def picture_size(kind: Kind, data: bytes) -> tuple[int, int] | None:
    """Return (width, height) in px from a picture's header, or None if it is damaged.

    Parameters
    ----------
    kind : Kind
        One of ``PICTURES``.
    data : bytes
        The file from its first byte on; for JPEG as much as reaches the frame header.
    """
    if kind is Kind.WEBP:
        return _webp_size(data)
    if kind is Kind.JPEG:
        return _jpeg_size(data)
    if len(data) < 26:
        return None
    if kind is Kind.PNG:
        width = int.from_bytes(data[16:20], "big")
        height = int.from_bytes(data[20:24], "big")
    elif data[14] == 12:  # the oldest header of BMP has 16-bit sizes
        width = int.from_bytes(data[18:20], "little")
        height = int.from_bytes(data[20:22], "little")
    else:
        width = int.from_bytes(data[18:22], "little", signed=True)
        # A negative height only says that the rows run from the top.
        height = abs(int.from_bytes(data[22:26], "little", signed=True))
    return (width, height) if width > 0 and height > 0 else None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    chunk, body = data[12:16], data[20:]
    if len(body) < 10:
        return None
    if chunk == b"VP8X":
        return (
            int.from_bytes(body[4:7], "little") + 1,
            int.from_bytes(body[7:10], "little") + 1,
        )
    if chunk == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        return (
            int.from_bytes(body[6:8], "little") & 0x3FFF,
            int.from_bytes(body[8:10], "little") & 0x3FFF,
        )
    return None


def is_animated_webp(head: bytes) -> bool:
    """Tell if a WebP file holds several pictures."""
    return head[12:16] == b"VP8X" and len(head) > 20 and bool(head[20] & 0x02)


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Walk the segments to the frame header (SOF0 to SOF15 but DHT, JPG and DAC)."""
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height = int.from_bytes(data[at + 5 : at + 7], "big")
            width = int.from_bytes(data[at + 7 : at + 9], "big")
            return (width, height) if width and height else None
        elif marker == 0x01 or 0xD0 <= marker <= 0xD9:
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None
