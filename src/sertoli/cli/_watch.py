"""What the person at the terminal sees of a long job, and how he or she stops it."""

from __future__ import annotations

import signal
import sys
import threading
import time
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Self

import click
from tqdm import tqdm

if TYPE_CHECKING:
    from sertoli.search import Progress

LINE_EVERY_S = 5.0
"""Without a terminal (a log file, a pipe) one plain line in so many seconds."""


def say(message: str) -> None:
    """Print one line on the error stream, named after the program."""
    click.echo(f"sertoli: {' '.join(message.split())}", err=True)


class StopSwitch:
    """Ctrl-C as a wish to stop: the first one asks, the second one breaks off.

    A context manager; the former handler is back afterwards. Off the main thread, where
    Python gives no signals, it never goes on.
    """

    def __init__(self) -> None:
        self._is_on = False
        self._before: Any = None

    def is_on(self) -> bool:
        """Tell whether the person asked to stop."""
        return self._is_on

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._is_on:
            raise KeyboardInterrupt
        self._is_on = True


class ProgressLine:
    """Fields per second, found so far and time left: a bar, or plain lines without a terminal.

    A context manager to be called with each `sertoli.search.Progress`.
    """

    def __init__(self) -> None:
        self._name = ""
        self._bar: tqdm[Any] | None = None
        self._is_terminal = sys.stderr.isatty()
        self._started = self._spoken = time.monotonic()
        self._first_done: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def begin(self, name: str) -> None:
        """Turn to the next input."""
        self._close()
        self._name = name
        self._first_done = None

    def __call__(self, progress: Progress) -> None:
        """Show how far it is."""
        now = time.monotonic()
        if self._first_done is None:
            self._first_done = progress.frames_done
            self._started = self._spoken = now
        if self._is_terminal:
            self._draw(progress)
        elif now - self._spoken >= LINE_EVERY_S:
            self._spoken = now
            click.echo(self._line(progress, now - self._started), err=True)

    def _draw(self, progress: Progress) -> None:
        if self._bar is None:
            self._bar = tqdm(
                total=progress.frames_total,
                initial=progress.frames_done,
                desc=self._name,
                unit=" fields",
                file=sys.stderr,
                dynamic_ncols=True,
                leave=False,
            )
        self._bar.set_postfix_str(f"{progress.found} found", refresh=False)
        done = progress.frames_done + round(progress.frame_share, 2)
        self._bar.update(done - self._bar.n)

    def _line(self, progress: Progress, seconds: float) -> str:
        done = progress.frames_done + progress.frame_share
        rate = (done - (self._first_done or 0)) / seconds
        total = progress.frames_total
        of = "" if total is None else f" of {total}"
        left = ""
        if total is not None and rate > 0:
            left = f", {_clock((total - done) / rate)} left"
        if total == 1:
            return f"{self._name}: {done:.0%} of the picture, {progress.found} found{left}"
        return (
            f"{self._name}: {progress.frames_done}{of} fields, {rate:.1f} fields/s, "
            f"{progress.found} found{left}"
        )

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
