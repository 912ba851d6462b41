"""The house itself: light start-up, clean locks, complete notices, one version, a whole wheel."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUNTIME_LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"

MOST_BYTES = 12_000_000
LIGHT = {"click", "colorama"}
"""What the start of the program may load besides the standard library."""

NOT_OURS = {".git", ".venv", ".hypothesis", "uv.lock", "runs", "data", "dist", "build"}
"""What may lie in the tree without being part of it (as .gitignore has it)."""


def files() -> Iterator[Path]:
    for top in sorted(ROOT.iterdir()):
        if top.name in NOT_OURS or top.name.endswith(("_cache", ".egg-info", ".partial")):
            continue
        if top.name.startswith("sertoli-demo"):  # what `make demo` leaves
            continue
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def locked(lock: Path) -> dict[str, list[Requirement]]:
    """Give the requirements of a lock by package; one package may differ from Python to Python."""
    found: dict[str, list[Requirement]] = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith((" ", "#")):
            requirement = Requirement(line.removesuffix("\\").strip())
            found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["no-such-command"], []])
def test_the_start_loads_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\n"
        "from sertoli.cli import main\n"
        "try:\n"
        f"    main({arguments!r})\n"
        "except SystemExit:\n"
        "    pass\n"
        "print('loaded:', *{name.split('.')[0] for name in sys.modules})\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.rpartition("loaded:")[2].split())
    heavy = {
        module
        for module, packages in packages_distributions().items()
        if not {canonicalize_name(name) for name in packages} <= LIGHT
        and canonicalize_name(packages[0]) in locked(RUNTIME_LOCK)
    }
    assert {"numpy", "cv2", "av", "onnxruntime", "pandas"} <= heavy
    assert loaded & heavy == set()


@pytest.mark.parametrize("lock", [RUNTIME_LOCK, DEV_LOCK], ids=lambda path: path.name)
def test_a_lock_has_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert re.findall(r"^-.*$", text, re.MULTILINE) == []
    entries = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
    assert len(entries) > 20
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize(
    ("lock", "extras"),
    [(RUNTIME_LOCK, []), (DEV_LOCK, ["dev"])],
    ids=["requirements.lock", "requirements-dev.lock"],
)
def test_a_lock_meets_what_the_project_asks_for(lock: Path, extras: list[str]) -> None:
    pins = locked(lock)
    wanted = list(PROJECT["project"]["dependencies"])
    for extra in extras:
        wanted += PROJECT["project"]["optional-dependencies"][extra]
    for line in wanted:
        requirement = Requirement(line)
        found = pins.get(canonicalize_name(requirement.name))
        assert found, f"{line}: run `make lock`"
        for pin in found:
            (version,) = [specifier.version for specifier in pin.specifier]
            assert requirement.specifier.contains(version), f"{line}: run `make lock`"
    assert "torch" not in pins


def test_the_dev_lock_holds_the_runtime_lock() -> None:
    runtime, dev = locked(RUNTIME_LOCK), locked(DEV_LOCK)
    # A development package can widen a marker (colorama on Windows), never change a version.
    for name, pins in runtime.items():
        assert [str(pin.specifier) for pin in pins] == [str(pin.specifier) for pin in dev[name]]


def test_the_notices_name_every_package_needed_to_run() -> None:
    text = (ROOT / "THIRD_PARTY_NOTICES.md").read_text(encoding="utf-8")
    table = text.split("## Packages needed to run")[1].split("\n### ")[0]
    rows = re.findall(r"^\| (\S+)[^|]*\| ([^|]+) \|", table, re.MULTILINE)
    named = {canonicalize_name(name) for name, _ in rows if name not in {"package", "---"}}
    assert named == set(locked(RUNTIME_LOCK))


def test_the_version_is_the_same_everywhere() -> None:
    version = PROJECT["project"]["version"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^version: (\S+)$", citation, re.MULTILINE) == [version]
    releases = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", changelog, re.MULTILINE)
    assert releases[0][0] == version
    assert f"date-released: {releases[0][1]}" in citation


def test_no_file_is_large() -> None:
    assert [path for path in files() if path.stat().st_size > MOST_BYTES] == []


# Written so that this file does not find itself.
PRIVATE = [
    r"https?://[^\s)]*(?:pyp[i]|/simpl[e]/)",
    r"file[:]//",
    r"(?<![\w.])/(?:wor[k]|roo[t]|hom[e]/\w+|User[s]/\w+|opt/pyp[i]|opt/wheel[s])(?=/|\b)",
    r"--(?:extra-)?index-ur[l]|--find-link[s]",
]


def test_no_file_names_a_place_of_one_machine() -> None:
    found = []
    for path in files():
        content = path.read_bytes()
        if b"\0" in content:
            continue
        text = content.decode("utf-8")
        found += [
            f"{path.relative_to(ROOT)}: {match.group()}"
            for pattern in PRIVATE
            for match in re.finditer(pattern, text)
        ]
    assert found == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Build the wheel without a network and name its files."""
    place = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)],
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        check=True,
        capture_output=True,
    )
    (path,) = place.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def test_the_wheel_holds_the_whole_package(wheel: list[str]) -> None:
    package = ROOT / "src"
    ours = {
        path.relative_to(package).as_posix()
        for path in (package / "sertoli").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert "sertoli/py.typed" in ours
    assert ours <= set(wheel)


def test_the_wheel_holds_nothing_else(wheel: list[str]) -> None:
    tops = {name.split("/")[0] for name in wheel}
    version = PROJECT["project"]["version"]
    assert tops == {"sertoli", f"sertoli-{version}.dist-info"}
    assert not [name for name in wheel if "research" in name or "non-commercial" in name]
    licences = {name.rpartition("/")[2] for name in wheel if "/licenses/" in name}
    assert licences == {"LICENSE", "THIRD_PARTY_NOTICES.md"}
