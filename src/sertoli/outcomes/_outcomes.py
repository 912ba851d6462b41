"""Everything that the report says, computed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from sertoli.case.evidence import Mark, Source
from sertoli.outcomes._case_mix import CAVEAT
from sertoli.outcomes._compare import CAVEAT as COMPARISON_CAVEAT
from sertoli.outcomes._compare import METHOD as COMPARISON_METHOD
from sertoli.outcomes._compare import PUBLISHED_SOURCE, Comparison, comparisons
from sertoli.outcomes._cusum import Cusum, cusums
from sertoli.outcomes._funnel import Funnel, funnel
from sertoli.outcomes._incidence import Incidence, incidence
from sertoli.outcomes._measures import MEASURES, RETRIEVAL, finished
from sertoli.outcomes._medians import SPREADS, Median, Spread, median_of_all, medians_by
from sertoli.outcomes._rates import METHODS, Rate, overall, rates_by
from sertoli.outcomes._tables import GROUPINGS, OPEN, POSITIVE, Programme

SCHEMA_VERSION = 1
DISCLAIMER = "Research software, not a medical device."
ALL = "all"
NOT_STATED = "not stated"

Split = Mapping[str, Mapping[str, Any]]
"""Grouping (or ``all``) -> group -> `Rate` or `Median`."""

CONTEXT = (
    (
        "For Micro-TESE: 15 studies, 1,890 men, success 1.5 times (1.4-1.6) that of conventional "
        "TESE.",
        Source("Bernie 2015", Mark.VERIFIED),
    ),
    (
        "Against: 117 studies, 21,404 men, sperm found in 46 % (43-49) by conventional TESE and "
        "46 % (42-49) by Micro-TESE.",
        Source("Corona 2019", Mark.SECOND_HAND),
    ),
    (
        "Fresh against frozen testicular sperm in NOA: fertilisation RR 1.02, clinical pregnancy "
        "RR 1.03 (0.86-1.24), live birth RR 1.11 (0.88-1.41).",
        PUBLISHED_SOURCE,
    ),
    (
        "Vienna consensus for ejaculated sperm: normal fertilisation at least 65 % (competence), "
        "80 % (benchmark). Testicular sperm run lower.",
        Source("Vienna consensus", Mark.SECOND_HAND),
    ),
)
"""What has been published, as context; never a target."""


@dataclass(frozen=True)
class Outcomes:
    """The outcomes of a programme.

    Parameters
    ----------
    programme : Programme
        Where they come from; its tables are not in any file that is written.
    counts : mapping of str to int or None
        Plain numbers; None where suppressed.
    retrieval : Rate
        Sperm found per biopsy, over all.
    rates, medians : mapping of measure to `Split`
    comparisons : tuple of Comparison
        Fresh against frozen sperm.
    funnel : Funnel or None
    cusums : tuple of Cusum
    incidence : Incidence or None
    small_cells : int
        Cells below this are suppressed; 0 if none are.
    """

    programme: Programme
    counts: Mapping[str, int | None]
    retrieval: Rate
    rates: Mapping[str, Split]
    medians: Mapping[str, Split]
    comparisons: tuple[Comparison, ...]
    funnel: Funnel | None
    cusums: tuple[Cusum, ...]
    incidence: Incidence | None
    small_cells: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the content of ``summary.json``."""
        programme = self.programme
        return {
            "schema_version": SCHEMA_VERSION,
            "sertoli_version": version("sertoli"),
            "disclaimer": DISCLAIMER,
            "command": "outcomes",
            "name": programme.name,
            "as_of": programme.as_of.isoformat(),
            "period": programme.period,
            **self.counts,
            "retrieval_rate": self.retrieval.to_json()["rate"],
            "retrieval_rate_low": self.retrieval.to_json()["low"],
            "retrieval_rate_high": self.retrieval.to_json()["high"],
            "small_cells": self.small_cells,
            "synthetic_splits": programme.synthetic_splits,
            "notes": list(programme.notes),
            "rates": {
                measure.key: {
                    "title": measure.title,
                    "events": measure.events,
                    "denominator": measure.denominator,
                    **_plain(self.rates[measure.key]),
                }
                for measure in MEASURES
                if measure.key in self.rates
            },
            "medians": {
                spread.key: {
                    "title": spread.title,
                    "unit": spread.unit,
                    "of": spread.of,
                    **_plain(self.medians[spread.key]),
                }
                for spread in SPREADS
                if spread.key in self.medians
            },
            "fresh_against_frozen": {
                "method": COMPARISON_METHOD,
                "caveat": COMPARISON_CAVEAT,
                "published_source": str(PUBLISHED_SOURCE),
                **{comparison.key: comparison.to_json() for comparison in self.comparisons},
            },
            "clinics": {
                "caveat": CAVEAT,
                "points": [point.to_json() for point in self.funnel.points] if self.funnel else [],
            },
            "surgeons": {
                "caveat": CAVEAT,
                "cusums": [cusum.to_json() for cusum in self.cusums],
            },
            "time_to_pregnancy": self.incidence.to_json() if self.incidence else None,
            "methods": METHODS,
            "published_context": [
                {"text": text, "source": str(source)} for text, source in CONTEXT
            ],
        }


def _plain(split: Split) -> dict[str, Any]:
    return {
        grouping: (
            groups[ALL].to_json()
            if grouping == ALL
            else {group or NOT_STATED: cell.to_json() for group, cell in groups.items()}
        )
        for grouping, groups in split.items()
    }


def compute(programme: Programme) -> Outcomes:
    """Compute all outcomes of a programme, with nothing suppressed: see `suppress`.

    Notes
    -----
    A grouping of which nothing is known (all rows empty) is left out, and so is a measure
    without any denominator.
    """
    counted = {
        measure.key: _rates(measure.counts(programme))
        for measure in MEASURES
        if measure.key not in programme.unknown
    }
    spread = {
        spread.key: _medians(programme, spread)
        for spread in SPREADS
        if spread.key not in programme.unknown
    }
    return Outcomes(
        programme=programme,
        counts=_counts(programme),
        retrieval=overall(RETRIEVAL.counts(programme)),
        rates={key: split for key, split in counted.items() if split},
        medians={key: split for key, split in spread.items() if split},
        comparisons=() if "fertilisation" in programme.unknown else comparisons(programme),
        funnel=funnel(programme),
        cusums=cusums(programme),
        incidence=None if "time_to_pregnancy" in programme.unknown else incidence(programme),
    )


def _medians(programme: Programme, spread: Spread) -> dict[str, dict[str, Median]]:
    middle = median_of_all(programme, spread)
    if not middle.men:
        return {}
    return {ALL: {ALL: middle}} | {
        grouping: dict(medians_by(programme, spread, grouping))
        for grouping in GROUPINGS
        if _known(programme.biopsies, grouping)
    }


def _known(table: Any, grouping: str) -> bool:
    return bool((table[grouping].astype(str) != "").any())


def _rates(table: Any) -> dict[str, dict[str, Rate]]:
    if table.empty or not table["trials"].sum():
        return {}
    return {ALL: {ALL: overall(table)}} | {
        grouping: dict(rates_by(table, grouping))
        for grouping in GROUPINGS
        if _known(table, grouping)
    }


def _counts(programme: Programme) -> dict[str, int | None]:
    biopsies, transfers = programme.biopsies, programme.transfers
    pregnant = transfers["clinical_pregnancy"].eq(True).fillna(False)
    counts: dict[str, int | None] = {
        "biopsies": len(biopsies),
        "finished": len(finished(programme)),
        "open": int((biopsies["outcome"] == OPEN).sum()),
        "positive": int((biopsies["outcome"] == POSITIVE).sum()),
        "men": biopsies["man_id"].nunique(),
        "cycles": len(programme.cycles),
        "transfers": len(transfers),
        "pregnancies": int(pregnant.sum()),
        "live_births": int(transfers["live_birth"].eq(True).fillna(False).sum()),
    }
    hidden = {
        "men": "retrieval_per_man",
        "cycles": "pregnancy_per_initiated_cycle",
        "transfers": "pregnancy_per_transfer",
        "live_births": "live_birth_per_transfer",
    }
    return counts | {name: None for name, measure in hidden.items() if measure in programme.unknown}
