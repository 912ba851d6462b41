"""Small cells are hidden before anything leaves the clinic.

A cell is small if what it counts, what it does not count, its denominator, or the men or couples
behind it are between one and the limit. Hiding it is not enough: a single hidden cell of a
column could be had by subtraction from the total, and the same number may stand in another rate.
So the next smallest cell goes with a lone one, and a number that is hidden once is hidden
everywhere for that group.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sertoli.errors import SettingError
from sertoli.outcomes._measures import MEASURES, RETRIEVAL
from sertoli.outcomes._medians import Median
from sertoli.outcomes._outcomes import ALL, Outcomes
from sertoli.outcomes._rates import Rate

DEFAULT_SMALL_CELLS = 5

_HIDDEN_RATE = Rate(None, None, None, None, None, None, "", suppressed=True)
_HIDDEN_MEDIAN = Median(None, None, None, None, suppressed=True)

Hidden = set[tuple[str, str, str]]
"""(grouping, group, name of the number)."""


def suppress(outcomes: Outcomes, small_cells: int = DEFAULT_SMALL_CELLS) -> Outcomes:
    """Hide every cell below a limit, and those from which it could be computed.

    Parameters
    ----------
    outcomes : Outcomes
    small_cells : int
        The limit; 0 hides nothing, which is for the clinic's own eyes.

    Raises
    ------
    SettingError
        If the limit is below zero.
    """
    if small_cells < 0:
        raise SettingError(f"--small-cells cannot be {small_cells}", "give 0 or more")
    if small_cells <= 1:
        return replace(outcomes, small_cells=0)
    hidden = _hidden(outcomes, small_cells)
    clinics, surgeons = (_groups_hidden(hidden, grouping) for grouping in ("clinic", "surgeon"))
    comparisons = tuple(
        replace(
            comparison, fresh=_HIDDEN_RATE, frozen=_HIDDEN_RATE, ratio=None, low=None, high=None
        )
        if _is_small(comparison.fresh, small_cells) or _is_small(comparison.frozen, small_cells)
        else comparison
        for comparison in outcomes.comparisons
    )
    incidence = outcomes.incidence
    if incidence and _small(small_cells, incidence.pregnancies, incidence.ended):
        incidence = None
    funnel = outcomes.funnel
    if funnel:
        points = tuple(point for point in funnel.points if point.clinic not in clinics)
        funnel = replace(funnel, points=points) if points else None
    all_hidden = (ALL, ALL, RETRIEVAL.numerator) in hidden
    return replace(
        outcomes,
        counts={
            name: None
            if count is not None
            and (_small(small_cells, count) or (name == "positive" and all_hidden))
            else count
            for name, count in outcomes.counts.items()
        },
        retrieval=_HIDDEN_RATE if all_hidden else outcomes.retrieval,
        rates={
            measure.key: {
                grouping: {
                    group: _HIDDEN_RATE
                    if hidden
                    & {(grouping, group, measure.numerator), (grouping, group, measure.divisor)}
                    else cell
                    for group, cell in groups.items()
                }
                for grouping, groups in outcomes.rates[measure.key].items()
            }
            for measure in MEASURES
            if measure.key in outcomes.rates
        },
        medians={
            key: {
                grouping: {
                    group: _HIDDEN_MEDIAN if _small(small_cells, cell.men or 0) else cell
                    for group, cell in groups.items()
                }
                for grouping, groups in split.items()
            }
            for key, split in outcomes.medians.items()
        },
        comparisons=comparisons,
        funnel=funnel,
        cusums=tuple(cusum for cusum in outcomes.cusums if cusum.surgeon not in surgeons),
        incidence=incidence,
        small_cells=small_cells,
    )


def _small(limit: int, *numbers: int) -> bool:
    return any(0 < number < limit for number in numbers)


def _is_small(cell: Rate, limit: int) -> bool:
    events, total = cell.events or 0, cell.denominator or 0
    return _small(limit, events, total - events, total, cell.clusters or 0)


def _hidden(outcomes: Outcomes, limit: int) -> Hidden:
    """Name the numbers to hide, until none of them can be had from the others."""
    hidden: Hidden = set()
    while True:
        before = len(hidden)
        for measure in MEASURES:
            for grouping, groups in outcomes.rates.get(measure.key, {}).items():
                names = (measure.numerator, measure.divisor)
                for group, cell in groups.items():
                    hidden |= {
                        (grouping, group, name) for name in _small_names(cell, limit, *names)
                    }
                for name, number in zip(names, ("events", "denominator"), strict=True):
                    hidden |= set(_with_company(hidden, grouping, groups, name, number))
        if len(hidden) == before:
            return hidden


def _small_names(cell: Rate, limit: int, numerator: str, divisor: str) -> Iterator[str]:
    events, total = cell.events or 0, cell.denominator or 0
    if _small(limit, events, total - events, cell.clusters or 0):
        yield numerator
    if _small(limit, total):
        yield divisor


def _with_company(
    hidden: Hidden, grouping: str, groups: Mapping[str, Rate], name: str, number: str
) -> Iterator[tuple[str, str, str]]:
    """Give the next smallest cell where a single one of a column is hidden."""
    gone = [group for group in groups if (grouping, group, name) in hidden]
    shown = [group for group in groups if group not in gone]
    if grouping != ALL and len(gone) == 1 and shown:
        yield grouping, min(shown, key=lambda group: getattr(groups[group], number)), name


def _groups_hidden(hidden: Hidden, grouping: str) -> set[str]:
    names = {RETRIEVAL.numerator, RETRIEVAL.divisor}
    return {group for where, group, name in hidden if where == grouping and name in names}
