"""What the summary of a search says that a reader of its evaluation must know."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sertoli.errors import InputError
from sertoli.sperm.evaluation._coco import MAX_FRAMES, read_json, read_text, shown

_TABLES = ("findings.csv", "findings.coco.json")
"""Files that a search writes beside its summary."""

_REMEDY = "give the folder as sertoli search wrote it"


@dataclass(frozen=True, slots=True)
class Searched:
    """How findings came about.

    Parameters
    ----------
    weights : dict or None
        ``name``, ``sha256`` and ``restriction`` of the detector's weights, None where not
        said.
    unsearched : str
        A sentence on what was not searched; empty where all was.
    """

    weights: dict[str, str | None] | None = None
    unsearched: str = ""


def read_searched(findings: Path) -> Searched:
    """Read ``summary.json`` in a search's folder, or beside the findings of one.

    Raises
    ------
    InputError
        If it is there and is not what a search writes.
    """
    if findings.is_dir():
        file = findings / "summary.json"
    elif findings.name in _TABLES:
        file = findings.with_name("summary.json")
    else:
        return Searched()
    said = read_json(file, _REMEDY) if file.is_file() else None
    if not isinstance(said, dict) or said.get("command") != "search":
        return Searched()
    return Searched(_weights(said.get("weights"), file), _unsearched(said, file))


def _weights(said: Any, file: Path) -> dict[str, str | None] | None:
    if said is None:
        return None
    if not isinstance(said, dict):
        raise InputError(f"{file} has weights {shown(said)}", _REMEDY)
    return {
        key: read_text(said, key, f"'weights' of {file}") or None
        for key in ("name", "sha256", "restriction")
    }


def _unsearched(said: dict[str, Any], file: Path) -> str:
    stopped = said.get("stopped", False)
    if not isinstance(stopped, bool):
        raise InputError(f"{file} has stopped {shown(stopped)}", _REMEDY)
    searched = _count(said, "frames_searched", file) or 0
    total = _count(said, "frames_total", file)
    unread = (_count(said, "files_skipped", file) or 0) + (_count(said, "frames_lost", file) or 0)
    # a recording does not always say its length, and the rest of a stopped one is not counted
    unknown = stopped and total is None
    missing = max(unread, 0 if total is None else total - searched)
    if not missing and not unknown:
        return ""
    number = "an unknown number of images" if unknown else f"{missing:,} of the search's images"
    reasons = [
        *(["the search was stopped before its end"] if stopped else []),
        *([f"{unread:,} could not be read"] if unread else []),
    ]
    why = f" ({'; '.join(reasons)})" if reasons else ""
    return f"Not searched: {number}{why}. The truth's images among them count as searched in vain."


def _count(said: dict[str, Any], key: str, file: Path) -> int | None:
    value = said.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < MAX_FRAMES:
        raise InputError(f"{file} has {key} {shown(value)}", _REMEDY)
    return value
