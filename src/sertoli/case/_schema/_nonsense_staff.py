"""The rule of staff: nobody works at a clinic before coming or after leaving."""

from __future__ import annotations

from collections.abc import Iterator

from sertoli.case._schema._rules import Rule

WORK = {
    "diagnosis": ("made_on", ("made_by_id",)),
    "decision": ("decided_on", ("decided_by_id",)),
    "procedure": ("started_at", ("surgeon_id",)),
    "bench_search": ("started_at", ("searched_by_id",)),
    "confirmed_sperm": ("confirmed_at", ("confirmed_by_id",)),
    "viability_test": ("tested_at", ("tested_by_id",)),
    "straw": ("frozen_at", ("frozen_by_id", "witness_id")),
    "straw_move": ("moved_at", ("moved_by_id", "witness_id")),
    "thaw": ("thawed_at", ("thawed_by_id", "witness_id")),
    "oocyte_retrieval": ("retrieved_at", ("done_by_id", "witness_id")),
    "injection": ("injected_at", ("injected_by_id", "witness_id")),
    "transfer": ("transferred_on", ("done_by_id", "witness_id")),
}
"""Table -> when something was done, and who did it."""


def _rules() -> Iterator[Rule]:
    for table, (when, fields) in WORK.items():
        for who in fields:
            yield Rule(
                table,
                who,
                "names somebody who was not at the clinic then",
                f"mend it, {when}, staff.active_from or staff.active_until",
                f"EXISTS (SELECT 1 FROM staff s WHERE s.id = NEW.{who}"
                f" AND (s.active_until < {{eve:NEW.{when}}}"
                f" OR date(NEW.{when}) < {{eve:s.active_from}}))",
            )
            did = f"EXISTS (SELECT 1 FROM {table} c WHERE c.{who} = NEW.id AND c.voided_at IS NULL"
            yield Rule(
                "staff",
                "active_until",
                f"comes before {table}.{when} of this person",
                "mend one of the two",
                f"NEW.active_until IS NOT NULL AND {did} AND NEW.active_until < {{eve:c.{when}}})",
            )
            yield Rule(
                "staff",
                "active_from",
                f"comes after {table}.{when} of this person",
                "mend one of the two",
                f"NEW.active_from IS NOT NULL AND {did}"
                f" AND date(c.{when}) < {{eve:NEW.active_from}})",
            )


STAFF = list(_rules())
