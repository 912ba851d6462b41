"""Writes videos, with encoders that are not under the GPL."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.video.stream import VideoStream

from sertoli.errors import OutputError, SettingError
from sertoli.frames._frame import Pixels
from sertoli.frames._kind import quoted

_TICKS_PER_S = 60_000
"""Time base of variable rate: MPEG-4 allows at most 65,535 ticks; common rates divide this."""

_MAX_RATE_TERM = 65_535

_QUALITY = 2 * 118
"""The finest useful quantiser of MPEG-4 part 2 (2), in FFmpeg's unit of lambda."""

SUFFIXES = frozenset({".mp4", ".mov", ".mkv", ".avi"})


class VideoWriter:
    """A video file under construction: MPEG-4 part 2 at its highest useful quality.

    Parameters
    ----------
    path : Path
        ``.mp4``, ``.mov``, ``.mkv`` or ``.avi``; replaced if it exists.
    fps : float
        Frames per second (above 0).
    width_px, height_px : int
        Odd sizes are kept as they are.

    Raises
    ------
    SettingError
        If the rate, the size or the suffix is not possible.
    OutputError
        If the file cannot be written.
    """

    def __init__(self, path: Path, *, fps: float, width_px: int, height_px: int) -> None:
        if not (math.isfinite(fps) and 0.001 <= fps <= _MAX_RATE_TERM):
            raise SettingError(f"{fps} frames per second cannot be written", "give 0.001 to 65535")
        if not (1 <= width_px <= 8191 and 1 <= height_px <= 8191):
            raise SettingError(
                f"a video of {width_px} x {height_px} px cannot be written",
                "give frames of 1 to 8191 px a side",
            )
        if path.suffix.lower() not in SUFFIXES:
            raise SettingError(
                f"{quoted(path)} is not the name of a video that can be written",
                f"end it in one of {', '.join(sorted(SUFFIXES))}",
            )
        self._path = path
        self._shape = (height_px, width_px)
        self._rate = _possible_rate(fps)
        self._stream: VideoStream | None = None
        self._is_timed = False
        self._count = 0
        self._last = -1
        try:
            self._container = av.open(f"file:{path.absolute()}", mode="w")
        except (av.FFmpegError, OSError) as error:
            raise OutputError(
                f"{quoted(path)} cannot be written ({error.strerror or error})",
                "choose another place or mend its permissions",
            ) from error

    def write(self, pixels: Pixels, time_s: float | None = None) -> None:
        """Append a frame.

        Parameters
        ----------
        pixels : ndarray, (H, W) or (H, W, 3) RGB, uint8
        time_s : float, optional
            Presentation time from the start, ascending; for all frames or for none. Kept to
            1/60,000 s.

        Raises
        ------
        ValueError
            If the pixels have another shape or type, or the time does not ascend.
        """
        if pixels.dtype != np.uint8 or pixels.shape not in (self._shape, (*self._shape, 3)):
            raise ValueError(f"expected uint8 of {self._shape}, got {pixels.dtype} {pixels.shape}")
        if self._stream is None:
            self._is_timed = time_s is not None
            self._stream = self._begun()
        if self._is_timed != (time_s is not None):
            raise ValueError("give a time for all frames or for none")
        stamp = self._count if time_s is None else round(time_s * _TICKS_PER_S)
        if stamp <= self._last:
            raise ValueError(f"frame {self._count} is not later than the one before it")
        picture = av.VideoFrame.from_ndarray(
            np.ascontiguousarray(pixels), format="gray" if pixels.ndim == 2 else "rgb24"
        )
        picture.pts = stamp
        picture.time_base = self._stream.codec_context.time_base
        self._last = stamp
        self._count += 1
        self._mux(picture)

    def close(self) -> None:
        """Finish the file.

        Raises
        ------
        OutputError
            If the disk is full or gone.
        """
        try:
            if self._stream is not None:
                self._mux(None)
        finally:
            self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _begun(self) -> VideoStream:
        stream = self._container.add_stream("mpeg4", rate=self._rate)
        stream.height, stream.width = self._shape
        stream.pix_fmt = "yuv420p"
        stream.options = {"flags": "+qscale", "global_quality": str(_QUALITY)}
        base = Fraction(1, _TICKS_PER_S) if self._is_timed else 1 / self._rate
        stream.codec_context.time_base = base
        return stream

    def _mux(self, picture: av.VideoFrame | None) -> None:
        assert self._stream is not None
        try:
            self._container.mux(self._stream.encode(picture))
        except (av.FFmpegError, OSError) as error:
            raise OutputError(
                f"{quoted(self._path)} cannot be written ({error.strerror or error})",
                "free space on the disk or choose another place",
            ) from error


def _possible_rate(fps: float) -> Fraction:
    """Return the nearest fraction whose terms MPEG-4 can store."""
    rate = Fraction(fps).limit_denominator(1001)
    if rate.numerator > _MAX_RATE_TERM or rate <= 0:
        rate = Fraction(fps).limit_denominator(max(1, int(_MAX_RATE_TERM / fps)))
    return rate
