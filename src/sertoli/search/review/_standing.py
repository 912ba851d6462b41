"""What the journal's decisions come to, candidate by candidate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from sertoli.search.review._candidates import (
    LEAST_REACH_PX,
    Candidate,
    is_near,
    only_marked,
    place_id,
)
from sertoli.search.review._decisions import Decision, Place, Verdict
from sertoli.search.review._findings_table import FindingsTable, Integers


class State(StrEnum):
    """Where a candidate stands."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    UNSURE = "unsure"
    DISPUTED = "disputed"
    """One person confirmed and another one rejected it."""


@dataclass(slots=True)
class Standing:
    """The last decision of each person on a candidate."""

    by: dict[str, Decision] = field(default_factory=dict)

    @property
    def state(self) -> State:
        """What they come to; who is unsure leaves it to the others."""
        said = {one.verdict for one in self.by.values()}
        if {Verdict.CONFIRM, Verdict.REJECT} <= said:
            return State.DISPUTED
        for verdict, state in (
            (Verdict.CONFIRM, State.CONFIRMED),
            (Verdict.REJECT, State.REJECTED),
            (Verdict.UNSURE, State.UNSURE),
        ):
            if verdict in said:
                return state
        return State.OPEN


def in_force(decisions: Sequence[Decision]) -> list[Decision]:
    """Return the decisions that nobody has undone, undoing lines left out."""
    undone = {one.undoes for one in decisions if one.undoes}
    return [one for one in decisions if one.id not in undone and one.verdict is not None]


class PlaceFinder:
    """Finds the candidate that a place belongs to.

    Parameters
    ----------
    table : FindingsTable
    found : sequence of (Candidate, ndarray of int64)
        The candidates with their rows of the table.
    """

    def __init__(self, table: FindingsTable, found: Sequence[tuple[Candidate, Integers]]) -> None:
        self._order: Integers = np.argsort(table.frame, kind="stable")
        self._frame = table.frame[self._order]
        self._box = table.box_px[self._order]
        self._name = {row: one.id for one, rows in found for row in rows.tolist()}
        self._known: dict[tuple[Place, ...], str | None] = {}

    def find(self, place: Place) -> str | None:
        """Return the id of the nearest one within reach, None if there is none."""
        start, end = np.searchsorted(self._frame, [place.frame, place.frame + 1])
        if start == end:
            return None
        box = self._box[start:end]
        apart = np.hypot(box[:, 0] - place.x_px, box[:, 1] - place.y_px)
        reach = np.maximum(box[:, 2:].max(axis=1) / 2, LEAST_REACH_PX)
        apart = np.where(apart <= reach, apart, np.inf)
        nearest = int(apart.argmin())
        if not np.isfinite(apart[nearest]):
            return None
        return self._name[int(self._order[start + nearest])]

    def find_any(self, places: tuple[Place, ...]) -> str | None:
        """Return the candidate that most of the places belong to."""
        if places not in self._known:  # asked again at every decision
            self._known[places] = self._vote(places)
        return self._known[places]

    def _vote(self, places: tuple[Place, ...]) -> str | None:
        votes: dict[str, int] = {}
        for place in places:
            name = self.find(place)
            if name is not None:
                votes[name] = votes.get(name, 0) + 1
        return max(votes, key=lambda name: votes[name]) if votes else None


def stand(
    decisions: Sequence[Decision], finder: PlaceFinder
) -> tuple[dict[str, Standing], list[Candidate]]:
    """Lay decisions on candidates.

    Returns
    -------
    standings : dict
        By candidate; those nobody decided on are left out.
    extras : list of Candidate
        What was confirmed or left open where this search found nothing: marked by hand, or found
        by an earlier search.
    """
    standings: dict[str, Standing] = {}
    extras: list[Candidate] = []
    for decision in in_force(decisions):
        if not decision.places:
            continue
        name = finder.find_any(decision.places) or _extra(extras, decision)
        standings.setdefault(name, Standing()).by[decision.by] = decision
    return standings, extras


def _extra(extras: list[Candidate], decision: Decision) -> str:
    for extra in extras:
        if any(is_near(one, other) for one in decision.places for other in extra.places):
            return extra.id
    extra = only_marked(decision.places, f"{place_id(decision.places[0])}-marked")
    while any(extra.id == other.id for other in extras):
        extra = only_marked(decision.places, f"{extra.id}+")
    extras.append(extra)
    return extra.id
