"""The mission's own year, and made-up programmes of any size."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from sertoli.outcomes._measures import MEASURES
from sertoli.outcomes._tables import BIOPSIES, CYCLES, FRESH, FROZEN, TRANSFERS, Programme

EXAMPLE_BIOPSIES = 23
EXAMPLE_POSITIVE = 13
EXAMPLE_PREGNANCIES = 6

_SPLIT = {"Madrid": (12, 7), "Valencia": (11, 6)}
"""Biopsies and positives by clinic: made up, only the sums are known."""


def example_programme() -> Programme:
    """Return the year 2016 of the programme that this project starts from.

    23 Micro-TESE biopsies, 13 positive, 6 pregnancies after IVF with microinjection [V]. Known
    are these totals of a group with clinics in Madrid and Valencia. The split by clinic and the
    days are made up, and nothing else is: what is not known is not shown.
    """
    biopsies: list[dict[str, object]] = [
        {
            "biopsy_id": f"{clinic}-{number + 1}",
            "man_id": f"{clinic}-man-{number + 1}",
            "clinic": clinic,
            "date": date(2016, 1 + number, 15),
            "technique": "micro_tese",
            # Spread over the year: every so many biopsies one is positive.
            "outcome": "positive" if (number * positive) % count < positive else "negative",
        }
        for clinic, (count, positive) in _SPLIT.items()
        for number in range(count)
    ]
    positives = [row for row in biopsies if row["outcome"] == "positive"]
    led = positives[::2][:EXAMPLE_PREGNANCIES]
    cycles = [
        {
            "cycle_id": f"cycle-{row['biopsy_id']}",
            "couple_id": row["man_id"],
            "biopsy_id": row["biopsy_id"],
            "clinic": row["clinic"],
            "date": row["date"],
            "technique": row["technique"],
        }
        for row in led
    ]
    transfers = [
        {
            "transfer_id": f"transfer-{row['cycle_id']}",
            "cycle_id": row["cycle_id"],
            "date": row["date"],
            "clinical_pregnancy": True,
        }
        for row in cycles
    ]
    known = {"retrieval_per_biopsy", "pregnancy_per_biopsy", "pregnancy_per_positive_biopsy"}
    return Programme(
        name="The programme's year 2016",
        as_of=date(2016, 12, 31),
        biopsies=_frame(biopsies, list(BIOPSIES)),
        cycles=_frame(cycles, list(CYCLES)),
        transfers=_frame(transfers, list(TRANSFERS)),
        notes=(
            "Known are the totals: 23 biopsies, 13 positive, 6 pregnancies. The split by clinic "
            "is synthetic.",
            "How many men, cycles and transfers stand behind the totals is not known: every "
            "biopsy is taken as another man, and rates per cycle or transfer are not given.",
        ),
        synthetic_splits=True,
        unknown=frozenset({measure.key for measure in MEASURES} - known | {"time_to_pregnancy"}),
    )


def _frame(rows: list[dict[str, object]], columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(rows).reindex(columns=columns)


DIAGNOSES = {
    "obstructive": (0.10, 0.97),
    "idiopathic non-obstructive": (0.55, 0.42),
    "klinefelter": (0.12, 0.48),
    "azfc": (0.08, 0.60),
    "cryptorchidism": (0.15, 0.62),
}
"""Share of the made-up men, and chance of sperm: shaped to look plausible, and measured nowhere."""


def synthetic_programme(
    men: int, *, clinics: int = 8, years: int = 5, seed: int = 0, surgeons_per_clinic: int = 3
) -> Programme:
    """Make up a programme, for tests, pictures and measurements of speed.

    Parameters
    ----------
    men : int
    clinics, years, surgeons_per_clinic : int
    seed : int
        The same seed makes the same programme.

    Returns
    -------
    Programme
        Nothing in it is a clinical finding, and its notes say so.
    """
    rng = np.random.default_rng(seed)
    as_of = date(2025, 12, 31)
    start = np.datetime64(date(2026 - years, 1, 1))
    biopsies = _made_up_biopsies(rng, men, clinics, surgeons_per_clinic, start, 365 * years)
    cycles = _made_up_cycles(rng, biopsies)
    transfers = _made_up_transfers(rng, cycles)
    last = np.datetime64(as_of)
    transfers = transfers[transfers["date"] <= last]
    cycles = cycles[cycles["date"] <= last]
    transfers = transfers[transfers["cycle_id"].isin(cycles["cycle_id"])]
    return Programme(
        name=f"A made-up programme of {men:,} men",
        as_of=as_of,
        biopsies=biopsies,
        cycles=cycles,
        transfers=transfers,
        notes=("Every row is made up by a random generator. No figure here is a finding.",),
        synthetic_splits=True,
    )


def _made_up_biopsies(
    rng: np.random.Generator,
    men: int,
    clinics: int,
    surgeons: int,
    start: np.datetime64,
    days: int,
) -> pd.DataFrame:
    names = list(DIAGNOSES)
    shares = np.array([DIAGNOSES[name][0] for name in names])
    # One man in eight comes back for a second biopsy.
    man = np.concatenate([np.arange(men), np.flatnonzero(rng.random(men) < 0.125)])
    first = rng.integers(0, days - 200, men)
    day = first[man] + np.where(np.arange(len(man)) >= men, rng.integers(90, 200, len(man)), 0)
    clinic = rng.choice(clinics, men, p=_uneven(clinics))[man]
    surgeon = rng.integers(0, surgeons, len(man))
    diagnosis = rng.choice(len(names), men, p=shares / shares.sum())[man]
    chance = np.array([DIAGNOSES[name][1] for name in names])[diagnosis]
    # A man's own luck stays with him from biopsy to biopsy.
    luck = rng.normal(0, 1.0, men)[man]
    skill = rng.normal(0, 0.15, clinics)[clinic]
    odds = np.log(chance / (1 - chance)) + luck + skill
    outcome = np.where(rng.random(len(man)) < 1 / (1 + np.exp(-odds)), "positive", "negative")
    outcome = np.where(rng.random(len(man)) < 0.01, "open", outcome)
    sperm = np.where(outcome == "positive", rng.geometric(0.04, len(man)), 0).astype(float)
    complicated = (rng.random(len(man)) < 0.05).astype(float)
    ended = rng.random(men)[man] < 0.35
    ended_on = start + day + rng.integers(100, 700, len(man))
    going_on = ~ended | (ended_on > start + days)
    return pd.DataFrame(
        {
            "biopsy_id": [f"B{number:07d}" for number in range(len(man))],
            "man_id": [f"M{number:07d}" for number in man],
            "clinic": [f"Clinic {number + 1:02d}" for number in clinic],
            "surgeon": [
                f"Surgeon {where + 1:02d}-{who + 1}"
                for where, who in zip(clinic, surgeon, strict=True)
            ],
            "date": start + day,
            "diagnosis": np.array(names)[diagnosis],
            "technique": np.where(rng.random(len(man)) < 0.8, "micro_tese", "conventional_tese"),
            "outcome": outcome,
            "tissue_mg": rng.gamma(2.0, 40.0, len(man)).round(1),
            "sperm": sperm,
            "search_min": rng.gamma(4.0, 40.0, len(man)).round(),
            "complications": complicated,
            "severe_complications": complicated * (rng.random(len(man)) < 0.1),
            "ended_on": pd.to_datetime(pd.Series(ended_on)).mask(pd.Series(going_on)),
        }
    )


def _uneven(count: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    sizes = np.linspace(1.0, 4.0, count)
    return np.asarray(sizes / sizes.sum())


def _made_up_cycles(rng: np.random.Generator, biopsies: pd.DataFrame) -> pd.DataFrame:
    positive = biopsies[biopsies["outcome"] == "positive"]
    rows = positive.loc[positive.index.repeat(rng.integers(1, 4, len(positive)))]
    rows = rows.reset_index(drop=True)
    number = rows.groupby("biopsy_id").cumcount().to_numpy()
    injected = rng.integers(2, 14, len(rows))
    aspirated = rng.random(len(rows)) < 0.95
    injected = np.where(aspirated, injected, 0)
    couple_luck = rng.normal(0.0, 0.5, len(rows))
    chance = 1 / (1 + np.exp(-(0.3 + couple_luck)))
    fresh = (number == 0) & (rng.random(len(rows)) < 0.5)
    return pd.DataFrame(
        {
            "cycle_id": [f"C{index:07d}" for index in range(len(rows))],
            "couple_id": rows["man_id"],
            "biopsy_id": rows["biopsy_id"],
            "clinic": rows["clinic"],
            "surgeon": rows["surgeon"],
            "diagnosis": rows["diagnosis"],
            "technique": rows["technique"],
            "date": rows["date"] + pd.to_timedelta(150 * number, unit="D"),
            "sperm_state": np.where(fresh, FRESH, FROZEN),
            "aspirated": aspirated,
            "injected": injected,
            "fertilised": rng.binomial(injected, chance),
        }
    )


def _made_up_transfers(rng: np.random.Generator, cycles: pd.DataFrame) -> pd.DataFrame:
    usable = cycles[cycles["fertilised"] > 0].reset_index(drop=True)
    rows = usable[rng.random(len(usable)) < 0.85].reset_index(drop=True)
    pregnant = rng.random(len(rows)) < 0.32
    lost = pregnant & (rng.random(len(rows)) < 0.2)
    day = rows["date"] + pd.Timedelta(days=5)
    waiting = pregnant & ~lost & (day > pd.Timestamp(2025, 5, 1)).to_numpy()
    return pd.DataFrame(
        {
            "transfer_id": [f"T{index:07d}" for index in range(len(rows))],
            "cycle_id": rows["cycle_id"],
            "date": day,
            "clinical_pregnancy": pregnant,
            "miscarriage": pd.Series(lost, dtype="boolean").mask(waiting),
            "live_birth": pd.Series(pregnant & ~lost, dtype="boolean").mask(waiting),
        }
    )
