"""``sertoli case add-specimen/add-search/move``: what the theatre, bench and bank enter daily."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sertoli.cli._case import as_json_option, assignments, card, on_the_record, say, say_json
from sertoli.cli._main import DISCLAIMER
from sertoli.errors import SettingError

if TYPE_CHECKING:
    from sertoli.case import Record, Row

Opener = Callable[..., "Record"]


@click.command("add-specimen", epilog=DISCLAIMER)
@click.argument("procedure")
@click.argument("code")
@click.argument("given", metavar="FIELD=VALUE...", nargs=-1)
@as_json_option
@on_the_record
def add_specimen_command(
    open_record: Opener, procedure: str, code: str, given: tuple[str, ...], as_json: bool
) -> None:
    """Enter the specimen CODE of PROCEDURE: tissue taken now, unless FIELD=VALUE says otherwise.

    For example `add-specimen OP-1 SP-3 side=left mass_mg=9.4 tubule_id=12`.
    """
    from sertoli.case import Specimen, values_of

    fields = {"kind": "tissue", "taken_at": "now", **assignments(given)}
    with open_record() as record, record.change() as session:
        values = values_of(session, Specimen, {"procedure": procedure, "code": code, **fields})
        row = Specimen(**values)
        session.add(row)
        session.flush()
        _say_row(session, row, as_json)


@click.command("add-search", epilog=DISCLAIMER)
@click.argument("specimen")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.argument("given", metavar="FIELD=VALUE...", nargs=-1)
@as_json_option
@on_the_record
def add_search_command(
    open_record: Opener, specimen: str, folder: Path, given: tuple[str, ...], as_json: bool
) -> None:
    """Take what `sertoli search` wrote into DIR into the record, as a search of SPECIMEN.

    Findings are no sperm until a person has confirmed them: then add confirmed_sperm=N
    motile_sperm=N share_searched=S here, or later with `edit bench-search`.
    """
    from sertoli.case import BenchSearch, Specimen, add_search, find, values_of

    with open_record() as record, record.change() as session:
        found = find(session, Specimen, specimen)
        assert isinstance(found, Specimen)
        more = values_of(session, BenchSearch, assignments(given))
        by = more.pop("searched_by_id", record.staff_id)
        _say_row(session, add_search(session, found, folder, by, **more), as_json)


@click.command("move", epilog=DISCLAIMER)
@click.argument("straw")
@click.option("--to", metavar="GOBLET/PLACE", help="Where to, such as G-1/3.")
@click.option(
    "--out",
    type=click.Choice(["thawed", "discarded", "shipped"]),
    help="Instead of --to: taken out for good.",
)
@click.option("--from", "seen", metavar="GOBLET/PLACE", help="Where you see it now; checked.")
@click.option("--witness", required=True, help="Code of the second person.")
@click.option("--reason", help="Why.")
@as_json_option
@on_the_record
def move_command(
    open_record: Opener,
    straw: str,
    to: str | None,
    out: str | None,
    seen: str | None,
    witness: str,
    reason: str | None,
    as_json: bool,
) -> None:
    """Put STRAW into a place of a goblet, or take it out; you move it, another person witnesses."""
    from sqlalchemy.orm import Session

    from sertoli.case import Fate, Goblet, Staff, Straw, find, move_straw, whereabouts
    from sertoli.errors import ConflictError

    if (to is None) == (out is None):
        raise SettingError("--to and --out exclude one another", "give one of them")

    def place(session: Session, text: str) -> tuple[int, int]:
        goblet, _, number = text.rpartition("/")
        if not goblet or not number.isdigit():
            raise SettingError(f"{text!r} is no place", "write it like G-1/3")
        return find(session, Goblet, goblet).id, int(number)

    with open_record() as record, record.change(reason) as session:
        found = find(session, Straw, straw)
        assert isinstance(found, Straw)
        now = whereabouts(session, found)
        if seen is not None and place(session, seen) != (now.goblet_id, now.place):
            raise ConflictError(
                "straw_move.straw_id", f"{straw} is not recorded at {seen}", "look it up again"
            )
        moved = move_straw(
            session,
            found,
            to=None if to is None else place(session, to),
            fate=None if out is None else Fate(out),
            moved_by_id=record.staff_id,
            witness_id=find(session, Staff, witness).id,
            reason=reason,
        )
        _say_row(session, moved, as_json)


def _say_row(session: object, row: Row, as_json: bool) -> None:
    from sqlalchemy.orm import Session

    from sertoli.case import shown

    assert isinstance(session, Session)
    (values,) = shown(session, [row])
    if as_json:
        say_json({"entity": row.__tablename__, "row": values})
    else:
        say(f"{row.__tablename__.replace('_', ' ').upper()}\n{card(values)}")
