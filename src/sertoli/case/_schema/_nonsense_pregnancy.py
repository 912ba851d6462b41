"""The rules of a pregnancy and its newborn."""

from __future__ import annotations

from sertoli.case._schema._rules import Rule

PREGNANT_AT_TRANSFER_DAYS = 35
"""No embryo is older, by completed weeks: two before fertilisation, six days, two of doubt."""
EARLIEST_BIRTH_DAYS = 22 * 7 - PREGNANT_AT_TRANSFER_DAYS
"""From the transfer: a birth has 22 completed weeks (ICMART 2017 [V]). The doubt is our choice."""
LATEST_END_DAYS = 45 * 7 + 6 - 14
"""From the transfer: no pregnancy passes 45 completed weeks (our choice), two are before it."""
TOO_FEW_WEEKS_DAYS = 14 - 6 - 7
"""A birth's completed weeks are at most a week (our doubt) behind the days since fertilisation."""

_TRANSFER = "EXISTS (SELECT 1 FROM transfer t WHERE t.id = NEW.transfer_id AND {wrong})"
_WEEKS = (
    "({pregnancy}.weeks * 7 > {{days:{pregnancy}.ended_on}} - {{days:{transfer}.transferred_on}}"
    f" + {PREGNANT_AT_TRANSFER_DAYS}"
    " OR ({pregnancy}.outcome = 'live_birth' AND {pregnancy}.weeks * 7 <"
    " {{days:{pregnancy}.ended_on}} - {{days:{transfer}.transferred_on}}"
    f" + {TOO_FEW_WEEKS_DAYS}))"
)
_TOO_LATE = f"{{{{days:{{day}}}}}} - {{{{days:{{transfer}}.transferred_on}}}} > {LATEST_END_DAYS}"

PREGNANCY = [
    *(
        Rule(
            "pregnancy",
            day,
            "comes later after the transfer than any pregnancy lasts",
            "mend it or transfer.transferred_on",
            _TRANSFER.format(wrong=_TOO_LATE.format(day=f"NEW.{day}", transfer="t")),
        )
        for day in ("noted_on", "ended_on")
    ),
    Rule(
        "newborn",
        "born_on",
        "comes later after the transfer than any pregnancy lasts",
        "mend it or transfer.transferred_on",
        "EXISTS (SELECT 1 FROM pregnancy p JOIN transfer t ON t.id = p.transfer_id"
        f" WHERE p.id = NEW.pregnancy_id AND {_TOO_LATE})".format(day="NEW.born_on", transfer="t"),
    ),
    Rule(
        "transfer",
        "transferred_on",
        "comes too early for the end of its pregnancy",
        "mend it, or the pregnancy first",
        "EXISTS (SELECT 1 FROM pregnancy p WHERE p.transfer_id = NEW.id AND p.voided_at IS NULL"
        f" AND {_TOO_LATE})".format(day="coalesce(p.ended_on, p.noted_on)", transfer="NEW"),
    ),
    Rule(
        "newborn",
        "born_on",
        "comes too soon after the transfer for a birth",
        "mend it or transfer.transferred_on",
        "EXISTS (SELECT 1 FROM pregnancy p JOIN transfer t ON t.id = p.transfer_id"
        " WHERE p.id = NEW.pregnancy_id"
        f" AND {{days:NEW.born_on}} - {{days:t.transferred_on}} < {EARLIEST_BIRTH_DAYS})",
    ),
    Rule(
        "transfer",
        "transferred_on",
        "does not go with the birth or the weeks of its pregnancy",
        "mend it, or the pregnancy first",
        "EXISTS (SELECT 1 FROM pregnancy p WHERE p.transfer_id = NEW.id AND p.voided_at IS NULL"
        f" AND {_WEEKS})".format(pregnancy="p", transfer="NEW")
        + " OR EXISTS (SELECT 1 FROM pregnancy p JOIN newborn n ON n.pregnancy_id = p.id"
        " WHERE p.transfer_id = NEW.id AND n.voided_at IS NULL"
        f" AND {{days:n.born_on}} - {{days:NEW.transferred_on}} < {EARLIEST_BIRTH_DAYS})",
    ),
    Rule(
        "pregnancy",
        "outcome",
        "contradicts clinical, sacs, hearts, weeks or ended_on",
        "a sac or a heart beat makes a pregnancy clinical, a biochemical one is not and a lost one "
        "was, a miscarriage ends before 22 completed weeks, a birth from then on, and what goes on "
        "has no end",
        "((NEW.outcome = 'biochemical' OR NOT coalesce(NEW.clinical, true))"
        " AND (coalesce(NEW.sacs, 0) > 0 OR coalesce(NEW.hearts, 0) > 0))"
        " OR (NEW.outcome = 'biochemical' AND coalesce(NEW.clinical, false))"
        " OR (NEW.outcome IN"
        " ('ectopic', 'miscarriage', 'live_birth', 'stillbirth', 'ongoing')"
        " AND NOT coalesce(NEW.clinical, true))"
        " OR (NEW.outcome = 'miscarriage' AND coalesce(NEW.weeks, 0) >= 22)"
        " OR (NEW.outcome IN ('live_birth', 'stillbirth') AND coalesce(NEW.weeks, 45) < 22)"
        " OR (NEW.outcome = 'ongoing' AND NEW.ended_on IS NOT NULL)",
    ),
    Rule(
        "pregnancy",
        "weeks",
        "does not go with the time since the transfer",
        "mend it or ended_on",
        _TRANSFER.format(wrong=_WEEKS.format(pregnancy="NEW", transfer="t")),
    ),
    Rule(
        "newborn",
        "pregnancy_id",
        "names a pregnancy that ended without this birth",
        "mend pregnancy.outcome first",
        "EXISTS (SELECT 1 FROM pregnancy p WHERE p.id = NEW.pregnancy_id"
        " AND (p.outcome NOT IN ('live_birth', 'stillbirth')"
        " OR (NEW.alive AND p.outcome <> 'live_birth')))",
    ),
    Rule(
        "pregnancy",
        "outcome",
        "contradicts the newborn recorded",
        "void the newborn first",
        "EXISTS (SELECT 1 FROM newborn n WHERE n.pregnancy_id = NEW.id AND n.voided_at IS NULL"
        " AND (NEW.outcome NOT IN ('live_birth', 'stillbirth')"
        " OR (n.alive AND NEW.outcome <> 'live_birth')))",
    ),
]
