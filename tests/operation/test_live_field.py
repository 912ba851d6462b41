import threading
from collections.abc import Iterator

import numpy as np
import pytest

from sertoli.enhance import Enhanced
from sertoli.errors import InputError
from sertoli.frames import Frame
from sertoli.operation import FieldView, LiveField, at_width
from sertoli.optics import Modality, Optics
from sertoli.tubules import TubuleMap

OPTICS = Optics(4.0, Modality.OPERATING)


def frames(count: int, gate: threading.Semaphore | None = None) -> Iterator[Frame]:
    for index in range(count):
        if gate is not None:
            gate.acquire()
        yield Frame(np.full((40, 80, 3), index % 256, np.uint8), index, optics=OPTICS)


def plain(frame: Frame) -> Enhanced:
    return Enhanced(frame, np.zeros(frame.pixels.shape[:2], bool))


def nothing(frame: Frame) -> TubuleMap:
    return TubuleMap(frame.optics, frame.width_px, frame.height_px)


def test_views_come_in_order_and_the_map_follows() -> None:
    gate = threading.Semaphore(1)
    mapped = threading.Event()

    def mapping(frame: Frame) -> TubuleMap:
        found = nothing(frame)
        mapped.set()
        return found

    views: list[FieldView] = []
    with LiveField(frames(200, gate), plain, mapping, map_width_px=20) as live:
        for view in live:
            views.append(view)
            assert int(view.enhanced.frame.pixels[0, 0, 0]) == view.number
            assert view.delay_s >= 0
            assert mapped.wait(10)
            gate.release()
    numbers = [view.number for view in views]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == 199
    newest = views[-1].map
    assert newest is not None
    assert newest.number <= 199
    assert newest.delay_s > 0
    assert (newest.tubules.width_px, newest.tubules.height_px) == (20, 10)
    assert newest.tubules.optics.um_per_px == 16.0


def test_a_stuck_map_does_not_hold_up_the_view() -> None:
    let_go = threading.Event()
    gate = threading.Semaphore(1)

    def stuck(frame: Frame) -> TubuleMap:
        let_go.wait(20)
        return nothing(frame)

    seen = 0
    with LiveField(frames(30, gate), plain, stuck) as live:
        for view in live:
            assert view.map is None
            seen += 1
            gate.release()
        let_go.set()
    assert seen == 30


def test_a_slow_view_skips_frames_and_shows_the_newest() -> None:
    came = threading.Event()

    def source() -> Iterator[Frame]:
        yield from frames(60)
        came.set()

    def slow(frame: Frame) -> Enhanced:
        assert came.wait(20)
        return plain(frame)

    with LiveField(source(), slow, nothing) as live:
        numbers = [view.number for view in live]
    assert numbers[-1] == 59
    assert len(numbers) <= 2


@pytest.mark.parametrize("where", ["source", "enhance", "map"])
def test_errors_reach_whoever_watches(where: str) -> None:
    failed = threading.Event()

    def fail(frame: Frame) -> None:
        failed.set()
        raise InputError(f"{where} broke", "mend it")

    def source() -> Iterator[Frame]:
        for frame in frames(10_000):
            if where == "source" and frame.index == 5:
                fail(frame)
            if frame.index > 5 and where == "map":
                failed.wait(20)
            yield frame

    def enhance(frame: Frame) -> Enhanced:
        if where == "enhance":
            fail(frame)
        return plain(frame)

    def mapping(frame: Frame) -> TubuleMap:
        if where == "map":
            fail(frame)
        return nothing(frame)

    with LiveField(source(), enhance, mapping) as live, pytest.raises(InputError, match=where):
        for _ in live:
            pass


def test_a_frame_narrow_enough_stays_as_it_is() -> None:
    frame = next(frames(1))
    assert at_width(frame, 80) is frame
    assert at_width(frame, 60).pixels.shape == (30, 60, 3)
