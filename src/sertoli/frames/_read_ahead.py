"""Decodes the next frames while the consumer works on this one."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from sertoli.frames._frame import Frame

_LOOK_UP_S = 0.2
"""Waiting is cut into pieces of this length: Windows delivers Ctrl-C only between them."""


class ReadAhead:
    """An iterator over the same frames in the same order, decoded by a thread of its own.

    Use it as a context manager: on leaving, also by Ctrl-C, the thread is stopped after the
    frame it is at and the frames' iterator is closed.

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
        self._frames = frames
        self._depth = depth
        self._ready: deque[Frame] = deque()
        self._changed = threading.Condition()
        self._is_stopped = False
        self._is_done = False
        self._error: BaseException | None = None
        # A daemon: a decoder that hangs must not keep the program from ending.
        self._thread = threading.Thread(target=self._work, name="read-ahead", daemon=True)

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
            self._ready.clear()
            self._changed.notify_all()
        self._thread.join()

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        with self._changed:
            while not self._ready and not self._is_done and not self._is_stopped:
                self._changed.wait(_LOOK_UP_S)
            if self._ready:
                frame = self._ready.popleft()
                self._changed.notify_all()
                return frame
            error, self._error = self._error, None
        if error is not None:
            raise error
        raise StopIteration

    def _work(self) -> None:
        try:
            for frame in self._frames:
                with self._changed:
                    while len(self._ready) >= self._depth and not self._is_stopped:
                        self._changed.wait()
                    if self._is_stopped:
                        break
                    self._ready.append(frame)
                    self._changed.notify_all()
        except BaseException as error:  # it belongs to the consumer
            self._error = error
        finally:
            close = getattr(self._frames, "close", None)
            if close is not None:
                close()
            with self._changed:
                self._is_done = True
                self._changed.notify_all()


def read_ahead(frames: Iterator[Frame], depth: int = 8) -> ReadAhead:
    """Decode up to ``depth`` frames ahead in a background thread.

    Order is kept, nothing is dropped, and an error of the decoder is raised where its frame
    would have come.

    Examples
    --------
    ``with open_source(path) as source, read_ahead(source.frames()) as frames: ...``
    """
    return ReadAhead(frames, depth)
