"""Decoding in the background: order, errors, prompt ends, flat memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sertoli.errors import InputError
from sertoli.frames import Frame, read_ahead


class Counted:
    """Frames whose making is counted; an error may stand at the end."""

    def __init__(self, count: int, *, fails: bool = False) -> None:
        self.made = 0
        self.is_closed = False
        self._count = count
        self._fails = fails

    def frames(self) -> Iterator[Frame]:
        try:
            for index in range(self._count):
                self.made += 1
                yield Frame(np.zeros((2, 2), np.uint8), index)
            if self._fails:
                raise InputError("the film is torn", "mend it")
        finally:
            self.is_closed = True


def background_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "read-ahead"]


@settings(max_examples=30, deadline=None)
@given(count=st.integers(0, 40), depth=st.integers(1, 10), fails=st.booleans())
def test_all_frames_in_order_then_the_error(count: int, depth: int, fails: bool) -> None:
    source = Counted(count, fails=fails)
    got: list[int] = []
    with read_ahead(source.frames(), depth) as frames:
        try:
            for frame in frames:
                got.append(frame.index)  # noqa: PERF401 - the error comes within the loop
            assert not fails
        except InputError:
            assert fails
        assert next(frames, None) is None
    assert got == list(range(count))
    assert source.is_closed
    assert not background_threads()


@pytest.mark.parametrize("taken", [0, 1, 5])
def test_leaving_early_stops_the_thread(taken: int) -> None:
    source = Counted(10**9)

    def leave() -> None:
        with read_ahead(source.frames(), 4) as frames:
            for _ in range(taken):
                next(frames)
            raise KeyboardInterrupt

    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        leave()
    assert time.monotonic() - begin < 5
    assert source.is_closed
    assert not background_threads()


def test_no_more_than_the_depth_waits() -> None:
    source = Counted(1000)
    with read_ahead(source.frames(), 3) as frames:
        for taken in range(1, 50):
            next(frames)
            # One more is in the hands of the thread.
            assert source.made <= taken + 4
    assert source.made < 60


def test_it_works_while_the_consumer_works() -> None:
    source = Counted(8)
    with read_ahead(source.frames(), 8) as frames:
        next(frames)
        deadline = time.monotonic() + 10
        while source.made < 8 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert source.made == 8


def test_depth_must_be_positive() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        read_ahead(Counted(1).frames(), 0)
