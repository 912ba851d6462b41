"""The newest frame of a source, for those who watch: what came before it is let go."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sertoli.frames._frame import Frame
from sertoli.frames._frame_thread import LOOK_UP_S, FrameThread


@dataclass(frozen=True, slots=True)
class Arrival:
    """A frame, and when it came.

    Parameters
    ----------
    frame : Frame
    number : int
        How many frames came before it, seen or not.
    arrived_s : float
        On the clock of `time.perf_counter`.
    """

    frame: Frame
    number: int
    arrived_s: float


class LatestFrame(FrameThread):
    """Reads frames on a thread of its own and holds only the newest: never a queue.

    Several may watch, each at its own pace; whoever is slow misses frames, and nobody ever
    sees an old one. Use it as a context manager.

    Parameters
    ----------
    frames : iterator of Frame
        Used by the thread alone from now on.
    """

    def __init__(self, frames: Iterator[Frame]) -> None:
        super().__init__(frames, "latest-frame")
        self._newest: Arrival | None = None
        self._count = 0

    def after(self, number: int) -> Arrival | None:
        """Wait for a frame newer than one seen before, and return the newest there is.

        Parameters
        ----------
        number : int
            Of the frame seen before; -1 for none.

        Returns
        -------
        Arrival or None
            None when the source has ended, or when this object was closed.

        Raises
        ------
        SertoliError
            What the source raised, once its last good frame was seen.
        """
        with self._changed:
            while not self._is_stopped:
                if self._newest is not None and self._newest.number > number:
                    return self._newest
                if self._error is not None:
                    raise self._error
                if self._is_done:
                    return None
                self._changed.wait(LOOK_UP_S)
        return None

    def _take(self, frame: Frame) -> None:
        self._newest = Arrival(frame, self._count, time.perf_counter())
        self._count += 1


def as_it_happened(
    frames: Iterator[Frame],
    frames_per_s: float,
    *,
    now: Callable[[], float] = time.perf_counter,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Frame]:
    """Give the frames of a recording at the pace of a camera, never faster.

    A frame is decoded when it is due, not before: a camera's next frame is not there yet while
    the last one is worked on. Where decoding cannot keep the pace, frames come as they are decoded;
    the time lost is not made up by a burst afterwards.

    Parameters
    ----------
    frames : iterator of Frame
    frames_per_s : float
    now, sleep : callable
        The clock.
    """
    due = -math.inf
    while True:
        due = max(due, now())
        early = due - now()
        if early > 0:
            sleep(early)
        frame = next(frames, None)
        if frame is None:
            return
        yield frame
        due += 1 / frames_per_s
