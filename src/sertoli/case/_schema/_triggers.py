"""The guards of the database: every rule as a trigger, and what may never be changed at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from sqlalchemy import Connection, String, TextClause, bindparam, text

from sertoli.case._schema import ENTITIES
from sertoli.case._schema._audit import AuditChange, AuditEntry, Erasure
from sertoli.case._schema._base import Base, Row, unique_keys
from sertoli.case._schema._nonsense import AGE, BELONGING, ORDER, SPERM
from sertoli.case._schema._nonsense_bank import BANK
from sertoli.case._schema._nonsense_consent import CONSENT
from sertoli.case._schema._nonsense_cycles import CYCLES
from sertoli.case._schema._nonsense_man import MAN
from sertoli.case._schema._nonsense_pregnancy import PREGNANCY
from sertoli.case._schema._nonsense_source import SOURCE
from sertoli.case._schema._nonsense_staff import STAFF
from sertoli.case._schema._rules import Rule, fixed_fields, general_rules

REFUSED = "sertoli"
"""What a message of these triggers begins with; then table, field, what, remedy, by bars."""

_NEW = re.compile(r"\bNEW\.(\w+)")


@cache
def rules_of(table: str) -> tuple[Rule, ...]:
    """Give the rules of a table in the order in which they are asked."""
    return tuple(rule for rule in _all_rules() if rule.table == table)


@cache
def _all_rules() -> tuple[Rule, ...]:
    before = (*ORDER, *AGE, *MAN, *BELONGING)
    after = (*BANK, *CONSENT, *SOURCE, *CYCLES, *PREGNANCY, *STAFF)
    return (*general_rules(ENTITIES), *before, *SPERM, *after)


@cache
def question(entity: type[Row], dialect: str) -> TextClause:
    """Return the query that tells which rule a row breaks, if any.

    It takes every column as the parameter ``new_COLUMN`` and gives the place of the rule in
    ``rules_of``, or NULL.
    """
    columns = entity.table().columns
    used: set[str] = set()

    def parameter(match: re.Match[str]) -> str:
        name = match.group(1)
        used.add(name)
        # PostgreSQL wants to know what kind of thing is empty, and is not told so of texts.
        if isinstance(columns[name].type, String):
            return f"CAST(:new_{name} AS VARCHAR(500))"
        return f":new_{name}"

    cases = " ".join(
        f"WHEN {_NEW.sub(parameter, rule.condition(dialect))} THEN {place}"
        for place, rule in enumerate(rules_of(entity.__tablename__))
    )
    return text(f"SELECT CASE {cases or 'WHEN false THEN 0'} END").bindparams(
        *(bindparam(f"new_{name}", type_=columns[name].type) for name in sorted(used))
    )


def _message(table: str, field: str, what: str, remedy: str) -> str:
    return f"{REFUSED}|{table}.{field}|{what}|{remedy}".replace("'", "''")


def _guards(entity: type[Row], dialect: str) -> Iterator[tuple[str, str, str]]:
    """Give (event, condition, message) of everything an entity's table refuses."""
    table = entity.__tablename__
    for event in ("INSERT", "UPDATE"):
        for rule in rules_of(table):
            message = _message(table, rule.field, rule.what, rule.remedy)
            yield event, rule.condition(dialect), message
    clinic = "OLD.id" if table == "clinic" else "OLD.clinic_id"
    yield (
        "UPDATE",
        "OLD.voided_at IS NOT NULL",
        _message(table, "voided_at", "is set: a void row stays as it is", "enter it anew"),
    )
    for name in ["id", *fixed_fields(entity)]:
        given = f"OLD.{name} IS NOT NULL AND "
        yield (
            "UPDATE",
            f"{given}(NEW.{name} IS NULL OR NEW.{name} <> OLD.{name})",
            _message(table, name, "cannot change", "void the row and enter it anew"),
        )
    yield (
        "DELETE",
        "NOT EXISTS (SELECT 1 FROM erasure e"
        f" WHERE e.clinic_id = {clinic} AND e.entity = '{table}' AND e.row_id = OLD.id)",
        _message(table, "id", "cannot be deleted", "void it and say why"),
    )


def _audit_guards() -> Iterator[tuple[str, str, str, str]]:
    """Give (table, event, condition, message) of what the audit refuses."""
    for table in ("audit_entry", "erasure"):
        for event in ("UPDATE", "DELETE"):
            said = _message(table, "id", "is written once and for all", "add, never change")
            yield table, event, "1 = 1", said
    said = _message("audit_change", "content", "is written once and for all", "add, never change")
    yield "audit_change", "DELETE", "1 = 1", said
    kept = ("clinic_id", "sequence", "number", "entity", "row_id", "action", "content_hash")
    changed = " OR ".join(f"NEW.{name} <> OLD.{name}" for name in kept)
    erased = (
        "EXISTS (SELECT 1 FROM erasure e WHERE e.clinic_id = OLD.clinic_id"
        " AND e.entity = OLD.entity AND e.row_id = OLD.row_id)"
    )
    condition = f"{changed} OR NEW.salt IS NOT NULL OR NEW.content IS NOT NULL OR NOT {erased}"
    yield "audit_change", "UPDATE", condition, said


def _unnoticed(dialect: str) -> Iterator[tuple[str, str, str, str]]:
    """Give (table, event, condition, message) of how rows could go without a DELETE.

    SQLite asks no guard about the rows that REPLACE takes away, nor PostgreSQL about TRUNCATE.
    """
    kinds: tuple[type[Base], ...] = (*ENTITIES, AuditEntry, AuditChange, Erasure)
    for kind in kinds:
        table = Base.metadata.tables[kind.__tablename__]
        if dialect == "postgresql":
            said = _message(table.name, "id", "cannot be emptied", "void rows and say why")
            yield table.name, "TRUNCATE", "true", said
            continue
        for names, holding in unique_keys(table):
            same = " AND ".join(f"o.{name} = NEW.{name}" for name in names)
            same += " AND o.voided_at IS NULL AND NEW.voided_at IS NULL" if holding else ""
            taken = f"EXISTS (SELECT 1 FROM {table.name} o WHERE {same}"
            said = _message(table.name, names[-1], "is taken already", "choose another")
            yield table.name, "BEFORE INSERT", f"{taken})", said
            yield table.name, "BEFORE UPDATE", f"{taken} AND o.rowid <> OLD.rowid)", said


@cache
def _by_trigger(dialect: str) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Give the (condition, message) pairs of every (table, event)."""
    guards: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for entity in ENTITIES:
        for event, condition, message in _guards(entity, dialect):
            guards.setdefault((entity.__tablename__, event), []).append((condition, message))
    for table, event, condition, message in (*_audit_guards(), *_unnoticed(dialect)):
        guards.setdefault((table, event), []).append((condition, message))
    return guards


def _name(table: str, event: str) -> str:
    return f"sertoli_{table}_{event.lower().replace(' ', '_')}"


def _when(event: str) -> str:
    return event if event.startswith("BEFORE") else f"AFTER {event}"


def install_triggers(connection: Connection) -> None:
    """Put the guards in place, instead of those of an earlier version."""
    dialect = connection.dialect.name
    make = _sqlite if dialect == "sqlite" else _postgresql
    for (table, event), checks in _by_trigger(dialect).items():
        for statement in make(_name(table, event), table, event, checks):
            connection.exec_driver_sql(statement)


def guard_texts(dialect: str) -> dict[str, str]:
    """Return the text of every guard that has to be in place, by the name of its trigger.

    On SQLite it is the trigger's statement; on PostgreSQL its table, its kind in PostgreSQL's own
    number (when, and whether for each row) and the body of the function it calls.
    """
    kinds = {"INSERT": 5, "DELETE": 9, "UPDATE": 17, "TRUNCATE": 34}
    texts = {}
    for (table, event), checks in _by_trigger(dialect).items():
        name = _name(table, event)
        if dialect == "sqlite":
            texts[name] = _sqlite(name, table, event, checks)[1]
        else:
            texts[name] = f"{table} {kinds[event]}{_body(table, event, checks)}"
    return texts


def guards_there(connection: Connection) -> dict[str, str]:
    """Return the texts of the triggers that are in place and at work, as ``guard_texts`` does."""
    if connection.dialect.name == "sqlite":
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = (
            "SELECT t.tgname, c.relname || ' ' || t.tgtype || p.prosrc FROM pg_trigger t"
            " JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE t.tgenabled = 'O' AND NOT t.tgisinternal AND t.tgqual IS NULL"
            " AND p.proname = t.tgname"
        )
    return {row[0]: row[1] for row in connection.execute(text(query))}


def _sqlite(name: str, table: str, event: str, checks: list[tuple[str, str]]) -> list[str]:
    body = "\n".join(f"SELECT RAISE(ABORT, '{said}') WHERE {wrong};" for wrong, said in checks)
    return [
        f"DROP TRIGGER IF EXISTS {name}",
        f"CREATE TRIGGER {name} {_when(event)} ON {table} BEGIN\n{body}\nEND",
    ]


def _body(table: str, event: str, checks: list[tuple[str, str]]) -> str:
    # Writers of one clinic take turns, or two of them could together use more sperm than there is.
    turn = ""
    if event in {"INSERT", "UPDATE"} and table not in {
        "clinic",
        "audit_entry",
        "audit_change",
        "erasure",
    }:
        turn = "PERFORM 1 FROM clinic WHERE id = NEW.clinic_id FOR NO KEY UPDATE;\n"
    body = "\n".join(
        f"IF {wrong} THEN RAISE EXCEPTION '{said}' USING ERRCODE = '23514'; END IF;"
        for wrong, said in checks
    )
    return f"\nBEGIN\n{turn}{body}\nRETURN NULL;\nEND "


def _postgresql(name: str, table: str, event: str, checks: list[tuple[str, str]]) -> list[str]:
    when = "BEFORE TRUNCATE" if event == "TRUNCATE" else f"AFTER {event}"
    each = "STATEMENT" if event == "TRUNCATE" else "ROW"
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$guard${_body(table, event, checks)}$guard$",
        f"DROP TRIGGER IF EXISTS {name} ON {table}",
        f"CREATE TRIGGER {name} {when} ON {table} FOR EACH {each} EXECUTE FUNCTION {name}()",
    ]
