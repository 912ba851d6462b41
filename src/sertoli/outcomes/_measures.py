"""The measures: what is counted, of what, and who counts more than once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from sertoli.case.evidence import Mark, Source
from sertoli.outcomes._tables import GROUPINGS, NEGATIVE, POSITIVE, Programme

ICMART = Source("ICMART 2017", Mark.VERIFIED)

_KEPT = list(GROUPINGS)


@dataclass(frozen=True)
class Measure:
    """One thing that is counted.

    Parameters
    ----------
    key : str
        Name in files.
    title : str
        Name on the page.
    events, denominator : str
        What is counted, and of what: both in words, because a rate without its denominator
        says nothing.
    counts : callable
        Gives a table with ``cluster``, ``events``, ``trials`` and the group columns.
    numerator, divisor : str
        Names of the two numbers: measures with the same name show the same number, and where it
        is too small to be shown, none of them shows it.
    """

    key: str
    title: str
    events: str
    denominator: str
    counts: Callable[[Programme], pd.DataFrame]
    numerator: str
    divisor: str


def _table(rows: pd.DataFrame, cluster: str, events: pd.Series, trials: pd.Series) -> pd.DataFrame:
    # Numbers for names: the same table is grouped by every column in turn.
    return rows[_KEPT].assign(
        cluster=pd.factorize(rows[cluster])[0],
        events=events.astype(float),
        trials=trials.astype(float),
    )


def finished(programme: Programme) -> pd.DataFrame:
    """Return the biopsies whose search is finished and confirmed."""
    biopsies = programme.biopsies
    return biopsies[biopsies["outcome"].isin([POSITIVE, NEGATIVE])]


def _retrieval(programme: Programme) -> pd.DataFrame:
    rows = finished(programme)
    return _table(rows, "man_id", rows["outcome"] == POSITIVE, pd.Series(1.0, index=rows.index))


def _per_man(programme: Programme) -> pd.DataFrame:
    """Count each man once, under the groups of his last finished biopsy."""
    rows = finished(programme).sort_values("date", kind="stable")
    positive = rows["outcome"].eq(POSITIVE).groupby(rows["man_id"]).transform("max")
    last = rows.assign(found=positive).drop_duplicates("man_id", keep="last")
    return _table(last, "man_id", last["found"], pd.Series(1.0, index=last.index))


def _fertilisation(programme: Programme) -> pd.DataFrame:
    rows = programme.cycles[programme.cycles["injected"] > 0]
    return _table(rows, "couple_id", rows["fertilised"], rows["injected"])


def _known(transfers: pd.DataFrame, event: str) -> pd.DataFrame:
    return transfers.assign(
        happened=transfers[event].fillna(False).astype(bool), unknown=transfers[event].isna()
    )


def cycles_with(programme: Programme, event: str) -> pd.DataFrame:
    """Return the cycles whose outcome is known, with ``happened``.

    A cycle in which the event happened is known; else every transfer of it has to be known.
    """
    per_cycle = (
        _known(programme.transfers, event).groupby("cycle_id")[["happened", "unknown"]].any()
    )
    cycles = programme.cycles.join(per_cycle, on="cycle_id")
    for name in ("happened", "unknown"):
        # Without a transfer nothing can have happened, and nothing is left to be known.
        cycles[name] = cycles[name].eq(True)
    return cycles[cycles["happened"] | ~cycles["unknown"]]


def _per_cycle(event: str, *, aspirated: bool) -> Callable[[Programme], pd.DataFrame]:
    def counts(programme: Programme) -> pd.DataFrame:
        rows = cycles_with(programme, event)
        if aspirated:
            rows = rows[rows["aspirated"]]
        return _table(rows, "couple_id", rows["happened"], pd.Series(1.0, index=rows.index))

    return counts


def _per_transfer(
    event: str, *, among_pregnancies: bool = False
) -> Callable[[Programme], pd.DataFrame]:
    def counts(programme: Programme) -> pd.DataFrame:
        transfers = programme.transfers
        if among_pregnancies:
            transfers = transfers[transfers["clinical_pregnancy"].eq(True).fillna(False)]
        rows = _known(transfers, event)
        rows = rows[~rows["unknown"]].merge(
            programme.cycles[["cycle_id", "couple_id", *_KEPT]], on="cycle_id"
        )
        return _table(rows, "couple_id", rows["happened"], pd.Series(1.0, index=rows.index))

    return counts


def _pregnancy_per_biopsy(*, positive_only: bool) -> Callable[[Programme], pd.DataFrame]:
    def counts(programme: Programme) -> pd.DataFrame:
        rows = finished(programme)
        if positive_only:
            rows = rows[rows["outcome"] == POSITIVE]
        cycles = cycles_with(programme, "clinical_pregnancy")
        led = cycles.loc[cycles["happened"], "biopsy_id"]
        return _table(rows, "man_id", rows["biopsy_id"].isin(led), pd.Series(1.0, index=rows.index))

    return counts


def _complications(column: str) -> Callable[[Programme], pd.DataFrame]:
    def counts(programme: Programme) -> pd.DataFrame:
        rows = programme.biopsies[programme.biopsies[column].notna()]
        return _table(rows, "man_id", rows[column] > 0, pd.Series(1.0, index=rows.index))

    return counts


RETRIEVAL = Measure(
    "retrieval_per_biopsy",
    "Sperm found, per biopsy",
    "biopsies with sperm that a person confirmed",
    "biopsies with a finished, confirmed search",
    _retrieval,
    "positive",
    "finished",
)

MEASURES = (
    RETRIEVAL,
    Measure(
        "retrieval_per_man",
        "Sperm found, per man",
        "men with sperm found in any biopsy",
        "men with a finished, confirmed search",
        _per_man,
        "positive_men",
        "men",
    ),
    Measure(
        "fertilisation",
        "Fertilisation",
        "oocytes with two pronuclei",
        "oocytes injected (ICSI)",
        _fertilisation,
        "fertilised",
        "injected",
    ),
    Measure(
        "pregnancy_per_biopsy",
        "Clinical pregnancy, per biopsy",
        "biopsies whose sperm led to a clinical pregnancy",
        "biopsies with a finished, confirmed search",
        _pregnancy_per_biopsy(positive_only=False),
        "pregnancy_biopsies",
        "finished",
    ),
    Measure(
        "pregnancy_per_positive_biopsy",
        "Clinical pregnancy, per positive biopsy",
        "biopsies whose sperm led to a clinical pregnancy",
        "biopsies in which sperm were found",
        _pregnancy_per_biopsy(positive_only=True),
        "pregnancy_biopsies",
        "positive",
    ),
    Measure(
        "pregnancy_per_initiated_cycle",
        "Clinical pregnancy, per initiated cycle",
        "cycles with a clinical pregnancy from any of their transfers",
        "initiated cycles",
        _per_cycle("clinical_pregnancy", aspirated=False),
        "pregnancy_cycles",
        "cycles",
    ),
    Measure(
        "pregnancy_per_aspiration_cycle",
        "Clinical pregnancy, per aspiration cycle",
        "cycles with a clinical pregnancy from any of their transfers",
        "cycles with oocytes aspirated",
        _per_cycle("clinical_pregnancy", aspirated=True),
        "pregnancy_cycles",
        "aspirations",
    ),
    Measure(
        "pregnancy_per_transfer",
        "Clinical pregnancy, per transfer",
        "clinical pregnancies",
        "embryo transfers, fresh and frozen",
        _per_transfer("clinical_pregnancy"),
        "pregnancies",
        "transfers",
    ),
    Measure(
        "live_birth_per_initiated_cycle",
        "Live birth, per initiated cycle",
        "cycles with a live birth from any of their transfers",
        "initiated cycles whose outcome is known",
        _per_cycle("live_birth", aspirated=False),
        "birth_cycles",
        "cycles_known",
    ),
    Measure(
        "live_birth_per_aspiration_cycle",
        "Live birth, per aspiration cycle",
        "cycles with a live birth from any of their transfers",
        "cycles with oocytes aspirated whose outcome is known",
        _per_cycle("live_birth", aspirated=True),
        "birth_cycles",
        "aspirations_known",
    ),
    Measure(
        "live_birth_per_transfer",
        "Live birth, per transfer",
        "transfers that led to a live birth",
        "embryo transfers whose outcome is known",
        _per_transfer("live_birth"),
        "births",
        "transfers_known",
    ),
    Measure(
        "miscarriage",
        "Miscarriage, per clinical pregnancy",
        "clinical pregnancies lost before 22 completed weeks",
        "clinical pregnancies whose outcome is known",
        _per_transfer("miscarriage", among_pregnancies=True),
        "miscarriages",
        "pregnancies_known",
    ),
    Measure(
        "complications",
        "Complications, per biopsy",
        "biopsies followed by any complication",
        "biopsies whose complications are known",
        _complications("complications"),
        "complications",
        "biopsies_looked_at",
    ),
    Measure(
        "severe_complications",
        "Complications of grade 3 and above, per biopsy",
        "biopsies followed by a complication of Clavien-Dindo grade 3 and above",
        "biopsies whose complications are known",
        _complications("severe_complications"),
        "severe_complications",
        "biopsies_looked_at",
    ),
)
"""All rates of the report, in its order. Pregnancy, cycle and miscarriage as `ICMART` has them."""
