"""The bound itself.

Of ``n`` sperm in the material each was shown with probability ``q``, and ``c`` of them were
confirmed. ``q`` is known only as a distribution (sensitivity of this dish, times the share of the
sperm that lay in the part searched). The prior is flat in the expected number of findings and
independent of ``q``: a number of findings alone says nothing about the sensitivity. Then what
hides, ``n - c``, given ``q`` is negative binomial with ``c + 1`` successes, and::

    P(n > m | c) = E_q[ P(Binomial(m + 1, q) <= c) ]

The same expression is the exact one-sided frequentist bound (Clopper and Pearson's argument turned
round, averaged over ``q``), so the bound holds 95 % of the time for every fixed ``n``, however the
sperm came to be there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sertoli.errors import SettingError
from sertoli.search.hidden._sensitivity import Sensitivity
from sertoli.search.hidden._share import Spread, UnevenSpread

Floats = npt.NDArray[np.float64]

CHANCES = 300

LEVEL = 0.95

LARGEST_BOUND = 10_000_000
"""Beyond this a bound says nothing."""


@dataclass(frozen=True, slots=True)
class HiddenBound:
    """What may still hide after a search that a person has reviewed.

    Parameters
    ----------
    confirmed : int
        Sperm confirmed by a person.
    unsure : int
        Candidates left open; the bounds count them as sperm.
    in_material : int or None
        With 95 % probability the material searched holds no more sperm than this, the confirmed
        ones included. None where it cannot be said.
    in_specimen : int or None
        The same for the whole specimen.
    share_searched : float or None
        Of the specimen.
    sensitivity : (float, float, float) or None
        Mean, lower and upper end (95 %) of the chance that a sperm of this dish was shown.
    sensitivity_source : str or None
        Where that comes from.
    why_not : tuple of str
        What keeps a bound from being told, in words.
    """

    confirmed: int
    unsure: int
    in_material: int | None
    in_specimen: int | None
    share_searched: float | None
    sensitivity: tuple[float, float, float] | None
    sensitivity_source: str | None
    why_not: tuple[str, ...]


def least_bound(shown: int, chance: Floats, level: float = LEVEL) -> int | None:
    """Return the smallest ``m`` with ``P(n > m) <= 1 - level``; None beyond `LARGEST_BOUND`.

    Parameters
    ----------
    shown : int
        Sperm confirmed (``c``).
    chance : ndarray, (K,)
        Equally probable values of ``q``, within 0 to 1.
    level : float
    """
    from scipy.special import betainc

    def more_than(bound: int) -> float:
        # P(Binomial(m + 1, q) <= c), by the incomplete beta function
        return float(np.mean(betainc(bound + 1 - shown, shown + 1, 1 - chance)))

    allowed = 1 - level
    low, high = shown - 1, shown
    while more_than(high) > allowed:
        low, high = high, 2 * high + 1
        if high > LARGEST_BOUND:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if more_than(middle) > allowed else (low, middle)
    return high


def upper_bound(
    confirmed: int,
    *,
    sensitivity: Sensitivity | None,
    share_searched: float | None,
    unsure: int = 0,
    unreviewed: int | None = 0,
    unfamiliar: bool = False,
    spread: Spread | None = None,
    unit: str = "candidate",
) -> HiddenBound:
    """Bound the sperm in the material searched and in the whole specimen, at 95 %.

    Parameters
    ----------
    confirmed : int
        Sperm that a person confirmed.
    sensitivity : Sensitivity or None
        None if nothing is known for this kind of picture.
    share_searched : float or None
        Share of the specimen that was searched, above 0 and up to 1; None if nobody knows.
    unsure : int
        Candidates that a person could not decide; they count as sperm, to be safe.
    unreviewed : int or None
        Candidates that nobody has looked at: while there are any no bound is told. None if no
        person has looked at anything.
    unfamiliar : bool
        Whether the pictures look unlike anything the detector was trained on. Trials that the user
        counted on such pictures still hold; pass False with these.
    spread : EvenSpread or UnevenSpread, optional
        How sperm lie in the specimen; in clumps unless told.
    unit : str
        What ``unreviewed`` counts, for the words: ``candidate`` or ``frame``.

    Raises
    ------
    SettingError
        If a count is negative or the share is not within 0 to 1.
    """
    if confirmed < 0 or unsure < 0 or (unreviewed is not None and unreviewed < 0):
        raise SettingError("a count below 0 is not possible", "give counts of 0 and more")
    require_share(share_searched)
    why_not = _why_not(sensitivity, unreviewed, unfamiliar, unit)
    material = specimen = None
    if sensitivity is not None and not why_not:
        chance = sensitivity.of_a_dish()
        material = least_bound(confirmed + unsure, chance)
        if share_searched is not None:
            shares = (spread or UnevenSpread()).share_of_sperm(share_searched)
            specimen = least_bound(confirmed + unsure, _thinned(np.outer(chance, shares)))
    if not why_not:
        if share_searched is None:
            why_not = ("nobody has said which share of the specimen was searched",)
        elif specimen is None:
            why_not = ("too small a share was searched for a bound on the whole specimen",)
    return HiddenBound(
        confirmed=confirmed,
        unsure=unsure,
        in_material=material,
        in_specimen=specimen,
        share_searched=share_searched,
        sensitivity=None if sensitivity is None else (sensitivity.mean, *sensitivity.interval),
        sensitivity_source=None if sensitivity is None else sensitivity.source,
        why_not=why_not,
    )


def require_share(share_searched: float | None) -> None:
    """Refuse a share of the specimen that is not possible; None (unknown) is allowed.

    Raises
    ------
    SettingError
    """
    if share_searched is not None and not 0 < share_searched <= 1:
        raise SettingError(
            f"a share of {share_searched} of the specimen is not possible",
            "give a share above 0 and up to 1, such as 0.25",
        )


def _thinned(values: Floats) -> Floats:
    """Return `CHANCES` equally probable values for the many of a product of two distributions."""
    ordered = np.sort(values.ravel())
    if len(ordered) <= CHANCES:
        return ordered
    # means of groups, not quantiles: the smallest values matter most and must keep their weight
    return np.array([group.mean() for group in np.array_split(ordered, CHANCES)])


def _why_not(
    sensitivity: Sensitivity | None, unreviewed: int | None, unfamiliar: bool, unit: str
) -> tuple[str, ...]:
    reasons = []
    if unreviewed is None:
        reasons.append(f"no person has looked at a single {unit} yet")
    elif unreviewed:
        reasons.append(
            f"{unreviewed:,} {unit}{'' if unreviewed == 1 else 's'} "
            f"{'has' if unreviewed == 1 else 'have'} not been looked at"
        )
    if sensitivity is None:
        reasons.append("how many sperm such a search misses on pictures of this kind is not known")
    elif sensitivity.cannot_be_told_from_zero:
        reasons.append("the sensitivity in a dish like this one cannot be told apart from none")
    if unfamiliar:
        reasons.append("the pictures look unlike anything that the detector was trained on")
    return tuple(reasons)
