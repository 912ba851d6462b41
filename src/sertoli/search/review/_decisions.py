"""The journal of a review: every decision is a line, none is ever changed or removed.

``review.jsonl`` holds one JSON object a line, brought to the disk before a decision counts as
taken. A line that a kill left torn is closed by the next one and passed over. Undoing is a line of
its own. What is decided is a place in an input (known by its content's hash), not a row of
``findings.csv``: so decisions hold on when the input is searched again.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from sertoli.errors import InputError, OutputError, SettingError
from sertoli.outputs import KEPT_NAME
from sertoli.search.review._lock import locked

DECISIONS_NAME = KEPT_NAME

MAX_NAME_CHARACTERS = 64
MAX_LINE_BYTES = 1 << 16

PATIENCE_S = 10.0
"""While a search replaces its folder the journal is away for a moment."""


class Verdict(StrEnum):
    """What a person says of a candidate."""

    CONFIRM = "confirm"
    REJECT = "reject"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a head was seen: centre and size of its box in px, in a frame (0-based)."""

    frame: int
    x_px: float
    y_px: float
    width_px: float
    height_px: float


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of the journal.

    Parameters
    ----------
    id : str
        Of the line.
    at : str
        When, ISO 8601 with the offset.
    by : str
        Who.
    input_content : str
        Hash of the input.
    verdict : Verdict or None
        None for a line that undoes another.
    places : tuple of Place
        Where it was seen; a few of the best sightings of one object.
    marked : bool
        The person pointed at the place, no detector did.
    undoes : str or None
        Id of the line that no longer counts.
    looked : int or None
        A frame that the person looked through by eye (no verdict).
    """

    id: str
    at: str
    by: str
    input_content: str
    verdict: Verdict | None
    places: tuple[Place, ...] = ()
    marked: bool = False
    undoes: str | None = None
    looked: int | None = None


def checked_name(by: str) -> str:
    """Return who decides, if it can be written down.

    Raises
    ------
    SettingError
        If it is empty, too long or holds control characters.
    """
    name = by.strip()
    if not 0 < len(name) <= MAX_NAME_CHARACTERS or not name.isprintable():
        raise SettingError(
            "who reviews is empty, too long or holds control characters",
            f"give --by 1 to {MAX_NAME_CHARACTERS} printable characters, such as initials",
        )
    return name


def new_decision(
    by: str,
    input_content: str,
    verdict: Verdict | None,
    places: Sequence[Place] = (),
    *,
    marked: bool = False,
    undoes: str | None = None,
    looked: int | None = None,
) -> Decision:
    """Return a decision taken now."""
    now = datetime.now(UTC).astimezone().isoformat(timespec="milliseconds")
    return Decision(
        uuid.uuid4().hex, now, by, input_content, verdict, tuple(places), marked, undoes, looked
    )


class DecisionJournal:
    """Appends to ``review.jsonl`` and reads it; several may do so at once.

    Parameters
    ----------
    folder : Path
        Which holds the journal; `begin`, or the first decision, makes what is not there.

    Raises
    ------
    OutputError
        If it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / DECISIONS_NAME
        self._is_begun = self.path.exists()
        try:
            if self._is_begun:
                with self.path.open("ab"):
                    pass
            elif folder.exists():
                with TemporaryFile(dir=folder):
                    pass
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def begin(self) -> None:
        """Make the journal, empty, and its folder, where they are not there.

        Raises
        ------
        OutputError
            If that cannot be.
        """
        if not self._is_begun:
            with self._opened():
                pass

    def append(self, decision: Decision) -> None:
        """Add a decision; when this returns it is on the disk.

        Raises
        ------
        OutputError
            If it cannot be written: then it does not count.
        """
        line = json.dumps(_to_json(decision), ensure_ascii=False, separators=(",", ":")).encode()
        while True:
            with self._opened() as file:
                file.seek(0, os.SEEK_END)
                # a kill in the middle of a line: this one must not be glued to it
                torn = file.tell() > 0 and not _ends_whole(file)
                file.write((b"\n" if torn else b"") + line + b"\n")
                file.flush()
                os.fsync(file.fileno())
                written = os.fstat(file.fileno())
            with contextlib.suppress(OSError):
                if os.path.samestat(written, self.path.stat()):
                    return
            # a search replaced the folder meanwhile: write it where the folder stands now

    @property
    def size_bytes(self) -> int:
        """How long it is now, 0 while it is away: longer than before means others decided."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def read(self) -> list[Decision]:
        """Return every whole line, in order; a line copied twice counts once.

        Raises
        ------
        InputError
            If the journal cannot be read.
        """
        if not self._is_begun and not self.path.exists():
            return []
        try:
            with self._opened() as file:
                file.seek(0)
                lines = file.read().split(b"\n")
        except OSError as error:
            raise InputError(
                f"cannot read {self.path}: {error.strerror or error}", "mend its permissions"
            ) from error
        decisions: dict[str, Decision] = {}
        for line in lines:
            decision = _from_line(line)
            if decision is not None:
                decisions.setdefault(decision.id, decision)
        return list(decisions.values())

    @contextlib.contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        begun = time.monotonic()
        while True:
            try:
                file = self.path.open("r+b" if self._is_begun else "a+b")
                break
            except OSError as error:
                if time.monotonic() - begun > PATIENCE_S:
                    raise _unwritable(self.path, error) from error
                time.sleep(0.05)
        self._is_begun = True
        try:
            with file, locked(file):
                yield file
        except OSError as error:
            raise _unwritable(self.path, error) from error


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"cannot write decisions to {path}: {error.strerror or error}",
        "make room or mend the permissions; all decisions before are kept",
    )


def _ends_whole(file: BinaryIO) -> bool:
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


def _to_json(decision: Decision) -> dict[str, Any]:
    line: dict[str, Any] = {
        "id": decision.id,
        "at": decision.at,
        "by": decision.by,
        "input": decision.input_content,
        "verdict": None if decision.verdict is None else decision.verdict.value,
    }
    if decision.places:
        line["places"] = [
            [one.frame, *(round(v, 2) for v in (one.x_px, one.y_px, one.width_px, one.height_px))]
            for one in decision.places
        ]
    if decision.marked:
        line["marked"] = True
    if decision.undoes:
        line["undoes"] = decision.undoes
    if decision.looked is not None:
        line["looked"] = decision.looked
    return line


def _from_line(line: bytes) -> Decision | None:
    if not line or len(line) > MAX_LINE_BYTES:
        return None
    try:
        told = json.loads(line)
        verdict = told["verdict"]
        decision = Decision(
            id=str(told["id"]),
            at=str(told["at"]),
            by=str(told["by"]),
            input_content=str(told["input"]),
            verdict=None if verdict is None else Verdict(verdict),
            places=tuple(
                Place(int(frame), float(x), float(y), float(w), float(h))
                for frame, x, y, w, h in told.get("places", [])
            ),
            marked=told.get("marked") is True,
            undoes=told.get("undoes"),
            looked=None if told.get("looked") is None else int(told["looked"]),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    numbers = [v for p in decision.places for v in (p.x_px, p.y_px, p.width_px, p.height_px)]
    return decision if all(math.isfinite(v) for v in numbers) else None
