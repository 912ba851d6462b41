"""``sertoli case new/show/edit/list/void/fields``: rows of any entity."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from sertoli.cli._case import (
    answer,
    as_json_option,
    assignments,
    card,
    on_the_record,
    say,
    say_json,
    table,
)
from sertoli.cli._main import DISCLAIMER

if TYPE_CHECKING:
    from sertoli.case import Record

Opener = Callable[..., "Record"]


def _entities(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from sertoli.case import ENTITY_NAMES

    return [name for name in ENTITY_NAMES if name.startswith(incomplete)]


def _fields(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from sertoli.case import ENTITY_NAMES, fields_of

    entity = ENTITY_NAMES.get(str(ctx.params.get("entity", "")).replace("_", "-"))
    names = [] if entity is None else fields_of(entity)
    return [f"{name}=" for name in names if name.startswith(incomplete)]


entity_argument = click.argument("entity", shell_complete=_entities)
fields_argument = click.argument(
    "given", metavar="FIELD=VALUE...", nargs=-1, shell_complete=_fields
)
reason_option = click.option("--reason", help="Why, for the audit.")


@click.command("new", epilog=DISCLAIMER)
@entity_argument
@fields_argument
@reason_option
@as_json_option
@on_the_record
def new_command(
    open_record: Opener, entity: str, given: tuple[str, ...], reason: str | None, as_json: bool
) -> None:
    """Enter a row of ENTITY, such as `new patient code=P-1 birth_year=1985`.

    What belongs to another row names it by its code: `new procedure patient=P-1 ...`. `sertoli case
    fields ENTITY` names the fields.
    """
    from sertoli.case import entity_named, shown, values_of

    kind = entity_named(entity)
    with open_record() as record, record.change(reason) as session:
        row = kind(**values_of(session, kind, assignments(given)))
        session.add(row)
        session.flush()
        (values,) = shown(session, [row])
    _say_row(kind.__tablename__, values, as_json)


@click.command("edit", epilog=DISCLAIMER)
@entity_argument
@click.argument("name", metavar="CODE")
@fields_argument
@reason_option
@as_json_option
@on_the_record
def edit_command(
    open_record: Opener,
    entity: str,
    name: str,
    given: tuple[str, ...],
    reason: str | None,
    as_json: bool,
) -> None:
    """Change fields of the row CODE (or number) of ENTITY; FIELD= empties a field."""
    from sertoli.case import entity_named, find, shown, values_of

    kind = entity_named(entity)
    with open_record() as record, record.change(reason) as session:
        row = find(session, kind, name)
        for field, value in values_of(session, kind, assignments(given)).items():
            setattr(row, field, value)
        session.flush()
        (values,) = shown(session, [row])
    _say_row(kind.__tablename__, values, as_json)


@click.command("void", epilog=DISCLAIMER)
@entity_argument
@click.argument("name", metavar="CODE")
@click.option("--reason", required=True, help="Why the row does not hold.")
@as_json_option
@on_the_record
def void_command(open_record: Opener, entity: str, name: str, reason: str, as_json: bool) -> None:
    """Declare the row CODE (or number) of ENTITY void: it stays, and counts for nothing."""
    from sertoli.case import entity_named, find, void

    kind = entity_named(entity)
    with open_record() as record, record.change(reason) as session:
        void(find(session, kind, name), reason)
    answer(
        f"{entity} {name} is void.",
        {"entity": kind.__tablename__, "row": name, "void_reason": reason},
        as_json,
    )


@click.command("show", epilog=DISCLAIMER)
@click.argument("names", metavar="[ENTITY] CODE", nargs=-1, required=True)
@click.option("--voided", is_flag=True, help="Show void rows too.")
@as_json_option
@on_the_record
def show_command(open_record: Opener, names: tuple[str, ...], voided: bool, as_json: bool) -> None:
    """Show the whole case of the man CODE, or the row CODE of ENTITY with all below it."""
    from sertoli.case import Patient, entity_named, find, rows_below, shown

    if len(names) > 2:
        raise click.UsageError("give a man's code, or an entity and a code")
    kind = entity_named(names[0]) if len(names) == 2 else Patient
    with open_record() as record, record.reading(voided=voided) as session:
        found = {
            name: shown(session, rows)
            for name, rows in rows_below(session, find(session, kind, names[-1])).items()
        }
    if as_json:
        say_json({"case": found})
        return
    parts = []
    for name, rows in found.items():
        body = card(rows[0]) if len(rows) == 1 else table(rows)
        parts.append(f"{name.replace('_', ' ').upper()}\n{body}")
    say("\n\n".join(parts))


@click.command("list", epilog=DISCLAIMER)
@click.argument("entity", default="patient", shell_complete=_entities)
@click.option("--voided", is_flag=True, help="List void rows too.")
@click.option("--all-clinics", is_flag=True, help="Of all clinics, if you have the right.")
@as_json_option
@on_the_record
def list_command(
    open_record: Opener, entity: str, voided: bool, all_clinics: bool, as_json: bool
) -> None:
    """List the rows of ENTITY (patient, if none is named)."""
    from sqlalchemy import select

    from sertoli.case import entity_named, shown

    kind = entity_named(entity)
    with open_record(all_clinics) as record, record.reading(voided=voided) as session:
        rows = shown(session, session.scalars(select(kind).order_by(kind.id)))
    if as_json:
        say_json({"entity": kind.__tablename__, "rows": rows})
    else:
        say(f"{table(rows)}\n{len(rows)} in all." if rows else f"No {entity} yet.")


@click.command("fields", epilog=DISCLAIMER)
@click.argument("entity", required=False, shell_complete=_entities)
@as_json_option
def fields_command(entity: str | None, as_json: bool) -> None:
    """Name all entities, or the fields of ENTITY with what they hold."""
    from sertoli.case import ENTITY_NAMES, entity_named, fields_of

    rows: list[dict[str, Any]]
    if entity is None:
        rows = [
            {"entity": name, "is": (kind.__doc__ or "").splitlines()[0]}
            for name, kind in ENTITY_NAMES.items()
        ]
    else:
        rows = [
            {
                "field": name,
                "holds": field.described(),
                "required": "yes" if required else None,
                "is": field.help,
            }
            for name, (_, field, required) in fields_of(entity_named(entity)).items()
        ]
    if as_json:
        say_json({"fields": rows})
    else:
        say(table(rows))


def _say_row(entity: str, values: dict[str, Any], as_json: bool) -> None:
    if as_json:
        say_json({"entity": entity, "row": values})
    else:
        say(f"{entity.replace('_', ' ').upper()}\n{card(values)}")
