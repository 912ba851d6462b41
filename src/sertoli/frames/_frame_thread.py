"""A thread that reads frames for somebody who waits for them."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from sertoli.frames._frame import Frame

LOOK_UP_S = 0.2
"""Waiting is cut into pieces of this length: Windows delivers Ctrl-C only between them."""


class FrameThread(ABC):
    """Reads frames on a thread of its own, and hands each to `_take`.

    Use it as a context manager: on leaving, also by Ctrl-C, the thread is stopped after the
    frame it is at and the frames' iterator is closed.

    Parameters
    ----------
    frames : iterator of Frame
        Used by the thread alone from now on.
    name : str
        Of the thread.
    """

    def __init__(self, frames: Iterator[Frame], name: str) -> None:
        self._frames = frames
        self._changed = threading.Condition()
        self._is_stopped = False
        self._is_done = False
        self._error: BaseException | None = None
        # A daemon: a camera or decoder that hangs must not keep the program from ending.
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    @abstractmethod
    def _take(self, frame: Frame) -> None:
        """Take in a frame, on the thread; ``_changed`` is held."""

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

    def _work(self) -> None:
        try:
            for frame in self._frames:
                with self._changed:
                    if not self._is_stopped:
                        self._take(frame)
                    if self._is_stopped:
                        break
                    self._changed.notify_all()
        except BaseException as error:  # it belongs to those who wait
            self._error = error
        finally:
            close = getattr(self._frames, "close", None)
            if close is not None:
                close()
            with self._changed:
                self._is_done = True
                self._changed.notify_all()
