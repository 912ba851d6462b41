"""Which numbers may not be shown, and which others would give them away.

Every number of the report has a name, and measures that count the same thing share it. Small
numbers are hidden first; then, until nothing changes, what repeats a hidden number, and what a
hidden number could be computed from: groups add up to the whole, surgeons to the clinics in which
nobody but they operates, finished and open biopsies to all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sertoli.outcomes._measures import MEASURES, Measure
from sertoli.outcomes._medians import SPREADS
from sertoli.outcomes._outcomes import ALL, Outcomes
from sertoli.outcomes._rates import Rate

Key = tuple[str, str, str]
"""(grouping, group, name of the number)."""

COUNTS = "counts"
"""Stands for the grouping of the plain counts."""

SAME = {
    "finished": ("finished",),
    "positive": ("positive",),
    "men": ("men",),
    "pregnancies": ("pregnancies", "pregnancy_cycles", "pregnancy_biopsies"),
    "live_births": ("births", "birth_cycles"),
}
"""Plain counts that tell what a number of some measure is, or nearly so."""


@dataclass(frozen=True)
class Sum:
    """Numbers that add up: the parts to the wholes.

    Parameters
    ----------
    parts, wholes : tuple of Key
    spare : tuple of Key
        Those that may be hidden to keep another one secret, the first ones first.
    """

    parts: tuple[Key, ...]
    wholes: tuple[Key, ...]
    spare: tuple[Key, ...]

    def gives_away(self, hidden: set[Key], values: Mapping[Key, int], limit: int) -> bool:
        """Whether one hidden number, or a small sum of several, could be computed."""
        parts = [part for part in self.parts if part in hidden]
        wholes = [whole for whole in self.wholes if whole in hidden]
        if parts and wholes:
            return False
        gone = parts or wholes
        return len(gone) == 1 or 0 < sum(values[number] for number in gone) < limit


def hidden_numbers(outcomes: Outcomes, limit: int) -> set[Key]:
    """Name the numbers to hide so that none below a limit can be had from the others."""
    values = _values(outcomes)
    hidden = {key for key, value in values.items() if 0 < value < limit}
    same = list(_same(outcomes))
    sums = list(_sums(outcomes, values))
    before = -1
    while before != len(hidden):
        before = len(hidden)
        hidden |= {other for key, other in same if key in hidden}
        for total in sums:
            if total.gives_away(hidden, values, limit):
                hidden |= set([key for key in total.spare if key not in hidden][:1])
    return hidden


def _names(measure: Measure) -> tuple[str, str, str, str]:
    """Name the four numbers of a cell: events, the others, denominator, men or couples."""
    numerator, divisor = measure.numerator, measure.divisor
    return numerator, f"{divisor} without {numerator}", divisor, f"clusters of {divisor}"


def _numbers(cell: Rate) -> tuple[int, int, int, int]:
    events, total = cell.events or 0, cell.denominator or 0
    return events, total - events, total, cell.clusters or 0


def _values(outcomes: Outcomes) -> dict[Key, int]:
    values = {(COUNTS, "", name): count or 0 for name, count in outcomes.counts.items()}
    for measure in MEASURES:
        for grouping, groups in outcomes.rates.get(measure.key, {}).items():
            for group, cell in groups.items():
                for name, number in zip(_names(measure), _numbers(cell), strict=True):
                    values.setdefault((grouping, group, name), number)
    for key, split in outcomes.medians.items():
        for grouping, groups in split.items():
            values |= {(grouping, group, key): cell.men or 0 for group, cell in groups.items()}
    return values


def _same(outcomes: Outcomes) -> Iterator[tuple[Key, Key]]:
    """Give (number, another that would tell it, or that is hidden in the same cell)."""
    for measure in MEASURES:
        events, others, total, clusters = _names(measure)
        for grouping, groups in outcomes.rates.get(measure.key, {}).items():
            for group in groups:
                for name in (others, total, clusters):
                    yield (grouping, group, name), (grouping, group, events)
                yield (grouping, group, events), (grouping, group, others)
    for spread in SPREADS:
        for grouping, groups in outcomes.medians.get(spread.key, {}).items():
            for group in groups:
                yield (grouping, group, spread.number), (grouping, group, spread.key)
    for count, names in SAME.items():
        for name in names:
            yield (ALL, ALL, name), (COUNTS, "", count)


def _sums(outcomes: Outcomes, values: Mapping[Key, int]) -> Iterator[Sum]:
    groups: dict[tuple[str, str], list[Key]] = defaultdict(list)
    for key in values:
        grouping, _, name = key
        if grouping not in {ALL, COUNTS}:
            groups[grouping, name].append(key)
    houses = _houses(outcomes)
    for (grouping, name), keys in groups.items():
        yield _total(keys, [(ALL, ALL, name)], values)
        if grouping == "clinic":
            for clinics, surgeons in houses:
                wholes = [("clinic", clinic, name) for clinic in clinics]
                parts = [("surgeon", surgeon, name) for surgeon in surgeons]
                wholes, parts = ([key for key in of if key in values] for of in (wholes, parts))
                if parts and wholes:
                    yield _total(parts, wholes, values)
    biopsies, still_open, finished = (
        (COUNTS, "", name) for name in ("biopsies", "open", "finished")
    )
    yield Sum((still_open, finished), (biopsies,), (biopsies, still_open))


def _total(parts: list[Key], wholes: list[Key], values: Mapping[Key, int]) -> Sum:
    # A zero beside a lone hidden number would hide nothing: zeros come last.
    smallest = sorted(parts, key=lambda key: (values[key] == 0, values[key], key))
    return Sum(tuple(parts), tuple(wholes), tuple(smallest))


def _houses(outcomes: Outcomes) -> list[tuple[list[str], list[str]]]:
    """Return the clinics that share surgeons, directly or not, and these surgeons.

    A clinic whose surgeons operate nowhere else stands alone.
    """
    pairs = outcomes.programme.biopsies[["clinic", "surgeon"]].astype(str).drop_duplicates()
    houses: list[tuple[set[str], set[str]]] = []
    for clinic, rows in pairs.groupby("clinic"):
        clinics, surgeons = {str(clinic)}, set(rows["surgeon"])
        for house in [one for one in houses if one[1] & surgeons]:
            houses.remove(house)
            clinics, surgeons = clinics | house[0], surgeons | house[1]
        houses.append((clinics, surgeons))
    return [(sorted(clinics), sorted(surgeons)) for clinics, surgeons in houses]
