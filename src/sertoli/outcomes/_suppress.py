"""Small cells are hidden before anything leaves the clinic.

A cell is small if what it counts, what it does not count, its denominator, or the men or couples
behind it are between one and the limit. `sertoli.outcomes._hidden` finds them, and those that
would give them away.
"""

from __future__ import annotations

from dataclasses import replace

from sertoli.errors import SettingError
from sertoli.outcomes._compare import Comparison
from sertoli.outcomes._cusum import Cusum
from sertoli.outcomes._funnel import Funnel
from sertoli.outcomes._hidden import COUNTS, Key, hidden_numbers
from sertoli.outcomes._incidence import Incidence
from sertoli.outcomes._measures import MEASURES, RETRIEVAL
from sertoli.outcomes._medians import Median
from sertoli.outcomes._outcomes import ALL, Outcomes
from sertoli.outcomes._rates import Rate

DEFAULT_SMALL_CELLS = 5

_HIDDEN_RATE = Rate(None, None, None, None, None, None, "", suppressed=True)
_HIDDEN_MEDIAN = Median(None, None, None, None, suppressed=True)


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
    hidden = hidden_numbers(outcomes, small_cells)
    all_hidden = (ALL, ALL, RETRIEVAL.numerator) in hidden
    return replace(
        outcomes,
        counts={
            name: None if (COUNTS, "", name) in hidden else count
            for name, count in outcomes.counts.items()
        },
        retrieval=_HIDDEN_RATE if all_hidden else outcomes.retrieval,
        rates={
            measure.key: {
                grouping: {
                    group: _HIDDEN_RATE if (grouping, group, measure.numerator) in hidden else cell
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
                    group: _HIDDEN_MEDIAN if (grouping, group, key) in hidden else cell
                    for group, cell in groups.items()
                }
                for grouping, groups in split.items()
            }
            for key, split in outcomes.medians.items()
        },
        comparisons=tuple(_comparison(arms, small_cells) for arms in outcomes.comparisons),
        # The line of the whole programme stands in the funnel, and its points are drawn around it.
        funnel=None if all_hidden else _funnel(outcomes.funnel, hidden),
        cusums=tuple(
            cusum
            for cusum in outcomes.cusums
            if ("surgeon", cusum.surgeon, RETRIEVAL.numerator) not in hidden
            and not _small_course(cusum, small_cells)
        ),
        incidence=_incidence(outcomes.incidence, hidden, small_cells),
        small_cells=small_cells,
    )


def _small(limit: int, *numbers: int) -> bool:
    return any(0 < number < limit for number in numbers)


def _is_small(cell: Rate, limit: int) -> bool:
    events, total = cell.events or 0, cell.denominator or 0
    return _small(limit, events, total - events, total, cell.clusters or 0)


def _comparison(arms: Comparison, limit: int) -> Comparison:
    """Hide both arms if one is small: they add up to a rate that is shown."""
    if not (_is_small(arms.fresh, limit) or _is_small(arms.frozen, limit)):
        return arms
    return replace(arms, fresh=_HIDDEN_RATE, frozen=_HIDDEN_RATE, ratio=None, low=None, high=None)


def _funnel(funnel: Funnel | None, hidden: set[Key]) -> Funnel | None:
    """Keep the clinics whose rate may be shown: a point shows no other number than its cell."""
    if funnel is None:
        return None
    name = RETRIEVAL.numerator
    points = tuple(point for point in funnel.points if ("clinic", point.clinic, name) not in hidden)
    return replace(funnel, points=points) if points else None


def _small_course(cusum: Cusum, limit: int) -> bool:
    """Whether few of a surgeon's first biopsies were positive, or few negative."""
    return _small(limit, cusum.positive, len(cusum.score) - cusum.positive)


def _incidence(curve: Incidence | None, hidden: set[Key], limit: int) -> Incidence | None:
    if curve is None or (ALL, ALL, "positive_men") in hidden:
        return None
    waiting = curve.men - curve.pregnancies - curve.ended
    return None if _small(limit, curve.pregnancies, curve.ended, waiting) else curve
