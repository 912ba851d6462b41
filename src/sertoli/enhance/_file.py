"""A recording, a picture or a folder enhanced into a file: the whole file, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from sertoli.enhance._deblur import deblur
from sertoli.enhance._enhanced import Enhanced, Mask, resized_mask
from sertoli.enhance._fuse import fuse_focus
from sertoli.enhance._light import LightChain
from sertoli.enhance._magnify import magnify
from sertoli.enhance._settings import MOST_MERGED, Merge, Settings
from sertoli.enhance._sink import Sink, open_sink
from sertoli.enhance._steady import Steady
from sertoli.enhance._tremor import super_resolve
from sertoli.errors import InputError, SettingError
from sertoli.frames import Frame, FrameSource, Pixels, read_ahead
from sertoli.outputs import absolute

Progress = Callable[[int], object]
"""Called with the number of frames read since the last call."""


@dataclass(frozen=True, slots=True)
class Written:
    """What came of it.

    Parameters
    ----------
    frames_in, frames_out : int
    width_px, height_px : int
        Of the result, without the frame beside it that ``compare`` adds.
    um_per_px : float or None
        Of the result.
    unreadable_share : float
        Share of the result's pixels that are marked as unreadable.
    lost_frames : int
        Frames that could not be laid over the one before, with ``steady``.
    """

    frames_in: int
    frames_out: int
    width_px: int
    height_px: int
    um_per_px: float | None
    unreadable_share: float
    lost_frames: int


def enhance_source(
    source: FrameSource,
    out: Path,
    settings: Settings,
    *,
    inputs: Iterable[Path] = (),
    mask: Path | None = None,
    fps: float | None = None,
    overwrite: bool = False,
    on_frames: Progress | None = None,
) -> Written:
    """Enhance all frames of a source into a picture, a video or a folder of pictures.

    Parameters
    ----------
    source : FrameSource
    out : Path
        ``.png``, ``.jpg``, ``.tif`` or ``.bmp`` for one picture; ``.mp4``, ``.mov``, ``.mkv`` or
        ``.avi`` for a video; a name without ending for a folder of PNG.
    settings : Settings
    inputs : iterable of Path
        Where the source comes from: never written over.
    mask : Path, optional
        Where to write the unreadable areas, white on black: a place of the same kind.
    fps : float, optional
        Of a video whose frames carry no times; 25 if not given.
    overwrite : bool
        Replace what stands at ``out`` and ``mask``.
    on_frames : callable, optional
        Called as frames are read.

    Raises
    ------
    InputError
        If the source cannot be read, or holds more frames than ``out`` can.
    OutputError
        If ``out`` exists already or cannot be written.
    SettingError
        If a setting or the name of a file makes no sense.
    """
    inputs = tuple(inputs)
    if mask is not None and absolute(mask) == absolute(out):
        raise SettingError("the mask cannot be written over the result", "choose another --mask")
    sink = open_sink(out, fps=fps, overwrite=overwrite, inputs=inputs)
    masks: Sink | None = None
    count = 0

    def counted() -> Iterator[Frame]:
        nonlocal count
        with read_ahead(source.frames(), depth=3) as frames:
            for frame in frames:
                count += 1
                yield frame
                if on_frames is not None:
                    on_frames(1)

    try:
        if mask is not None:
            masks = open_sink(mask, fps=fps, overwrite=overwrite, inputs=inputs)
        steps = _Steps(settings, is_sequence=source.is_sequence)
        hidden: list[float] = []
        last: Enhanced | None = None
        for before, last in steps.run(counted()):
            hidden.append(float(last.unreadable.mean()))
            sink.write(_beside(before, last) if settings.compare else last.frame.pixels, last.frame)
            if masks is not None:
                masks.write(last.unreadable.astype(np.uint8) * np.uint8(255), last.frame)
        if last is None:
            raise InputError(f"{source.name} holds no frames", "give a recording or pictures")
        sink.finish()
        if masks is not None:
            masks.finish()
    except BaseException:
        sink.discard()
        if masks is not None:
            masks.discard()
        raise
    return Written(
        count,
        len(hidden),
        last.frame.width_px,
        last.frame.height_px,
        last.frame.optics.um_per_px,
        float(np.mean(hidden)),
        steps.lost_frames,
    )


class _Steps:
    """The steps of the settings, one after the other."""

    def __init__(self, settings: Settings, *, is_sequence: bool) -> None:
        self._settings = settings
        self._light = None if settings.light is None else LightChain(settings.light)
        self._steady = Steady() if settings.steady else None
        self._is_sequence = is_sequence

    @property
    def lost_frames(self) -> int:
        return 0 if self._steady is None else self._steady.lost_frames

    def run(self, frames: Iterator[Frame]) -> Iterator[tuple[Frame, Enhanced]]:
        """Give each frame as it was, and enhanced."""
        if self._settings.merge is None:
            for frame in frames:
                yield frame, self._one(frame)
            return
        taken = list(islice(frames, MOST_MERGED + 1))
        if len(taken) > MOST_MERGED:
            raise InputError(
                f"more than {MOST_MERGED} frames are too many for one picture",
                "cut the recording down to those that show the place",
            )
        if not taken:
            return
        if self._settings.merge is Merge.TREMOR:
            whole = super_resolve(taken, self._settings.magnify)
        else:
            whole = fuse_focus(taken)
        (before,) = [frame for frame in taken if frame.index == whole.frame.index]
        yield before, self._finished(whole.frame, whole.unreadable)

    def _one(self, frame: Frame) -> Enhanced:
        if self._steady is not None:
            held = self._steady(frame)
            return self._finished(held.frame, held.unreadable)
        return self._finished(frame, None)

    def _finished(self, frame: Frame, hidden: Mask | None) -> Enhanced:
        if self._light is not None:
            if not self._is_sequence:
                self._light.reset()
            lit = self._light(frame)
            frame, hidden = lit.frame, lit.unreadable if hidden is None else hidden
        if self._settings.deblur:
            sharp = deblur(frame)
            frame, hidden = sharp.frame, sharp.unreadable if hidden is None else hidden
        factor = 1.0 if self._settings.merge is Merge.TREMOR else self._settings.magnify
        if factor != 1.0 or hidden is None:
            large = magnify(frame, factor)
            size = (large.frame.width_px, large.frame.height_px)
            frame = large.frame
            hidden = large.unreadable if hidden is None else resized_mask(hidden, *size)
        return Enhanced(frame, hidden)


def _beside(before: Frame, after: Enhanced) -> Pixels:
    """Return the frame as it was, interpolated to the size of the result, and the result."""
    size = (after.frame.width_px, after.frame.height_px)
    old = before.pixels
    if (before.width_px, before.height_px) != size:
        old = np.asarray(cv2.resize(old, size, interpolation=cv2.INTER_CUBIC))
    return np.hstack([old, after.frame.pixels])
