"""How far a review is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReviewProgress:
    """How far a review is.

    Parameters
    ----------
    candidates : int
        Proposed by the search.
    open : int
        Of these nobody has looked at.
    confirmed, rejected : int
        Objects a person confirmed (those marked by hand included) or rejected.
    unsure : int
        Left open, or confirmed by one person and rejected by another.
    frames_total : int or None
        Frames to look through by eye, where no search was made; else 0.
    frames_looked : int
        Of these looked at.
    """

    candidates: int
    open: int
    confirmed: int
    rejected: int
    unsure: int
    frames_total: int | None = 0
    frames_looked: int = 0

    @property
    def share_reviewed(self) -> float:
        """Share of the work that is done, 0 to 1."""
        total = self.candidates + (self.frames_total or 0)
        done = self.candidates - self.open + self.frames_looked
        return 1.0 if not total else min(1.0, done / total)

    @property
    def unreviewed(self) -> int | None:
        """Candidates or frames nobody has looked at; None if nothing was looked at at all."""
        left = self.open + max(0, (self.frames_total or 0) - self.frames_looked)
        total = self.candidates + (self.frames_total or 0)
        return None if total and left == total else left
