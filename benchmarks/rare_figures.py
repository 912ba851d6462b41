"""Figures of a search for rare sperm: recall, false candidates, and how far a reviewer reads.

Dishes are the units that are drawn anew in every bootstrap: fields of one dish are alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree
from statsmodels.stats.proportion import proportion_confint

from benchmarks.rare_dishes import NO_SPERM, DishRecord

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Interval = tuple[float, float]

SAME_OBJECT_UM = 3.0
"""Candidates of different fields nearer than this are one object: less than a head's length."""

SHARE_TO_MEET = 0.9
BOOTSTRAPS = 1000
LEVEL = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class ReviewList:
    """Objects of all dishes in the order in which a person would look at them.

    Parameters
    ----------
    probability : ndarray, (N,)
        Falling.
    dish : ndarray, (N,)
    is_new_sperm : ndarray, (N,) bool
        True for the first object of each sperm that can be seen.
    sperm : ndarray, (dishes,)
        Visible sperm of each dish, met or not.
    fields : ndarray, (dishes,)
    """

    probability: Floats
    dish: Integers
    is_new_sperm: npt.NDArray[np.bool_]
    sperm: Integers
    fields: Integers


def merged(record: DishRecord) -> tuple[Floats, Integers]:
    """Merge sightings of one object in overlapping fields.

    The most probable sighting stands for all; the others lie within `SAME_OBJECT_UM` of it.

    Returns
    -------
    probability, sperm : ndarray, (M,)
        Falling; the sperm's number or `NO_SPERM`.
    """
    order = np.argsort(-record.probability, kind="stable")
    place, field = record.place_um[order], record.field[order]
    sperm = record.sperm[order].copy()
    keeper = np.arange(len(order))
    if len(order):
        pairs = cKDTree(place).query_pairs(SAME_OBJECT_UM, output_type="ndarray")
        pairs = pairs[field[pairs[:, 0]] != field[pairs[:, 1]]]
        # Each pair is (stronger, weaker); strongest first, so that keepers are settled.
        for strong, weak in pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].tolist():
            if keeper[strong] == strong and keeper[weak] == weak:
                keeper[weak] = strong
                if sperm[strong] == NO_SPERM:
                    sperm[strong] = sperm[weak]
    kept = keeper == np.arange(len(order))
    return record.probability[order][kept], sperm[kept]


def review_list(records: Sequence[DishRecord]) -> ReviewList:
    """Merge the sightings of every dish and order all objects by probability."""
    probability, dish, new = [], [], []
    for n, record in enumerate(records):
        chances, sperm = merged(record)
        first = np.zeros(len(sperm), np.bool_)
        first[np.unique(sperm, return_index=True)[1]] = True
        probability.append(chances)
        dish.append(np.full(len(chances), n, np.int64))
        new.append(first & np.isin(sperm, record.rare_sperm))
    chances = np.concatenate(probability)
    order = np.argsort(-chances, kind="stable")
    return ReviewList(
        chances[order],
        np.concatenate(dish)[order],
        np.concatenate(new)[order],
        np.array([len(record.rare_sperm) for record in records], np.int64),
        np.array([record.rare_fields for record in records], np.int64),
    )


def effort(listed: ReviewList, copies: Integers | None = None) -> tuple[Floats, Floats]:
    """Share of the sperm met, as the list is read.

    Parameters
    ----------
    listed : ReviewList
    copies : ndarray, (dishes,), optional
        How often each dish counts; once if not given.

    Returns
    -------
    candidates : ndarray, (N,)
        Looked at, for each true sperm there is.
    met : ndarray, (N,)
        Share of the sperm.
    """
    copies = np.ones(len(listed.sperm), np.int64) if copies is None else copies
    weight = copies[listed.dish]
    total = max(int(copies @ listed.sperm), 1)
    return np.cumsum(weight) / total, np.cumsum(weight * listed.is_new_sperm) / total


def effort_to_meet(listed: ReviewList, copies: Integers | None = None) -> float:
    """Candidates for each true sperm until `SHARE_TO_MEET` are met; infinite if they never are."""
    candidates, met = effort(listed, copies)
    at = int(np.searchsorted(met, SHARE_TO_MEET - 1e-9))
    return float(candidates[at]) if at < len(met) else float("inf")


def resampled(dishes: int, seed: int = 0) -> Integers:
    """Draw how often each dish counts in every bootstrap, (BOOTSTRAPS, dishes)."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(dishes, np.full(dishes, 1 / dishes), BOOTSTRAPS).astype(np.int64)


def effort_interval(listed: ReviewList) -> Interval:
    """Bootstrap interval of `effort_to_meet` over dishes."""
    # Only the part of the list up to the weakest sperm can matter.
    last = int(np.flatnonzero(listed.is_new_sperm)[-1]) + 1 if listed.is_new_sperm.any() else 0
    short = ReviewList(
        listed.probability[:last],
        listed.dish[:last],
        listed.is_new_sperm[:last],
        listed.sperm,
        listed.fields,
    )
    return _percentiles([effort_to_meet(short, c) for c in resampled(len(listed.sperm))])


def effort_band(listed: ReviewList, at: Floats) -> tuple[Floats, Floats]:
    """Bootstrap band of the share met after ``at`` candidates for each true sperm."""
    shares = []
    for copies in resampled(len(listed.sperm))[:200]:
        candidates, met = effort(listed, copies)
        reached = np.searchsorted(candidates, at, side="right")
        shares.append(np.concatenate([[0.0], met])[reached])
    low, high = np.percentile(shares, (2.5, 97.5), axis=0)
    return low, high


def mean_per_field(counts: Integers, fields: Integers) -> tuple[float, Interval]:
    """Mean count of a field with a bootstrap interval over dishes.

    Parameters
    ----------
    counts, fields : ndarray, (dishes,)
    """
    copies = resampled(len(counts))
    drawn = (copies @ counts) / np.maximum(copies @ fields, 1)
    return float(counts.sum() / fields.sum()), _percentiles(drawn.tolist())


def wilson(part: int, whole: int) -> Interval:
    """Wilson's 95 % interval of a share."""
    low, high = proportion_confint(part, whole, alpha=1 - LEVEL, method="wilson")
    return float(low), float(high)


def _percentiles(values: Sequence[float]) -> Interval:
    ordered = np.sort(values)
    # Not interpolated: a value between a number and infinity means nothing.
    low, high = (ordered[round(q * (len(ordered) - 1))] for q in (0.025, 0.975))
    return float(low), float(high)
