"""The newest frame of a source, for those who watch: what came before it is let go."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from sertoli.frames._frame import Frame

_LOOK_UP_S = 0.2
"""Waiting is cut into pieces of this length: Windows delivers Ctrl-C only between them."""


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


class LatestFrame:
    """Reads frames on a thread of its own and holds only the newest: never a queue.

    Several may watch, each at its own pace; whoever is slow misses frames, and nobody ever
    sees an old one. Use it as a context manager.

    Parameters
    ----------
    frames : iterator of Frame
        Used by the thread alone from now on.
    """

    def __init__(self, frames: Iterator[Frame]) -> None:
        self._frames = frames
        self._changed = threading.Condition()
        self._newest: Arrival | None = None
        self._is_stopped = False
        self._is_done = False
        self._error: BaseException | None = None
        # A daemon: a camera that hangs must not keep the program from ending.
        self._thread = threading.Thread(target=self._work, name="latest-frame", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()
        self._thread.join()

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
                self._changed.wait(_LOOK_UP_S)
        return None

    def _work(self) -> None:
        try:
            for number, frame in enumerate(self._frames):
                with self._changed:
                    if self._is_stopped:
                        break
                    self._newest = Arrival(frame, number, time.perf_counter())
                    self._changed.notify_all()
        except BaseException as error:  # it belongs to those who watch
            self._error = error
        finally:
            close = getattr(self._frames, "close", None)
            if close is not None:
                close()
            with self._changed:
                self._is_done = True
                self._changed.notify_all()


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
