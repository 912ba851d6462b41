import threading
from collections.abc import Iterator

import numpy as np
import pytest

from sertoli.errors import InputError
from sertoli.frames import Frame, LatestFrame, as_it_happened

PIXELS = np.zeros((2, 2), np.uint8)


def frames(count: int) -> Iterator[Frame]:
    for index in range(count):
        yield Frame(PIXELS, index)


def watched(latest: LatestFrame) -> Iterator[int]:
    number = -1
    while (arrival := latest.after(number)) is not None:
        number = arrival.number
        yield number


def test_a_slow_watcher_gets_the_newest_frame_and_then_the_end() -> None:
    all_came = threading.Event()

    def source() -> Iterator[Frame]:
        yield from frames(50)
        all_came.set()

    with LatestFrame(source()) as latest:
        assert all_came.wait(10)
        newest = latest.after(-1)
        assert newest is not None
        assert (newest.number, newest.frame.index) == (49, 49)
        assert latest.after(49) is None


def test_two_watchers_each_see_a_rising_row_of_numbers() -> None:
    go_on = threading.Semaphore(0)

    def source() -> Iterator[Frame]:
        for frame in frames(6):
            go_on.acquire()
            yield frame

    with LatestFrame(source()) as latest:
        seen: dict[str, list[int]] = {"quick": [], "slow": []}
        for step in range(6):
            go_on.release()
            arrival = latest.after(step - 1)
            assert arrival is not None
            seen["quick"].append(arrival.number)
            if step % 3 == 2:
                newest = latest.after(-1)
                assert newest is not None
                seen["slow"].append(newest.number)
    assert seen == {"quick": [0, 1, 2, 3, 4, 5], "slow": [2, 5]}


def test_an_error_of_the_source_comes_after_its_last_good_frame() -> None:
    def source() -> Iterator[Frame]:
        yield from frames(3)
        raise InputError("the camera fell silent", "check its cable")

    with LatestFrame(source()) as latest:
        numbers: list[int] = []
        with pytest.raises(InputError, match="fell silent"):
            numbers.extend(watched(latest))
    assert numbers[-1] == 2


def test_closing_ends_the_source_though_it_has_no_end() -> None:
    closed = threading.Event()

    def source() -> Iterator[Frame]:
        index = 0
        try:
            while True:
                yield Frame(PIXELS, index)
                index += 1
        finally:
            closed.set()

    with LatestFrame(source()) as latest:
        assert latest.after(100) is not None
    assert closed.is_set()
    assert latest.after(-1) is None


class Clock:
    """Stands still but for sleeping, and for what each frame takes to decode."""

    def __init__(self) -> None:
        self.time_s = 5.0

    def now(self) -> float:
        return self.time_s

    def sleep(self, seconds: float) -> None:
        self.time_s += seconds

    def decoding(self, each_s: float, count: int) -> Iterator[Frame]:
        for frame in frames(count):
            self.time_s += each_s
            yield frame


@pytest.mark.parametrize(("each_s", "apart_s"), [(0.0, 0.04), (0.02, 0.04), (0.05, 0.05)])
def test_a_recording_comes_at_its_own_pace(each_s: float, apart_s: float) -> None:
    clock = Clock()
    moments: list[float] = []
    for frame in as_it_happened(clock.decoding(each_s, 40), 25.0, now=clock.now, sleep=clock.sleep):
        assert frame.index == len(moments)
        moments.append(clock.time_s)
    assert np.diff(moments) == pytest.approx(apart_s)


def test_lost_time_is_not_made_up_by_a_burst() -> None:
    clock = Clock()
    moments: list[float] = []
    for _ in as_it_happened(clock.decoding(0.0, 9), 25.0, now=clock.now, sleep=clock.sleep):
        moments.append(clock.time_s)
        if len(moments) == 4:
            clock.time_s += 1.0
    apart = np.diff(moments)
    assert apart[3] == pytest.approx(1.0)
    assert np.delete(apart, 3) == pytest.approx(0.04)


def test_a_frame_is_decoded_when_it_is_due() -> None:
    clock = Clock()
    began: list[float] = []

    def decoding() -> Iterator[Frame]:
        for frame in clock.decoding(0.01, 5):
            began.append(clock.time_s - 0.01)
            yield frame

    for _ in as_it_happened(decoding(), 25.0, now=clock.now, sleep=clock.sleep):
        clock.time_s += 0.02  # whoever works on it meanwhile
    assert np.diff(began) == pytest.approx(0.04)
