"""Work shared among threads, begun at once by whoever is free and never waited for in vain."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

MOST_THREADS = 4
"""With more, the machine's memory is what they wait for."""

Part = TypeVar("Part")
Result = TypeVar("Result")


class Crew:
    """Threads beside the caller's own: OpenCV lets go of the interpreter, so they do share work.

    On a busy machine a thread may start late. What it has not begun by then the caller does.
    """

    def __init__(self) -> None:
        self._helpers = max(1, min(MOST_THREADS, os.cpu_count() or 1) - 1)
        self._pool = ThreadPoolExecutor(self._helpers, "enhance")

    def begin(self, work: Callable[[], Result]) -> Callable[[], Result]:
        """Have something done meanwhile; what is returned gives its result, or raises its error."""
        meanwhile = self._pool.submit(work)
        return lambda: work() if meanwhile.cancel() else meanwhile.result()

    def begin_parts(
        self, work: Callable[[Part], None], parts: Iterable[Part]
    ) -> Callable[[], None]:
        """Have the work done on every part, in any order; what is returned helps and waits."""
        left = iter(list(parts))  # whoever is free takes the next: that much is atomic

        def take() -> None:
            for part in left:
                work(part)

        others = [self._pool.submit(take) for _ in range(self._helpers)]

        def finish() -> None:
            try:
                take()
            finally:
                for other in others:
                    if not other.cancel():
                        other.result()

        return finish
