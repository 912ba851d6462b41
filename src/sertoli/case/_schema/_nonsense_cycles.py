"""The rules from the oocyte to the newborn."""

from __future__ import annotations

from sertoli.case._schema._rules import Rule

PREGNANT_AT_TRANSFER_DAYS = 35
"""No embryo is older, by completed weeks: two before fertilisation, six days, two of doubt."""
EARLIEST_BIRTH_DAYS = 22 * 7 - PREGNANT_AT_TRANSFER_DAYS
"""From the transfer: a birth has 22 completed weeks (ICMART 2017 [V]). The doubt is our choice."""

_FRESH_TOO_EARLY = (
    "EXISTS (SELECT 1 FROM oocyte_retrieval o WHERE o.cycle_id = {cycle} AND o.voided_at IS NULL)"
    " AND NOT EXISTS (SELECT 1 FROM oocyte_retrieval o WHERE o.cycle_id = {cycle}"
    " AND o.voided_at IS NULL AND {{eve:o.retrieved_at}} <= {day})"
)

_FRESH_ONLY_THAWED = (
    "{source} IN ('fresh_testicular', 'fresh_epididymal')"
    " AND EXISTS ({injections} AND i.straw_id IS NOT NULL)"
    " AND NOT EXISTS ({injections} AND i.specimen_id IS NOT NULL)"
)
_INJECTIONS = (
    "SELECT 1 FROM injection i JOIN oocyte_retrieval o ON o.id = i.oocyte_retrieval_id"
    " WHERE o.cycle_id = {cycle} AND i.voided_at IS NULL"
)
_CYCLE_OF_INJECTION = (
    "(SELECT c.{field} FROM oocyte_retrieval o JOIN cycle c ON c.id = o.cycle_id"
    " WHERE o.id = NEW.oocyte_retrieval_id)"
)

CYCLES = [
    Rule(
        "injection",
        "injected_at",
        "comes after cycle.cancelled_on",
        "mend one of the two",
        _CYCLE_OF_INJECTION.format(field="cancelled_on") + " < {eve:NEW.injected_at}",
    ),
    Rule(
        "cycle",
        "cancelled_on",
        "comes before injection.injected_at",
        "mend one of the two",
        f"EXISTS ({_INJECTIONS.format(cycle='NEW.id')}"
        " AND NEW.cancelled_on < {eve:i.injected_at})",
    ),
    Rule(
        "injection",
        "straw_id",
        "is a thawed straw in a cycle with fresh sperm alone",
        "mend cycle.sperm_source, or enter the injections of the fresh specimen first",
        "NEW.straw_id IS NOT NULL AND "
        + _CYCLE_OF_INJECTION.format(field="sperm_source")
        + " IN ('fresh_testicular', 'fresh_epididymal') AND NOT EXISTS ("
        + _INJECTIONS.format(cycle=_CYCLE_OF_INJECTION.format(field="id"))
        + " AND i.specimen_id IS NOT NULL)",
    ),
    Rule(
        "cycle",
        "sperm_source",
        "is fresh, and only thawed straws were injected",
        "give how the sperm was kept",
        _FRESH_ONLY_THAWED.format(
            source="NEW.sperm_source", injections=_INJECTIONS.format(cycle="NEW.id")
        ),
    ),
    Rule(
        "transfer",
        "transferred_on",
        "comes before the oocytes of a fresh transfer were retrieved",
        "mend it, kind or oocyte_retrieval.retrieved_at",
        "NEW.kind = 'fresh' AND "
        + _FRESH_TOO_EARLY.format(cycle="NEW.cycle_id", day="NEW.transferred_on"),
    ),
    Rule(
        "oocyte_retrieval",
        "retrieved_at",
        "comes after a fresh transfer of the cycle",
        "mend it or transfer.transferred_on",
        "EXISTS (SELECT 1 FROM transfer t WHERE t.cycle_id = NEW.cycle_id AND t.voided_at IS NULL"
        " AND t.kind = 'fresh' AND t.transferred_on < {eve:NEW.retrieved_at}"
        " AND NOT EXISTS (SELECT 1 FROM oocyte_retrieval o WHERE o.cycle_id = NEW.cycle_id"
        " AND o.voided_at IS NULL AND o.id <> coalesce(NEW.id, -1)"
        " AND {eve:o.retrieved_at} <= t.transferred_on))",
    ),
    Rule(
        "pregnancy",
        "weeks",
        "is more than the time since the transfer allows",
        "mend it or ended_on",
        "EXISTS (SELECT 1 FROM transfer t WHERE t.id = NEW.transfer_id AND NEW.weeks * 7 >"
        f" {{days:NEW.ended_on}} - {{days:t.transferred_on}} + {PREGNANT_AT_TRANSFER_DAYS})",
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
        "comes too late for the birth or the weeks of its pregnancy",
        "mend it, or the pregnancy first",
        "EXISTS (SELECT 1 FROM pregnancy p WHERE p.transfer_id = NEW.id AND p.voided_at IS NULL"
        " AND p.weeks * 7 > {days:p.ended_on} - {days:NEW.transferred_on}"
        f" + {PREGNANT_AT_TRANSFER_DAYS})"
        " OR EXISTS (SELECT 1 FROM pregnancy p JOIN newborn n ON n.pregnancy_id = p.id"
        " WHERE p.transfer_id = NEW.id AND n.voided_at IS NULL"
        f" AND {{days:n.born_on}} - {{days:NEW.transferred_on}} < {EARLIEST_BIRTH_DAYS})",
    ),
    Rule(
        "injection",
        "oocyte",
        "is more than the mature oocytes there were",
        "mend oocyte_retrieval.mii or the number",
        "EXISTS (SELECT 1 FROM oocyte_retrieval o WHERE o.id = NEW.oocyte_retrieval_id"
        " AND (NEW.oocyte > o.oocytes OR (SELECT count(*) FROM injection i"
        " WHERE i.oocyte_retrieval_id = o.id AND i.voided_at IS NULL"
        " AND i.id <> coalesce(NEW.id, -1)) + 1 > coalesce(o.mii, o.oocytes)))",
    ),
    Rule(
        "oocyte_retrieval",
        "mii",
        "is less than the oocytes injected",
        "void the injection first",
        "EXISTS (SELECT 1 FROM injection i WHERE i.oocyte_retrieval_id = NEW.id"
        " AND i.voided_at IS NULL AND i.oocyte > NEW.oocytes)"
        " OR (SELECT count(*) FROM injection i WHERE i.oocyte_retrieval_id = NEW.id"
        " AND i.voided_at IS NULL) > coalesce(NEW.mii, NEW.oocytes)",
    ),
    Rule(
        "injection",
        "degenerated",
        "contradicts pronuclei, cleavage or blastocyst",
        "mend one of them",
        "NEW.degenerated AND (coalesce(NEW.pronuclei, 0) > 0 OR coalesce(NEW.cleaved, false)"
        " OR coalesce(NEW.blastocyst, false))",
    ),
    Rule(
        "injection",
        "blastocyst",
        "cannot be without cleavage",
        "mend one of the two",
        "NEW.blastocyst AND NOT NEW.cleaved",
    ),
    Rule(
        "embryo",
        "injection_id",
        "names an oocyte that degenerated or did not divide",
        "mend the injection first",
        "EXISTS (SELECT 1 FROM injection i WHERE i.id = NEW.injection_id"
        " AND (i.degenerated OR NOT i.cleaved))",
    ),
    Rule(
        "injection",
        "cleaved",
        "contradicts the embryo that came of it",
        "void the embryo first",
        "(NEW.degenerated OR NOT NEW.cleaved) AND EXISTS (SELECT 1 FROM embryo e"
        " WHERE e.injection_id = NEW.id AND e.voided_at IS NULL)",
    ),
    Rule(
        "embryo",
        "fate",
        "goes with fate_on, and with how the embryo was transferred",
        "mend fate, fate_on or the transfer",
        "(NEW.fate IS NULL) <> (NEW.fate_on IS NULL) OR EXISTS (SELECT 1"
        " FROM transferred_embryo e JOIN transfer t ON t.id = e.transfer_id"
        " WHERE e.embryo_id = NEW.id AND e.voided_at IS NULL"
        " AND ((t.kind = 'fresh') <> (NEW.fate IS NULL) OR NEW.fate <> 'frozen'"
        " OR NEW.fate_on > t.transferred_on))",
    ),
    Rule(
        "transferred_embryo",
        "embryo_id",
        "names an embryo that could not be transferred so",
        "a fresh transfer takes an embryo without a fate, a frozen one an embryo frozen before",
        "EXISTS (SELECT 1 FROM transfer t, embryo e JOIN injection i ON i.id = e.injection_id"
        " WHERE t.id = NEW.transfer_id AND e.id = NEW.embryo_id"
        " AND ((t.kind = 'fresh') <> (e.fate IS NULL) OR e.fate <> 'frozen'"
        " OR e.fate_on > t.transferred_on OR t.transferred_on < {eve:i.injected_at}))",
    ),
    Rule(
        "transferred_embryo",
        "transfer_id",
        "would hold more embryos than were transferred",
        "mend transfer.embryos first",
        "(SELECT count(*) FROM transferred_embryo e WHERE e.transfer_id = NEW.transfer_id"
        " AND e.voided_at IS NULL AND e.id <> coalesce(NEW.id, -1)) + 1"
        " > (SELECT t.embryos FROM transfer t WHERE t.id = NEW.transfer_id)",
    ),
    Rule(
        "transfer",
        "embryos",
        "contradicts the embryos listed",
        "void those first",
        "(SELECT count(*) FROM transferred_embryo e WHERE e.transfer_id = NEW.id"
        " AND e.voided_at IS NULL) > NEW.embryos",
    ),
    Rule(
        "transfer",
        "transferred_on",
        "or kind contradicts the embryos listed",
        "void those first",
        "EXISTS (SELECT 1 FROM transferred_embryo x JOIN embryo e ON e.id = x.embryo_id"
        " JOIN injection i ON i.id = e.injection_id"
        " WHERE x.transfer_id = NEW.id AND x.voided_at IS NULL"
        " AND ((NEW.kind = 'fresh') <> (e.fate IS NULL) OR e.fate_on > NEW.transferred_on"
        " OR NEW.transferred_on < {eve:i.injected_at}))",
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
