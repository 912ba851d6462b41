"""The rules of consent: nothing is frozen, thawed, injected or transferred after it has ended.

A consent ends on the day it was withdrawn, or after the last day it is valid. It is in force again
once the same person has given another for the same purpose.
"""

from __future__ import annotations

from sertoli.case._schema._rules import Rule

_ENDED = (
    "EXISTS (SELECT 1 FROM consent c WHERE c.patient_id = {man} AND c.voided_at IS NULL"
    " AND c.purpose = '{purpose}' AND (c.partner_id IS NULL{or_hers})"
    " AND (c.withdrawn_on <= {day} OR (c.withdrawn_on IS NULL AND c.valid_until < {day}))"
    " AND NOT EXISTS (SELECT 1 FROM consent d WHERE d.patient_id = c.patient_id"
    " AND coalesce(d.partner_id, 0) = coalesce(c.partner_id, 0) AND d.voided_at IS NULL"
    " AND d.purpose = c.purpose AND {{eve:d.given_on}} <= {day}"
    " AND (c.withdrawn_on IS NULL OR d.given_on >= c.withdrawn_on)"
    " AND (d.withdrawn_on IS NULL OR d.withdrawn_on > {day})"
    " AND (d.valid_until IS NULL OR d.valid_until >= {day})))"
)
_OF_STRAW = (
    "(SELECT p.patient_id FROM straw w JOIN specimen s ON s.id = w.specimen_id"
    " JOIN procedure p ON p.id = s.procedure_id WHERE w.id = NEW.straw_id)"
)
_OF_SPECIMEN = (
    "(SELECT p.patient_id FROM specimen s JOIN procedure p ON p.id = s.procedure_id"
    " WHERE s.id = NEW.specimen_id)"
)
_OF_OOCYTE = (
    "(SELECT c.{whose} FROM oocyte_retrieval o JOIN cycle c ON c.id = o.cycle_id"
    " WHERE o.id = NEW.oocyte_retrieval_id)"
)
_OF_CYCLE = "(SELECT c.{whose} FROM cycle c WHERE c.id = NEW.cycle_id)"


def _ended(purpose: str, day: str, man: str, partner: str = "") -> str:
    """Return the condition that consent of the man, or of this partner of his, has ended."""
    hers = f" OR c.partner_id = {partner}" if partner else ""
    return _ENDED.format(purpose=purpose, day=day, man=man, or_hers=hers)


def _treatment(day: str, of: str) -> str:
    return _ended("treatment", day, of.format(whose="patient_id"), of.format(whose="partner_id"))


_RENEW = "record a new consent first"
_USE = "a straw of a man whose consent to its use was withdrawn or has ended"

CONSENT = [
    Rule(
        "straw",
        "frozen_at",
        "lies after consent to storage was withdrawn or ended",
        _RENEW,
        _ended("storage", "date(NEW.frozen_at)", _OF_SPECIMEN),
    ),
    Rule(
        "straw_move",
        "straw_id",
        f"would take out for thawing {_USE}",
        _RENEW,
        "NEW.fate = 'thawed' AND " + _ended("use_of_stored_sperm", "date(NEW.moved_at)", _OF_STRAW),
    ),
    Rule(
        "thaw",
        "straw_id",
        f"names {_USE}",
        _RENEW,
        _ended("use_of_stored_sperm", "date(NEW.thawed_at)", _OF_STRAW),
    ),
    Rule(
        "injection",
        "injected_at",
        "lies after consent to the treatment was withdrawn or ended",
        _RENEW,
        _treatment("date(NEW.injected_at)", _OF_OOCYTE),
    ),
    Rule(
        "transfer",
        "transferred_on",
        "lies after consent to the treatment was withdrawn or ended",
        _RENEW,
        _treatment("date(NEW.transferred_on)", _OF_CYCLE),
    ),
]
