"""Video files: every frame, at its true time, from any frame on."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Generator, Iterator
from functools import cached_property
from pathlib import Path

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from sertoli.errors import InputError
from sertoli.frames._container import opened
from sertoli.frames._frame import Frame, Pixels
from sertoli.frames._kind import quoted
from sertoli.frames._packets import (
    PacketTable,
    has_frame_per_packet,
    is_worth_a_frame,
    read_table,
    stamps_are_true,
)
from sertoli.frames._source import FrameSource
from sertoli.optics import Optics

log = logging.getLogger("sertoli.frames")


class VideoSource(FrameSource):
    """A video file, frame by frame.

    A frame's number is the rank of its presentation time among all packets of the stream,
    so numbers stay true where a damaged packet gives no frame: that number is missing, and a
    warning is logged with the time. Codecs and containers whose stamps cannot be trusted
    (see ``stamps_are_true``) are counted as they are decoded. Rotation notes are ignored.

    Parameters
    ----------
    path : Path
    optics : Optics
        As the caller knows them: video files hold no pixel size.
    fps : float or None
        Times are index / ``fps``; None takes the times from the file.
    sequence : bool or None
        None and True: a sequence.
    grey : bool
        Give luminance (H, W) instead of colour.

    Raises
    ------
    InputError
        If not a single frame can be decoded.
    """

    def __init__(
        self, path: Path, optics: Optics, *, fps: float | None, sequence: bool | None, grey: bool
    ) -> None:
        self._path = path
        self._optics = optics
        self._fps = fps
        self._is_sequence = sequence is not False
        self._grey = grey
        with opened(path) as (container, stream):
            self._stamps_are_true = stamps_are_true(container, stream)
            self._is_countable = has_frame_per_packet(stream)
            decoder = _Decoder(path, container, stream, self._stamps_are_true, quiet=True)
            first = next(decoder.run(), None)
            if first is None:
                raise InputError(
                    f"{quoted(path)} holds no frame that can be decoded",
                    "copy or record it again",
                )
            self._shape = (first[2].height, first[2].width)

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
    def length(self) -> int | None:
        """Number of frames, from reading the file's packets once without decoding them."""
        return self._table.count if self._is_countable else None

    def frames(self, start: int = 0) -> Iterator[Frame]:
        start = max(0, start)
        if start and self._stamps_are_true:
            if start >= self._table.count:
                return
            if self._table.allows_seeking:
                jumped = self._jumped(start)
                first = next(jumped, None)
                if first is not None and first.index == start:
                    yield first
                    yield from jumped
                    return
                jumped.close()
        with opened(self._path) as (container, stream):
            decoder = _Decoder(self._path, container, stream, self._stamps_are_true)
            yield from self._given(decoder, start)

    @cached_property
    def _table(self) -> PacketTable:
        with opened(self._path) as (container, stream):
            return read_table(container, stream)

    def _jumped(self, start: int) -> Generator[Frame, None, None]:
        """Give frames from ``start`` on, decoding from the key frame before it.

        Gives nothing if the file does not let itself be entered there.
        """
        wanted = int(self._table.stamps[start])
        with opened(self._path) as (container, stream):
            if self._entered(container, stream, wanted):
                decoder = _Decoder(self._path, container, stream, True, table=self._table)
                yield from self._given(decoder, start)

    def _entered(self, container: InputContainer, stream: VideoStream, wanted: int) -> bool:
        """Position the file at a key frame from which ``wanted`` can be decoded, if it can be."""
        # Files index their key frames by other stamps now and then: then go further back.
        for skip in (0, 1, 4):
            key = self._table.key_before(wanted, skip=skip)
            if key is None:
                return False
            try:
                container.seek(key, stream=stream, backward=True)
                entry = _first_stamp(container, stream)
                if entry is not None and entry <= wanted:
                    container.seek(key, stream=stream, backward=True)
                    return True
            except (av.FFmpegError, OSError):
                return False
        return False

    def _given(self, decoder: _Decoder, start: int) -> Iterator[Frame]:
        for index, time_s, picture in decoder.run():
            if index < start:
                continue
            # Only damage changes the size on the way; what follows such a frame may be sound.
            if (picture.height, picture.width) != self._shape:
                decoder.warn(f"damaged frame {index} at {time_s or 0.0:.3f} s left out")
                continue
            time = index / self._fps if self._fps is not None else time_s
            yield Frame(_pixels(picture, grey=self._grey), index, time, self._optics)


def _first_stamp(container: InputContainer, stream: VideoStream) -> int | None:
    """Return the stamp of the next packet if it is a key frame."""
    for packet in container.demux(stream):
        if is_worth_a_frame(packet):
            return packet.pts if packet.is_keyframe else None
    return None


class _Decoder:
    """One pass over a stream, which numbers and times its frames.

    Parameters
    ----------
    path : Path
        For messages.
    container, stream
        Positioned where decoding shall begin.
    stamps_are_true : bool
        Number by stamp; otherwise count.
    table : PacketTable, optional
        Needed where decoding begins in the middle.
    quiet : bool
        Log nothing.
    """

    def __init__(
        self,
        path: Path,
        container: InputContainer,
        stream: VideoStream,
        stamps_are_true: bool,
        *,
        table: PacketTable | None = None,
        quiet: bool = False,
    ) -> None:
        self._path = path
        self._container = container
        self._stream = stream
        self._by_stamp = stamps_are_true
        self._table = table
        self._quiet = quiet
        self._waiting: list[int] = []
        self._first: int | None = int(table.stamps[0]) if table is not None else None
        self._next = 0
        self._lost = 0

    def run(self) -> Iterator[tuple[int, float | None, VideoFrame]]:
        """Give (index, time in s from the first frame, picture) of every frame."""
        time_s: float | None = None
        for picture in self._pictures():
            index, time_s = self._place(picture)
            self._report(time_s)
            yield index, time_s, picture
        if self._by_stamp:
            self._lost += len(self._waiting)  # packets at the end that gave no frame
        self._report(time_s)

    def _pictures(self) -> Iterator[VideoFrame]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except (av.FFmpegError, OSError) as error:
                self.warn(f"reading stops early ({error.strerror or error})")
                packet = None
            if packet is not None and packet.size == 0 and packet.pts is not None:
                continue  # an empty packet would close the decoder
            if packet is not None and is_worth_a_frame(packet):
                self._expect(packet.pts if self._by_stamp else packet.dts)
            try:
                pictures = self._stream.decode(packet)
            except (av.FFmpegError, OSError):
                if not self._by_stamp:
                    self._lost += 1
                pictures = []
            yield from pictures
            if packet is None or packet.size == 0:
                return

    def _expect(self, stamp: int | None) -> None:
        """Note the stamp of a packet that was given to the decoder."""
        if self._table is not None:
            return
        if stamp is None:
            self._by_stamp = False
            return
        heapq.heappush(self._waiting, stamp)
        if self._first is None or stamp < self._first:
            self._first = stamp

    def _place(self, picture: VideoFrame) -> tuple[int, float | None]:
        """Return a picture's number and time."""
        stamp = picture.pts
        if self._table is not None:
            index = self._rank(stamp)
            if self._next:
                self._lost += max(0, index - self._next)
        else:
            if self._by_stamp and stamp is not None and stamp in self._waiting:
                # Packets before this one in time that gave no frame by now never will.
                while self._waiting[0] < stamp:
                    heapq.heappop(self._waiting)
                    self._lost += 1
                    self._next += 1
            index = self._next
            stamp = heapq.heappop(self._waiting) if self._waiting else stamp
        self._next = index + 1
        base = self._stream.time_base
        if stamp is not None and self._first is not None and base is not None:
            return index, float((stamp - self._first) * base)
        rate = self._stream.average_rate
        return index, float(index / rate) if rate else None

    def _rank(self, stamp: int | None) -> int:
        """Look up a number in the table; one more than the last if it is not there."""
        assert self._table is not None
        if stamp is not None:
            index = int(np.searchsorted(self._table.stamps, stamp))
            if index < self._table.count and self._table.stamps[index] == stamp:
                return index
        return self._next

    def _report(self, time_s: float | None) -> None:
        if self._lost:
            self.warn(f"{self._lost} damaged frames near {time_s or 0.0:.3f} s left out")
            self._lost = 0

    def warn(self, what: str) -> None:
        """Log something about the file."""
        if not self._quiet:
            log.warning("%s: %s", quoted(self._path), what)


_LUMA_FIRST = ("yuv", "yuvj", "nv12", "nv16", "nv21", "nv24")
"""Names of 8-bit formats whose first plane is the luminance begin so."""

_FROM_VIDEO_RANGE = np.clip(
    np.rint((np.arange(256, dtype=np.float64) - 16.0) * (255.0 / 219.0)), 0, 255
).astype(np.uint8)
"""ITU-R BT.601: luminance is stored from 16 to 235 unless the file says "full range"."""

_FULL_RANGE = 2  # AVCOL_RANGE_JPEG


def _pixels(picture: VideoFrame, *, grey: bool) -> Pixels:
    """Return (H, W) or (H, W, 3) RGB, uint8; uint16 for grey of more than 8 bits."""
    kind = picture.format.name
    if kind == "gray":
        return _plane(picture)
    if kind.startswith(("gray", "ya16", "ya8")):
        return picture.to_ndarray(format="gray" if kind == "ya8" else "gray16le")
    if not grey:
        return picture.to_ndarray(format="rgb24")
    if kind.startswith(_LUMA_FIRST) and picture.format.components[0].bits == 8:
        # Taking the plane as it is costs a tenth of a conversion.
        luma = _plane(picture)
        is_full = kind.startswith("yuvj") or picture.color_range == _FULL_RANGE
        return luma if is_full else np.asarray(cv2.LUT(luma, _FROM_VIDEO_RANGE))
    colour = picture.to_ndarray(format="rgb24")
    return np.asarray(cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY))


def _plane(picture: VideoFrame) -> Pixels:
    plane = picture.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    pixels: Pixels = rows[: picture.height, : picture.width].copy()
    return pixels
