"""Frames worked on side by side, given in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np

KEPT_BYTES = 31 * 2**20
"""See `keep_freed_memory`; glibc heeds no block above 32 MiB."""

Item = TypeVar("Item")
Made = TypeVar("Made")


def side_by_side(
    items: Iterator[Item], work: Callable[[Item], Made], workers: int
) -> Generator[tuple[Item, Made]]:
    """Give each item with what was made of it, in the order of the items.

    While the consumer has one pair in hand, threads work on the next ones. An error of the work
    or of the items is raised where its pair would have come; what is under way when the
    consumer leaves is finished, and dropped.

    Parameters
    ----------
    items : iterator
        Drawn from by the consumer's thread, up to ``workers`` ahead.
    work : callable
        Called by several threads at once.
    workers : int
        Threads.
    """
    waiting: deque[tuple[Item, Future[Made]]] = deque()
    problem: Exception | None = None
    more = True
    with ThreadPoolExecutor(workers, thread_name_prefix="search") as pool:
        try:
            while more or waiting:
                while more and len(waiting) <= workers:
                    try:
                        item = next(items)
                    except StopIteration:
                        more = False
                    except Exception as error:
                        problem, more = error, False
                    else:
                        waiting.append((item, pool.submit(work, item)))
                if waiting:
                    first, made = waiting.popleft()
                    yield first, made.result()
        finally:
            for _, made in waiting:
                made.cancel()
    if problem is not None:
        raise problem


def keep_freed_memory() -> None:
    """Let the C library keep the memory of one frame's pictures for the next one's.

    glibc gives freed memory back to the system, and each page of the next picture is then
    fetched anew: a tenth of the time of a search. It does so no longer below twice the size of
    the largest block that it ever fetched for itself and freed (mallopt(3), M_MMAP_THRESHOLD).
    Other C libraries do not mind. The block is never touched, so it takes no memory itself.
    """
    np.empty(KEPT_BYTES, np.uint8)
