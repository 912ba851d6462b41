"""What all tests share: the real images beside the project, and the guard against silent skips."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
NO_REAL_IMAGES = "real images not found"
NO_POSTGRESQL = "PostgreSQL's programs not found"
MAY_SKIP = {"realdata": NO_REAL_IMAGES, "postgresql": NO_POSTGRESQL}
"""Mark -> the one reason for which a test with that mark may be skipped."""


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Give the folder of the real images, or skip the test."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"{NO_REAL_IMAGES}: they belong into ../shared/data, beside the project")
    return SHARED_DATA


SHIPPED_WEIGHTS = Path(__file__).resolve().parents[1] / "src" / "sertoli" / "weights" / "sperm.onnx"


@pytest.fixture(scope="session")
def weights_saying() -> Callable[..., bytes]:
    """Give a function that returns the shipped weights file with more metadata in it."""

    def field(number: int, content: bytes) -> bytes:
        length, rest = bytearray(), len(content)
        while rest > 127:
            length.append(rest & 127 | 128)
            rest >>= 7
        return bytes([number << 3 | 2, *length, rest]) + content

    def saying(**said: str) -> bytes:
        # Parts of a serialised message may be appended. `metadata_props` is field 14 of an
        # ONNX model, its key field 1 and its value field 2.
        entries = (field(1, key.encode()) + field(2, said[key].encode()) for key in said)
        return SHIPPED_WEIGHTS.read_bytes() + b"".join(field(14, entry) for entry in entries)

    return saying


class SkipGuard:
    """Turns a run with a skip that nobody expected into a failed run.

    A test that is skipped where it could have run checks nothing, and nobody notices.
    """

    def __init__(self) -> None:
        self.unexpected: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a skipped test, unless it lacks what its mark says or is expected to fail."""
        if not report.skipped or hasattr(report, "wasxfail"):
            return
        reason = _reason(report)
        if any(mark in report.keywords and reason.startswith(MAY_SKIP[mark]) for mark in MAY_SKIP):
            return
        self.unexpected.append(f"{report.nodeid}: {reason}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a file that was skipped as a whole."""
        if report.skipped:
            self.unexpected.append(f"{report.nodeid}: {_reason(report)}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the run."""
        if self.unexpected and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which tests were skipped, and why."""
        if self.unexpected:
            terminalreporter.section("unexpected skips", red=True)
            for line in self.unexpected:
                terminalreporter.line(line)


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    # A skip is reported as (file, line, "Skipped: reason").
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fail-on-unexpected-skips",
        action="store_true",
        help="fail when a test is skipped for a reason that its mark does not allow",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--fail-on-unexpected-skips"):
        config.pluginmanager.register(SkipGuard(), "skip-guard")
