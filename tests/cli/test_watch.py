from __future__ import annotations

import io
import signal
import sys
import threading
import time

import pytest

from sertoli.cli._watch import ProgressLine, StopSwitch
from sertoli.search import Progress


def test_plain_lines_without_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter([0.0, 100.0, 101.0, 106.0, 110.0, 170.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(seconds))
    with ProgressLine() as line:
        line.begin("dish.mp4")
        line(Progress(10, 4010, 0.0, 2))  # resumed at 10
        line(Progress(20, 4010, 0.0, 2))
        line(Progress(70, 4010, 0.0, 3))
        line(Progress(110, 4010, 0.0, 3))
        line(Progress(710, None, 0.0, 4))
    assert capsys.readouterr().err.splitlines() == [
        "dish.mp4: 70 of 4010 fields, 10.0 fields/s, 3 found, 6:34 left",
        "dish.mp4: 710 fields, 10.0 fields/s, 4 found",
    ]


def test_a_single_picture_counts_its_tiles(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter([0.0, 100.0, 110.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(seconds))
    line = ProgressLine()
    line.begin("big.tif")
    line(Progress(0, 1, 0.0, 0))
    line(Progress(0, 1, 0.25, 0))
    assert capsys.readouterr().err == "big.tif: 25% of the picture, 0 found, 0:30 left\n"


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "100")
    with ProgressLine() as line:
        line.begin("dish.mp4")
        line(Progress(0, 4, 0.0, 0))
        line(Progress(2, 4, 0.5, 7))
    assert "dish.mp4" in terminal.getvalue()
    assert "/4" in terminal.getvalue()


def test_first_ctrl_c_asks_and_second_breaks_off() -> None:
    before = signal.getsignal(signal.SIGINT)
    with StopSwitch() as switch:
        assert not switch.is_on()
        signal.raise_signal(signal.SIGINT)
        assert switch.is_on()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_off_the_main_thread_it_stays_off() -> None:
    states: list[bool] = []

    def work() -> None:
        with StopSwitch() as switch:
            states.append(switch.is_on())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert states == [False]
