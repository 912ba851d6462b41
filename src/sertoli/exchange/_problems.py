"""What is wrong with an import, said so that a person finds the place."""

from __future__ import annotations

from dataclasses import dataclass

SHOWN = 60
"""Characters of a foreign value that a message repeats."""


@dataclass(frozen=True)
class Problem:
    """Something that keeps an import from being entered.

    Parameters
    ----------
    file : str
        Name of the file.
    row : int or None
        Row as a spreadsheet counts it, the header being 1; None: the file as a whole.
    column : str or None
        Header of the column; None: the row as a whole.
    what, remedy : str
        What is wrong, and how to mend it.
    """

    file: str
    row: int | None
    column: str | None
    what: str
    remedy: str

    def __str__(self) -> str:
        place = [self.file]
        if self.row is not None:
            place.append(f"row {self.row}")
        if self.column is not None:
            place.append(f"column {self.column!r}")
        return f"{', '.join(place)}: {self.what}; {self.remedy}"


def short(value: object) -> str:
    """Return a foreign value for a message, quoted and cut off."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
