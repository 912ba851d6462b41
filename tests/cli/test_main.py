"""``main``: what ends with which exit code, and what the person reads then."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import NoReturn

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sertoli.cli import main
from sertoli.cli._main import COMMANDS
from sertoli.errors import InputError, MissingExtraError, OutputError, SertoliError, SettingError


def pretend(monkeypatch: pytest.MonkeyPatch, body: Callable[[], object]) -> None:
    """Put a command ``search`` in place that runs ``body``."""

    @click.command()
    @click.option("--count", type=click.IntRange(min=1))
    def command(count: int | None) -> object:
        return body()

    module = ModuleType("sertoli.cli.search")
    module.command = command  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sertoli.cli.search", module)


def exit_code(*arguments: str) -> object:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    return stop.value.code


def raising(error: BaseException) -> Callable[[], NoReturn]:
    def body() -> NoReturn:
        raise error

    return body


ERRORS = {
    "ours": (SertoliError("the disk is full", "make room"), 1),
    "input": (InputError("a.mp4 is empty", "record it again"), 2),
    "setting": (SettingError("--fps is 0", "give frames per second"), 2),
    "output": (OutputError("out exists", "add --overwrite"), 2),
    "extra": (MissingExtraError("torch is missing", "install the extra"), 2),
    "of several lines": (InputError("a\nb", "c\n d"), 2),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_one_line_with_its_remedy(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error, code = ERRORS[name]
    pretend(monkeypatch, raising(error))

    assert exit_code("search") == code

    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"sertoli: {' '.join(str(error).split())}\n"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_ctrl_c_is_130(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(monkeypatch, raising(error))
    assert exit_code("search") == 130
    assert "Traceback" not in capsys.readouterr().err


def test_a_full_disk_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(monkeypatch, raising(OSError(errno.ENOSPC, "No space left on device", "dish.mp4")))
    assert exit_code("search") == 2
    err = capsys.readouterr().err
    assert err == (
        "sertoli: cannot write to dish.mp4: No space left on device; "
        "make room, or choose another --out\n"
    )


def test_a_failure_of_ours_shows_where(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(monkeypatch, raising(ZeroDivisionError("no sperm per no field")))
    assert exit_code("search") == 1
    err = capsys.readouterr().err
    assert "no sperm per no field" in err
    assert err.splitlines()[-1].startswith("sertoli: this is a failure of Sertoli's")


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (130, 130), ("text", 0)])
def test_a_command_can_return_its_exit_code(
    returned: object, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, lambda: returned)
    assert exit_code("search") == code


MISTAKES = {
    "unknown command": ["serch"],
    "unknown option": ["--colour"],
    "unknown option of a command": ["search", "--colour"],
    "value missing": ["search", "--count"],
    "value of the wrong kind": ["search", "--count", "many"],
    "value out of range": ["search", "--count", "0"],
    "argument too many": ["search", "a.mp4"],
    "empty": [""],
    "a null byte": ["search\0"],
    "an unpaired surrogate": ["search", "--\udcff"],
    "a module that is no command": ["_main"],
    "a path for a command": ["../search"],
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_on_the_command_line_is_2_and_one_line(
    name: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pretend(monkeypatch, lambda: None)
    assert exit_code(*MISTAKES[name]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert err.startswith("sertoli: ")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(st.text(st.characters(), max_size=12), max_size=4))
def test_no_arguments_make_it_fail_on_our_side(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    pretend(monkeypatch, lambda: None)
    if arguments and arguments[0] in COMMANDS and arguments[0] != "search":
        return
    assert exit_code(*arguments) in {0, 2}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["search", "--help"]])
def test_help_and_version_are_0(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(monkeypatch, lambda: None)
    assert exit_code(*arguments) == 0
    assert "sertoli" in capsys.readouterr().out.lower()


def test_help_lists_every_command_and_says_what_it_is_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert exit_code("--help") == 0
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in COMMANDS)
    assert "not a medical device" in out


def test_no_command_shows_the_help_as_it_is(capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code() == 2
    assert len(capfd.readouterr().err.splitlines()) > len(COMMANDS)


def test_python_m_sertoli_is_the_same_program() -> None:
    assert import_module("sertoli.__main__").main is main
