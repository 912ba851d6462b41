"""How a tubule map compares with the truth of a simulated field."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree
from scipy.stats import spearmanr

from sertoli.phantom import FieldPicture
from sertoli.tubules import DILATED_FROM, TubuleMap

Floats = npt.NDArray[np.float64]

NEAR_DIAMETERS = 0.35
NEAR_DIRECTION = np.cos(np.radians(2 * 30))
"""A place is found if a found line runs within 0.35 diameters, and within 30 degrees of it."""

STEP_PX = 2.0
TOP = 5
FEWEST = 5


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Places along centrelines, about every 2 px.

    Parameters
    ----------
    place : ndarray, (n, 2)
    turn : ndarray, (n, 2)
        Cosine and sine of twice the direction.
    diameter_px : ndarray, (n,)
    owner : ndarray, (n,)
        Number of the tubule.
    """

    place: Floats
    turn: Floats
    diameter_px: Floats
    owner: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """Figures of one picture.

    Parameters
    ----------
    recalled, to_recall, precise, found : int
        Places of the truth found and in all; places found that are true, and in all.
    diameter_error : ndarray
        As a share of the true one, one a found place that is true.
    top_right : float
        Share of the top five that are truly dilated; NaN where fewer than five are to be seen.
    opacity_correlation : float
        Spearman's, over the tubules of the picture; NaN with fewer than five.
    opacity_spread : float
        Standard deviation of the true opacity of these tubules.
    opacity_above : ndarray, (n, 2)
        By how much each lies above the median of these, in truth and as found.
    score, true_class, has_sperm, relative : list
        One a found tubule that belongs to a true one.
    owner : dict
        True tubule of each found one.
    """

    recalled: int
    to_recall: int
    precise: int
    found: int
    diameter_error: Floats
    top_right: float
    opacity_correlation: float
    opacity_spread: float
    opacity_above: Floats
    score: list[float] = field(default_factory=list)
    true_class: list[str] = field(default_factory=list)
    has_sperm: list[bool] = field(default_factory=list)
    relative: list[float] = field(default_factory=list)
    owner: dict[int, int] = field(default_factory=dict)


def judge(picture: FieldPicture, found: TubuleMap) -> Verdict:
    """Compare a map with what can truly be seen: on top, uncovered and in focus."""
    seen = [one for one in picture.stretches if one.visible and one.in_focus]
    um = picture.frame.optics.um_per_px or 1.0
    truth = _points([(one.points_px, one.diameters_um / um, one.tubule) for one in seen])
    lines = _points([(one.points, one.diameter_px, one.tubule) for one in found.stretches])
    recalled, _ = _near(truth, lines, truth.diameter_px)
    precise, partner = _near(lines, truth, None)
    error = np.abs(lines.diameter_px[precise] / truth.diameter_px[partner[precise]] - 1)
    traits = {one.tubule: one.traits for one in picture.stretches}
    owner = _owners(lines, truth, precise, partner, len(found))
    known = [row for row in range(len(found)) if row in owner]
    opacity = [traits[owner[row]].opacity for row in known]
    correlation = np.nan
    if len(known) >= FEWEST and np.ptp(opacity) > 0:
        correlation = float(spearmanr(opacity, found.opacity[known]).statistic)
    return Verdict(
        int(recalled.sum()),
        len(recalled),
        int(precise.sum()),
        len(precise),
        error,
        _top(found, owner, traits, seen),
        correlation,
        float(np.std(opacity)) if opacity else 0.0,
        _above(np.stack((opacity, found.opacity[known]), axis=1)),
        [float(found.score[row]) for row in known],
        [str(traits[owner[row]].kind) for row in known],
        [traits[owner[row]].has_sperm for row in known],
        [float(found.relative_diameter[row]) for row in known],
        owner,
    )


def _above(opacity: Floats) -> Floats:
    return opacity - np.median(opacity, axis=0) if len(opacity) else opacity


def _top(found: TubuleMap, owner: dict[int, int], traits: dict, seen: list) -> float:  # type: ignore[type-arg]
    wide = {one.tubule for one in seen if traits[one.tubule].relative_diameter >= DILATED_FROM}
    if len(wide) < TOP:
        return float("nan")
    best = np.argsort(found.rank)[:TOP]
    return sum(owner.get(int(row)) in wide for row in best) / TOP


def _owners(
    lines: Points,
    truth: Points,
    precise: npt.NDArray[np.bool_],
    partner: npt.NDArray[np.int64],
    count: int,
) -> dict[int, int]:
    """Say which true tubule most of each found one lies on."""
    owner = {}
    for row in range(count):
        own = partner[precise & (lines.owner == row)]
        if len(own):
            names, times = np.unique(truth.owner[own], return_counts=True)
            owner[row] = int(names[np.argmax(times)])
    return owner


def _points(parts: list[tuple[Floats, Floats, int]]) -> Points:
    places, turns, widths, owners = [], [], [], []
    for line, width, owner in parts:
        line = np.asarray(line, float)
        if len(line) < 2:
            continue
        steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
        along = np.concatenate(((0.0,), np.cumsum(steps)))
        wanted = np.linspace(0, along[-1], max(2, round(along[-1] / STEP_PX) + 1))
        even = np.stack([np.interp(wanted, along, line[:, i]) for i in (0, 1)], 1)
        tangent = np.gradient(even, axis=0)
        angle = np.arctan2(tangent[:, 1], tangent[:, 0])
        places.append(even)
        turns.append(np.stack((np.cos(2 * angle), np.sin(2 * angle)), 1))
        widths.append(np.interp(wanted, along, width))
        owners.append(np.full(len(even), owner))
    if not places:
        return Points(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), np.zeros(0, np.int64))
    return Points(
        np.concatenate(places), np.concatenate(turns), np.concatenate(widths),
        np.concatenate(owners),
    )  # fmt: skip


def _near(
    asked: Points, given: Points, reach: Floats | None
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Say which places have one of the others near and along them, and which is the nearest.

    ``reach`` is the diameter that counts; None takes that of the other place.
    """
    hit = np.zeros(len(asked.place), bool)
    partner = np.zeros(len(asked.place), np.int64)
    if not len(given.place) or not len(asked.place):
        return hit, partner
    tree = cKDTree(given.place)
    most = NEAR_DIAMETERS * float((given.diameter_px if reach is None else reach).max())
    for n, close in enumerate(tree.query_ball_point(asked.place, most)):
        if not close:
            continue
        away = np.linalg.norm(given.place[close] - asked.place[n], axis=1)
        diameter = given.diameter_px[close] if reach is None else reach[n]
        fits = (away <= NEAR_DIAMETERS * diameter) & (
            given.turn[close] @ asked.turn[n] >= NEAR_DIRECTION
        )
        if fits.any():
            hit[n] = True
            partner[n] = close[int(np.argmin(np.where(fits, away, np.inf)))]
    return hit, partner
