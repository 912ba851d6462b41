"""Work side by side, results in order."""

import platform
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from sertoli.search._side_by_side import side_by_side


def test_the_order_is_kept_whatever_takes_longer() -> None:
    def work(number: int) -> int:
        time.sleep(0.02 if number % 3 == 0 else 0.0)
        return number * number

    assert list(side_by_side(iter(range(20)), work, 3)) == [(n, n * n) for n in range(20)]


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_are_at_work_at_the_same_time(workers: int) -> None:
    together = threading.Barrier(workers)

    def work(number: int) -> int:
        together.wait(timeout=10)
        return number

    assert [made for _, made in side_by_side(iter(range(2 * workers)), work, workers)] == list(
        range(2 * workers)
    )


@pytest.mark.parametrize("broken", [0, 2, 5])
def test_an_error_comes_where_its_result_would_have_come(broken: int) -> None:
    def work(number: int) -> int:
        if number == broken:
            raise RuntimeError(f"at {number}")
        return number

    pairs = side_by_side(iter(range(9)), work, 2)
    assert [next(pairs)[0] for _ in range(broken)] == list(range(broken))
    with pytest.raises(RuntimeError, match=f"at {broken}"):
        next(pairs)


def test_an_error_of_the_items_comes_after_what_was_given_before() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("no more")

    pairs = side_by_side(items(), lambda n: n, 1)
    assert [next(pairs)[0] for _ in range(2)] == [1, 2]
    with pytest.raises(ValueError, match="no more"):
        next(pairs)


def test_whoever_leaves_early_leaves_no_thread_and_draws_little_ahead() -> None:
    drawn = []

    def items() -> Iterator[int]:
        for number in range(1000):
            drawn.append(number)
            yield number

    pairs = side_by_side(items(), lambda n: n, 3)
    assert next(pairs) == (0, 0)
    pairs.close()
    assert len(drawn) <= 4
    assert not any(thread.name.startswith("search") for thread in threading.enumerate())


FAULTS = """
import resource, sys
import numpy as np
from sertoli.search._side_by_side import keep_freed_memory

if sys.argv[1] == "keep":
    keep_freed_memory()

def picture():
    return [np.ones(300_000, np.float32) for _ in range(6)]

picture()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    picture()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told to")
def test_freed_memory_is_kept_for_the_next_frame() -> None:
    given_back, kept = (
        int(subprocess.check_output([sys.executable, "-c", FAULTS, how])) for how in ("not", "keep")
    )
    assert kept < given_back / 4
