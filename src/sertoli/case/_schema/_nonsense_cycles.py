"""The rules from the oocyte to the transfer."""

from __future__ import annotations

from sertoli.case._schema._rules import Rule

_FRESH_TOO_EARLY = (
    "EXISTS (SELECT 1 FROM oocyte_retrieval o WHERE o.cycle_id = {cycle} AND o.voided_at IS NULL)"
    " AND NOT EXISTS (SELECT 1 FROM oocyte_retrieval o WHERE o.cycle_id = {cycle}"
    " AND o.voided_at IS NULL AND {{eve:o.retrieved_at}} <= {day})"
)

_INJECTIONS = (
    "SELECT 1 FROM injection i JOIN oocyte_retrieval o ON o.id = i.oocyte_retrieval_id"
    " WHERE o.cycle_id = {cycle} AND i.voided_at IS NULL"
)
_CYCLE_OF_INJECTION = (
    "(SELECT c.{field} FROM oocyte_retrieval o JOIN cycle c ON c.id = o.cycle_id"
    " WHERE o.id = NEW.oocyte_retrieval_id)"
)
_FRESH = (
    "(SELECT coalesce(sum(t.embryos), 0) FROM transfer t WHERE t.cycle_id = {cycle}"
    " AND t.kind = 'fresh' AND t.voided_at IS NULL AND t.id <> coalesce({but}, -1))"
)
_OOCYTES = (
    "(SELECT sum(o.oocytes) FROM oocyte_retrieval o WHERE o.cycle_id = {cycle}"
    " AND o.voided_at IS NULL AND o.id <> coalesce({but}, -1))"
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
        "transfer",
        "embryos",
        "is more than the oocytes of the cycle, which a fresh transfer has its embryos from",
        "mend it, kind or oocyte_retrieval.oocytes",
        "NEW.kind = 'fresh' AND NEW.embryos + "
        + _FRESH.format(cycle="NEW.cycle_id", but="NEW.id")
        + " > "
        + _OOCYTES.format(cycle="NEW.cycle_id", but="NULL"),
    ),
    Rule(
        "oocyte_retrieval",
        "oocytes",
        "would be less than the embryos of the fresh transfers of the cycle",
        "mend those first",
        _FRESH.format(cycle="NEW.cycle_id", but="NULL")
        + " > CASE WHEN NEW.voided_at IS NULL THEN NEW.oocytes ELSE 0 END + coalesce("
        + _OOCYTES.format(cycle="NEW.cycle_id", but="NEW.id")
        + ", 0)",
        void=None,
    ),
    Rule(
        "transferred_embryo",
        "embryo_id",
        "names an embryo of another couple, or of another cycle in a fresh transfer",
        "name an embryo of this couple",
        "EXISTS (SELECT 1 FROM transfer t JOIN cycle c ON c.id = t.cycle_id,"
        " embryo e JOIN injection i ON i.id = e.injection_id"
        " JOIN oocyte_retrieval o ON o.id = i.oocyte_retrieval_id JOIN cycle b ON b.id = o.cycle_id"
        " WHERE t.id = NEW.transfer_id AND e.id = NEW.embryo_id"
        " AND (b.partner_id <> c.partner_id OR (t.kind = 'fresh' AND b.id <> c.id)))",
    ),
]
