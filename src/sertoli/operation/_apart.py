"""A pipeline in a process of its own, so that its Python code never holds up the view."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Generic, Self, TypeVar

from sertoli.errors import SertoliError
from sertoli.frames import Frame

_STOP_S = 5.0
"""So long a process may take to end by itself."""

BEHIND_THE_VIEW = 10
"""Niceness of the process where the system knows no better way to let the view come first."""


Result = TypeVar("Result")


class Apart(Generic[Result]):
    """Calls something with one frame after the other, in a process that it starts and ends.

    Use it as a context manager; several threads may not call it at once.

    Parameters
    ----------
    make : callable
        Makes, in the other process, what is called with every frame; a function or class that
        can be imported, such as `sertoli.tubules.TubuleMapper`.
    *arguments : object
        Of ``make``; like results and frames they are pickled.

    Examples
    --------
    >>> with Apart(TubuleMapper) as mapper:  # doctest: +SKIP
    ...     found = mapper(frame)
    """

    def __init__(self, make: Callable[..., Callable[[Frame], Result]], *arguments: object) -> None:
        # Spawned on every system: a fork would copy locks that other threads hold.
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        self._there: Connection | None = there
        # A daemon: it ends with this process, and if this one is killed, with its end of the pipe.
        self._process = context.Process(
            target=_serve, args=(there, make, arguments), name="apart", daemon=True
        )

    def __enter__(self) -> Self:
        self._process.start()
        if self._there is not None:
            self._there.close()  # or a dead process would not be noticed
            self._there = None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._here.close()
        self._process.join(_STOP_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()

    def __call__(self, frame: Frame) -> Result:
        """Send a frame and wait for what it gives.

        Raises
        ------
        SertoliError
            What the callable itself raised; or if it failed otherwise, or its process is gone.
        """
        try:
            self._here.send(frame)
            answer = self._here.recv()
        except (EOFError, OSError) as error:
            raise SertoliError(
                "the process beside the view has ended by itself",
                "start again; if it recurs, free memory or map smaller pictures",
            ) from error
        if isinstance(answer, _Failure):
            raise answer.error()
        result: Result = answer
        return result


@dataclass(frozen=True, slots=True)
class _Failure:
    """An error on its way through the pipe; not all errors can be pickled themselves."""

    kind: type[SertoliError]
    what: str
    remedy: str

    @classmethod
    def of(cls, error: Exception) -> Self:
        if isinstance(error, SertoliError):
            return cls(type(error), error.what, error.remedy)
        return cls(
            SertoliError, f"the process beside the view failed with {error!r}", "report it to us"
        )

    def error(self) -> SertoliError:
        error = self.kind.__new__(self.kind)
        SertoliError.__init__(error, self.what, self.remedy)
        return error


def _step_back() -> None:
    """Let every other process come first."""
    with contextlib.suppress(OSError):
        if sys.platform == "linux":
            # More than nice: its core counts as free for the threads of the view.
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        elif sys.platform != "win32":
            os.nice(BEHIND_THE_VIEW)


def _serve(
    pipe: Connection, make: Callable[..., Callable[[Frame], object]], arguments: tuple[object, ...]
) -> None:
    """Answer frames until the other end is closed."""
    # Ctrl-C is meant for the one that started this one, which then closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _step_back()
    called: Callable[[Frame], object] | None = None
    while True:
        try:
            frame = pipe.recv()
        except (EOFError, OSError):
            return
        answer: object
        try:
            if called is None:
                called = make(*arguments)
            answer = called(frame)
        except Exception as error:
            answer = _Failure.of(error)
        with contextlib.suppress(OSError):
            pipe.send(answer)
