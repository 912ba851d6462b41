"""What the report says, in words and numbers, for the web page and for paper alike."""

from __future__ import annotations

from typing import Any

from sertoli.outcomes._case_mix import CAVEAT, CRUDE_CAVEAT
from sertoli.outcomes._compare import CAVEAT as COMPARISON_CAVEAT
from sertoli.outcomes._compare import METHOD as COMPARISON_METHOD
from sertoli.outcomes._compare import PUBLISHED, PUBLISHED_SOURCE
from sertoli.outcomes._cusum import CHOICES, LEAST_BIOPSIES
from sertoli.outcomes._cusum import METHOD as CUSUM_METHOD
from sertoli.outcomes._measures import ICMART, MEASURES, RETRIEVAL
from sertoli.outcomes._medians import SPREADS, Median
from sertoli.outcomes._outcomes import ALL, CONTEXT, DISCLAIMER, NOT_STATED, Outcomes
from sertoli.outcomes._rates import METHODS, Rate
from sertoli.outcomes._tables import GROUPINGS

MOST_DRAWN = 40
ON_PAPER = {"retrieval_per_biopsy", "pregnancy_per_positive_biopsy"}
"""Measures in the tables by group on paper, which has no room for all."""

DASH = "\u2013"
HIDDEN = "hidden"
FOOTNOTES = dict(zip(METHODS, ("", "*", "\u2020"), strict=True))


def percent(share: float | None) -> str:
    """Write a share as a percentage with two decimals, as programmes print theirs."""
    return DASH if share is None else f"{100 * share:.2f} %"


def interval(low: float | None, high: float | None) -> str:
    """Write an interval of shares."""
    if low is None or high is None:
        return ""
    return f"{100 * low:.1f}{DASH}{100 * high:.1f} %"


def group_name(group: str) -> str:
    """Write a group for people: ``micro_tese`` as Micro-TESE."""
    known = {
        "micro_tese": "Micro-TESE",
        "conventional_tese": "conventional TESE",
        "tesa": "TESA",
        "mesa": "MESA",
        "pesa": "PESA",
        "fna_map": "FNA map",
        "azfa": "AZFa",
        "azfb": "AZFb",
        "azfc": "AZFc",
        "klinefelter": "Klinefelter",
        "": NOT_STATED,
    }
    return known.get(group, group.replace("_", " "))


def page(outcomes: Outcomes) -> dict[str, Any]:
    """Return all that both reports show, as plain values and finished words."""
    programme = outcomes.programme
    period = programme.period
    years = "no biopsies" if period is None else f"{period[0]}"
    if period and period[0] != period[1]:
        years = f"{period[0]}{DASH}{period[1]}"
    used = {
        cell.method
        for split in outcomes.rates.values()
        for groups in split.values()
        for cell in groups.values()
        if cell.method
    }
    return {
        "name": programme.name,
        "years": years,
        "as_of": programme.as_of.isoformat(),
        "disclaimer": DISCLAIMER,
        "synthetic": programme.synthetic_splits,
        "notes": list(programme.notes),
        "tiles": _tiles(outcomes),
        "rates": [
            {"title": measure.title, "of": _of(measure.events, measure.denominator)}
            | _rate_row(outcomes.rates[measure.key][ALL][ALL])
            for measure in MEASURES
            if measure.key in outcomes.rates
        ],
        "medians": [
            {"title": spread.title, "unit": spread.unit, "of": spread.of}
            | _median_row(outcomes.medians[spread.key][ALL][ALL])
            for spread in SPREADS
            if spread.key in outcomes.medians
        ],
        "groups": [table for grouping in GROUPINGS if (table := _group(outcomes, grouping))],
        "comparisons": [
            {
                "title": comparison.title,
                "of": comparison.denominator,
                "fresh": _rate_row(comparison.fresh),
                "frozen": _rate_row(comparison.frozen),
                "ratio": _ratio(comparison.ratio, comparison.low, comparison.high),
                "published": PUBLISHED[comparison.key],
            }
            for comparison in outcomes.comparisons
        ],
        "comparison_caveat": COMPARISON_CAVEAT,
        "comparison_method": COMPARISON_METHOD,
        "published_source": str(PUBLISHED_SOURCE),
        "clinics": _clinics(outcomes),
        "surgeons": _surgeons(outcomes),
        "caveat": CAVEAT,
        "crude_caveat": CRUDE_CAVEAT,
        "cusum_method": (
            f"Log likelihood ratio of halved odds, adjusted for diagnosis: {CUSUM_METHOD}; "
            f"{CHOICES}. Surgeons with fewer than {LEAST_BIOPSIES} men are left out."
        ),
        "incidence": _incidence(outcomes),
        "context": [f"{text} {source}" for text, source in CONTEXT],
        "methods": [
            f"{FOOTNOTES[method]} {text}".strip()
            for method, text in METHODS.items()
            if method in used
        ],
        "definitions": [
            "A biopsy is one procedure on one man. It is positive if a person confirmed a sperm; "
            "while a search is unfinished or unconfirmed the biopsy is open and in no rate of "
            "sperm found.",
            "Clinical pregnancy: sacs seen by ultrasound or definitive clinical signs, ectopic "
            f"included; miscarriage: loss before 22 completed weeks. {ICMART}",
            "A pregnancy that goes on, or whose outcome is not known, is in no rate of live birth.",
        ],
        "suppression": _suppression(outcomes),
    }


def charted(outcomes: Outcomes, grouping: str) -> dict[str, Rate]:
    """Return the cells that a chart of a grouping shows, by the group's name for people.

    Of many groups only the largest are drawn (`MOST_DRAWN`), in the order of their names; the
    tables hold all.
    """
    cells = outcomes.rates.get(RETRIEVAL.key, {}).get(grouping, {})
    known = {group: cell for group, cell in cells.items() if cell.rate is not None}
    largest = sorted(known, key=lambda group: -(known[group].denominator or 0))[:MOST_DRAWN]
    return {group_name(group): known[group] for group in sorted(largest)}


def _of(events: str, denominator: str) -> str:
    return f"{events} / {denominator}"


def _suppression(outcomes: Outcomes) -> str:
    if not outcomes.small_cells:
        return "No cell is hidden: for the clinic's own eyes, not to be passed on."
    return (
        f"Cells below {outcomes.small_cells} are hidden, and those from which they could be "
        "computed."
    )


def _number(count: int | None) -> str:
    return DASH if count is None else f"{count:,}"


def _tiles(outcomes: Outcomes) -> list[dict[str, str]]:
    counts = outcomes.counts
    all_of_them = {"value": _number(counts["biopsies"]), "label": "biopsies", "small": ""}
    if counts["biopsies"] is None:
        # Hidden beside a few open ones; the finished ones may still be shown.
        all_of_them |= {"value": _number(counts["finished"]), "label": "finished biopsies"}
    tiles = [
        all_of_them,
        {
            "value": percent(outcomes.retrieval.rate),
            "label": f"sperm found in {_number(counts['positive'])}",
            "small": f"95 % interval {interval(outcomes.retrieval.low, outcomes.retrieval.high)}"
            if outcomes.retrieval.low is not None
            else "",
        },
        {"value": _number(counts["pregnancies"]), "label": "clinical pregnancies", "small": ""},
    ]
    per_biopsy = outcomes.rates.get("pregnancy_per_positive_biopsy")
    if per_biopsy:
        cell = per_biopsy[ALL][ALL]
        tiles.append(
            {
                "value": percent(cell.rate),
                "label": "of positive biopsies led to a pregnancy",
                "small": f"95 % interval {interval(cell.low, cell.high)}" if cell.rate else "",
            }
        )
    if counts.get("live_births") is not None:
        tiles.append({"value": _number(counts["live_births"]), "label": "live births", "small": ""})
    if counts["open"]:
        tiles.append(
            {"value": _number(counts["open"]), "label": "biopsies still open", "small": ""}
        )
    return tiles


def _rate_row(cell: Rate) -> dict[str, Any]:
    if cell.suppressed:
        return {"count": HIDDEN, "rate": HIDDEN, "interval": "", "mark": "", "bar": None}
    return {
        "count": f"{cell.events:,} / {cell.denominator:,}",
        "rate": percent(cell.rate),
        "interval": interval(cell.low, cell.high),
        "mark": FOOTNOTES.get(cell.method, ""),
        "bar": None
        if cell.rate is None or cell.low is None or cell.high is None
        else [round(100 * end, 2) for end in (cell.low, cell.rate, cell.high)],
    }


def _median_row(cell: Median) -> dict[str, str]:
    if cell.suppressed:
        return {"men": HIDDEN, "median": HIDDEN, "unit": "", "interval": ""}
    between = (
        "" if cell.low is None or cell.high is None else f"{cell.low:.3g}{DASH}{cell.high:.3g}"
    )
    return {
        "men": f"{cell.men:,}",
        "median": DASH if cell.value is None else f"{cell.value:.3g}",
        "interval": between,
    }


def _group(outcomes: Outcomes, grouping: str) -> dict[str, Any] | None:
    """Return the table of a grouping: one row a group, one column a measure."""
    measures = [
        measure
        for measure in MEASURES
        if measure.key in outcomes.rates and grouping in outcomes.rates[measure.key]
    ]
    if not measures:
        return None
    groups = list(
        dict.fromkeys(
            group for measure in measures for group in outcomes.rates[measure.key][grouping]
        )
    )
    if len(groups) < 2:
        # One group is the whole programme once more.
        return None
    spreads = [
        spread
        for spread in SPREADS
        if spread.key in outcomes.medians and grouping in outcomes.medians[spread.key]
    ]
    return {
        "grouping": grouping,
        "drawn": len(charted(outcomes, grouping)),
        "groups": len(groups),
        "paper": [place for place, measure in enumerate(measures) if measure.key in ON_PAPER],
        "measures": [measure.title for measure in measures],
        "spreads": [f"{spread.title} ({spread.unit})" for spread in spreads],
        "rows": [
            {
                "group": group_name(group),
                "cells": [
                    _rate_row(cell)
                    if (cell := outcomes.rates[measure.key][grouping].get(group))
                    else _rate_row(Rate(0, 0, 0, None, None, None, ""))
                    for measure in measures
                ],
                "medians": [
                    _median_row(middle)
                    if (middle := outcomes.medians[spread.key][grouping].get(group))
                    else _median_row(Median(0, None, None, None))
                    for spread in spreads
                ],
            }
            for group in sorted(groups)
        ],
    }


def _ratio(ratio: float | None, low: float | None, high: float | None) -> str:
    if ratio is None:
        return "too little to say"
    return f"{ratio:.2f} ({low:.2f}{DASH}{high:.2f})"


def _clinics(outcomes: Outcomes) -> list[dict[str, str]]:
    if outcomes.funnel is None:
        return []
    return [
        {
            "clinic": group_name(point.clinic),
            "count": f"{point.positive:,} / {point.biopsies:,}",
            "men": f"{point.men:,}",
            "expected": f"{point.expected:.1f}",
            "adjusted": percent(point.adjusted_rate),
            "place": point.place,
        }
        for point in outcomes.funnel.points
    ]


def _surgeons(outcomes: Outcomes) -> list[dict[str, str]]:
    return [
        {
            "surgeon": group_name(cusum.surgeon),
            "biopsies": f"{len(cusum.score):,}",
            "above": f"{cusum.above_expected[-1]:+.1f}",
            "score": f"{cusum.score.max():.2f} of {cusum.limit:.2f}",
            "place": "crossed its limit" if cusum.crossed else "below its limit",
        }
        for cusum in outcomes.cusums
    ]


def _incidence(outcomes: Outcomes) -> dict[str, Any] | None:
    curve = outcomes.incidence
    if curve is None:
        return None
    return {
        "men": f"{curve.men:,}",
        "pregnancies": f"{curve.pregnancies:,}",
        "ended": f"{curve.ended:,}",
        "at": [
            f"{months} months: {percent(value)} ({interval(low, high)})"
            for months, value, low, high in curve.at
        ],
    }
