"""The rule: what may not be, said once in SQL, asked by the model and enforced by the database.

A rule's ``wrong`` is a condition over the new row (``NEW.field``) that holds when the row is
nonsense. It reads the same on SQLite and PostgreSQL, but for the words that are filled in:
``{tomorrow}``, ``{eve:X}`` for the day before the day or moment X (a calendar day at the clinic and
a moment in UTC may differ by one), ``{days:X}`` for the day X as a number, to count days by, and
``{odd_day:X}``, ``{odd_moment:X}``, ``{odd_text:X}`` and ``{odd_code:X}`` for what is none: SQLite
takes anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sertoli.case._schema._base import ClinicRow, Row

_WORDS = {
    "sqlite": {
        "tomorrow": "date('now', '+1 day')",
        "eve": "date({0}, '-1 day')",
        "days": "julianday({0})",
        # A modifier makes SQLite look whether a month has so many days.
        "odd_day": "date({0}, '+0 days') <> {0}",
        "odd_moment": "({0} NOT GLOB '????-??-?? [0-2][0-9]:[0-5][0-9]:[0-5][0-9]."
        "[0-9][0-9][0-9][0-9][0-9][0-9]' OR substr({0}, 12, 2) > '23'"
        " OR date(substr({0}, 1, 10), '+0 days') <> substr({0}, 1, 10))",
        "odd_text": "(typeof({0}) NOT IN ('text', 'null') OR instr({0}, char(0)) > 0)",
        "odd_code": "({0} GLOB '*[^A-Za-z0-9_.-]*' OR {0} NOT GLOB '[A-Za-z0-9]*')",
    },
    "postgresql": {
        "tomorrow": "(CURRENT_DATE + 1)",
        "eve": "(date({0}) - 1)",
        "days": "(date({0}) - DATE '1900-01-01')",
        "odd_day": "false",
        "odd_moment": "false",
        "odd_text": "false",
        "odd_code": "({0} !~ '^[A-Za-z0-9][A-Za-z0-9_.-]*$')",
    },
}


@dataclass(frozen=True)
class Rule:
    """Nonsense that takes a look at other rows, or at several fields, to be seen.

    Parameters
    ----------
    table, field : str
        Where it is nonsense.
    what, remedy : str
        For the message; without quotes.
    wrong : str
        The condition.
    void : bool or None
        False: asked of rows that are not voided. True: of those being voided. None: of both.
    """

    table: str
    field: str
    what: str
    remedy: str
    wrong: str
    void: bool | None = False

    def condition(self, dialect: str) -> str:
        """Return the condition in the words of ``sqlite`` or ``postgresql``."""
        words = _WORDS[dialect]
        sql = re.sub(r"\{(\w+):?([^}]*)\}", lambda word: words[word[1]].format(word[2]), self.wrong)
        if self.void is None:
            return f"({sql})"
        return f"NEW.voided_at IS {'NOT ' if self.void else ''}NULL AND ({sql})"


def not_before(child: str, parent: str, via: str) -> list[Rule]:
    """Forbid that ``table.field`` of a child lies before ``table.field`` of its parent.

    Both sides are guarded: neither may be moved past the other. ``_on`` fields are days, ``_at``
    fields moments.
    """
    below, late = child.split(".")
    above, early = parent.split(".")
    mixed = late.endswith("_at") != early.endswith("_at")
    said = f"comes before {above}.{early}"

    def wrong(child_value: str, parent_value: str) -> str:
        if mixed:
            return f"date({child_value}) < {{eve:{parent_value}}}"
        return f"{child_value} < {parent_value}"

    return [
        Rule(
            below,
            late,
            said,
            "mend one of the two",
            f"EXISTS (SELECT 1 FROM {above} p WHERE p.id = NEW.{via}"
            f" AND {wrong(f'NEW.{late}', f'p.{early}')})",
        ),
        Rule(
            above,
            early,
            f"comes after {below}.{late}",
            "mend one of the two",
            f"EXISTS (SELECT 1 FROM {below} c WHERE c.{via} = NEW.id AND c.voided_at IS NULL"
            f" AND {wrong(f'c.{late}', f'NEW.{early}')})",
        ),
    ]


def not_after(child: str, parent: str, via: str, when: str = "1 = 1") -> list[Rule]:
    """Forbid that ``table.field`` of a child lies after ``table.field`` of its parent.

    Both sides are guarded. ``_on`` fields are days, ``_at`` fields moments; a moment of the child
    may be set beside a day of its parent. ``when`` is a condition over the ``{child}``.
    """
    below, early = child.split(".")
    above, late = parent.split(".")
    mixed = early.endswith("_at") and late.endswith("_on")
    before = "{{eve:{0}}}" if mixed else "{0}"
    return [
        Rule(
            below,
            early,
            f"comes after {above}.{late}",
            "mend one of the two",
            f"{when.format(child='NEW')} AND EXISTS (SELECT 1 FROM {above} p"
            f" WHERE p.id = NEW.{via} AND p.{late} < {before.format(f'NEW.{early}')})",
        ),
        Rule(
            above,
            late,
            f"comes before {below}.{early}",
            "mend one of the two",
            f"EXISTS (SELECT 1 FROM {below} c WHERE c.{via} = NEW.id AND c.voided_at IS NULL"
            f" AND {when.format(child='c')} AND NEW.{late} < {before.format(f'c.{early}')})",
        ),
    ]


_ODD = {
    "day": "{{odd_day:{0}}}",
    "moment": "{{odd_moment:{0}}}",
    "text": "{{odd_text:{0}}}",
    "zone": "{{odd_text:{0}}}",
    "code": "{{odd_code:{0}}}",
    "pseudonym": "{{odd_code:{0}}}",
}
"""What a field of a kind cannot hold and its CHECK does not see: no day, broken text."""


def general_rules(entities: tuple[type[Row], ...]) -> list[Rule]:
    """Give the rules that follow from the fields alone."""
    rules = []
    for entity in entities:
        table = entity.__tablename__
        dated = []
        columns = entity.table().columns
        if issubclass(entity, ClinicRow) and not any(
            field.kind == "reference" and not columns[name].nullable
            for name, field in entity.fields.items()
        ):
            rules.append(_clinic_rule(table))
        for name, field in entity.fields.items():
            odd = _ODD.get(field.kind)
            if odd is not None:
                wrong = odd.format(f"NEW.{name}")
                rules.append(Rule(table, name, "holds an impossible value", "mend it", wrong, None))
            if field.kind in {"day", "moment"} and not field.future and name != "voided_at":
                dated.append(name)
                rules.append(
                    Rule(
                        table,
                        name,
                        "lies in the future",
                        "give the day it happened",
                        f"date(NEW.{name}) > {{tomorrow}}",
                    )
                )
            if field.kind == "reference":
                rules += _reference_rules(table, name, field.target)
        if "patient_id" in entity.fields:
            for name in dated:
                rules += _birth_rules(table, name)
    return rules


def _clinic_rule(table: str) -> Rule:
    return Rule(
        table,
        "clinic_id",
        "names no clinic",
        "make the clinic first",
        "NOT EXISTS (SELECT 1 FROM clinic r WHERE r.id = NEW.clinic_id)",
        void=None,
    )


def _reference_rules(table: str, name: str, target: str) -> list[Rule]:
    # Foreign keys say so too, but SQLite asks them only of a client that wants to be asked.
    return [
        Rule(
            table,
            name,
            f"names no {target} of this clinic that holds",
            f"make the {target} first, or name one that is not void",
            f"NEW.{name} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {target} r WHERE"
            f" r.id = NEW.{name} AND r.clinic_id = NEW.clinic_id"
            " AND (r.voided_at IS NULL OR NEW.voided_at IS NOT NULL))",
            void=None,
        ),
        Rule(
            target,
            "voided_at",
            f"cannot be set while a {table} depends on the row",
            f"void the {table} first",
            f"EXISTS (SELECT 1 FROM {table} c WHERE c.{name} = NEW.id AND c.voided_at IS NULL)",
            void=True,
        ),
    ]


def year(value: str) -> str:
    """Return the SQL for the year of a day or moment."""
    return f"CAST(substr(CAST({value} AS VARCHAR(40)), 1, 4) AS INTEGER)"


def _birth_rules(table: str, name: str) -> list[Rule]:
    return [
        Rule(
            table,
            name,
            "comes before the man was born",
            "mend it or patient.birth_year",
            f"EXISTS (SELECT 1 FROM patient p WHERE p.id = NEW.patient_id"
            f" AND {year(f'NEW.{name}')} < p.birth_year)",
        ),
        Rule(
            "patient",
            "birth_year",
            f"comes after {table}.{name}",
            "mend one of the two",
            f"EXISTS (SELECT 1 FROM {table} c WHERE c.patient_id = NEW.id"
            f" AND c.voided_at IS NULL AND {year(f'c.{name}')} < NEW.birth_year)",
        ),
    ]


CORRECTABLE = {"staff", "goblet"}
"""References to these may be corrected; all others tell where the row belongs, and stay."""


def fixed_fields(entity: type[Row]) -> list[str]:
    """Name the fields of an entity that never change once they are given."""
    fixed = [
        name
        for name, field in entity.fields.items()
        if field.kind == "reference" and field.target not in CORRECTABLE
    ]
    return (["clinic_id"] if issubclass(entity, ClinicRow) else []) + fixed
