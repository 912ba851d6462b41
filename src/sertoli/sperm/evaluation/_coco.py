"""Fields of a JSON file that somebody else wrote: each as what it should be, or refused."""

from __future__ import annotations

import json
import reprlib
from pathlib import Path
from typing import Any, TypeGuard

from sertoli.errors import InputError

MAX_FRAMES = 2**53
"""Frames are numbered below this: from here on a number of a table is no longer exact."""

MAX_PX = 1e9
"""No picture is larger; squares of what is within it can still be reckoned with."""


def read_json(path: Path, remedy: str = "give a COCO file") -> Any:
    """Return what a JSON file holds.

    Raises
    ------
    InputError
        If it cannot be read or is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(
            f"cannot read {path}: {error.strerror or error}", "check the name and its permissions"
        ) from error
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path} is not JSON: {error}", remedy) from error
    except ValueError as error:  # Python reads no whole number of more than 4300 digits
        raise InputError(f"{path} has a number of thousands of digits", remedy) from error


def shown(value: object) -> str:
    """Return a value as an error message shows it, however long or deep it is."""
    return reprlib.repr(value)


def place_of(annotation: dict[str, Any], number: int, path: Path) -> str:
    """Name an annotation for a message: by its id, or else by its place in the list."""
    return f"annotation {shown(annotation.get('id', number))} of {path}"


def read_integer(item: dict[str, Any], key: str, where: str) -> int:
    """Return a whole number; true and false are none."""
    value = item.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise InputError(f"{where} has {key} {shown(value)}", "it should be a whole number")
    return value


def read_frame(item: dict[str, Any], where: str) -> int:
    """Return the number of a frame."""
    frame = read_integer(item, "frame", where)
    if not 0 <= frame < MAX_FRAMES:
        raise InputError(f"{where} has frame {shown(frame)}", "frames count from 0")
    return frame


def read_text(item: dict[str, Any], key: str, where: str) -> str:
    """Return a text that every encoding can hold, or a number as text; empty where unknown."""
    value = item.get(key)
    if value is None:
        return ""
    if not isinstance(value, (str, int, float)):
        raise InputError(f"{where} has {key} {shown(value)}", "it should be text")
    # JSON can spell half a character, which no file can be written with
    return str(value).encode("utf-8", "replace").decode("utf-8")


def read_score(item: dict[str, Any], where: str) -> float:
    """Return the probability of a finding."""
    value = item.get("score")
    # compared before it becomes a float: whole numbers have no bounds in JSON
    if _is_number(value) and 0 <= value <= 1:
        return float(value)
    raise InputError(
        f"{where} has score {shown(value)}", "every finding needs a number from 0 to 1 there"
    )


def read_box(annotation: dict[str, Any], where: str) -> list[float]:
    """Return ``bbox`` as four floats."""
    box = annotation.get("bbox")
    if isinstance(box, list) and len(box) == 4:
        sides = [float(v) for v in box if _is_number(v) and -MAX_PX <= v <= MAX_PX]
        if len(sides) == 4:
            return sides
    raise InputError(
        f"{where} has bbox {shown(box)}",
        f"a box is [x, y, width, height] in px, each within {MAX_PX:,.0f}",
    )


def read_objects(data: Any, key: str, path: Path, remedy: str) -> list[dict[str, Any]]:
    """Return the list of objects that a file has under a key."""
    value = data.get(key) if isinstance(data, dict) else None
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise InputError(f"{path} has no list '{key}'", remedy)
    return value


def read_ids(items: list[dict[str, Any]], kind: str, path: Path) -> list[int]:
    """Return the ids of the images or categories of a file, each of which occurs once."""
    ids = [read_integer(item, "id", f"one of the {kind} of {path}") for item in items]
    if len(set(ids)) < len(ids):
        raise InputError(f"{path} gives the same id to several {kind}", "number them apart")
    return ids


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
