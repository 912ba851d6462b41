"""The rules of whose sperm a cycle used: what it says and what was injected go together."""

from __future__ import annotations

from sertoli.case._schema._rules import Rule

FRESH_DAYS = 14
"""Sperm is not kept alive unfrozen for longer; our choice, and a generous one."""

_SOURCE = (
    "(SELECT CASE WHEN {injection}.straw_id IS NULL THEN 'fresh_' ELSE 'frozen_' END"
    " || CASE WHEN p.kind IN ('mesa', 'pesa') THEN 'epididymal' ELSE 'testicular' END"
    " FROM specimen s JOIN procedure p ON p.id = s.procedure_id"
    " WHERE s.id = coalesce({injection}.specimen_id,"
    " (SELECT w.specimen_id FROM straw w WHERE w.id = {injection}.straw_id)))"
)
"""What an injection makes of its cycle; NULL where it does not say where its sperm came from."""

_INJECTED = (
    "EXISTS (SELECT 1 FROM injection i JOIN oocyte_retrieval o ON o.id = i.oocyte_retrieval_id"
    " WHERE o.cycle_id = {cycle} AND i.voided_at IS NULL AND i.id <> coalesce({but}, -1)"
    f" AND {_SOURCE.format(injection='i')} {{relation}} {{source}})"
)
_OF_CYCLE = (
    "(SELECT c.{field} FROM oocyte_retrieval r JOIN cycle c ON c.id = r.cycle_id"
    " WHERE r.id = NEW.oocyte_retrieval_id)"
)


def _others(relation: str) -> str:
    """Return whether other injections of the cycle stand so to what the cycle says."""
    return _INJECTED.format(
        cycle=_OF_CYCLE.format(field="id"),
        but="NEW.id",
        relation=relation,
        source=_OF_CYCLE.format(field="sperm_source"),
    )


def _all(relation: str) -> str:
    return _INJECTED.format(
        cycle="NEW.id", but="NULL", relation=relation, source="NEW.sperm_source"
    )


_NEW_IS = f"{_SOURCE.format(injection='NEW')} {{relation}} {_OF_CYCLE.format(field='sperm_source')}"

SOURCE = [
    *(
        Rule(
            "injection",
            field,
            "is not the sperm that cycle.sperm_source tells of, and none of the cycle was",
            "mend cycle.sperm_source, or enter the injections with that sperm first",
            f"NEW.{field} IS NOT NULL AND {_NEW_IS.format(relation='<>')} AND NOT {_others('=')}",
        )
        for field in ("specimen_id", "straw_id")
    ),
    Rule(
        "injection",
        "voided_at",
        "would leave none with the sperm that cycle.sperm_source tells of, but others",
        "mend cycle.sperm_source first",
        f"{_NEW_IS.format(relation='=')} AND {_others('<>')} AND NOT {_others('=')}",
        void=True,
    ),
    Rule(
        "cycle",
        "sperm_source",
        "is not what was injected",
        "say whose sperm it was and how it was kept, fresh or thawed",
        f"{_all('<>')} AND NOT {_all('=')}",
    ),
    Rule(
        "injection",
        "injected_at",
        f"comes more than {FRESH_DAYS} days after the fresh specimen was taken",
        "mend one of the two, or name the straw it was frozen in",
        "EXISTS (SELECT 1 FROM specimen s WHERE s.id = NEW.specimen_id AND"
        f" {{days:date(NEW.injected_at)}} - {{days:date(s.taken_at)}} > {FRESH_DAYS})",
    ),
    Rule(
        "specimen",
        "taken_at",
        f"comes more than {FRESH_DAYS} days before its sperm was injected fresh",
        "mend one of the two",
        "EXISTS (SELECT 1 FROM injection i WHERE i.specimen_id = NEW.id AND i.voided_at IS NULL AND"
        f" {{days:date(i.injected_at)}} - {{days:date(NEW.taken_at)}} > {FRESH_DAYS})",
    ),
]
