"""Decodes the next frames while the consumer works on this one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from sertoli.frames._frame import Frame
from sertoli.frames._frame_thread import LOOK_UP_S, FrameThread


class ReadAhead(FrameThread):
    """An iterator over the same frames in the same order, decoded by a thread of its own.

    Use it as a context manager; nothing comes any more once it is left.

    Parameters
    ----------
    frames : iterator of Frame
        Used by the thread alone from now on.
    depth : int
        At most so many decoded frames wait.
    """

    def __init__(self, frames: Iterator[Frame], depth: int) -> None:
        if depth < 1:
            raise ValueError(f"depth must be at least 1, not {depth}")
        super().__init__(frames, "read-ahead")
        self._depth = depth
        self._ready: deque[Frame] = deque()

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        with self._changed:
            while not self._ready and not self._is_done and not self._is_stopped:
                self._changed.wait(LOOK_UP_S)
            if self._ready and not self._is_stopped:
                frame = self._ready.popleft()
                self._changed.notify_all()
                return frame
            error, self._error = self._error, None
        if error is not None:
            raise error
        raise StopIteration

    def _take(self, frame: Frame) -> None:
        while len(self._ready) >= self._depth and not self._is_stopped:
            self._changed.wait()
        if not self._is_stopped:
            self._ready.append(frame)


def read_ahead(frames: Iterator[Frame], depth: int = 8) -> ReadAhead:
    """Decode up to ``depth`` frames ahead in a background thread.

    Order is kept, nothing is dropped, and an error of the decoder is raised where its frame
    would have come.

    Examples
    --------
    ``with open_source(path) as source, read_ahead(source.frames()) as frames: ...``
    """
    return ReadAhead(frames, depth)
