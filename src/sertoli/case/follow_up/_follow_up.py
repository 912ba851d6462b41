"""Testosterone after surgery, against the man's own baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sertoli.case.evidence import Mark, Source
from sertoli.case.workup import NO_TESTOSTERONE, HormoneSample, Rule, morning_testosterone
from sertoli.errors import InputError

DISCLAIMER = "Research software, not a medical device."
SCHEMA_VERSION = 1
DAYS_PER_MONTH = 365.25 / 12


@dataclass(frozen=True)
class PublishedMean:
    """Mean testosterone as a share of the baseline, some months after surgery."""

    from_month: float
    to_month: float
    share: float


PUBLISHED_MEANS = (
    PublishedMean(3, 6, 0.80),
    PublishedMean(12, 12, 0.85),
    PublishedMean(18, 18, 0.95),
)
PUBLISHED = Rule(
    "Mean testosterone was 80 % of the baseline at 3-6 months, 85 % at 12 and 95 % at 18 "
    "(435 men, 543 operations). Means without a spread: about half of all men lie below, so this "
    "is context and never a flag.",
    Source("Ramasamy 2005", Mark.VERIFIED),
)
LOW_LIMIT = Rule(
    "A morning testosterone below the clinic's limit, seen twice running on different days. "
    "Unless the clinic sets another, the limit is 300 ng/dL (10.4 nmol/L, AUA).",
    Source("the project's clinical brief, section 4; the limit from AUA", Mark.RECALLED),
)
SYMPTOMS = Rule(
    "Symptoms are looked into whatever the testosterone.",
    Source("the project's clinical brief, section 4", Mark.VERIFIED),
)
VISITS = Rule(
    "A visit is expected when the clinic says; if it says nothing, at 3-6, 12 and 18 months, the "
    "times of the published means. It is overdue a month later.",
    Source("the times and the month's grace", Mark.OURS),
)


class FlagKind(StrEnum):
    """The three reasons to call a man in; nothing else is a flag."""

    REPEATED_LOW = "repeated_low_morning_testosterone"
    SYMPTOMS = "symptoms"
    OVERDUE = "overdue_visit"


@dataclass(frozen=True)
class Flag:
    """A reason to call a man in."""

    kind: FlagKind
    text: str
    rule: Rule


@dataclass(frozen=True)
class Plan:
    """What a clinic expects of a follow-up.

    Parameters
    ----------
    low_nmol_per_l : float
        Limit of a low morning testosterone.
    visits_due_months : tuple of float
        Latest month of each expected visit, increasing; for men without due dates of their own.
    grace_days : int
        How late a visit may be before it is flagged.
    """

    low_nmol_per_l: float = 300 * 0.03467
    visits_due_months: tuple[float, ...] = (6, 12, 18)
    grace_days: int = 30


@dataclass(frozen=True)
class Visit:
    """One visit after surgery, held or expected.

    Parameters
    ----------
    held_on : date or None
        When he came; None while he has not.
    due_on : date or None
        When the clinic expects him.
    symptoms : bool or None
        Whether he has symptoms of low testosterone; None if he was not asked.
    on_testosterone : bool or None
        Whether he takes testosterone.
    """

    held_on: date | None
    due_on: date | None = None
    symptoms: bool | None = None
    on_testosterone: bool | None = None


@dataclass(frozen=True)
class Point:
    """One testosterone after surgery.

    Parameters
    ----------
    taken_on : date
    months : float
        Since the operation.
    nmol_per_l : float
    share : float or None
        Of the man's own baseline.
    is_morning : bool
    """

    taken_on: date
    months: float
    nmol_per_l: float
    share: float | None
    is_morning: bool


@dataclass(frozen=True)
class FollowUp:
    """A man's testosterone since surgery.

    Parameters
    ----------
    operated_on : date
    baseline_nmol_per_l : float or None
        Mean of his own morning values before surgery.
    baseline_values : int
        How many there were.
    points : tuple of Point
        All values since, oldest first, but for those drawn under testosterone.
    flags : tuple of Flag
    notes : tuple of str
        What is worth knowing and no flag.
    """

    operated_on: date
    baseline_nmol_per_l: float | None
    baseline_values: int
    points: tuple[Point, ...]
    flags: tuple[Flag, ...]
    notes: tuple[str, ...]
    plan: Plan

    def to_json(self) -> dict[str, Any]:
        """Return the follow-up as plain values."""
        return {
            "schema_version": SCHEMA_VERSION,
            "disclaimer": DISCLAIMER,
            "operated_on": self.operated_on.isoformat(),
            "baseline_nmol_per_l": self.baseline_nmol_per_l,
            "baseline_values": self.baseline_values,
            "low_limit_nmol_per_l": self.plan.low_nmol_per_l,
            "points": [
                {
                    "taken_on": point.taken_on.isoformat(),
                    "months": round(point.months, 2),
                    "testosterone_nmol_per_l": point.nmol_per_l,
                    "share_of_baseline": point.share,
                    "is_morning": point.is_morning,
                }
                for point in self.points
            ],
            "flags": [
                {
                    "kind": flag.kind.value,
                    "text": flag.text,
                    "rule": flag.rule.text,
                    "source": str(flag.rule.source),
                }
                for flag in self.flags
            ],
            "notes": list(self.notes),
            "published": {"text": PUBLISHED.text, "source": str(PUBLISHED.source)},
        }


def follow_up(
    operated_on: date,
    hormones: Sequence[HormoneSample],
    visits: Sequence[Visit],
    *,
    today: date,
    wants_sperm: bool = True,
    plan: Plan | None = None,
) -> FollowUp:
    """Set a man's testosterone against his own baseline and say what calls for a visit.

    Parameters
    ----------
    operated_on : date
        Day of the operation; hormones of that day count as before it.
    hormones : sequence of HormoneSample
        Before and after.
    visits : sequence of Visit
        Held after the operation.
    today : date
        For overdue visits; later samples and visits are not looked at.
    wants_sperm : bool
        Whether he still wants sperm: then testosterone is never spoken of as a treatment.
    plan : Plan or None
        The clinic's limits.

    Raises
    ------
    InputError
        If the operation lies in the future.
    """
    if operated_on > today:
        raise InputError(f"the operation on {operated_on} lies after {today}", "mend the date")
    plan = plan or Plan()
    before = [sample for sample in hormones if sample.taken_at.date() <= operated_on]
    after = [sample for sample in hormones if operated_on < sample.taken_at.date() <= today]
    own = [value for _, value in morning_testosterone(before)]
    baseline = sum(own) / len(own) if own else None
    points = _points(operated_on, after, baseline)
    held = sorted(
        (visit for visit in visits if _held(visit, operated_on, today)),
        key=lambda visit: visit.held_on or today,
    )
    low = _low(after, plan)
    flags = []
    if len(low) >= 2 and all(low[-2:]):
        flags.append(_low_flag(plan, wants_sperm=wants_sperm))
    if held and held[-1].symptoms:
        told = f"He told of symptoms on {held[-1].held_on}."
        flags.append(Flag(FlagKind.SYMPTOMS, told, SYMPTOMS))
    overdue = _overdue(operated_on, visits, today, plan)
    if overdue:
        flags.append(overdue)
    notes = _notes(baseline, points, low)
    if wants_sperm and held and held[-1].on_testosterone:
        notes = (f"He takes testosterone and wants sperm. {NO_TESTOSTERONE.text}", *notes)
    return FollowUp(operated_on, baseline, len(own), points, tuple(flags), notes, plan)


def _held(visit: Visit, operated_on: date, today: date) -> bool:
    return visit.held_on is not None and operated_on < visit.held_on <= today


def _points(
    operated_on: date, after: Sequence[HormoneSample], baseline: float | None
) -> tuple[Point, ...]:
    points = []
    for sample in sorted(after, key=lambda sample: sample.taken_at):
        value = sample.testosterone_nmol_per_l
        if value is not None and not sample.on_testosterone:
            day = sample.taken_at.date()
            share = value / baseline if baseline else None
            months = (day - operated_on).days / DAYS_PER_MONTH
            points.append(Point(day, months, value, share, sample.is_morning))
    return tuple(points)


def _low(after: Sequence[HormoneSample], plan: Plan) -> list[bool]:
    return [value < plan.low_nmol_per_l for _, value in morning_testosterone(after)]


def _low_flag(plan: Plan, *, wants_sperm: bool) -> Flag:
    text = f"The last two morning testosterones lie below {plan.low_nmol_per_l:.1f} nmol/L."
    if wants_sperm:
        text += f" He wants sperm. {NO_TESTOSTERONE.text}"
    return Flag(FlagKind.REPEATED_LOW, text, LOW_LIMIT)


def _overdue(operated_on: date, visits: Sequence[Visit], today: date, plan: Plan) -> Flag | None:
    """Return the newest expected visit that did not come, if there is one."""
    came = [visit.held_on for visit in visits if _held(visit, operated_on, today)]
    expected = sorted(
        visit.due_on for visit in visits if visit.due_on and visit.due_on > operated_on
    )
    if expected:
        waited_for = [visit.due_on for visit in visits if visit.due_on and visit.held_on is None]
    else:
        expected = [
            operated_on + timedelta(days=month * DAYS_PER_MONTH) for month in plan.visits_due_months
        ]
        waited_for = list(expected)
    grace = timedelta(days=plan.grace_days)
    passed = [due for due in waited_for if operated_on < due and due + grace < today]
    if not passed:
        return None
    due = max(passed)
    # A visit counts for the one expected if it comes after the one before was due.
    since = max((day for day in expected if day < due), default=operated_on)
    if any(day is not None and day > since for day in came):
        return None
    return Flag(FlagKind.OVERDUE, f"The visit due by {due} is not recorded.", VISITS)


def _notes(
    baseline: float | None, points: tuple[Point, ...], low: Sequence[bool]
) -> tuple[str, ...]:
    notes = []
    if baseline is None:
        notes.append("No morning testosterone before surgery: there is no baseline of his own.")
    if low and low[-1] and not (len(low) >= 2 and low[-2]):
        notes.append("The last morning testosterone is low: repeat it on another morning.")
    if any(not point.is_morning for point in points):
        notes.append("Values that are not known to be of the morning are shown, never flagged.")
    return tuple(notes)
