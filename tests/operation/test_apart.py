import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sertoli.errors import InputError, SertoliError
from sertoli.frames import Frame
from sertoli.operation import Apart, map_apart


def frame(level: int) -> Frame:
    return Frame(np.full((40, 60, 3), level, np.uint8), level)


class Fussy:
    """Gives its process and the frame's level; does not like some levels."""

    def __init__(self, offset: int) -> None:
        self.offset = offset

    def __call__(self, given: Frame) -> tuple[int, int]:
        level = int(given.pixels[0, 0, 0])
        if level == 13:
            raise InputError("13 is unlucky", "give 14")
        if level == 14:
            raise ZeroDivisionError("by 14")
        if level == 15:
            os._exit(3)
        return os.getpid(), level + self.offset


def refused(offset: int) -> Callable[[Frame], int]:
    raise InputError("cannot be made", "mend it")


def test_frames_are_answered_elsewhere_errors_come_back_and_a_dead_process_is_told() -> None:
    with Apart(Fussy, 100) as apart:
        process, level = apart(frame(7))
        assert process != os.getpid()
        assert level == 107
        with pytest.raises(InputError, match="unlucky; give 14"):
            apart(frame(13))
        with pytest.raises(SertoliError, match="by 14"):
            apart(frame(14))
        assert apart(frame(8)) == (process, 108)
        for _ in range(2):
            with pytest.raises(SertoliError, match="ended by itself; start again"):
                apart(frame(15))


def test_what_cannot_be_made_is_told_at_the_first_frame() -> None:
    with Apart(refused, 1) as apart, pytest.raises(InputError, match="cannot be made"):
        apart(frame(1))


def test_the_map_apart_is_a_map() -> None:
    with map_apart() as mapper:
        found = mapper(frame(90))
    assert (found.width_px, found.height_px) == (60, 40)


PARENT = """
import sys, time
from test_apart import Fussy, frame
from sertoli.operation import Apart
if __name__ == "__main__":
    with Apart(Fussy, 0) as apart:
        print(apart(frame(1))[0], flush=True)
        time.sleep(60)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="processes are looked up by signal 0")
def test_no_process_stays_when_the_parent_is_killed() -> None:
    folder = str(Path(__file__).parent)
    environment = {**os.environ, "PYTHONPATH": folder}
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("the process outlived its parent")
