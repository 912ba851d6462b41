"""The import rules of the house, read from the source of every module.

The table is the design's: which room may import which. It says nothing of packages from outside,
but for those that a room without pixels, or the package as a whole, has no business with.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src"

SHARED = {"errors", "journal", "optics", "outputs"}
"""Every room may import these; they import only each other."""

IMAGING = {"frames", "phantom", "phantom.world", "phantom.render", "enhance", "tubules", "sperm"}
BELOW_OPERATION = IMAGING | {"search", "sampling", "trial", "case", "outcomes"}

MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "journal": set(),
    "optics": set(),
    "outputs": set(),
    "frames": set(),
    "phantom.world": set(),
    "phantom.render": {"phantom.world", "frames"},
    "phantom": {"phantom.world", "phantom.render", "frames"},
    "enhance": {"frames"},
    "tubules": {"frames", "enhance"},
    "sperm": {"frames"},
    "search": {"frames", "sperm"},
    "sampling": set(),
    "trial": {"sampling", "phantom.world"},
    "case": set(),
    "outcomes": {"case"},
    "operation": BELOW_OPERATION,
    "exchange": BELOW_OPERATION,
    "station": {"operation", "outcomes", "exchange"},
    "weights": set(),
    "cli": BELOW_OPERATION | {"operation", "exchange", "station", "weights"},
}

NO_PIXELS = {"phantom.world", "sampling", "trial", "case"}
PIXEL_PACKAGES = {"cv2", "av", "tifffile", "imagecodecs", "PIL", "skimage", "onnxruntime"}
NEVER = {"torch", "ultralytics"}
"""Torch only trains, in `training/` and where a user's own frames are learnt from; ultralytics is
AGPL."""

LEARNS = "sertoli.sperm.learning"
"""The one place of the package that may load torch, when somebody learns."""


def room_of(module: str) -> str:
    """Name the room of ``sertoli.a.b.c``; the halves of the phantom are rooms of their own."""
    parts = module.split(".")[1:]
    if parts[:1] == ["phantom"] and parts[1:2] in (["world"], ["render"]):
        return ".".join(parts[:2])
    return parts[0] if parts else ""


def imported(module: str, is_package: bool, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Give (line, dotted name) of everything imported, wherever in the module it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".")
                parts = parts[: len(parts) - node.level + is_package]
                base = ".".join([*parts, base] if base else parts)
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"


def violations(module: str, source: str, is_package: bool = False) -> list[str]:
    """Name every import of ``module`` that breaks a rule."""
    room = room_of(module)
    if room not in MAY_IMPORT and room not in {"", "__main__"}:
        return [f"{module}: the room {room!r} is not in the table of rooms"]
    found = []
    for line, name in imported(module, is_package, ast.parse(source)):
        top = name.split(".")[0]
        here = f"{module}:{line} imports {name}"
        if top in NEVER and not (top == "torch" and module.startswith(LEARNS)):
            found.append(f"{here}: not in the package")
        if top in PIXEL_PACKAGES and room in NO_PIXELS:
            found.append(f"{here}: {room} holds no pixels")
        if top != "sertoli" or name in {"sertoli", "sertoli.__main__"}:
            continue
        other = room_of(name)
        if other == room or room in {"", "__main__"}:
            continue
        if any(part.startswith("_") for part in name.split(".")[2:]):
            found.append(f"{here}: private to {other}")
        allowed = MAY_IMPORT[room] | (SHARED if room != "weights" else set())
        if other not in allowed:
            found.append(f"{here}: {room} may not import {other}")
    return found


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted((SOURCE / "sertoli").rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


@pytest.mark.parametrize(("module", "path"), [pytest.param(m, p, id=m) for m, p in modules()])
def test_imports_follow_the_table(module: str, path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert violations(module, source, path.name == "__init__.py") == []


MADE_UP = {
    "a room not allowed": ("sertoli.frames._video", "from sertoli.sperm import Detections"),
    "a record in an imaging room": ("sertoli.sperm._detector", "import sertoli.case"),
    "the station in an imaging room": ("sertoli.tubules._rank", "from sertoli import station"),
    "another room's private module": (
        "sertoli.search._run",
        "from sertoli.sperm._sightings import Detections",
    ),
    "a private name of another room": ("sertoli.search._run", "from sertoli.sperm import _peaks"),
    "inside a function": (
        "sertoli.sperm._detector",
        "def f() -> None:\n    from sertoli.search import run",
    ),
    "relative, to a neighbour": ("sertoli.frames._video", "from ..sperm import Detections"),
    "the world importing the renderer": (
        "sertoli.phantom.world._cells",
        "from sertoli.phantom.render import camera",
    ),
    "the world importing its house": (
        "sertoli.phantom.world._cells",
        "from sertoli.phantom import dish",
    ),
    "the world reading pixels": ("sertoli.phantom.world._cells", "import cv2"),
    "the advice reading pixels": ("sertoli.sampling._belief", "from PIL import Image"),
    "shared modules stay at the bottom": ("sertoli.errors", "import sertoli.frames"),
    "torch": ("sertoli.sperm._detector", "import torch.nn as nn"),
    "a room nobody planned": ("sertoli.helpers.text", "import re"),
}


@pytest.mark.parametrize("name", MADE_UP)
def test_a_violation_is_found(name: str) -> None:
    module, source = MADE_UP[name]
    assert len(violations(module, source)) >= 1


LAWFUL = {
    "own private module": (
        "sertoli.sperm.evaluation._match",
        "from sertoli.sperm._sightings import Detections",
    ),
    "public face of an allowed room": (
        "sertoli.search._run",
        "from sertoli.frames import FrameSource\nfrom sertoli.errors import InputError",
    ),
    "the renderer importing the world": (
        "sertoli.phantom.render._draw",
        "import cv2\nfrom sertoli.phantom.world import Dish",
    ),
    "relative, inside": ("sertoli.frames._video", "from ._frame import Frame"),
    "torch where a user's own frames are learnt from": (
        "sertoli.sperm.learning._graph",
        "def f() -> None:\n    import torch",
    ),
    "a command": ("sertoli.cli.search", "from sertoli.search import search"),
}


@pytest.mark.parametrize("name", LAWFUL)
def test_what_is_allowed_passes(name: str) -> None:
    module, source = LAWFUL[name]
    assert violations(module, source) == []


def test_relative_imports_resolve_in_a_package_too() -> None:
    assert violations("sertoli.frames", "from ._frame import Frame", is_package=True) == []
    assert violations("sertoli.frames", "from ..sperm import Detections", is_package=True)
