"""The guard of tests/conftest.py, tried on made-up test suites."""

from __future__ import annotations

from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py").read_text(encoding="utf-8")
REAL_IMAGES = """
import pytest

@pytest.mark.realdata
def test_real(shared_data):
    assert shared_data.is_dir()
"""
POSTGRESQL = """
import pytest

@pytest.mark.postgresql
def test_server():
    pytest.skip("PostgreSQL's programs not found: install them")
"""
PASSES = "def test_fine(): pass\n"

# The made-up suite lies in a temporary folder, beside which there are no real images.
SUITES = {
    "nothing skipped": (PASSES, 0),
    "real images absent": (PASSES + REAL_IMAGES, 0),
    "real images absent, mark forgotten": (
        PASSES + REAL_IMAGES.replace("@pytest.mark.realdata", ""),
        1,
    ),
    "marked realdata, skipped for another reason": (
        PASSES + REAL_IMAGES.replace("shared_data):", "):\n    pytest.skip('later')"),
        1,
    ),
    "PostgreSQL absent": (PASSES + POSTGRESQL, 0),
    "PostgreSQL absent, mark forgotten": (
        PASSES + POSTGRESQL.replace("@pytest.mark.postgresql", ""),
        1,
    ),
    "skipped by a mark": (
        "import pytest\n@pytest.mark.skip(reason='no time')\ndef test_a(): pass\n" + PASSES,
        1,
    ),
    "skipped inside": ("import pytest\ndef test_a(): pytest.skip('no time')\n" + PASSES, 1),
    "the whole file skipped": (
        "import pytest\npytest.importorskip('no_such_package', reason='no time')\n" + PASSES,
        1,
    ),
    "expected to fail": ("import pytest\n@pytest.mark.xfail\ndef test_a(): assert 0\n", 0),
}


@pytest.fixture(autouse=True)
def bare_pytest(monkeypatch: pytest.MonkeyPatch) -> None:
    # The made-up suites need none of the installed plugins, and start faster without.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)


@pytest.mark.parametrize("name", SUITES)
def test_only_missing_real_images_may_skip(name: str, pytester: pytest.Pytester) -> None:
    source, exit_code = SUITES[name]
    pytester.makeconftest(CONFTEST)
    pytester.makepyprojecttoml(
        "[tool.pytest.ini_options]\nmarkers = ['realdata: images', 'postgresql: a server']\n"
    )
    pytester.makepyfile(test_made_up=source, test_other=PASSES)

    result = pytester.runpytest_inprocess("--fail-on-unexpected-skips", "-p", "no:cacheprovider")

    assert result.ret == exit_code
    # pytest's own closing line stays the last.
    assert "passed" in result.outlines[-1] or "xfailed" in result.outlines[-1]
    if exit_code:
        assert "unexpected skips" in result.stdout.str()


def test_without_the_option_a_skip_is_no_failure(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile("import pytest\ndef test_a(): pytest.skip('no time')\n")
    assert pytester.runpytest_inprocess().ret == 0
