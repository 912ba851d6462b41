"""Frames worked on side by side, given in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

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
