"""Where a figure comes from and how solid it is: carried by every rule and shown beside it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """How a published figure was checked before it was built in."""

    VERIFIED = "V"
    SECOND_HAND = "V2"
    RECALLED = "R"
    DERIVED = "D"
    OURS = "ours"

    @property
    def meaning(self) -> str:
        """Say in words what the mark stands for."""
        return _MEANING[self]


_MEANING = {
    Mark.VERIFIED: "read in the abstract or page named",
    Mark.SECOND_HAND: "read second-hand",
    Mark.RECALLED: "recalled, not checked",
    Mark.DERIVED: "arithmetic on checked figures",
    Mark.OURS: "a choice of this program",
}


@dataclass(frozen=True)
class Source:
    """The origin of a rule or figure.

    Parameters
    ----------
    citation : str
        Author and year, registry number or page: enough to find it.
    mark : Mark
        How it was checked.
    """

    citation: str
    mark: Mark

    def __str__(self) -> str:
        return f"{self.citation} [{self.mark}: {self.mark.meaning}]"
