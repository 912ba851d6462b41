"""``sertoli case init/log/verify/head/backup/restore/upgrade/erase``: the record as a whole."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sertoli.cli._case import (
    DEFAULT_RECORD,
    answer,
    as_json_option,
    on_the_record,
    say,
    say_json,
    table,
)
from sertoli.cli._main import DISCLAIMER
from sertoli.errors import SettingError

if TYPE_CHECKING:
    from sertoli.case import Record

Opener = Callable[..., "Record"]

place_option = click.option(
    "--record",
    "place",
    metavar="FILE|URL",
    envvar="SERTOLI_RECORD",
    default=DEFAULT_RECORD,
    show_default=True,
    help="SQLite file, or postgresql:// address.  [env: SERTOLI_RECORD]",
)


@click.command("init", epilog=DISCLAIMER)
@place_option
@click.option("--clinic", required=True, envvar="SERTOLI_CLINIC", help="Code of the clinic.")
@click.option("--staff", required=True, envvar="SERTOLI_STAFF", help="Code of its director.")
@click.option("--reads-all-clinics", is_flag=True, help="The director may read every clinic.")
@click.option("--synthetic", is_flag=True, help="All records of the clinic are made up.")
@as_json_option
def init_command(
    place: str, clinic: str, staff: str, reads_all_clinics: bool, synthetic: bool, as_json: bool
) -> None:
    """Make a record with a first clinic and its director, or a further clinic in a record."""
    from sertoli.case import Record

    Record.create(
        place,
        clinic=clinic,
        staff=staff,
        reads_all_clinics=reads_all_clinics,
        synthetic=synthetic,
    ).close()
    answer(
        f"The record holds the clinic {clinic}; {staff} is its director.",
        {"clinic": clinic, "director": staff, "synthetic": synthetic},
        as_json,
    )


@click.command("log", epilog=DISCLAIMER)
@click.argument("names", metavar="[ENTITY CODE]", nargs=-1)
@click.option("--last", type=click.IntRange(1), default=20, show_default=True, help="How many.")
@as_json_option
@on_the_record
def log_command(open_record: Opener, names: tuple[str, ...], last: int, as_json: bool) -> None:
    """Show the last changes in the clinic, or those of the row CODE of ENTITY."""
    from sertoli.case import entity_named, find, history

    if len(names) not in {0, 2}:
        raise SettingError("log takes an entity and a code, or nothing", "give both")
    with open_record() as record, record.reading(voided=True) as session:
        row = find(session, entity_named(names[0]), names[1]) if names else None
        steps = history(session, row, last)
    if as_json:
        say_json({"changes": [step.as_dict() for step in steps]})
    else:
        say(table([step.as_line() for step in steps]) if steps else "Nothing yet.")


@click.command("verify", epilog=DISCLAIMER)
@click.option(
    "--head", "heads", type=click.Path(path_type=Path), multiple=True, help="An exported head."
)
@click.option(
    "--public-key", type=click.Path(path_type=Path), help="Checks the signature of every head."
)
@click.option("--all-clinics", is_flag=True, help="Every clinic, if you have the right.")
@as_json_option
@on_the_record
def verify_command(
    open_record: Opener,
    heads: tuple[Path, ...],
    public_key: Path | None,
    all_clinics: bool,
    as_json: bool,
) -> int:
    """Find whatever was altered past the program; ends with code 1 if anything was."""
    from sertoli.case import read_head, verify

    known = [read_head(file, public_key) for file in heads]
    with open_record(all_clinics) as record:
        verdict = verify(record, known)
    if as_json:
        say_json(
            {
                "sound": verdict.sound,
                "problems": list(verdict.problems),
                "entries": verdict.entries,
                "rows": verdict.rows,
                "heads": [head.as_dict() for head in verdict.heads],
            }
        )
    else:
        said = "Sound" if verdict.sound else f"{len(verdict.problems)} problems"
        lines = [*verdict.problems, f"{said}: {verdict.entries} entries, {verdict.rows} rows."]
        say("\n".join(lines))
    return 0 if verdict.sound else 1


@click.command("head", epilog=DISCLAIMER)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--key", type=click.Path(path_type=Path), help="Private Ed25519 key to sign with.")
@as_json_option
@on_the_record
def head_command(open_record: Opener, file: Path, key: Path | None, as_json: bool) -> None:
    """Export the end of the clinic's audit chain to FILE, to be kept where nobody can change it."""
    from sertoli.case import head_of, write_head

    with open_record() as record:
        head = head_of(record)
    write_head(head, file, key)
    answer(
        f"Entry {head.sequence} of {head.clinic}: {head.hash}",
        {"file": str(file), "head": head.as_dict(), "signed": key is not None},
        as_json,
    )


@click.command("backup", epilog=DISCLAIMER)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--keep", type=click.IntRange(1), help="Remove all but the newest N copies.")
@click.option("--every", type=float, metavar="HOURS", help="Go on until stopped with Ctrl-C.")
@as_json_option
@place_option
def backup_command(
    folder: Path, keep: int | None, every: float | None, place: str, as_json: bool
) -> None:
    """Copy the record into DIR while others use it; the copy is verified."""
    from sertoli.case import backup

    if every is not None and not 0 < every <= 24 * 366:
        raise SettingError("--every makes no sense", "give hours, such as 24")
    while True:
        copy = backup(place, folder, keep)
        answer(f"Copied to {copy}", {"copy": str(copy)}, as_json)
        if every is None:
            return
        time.sleep(every * 3600)


@click.command("restore", epilog=DISCLAIMER)
@click.argument("copy", type=click.Path(path_type=Path))
@as_json_option
@place_option
def restore_command(copy: Path, place: str, as_json: bool) -> None:
    """Make a record of COPY at --record, where none may be yet, and verify it."""
    from sertoli.case import restore

    verdict = restore(copy, place)
    answer(
        f"Restored and sound: {verdict.entries} entries, {verdict.rows} rows.",
        {"sound": verdict.sound, "entries": verdict.entries, "rows": verdict.rows},
        as_json,
    )


@click.command("upgrade", epilog=DISCLAIMER)
@as_json_option
@place_option
def upgrade_command(place: str, as_json: bool) -> None:
    """Bring a record to the schema of this version; back it up first."""
    from sertoli.case import upgrade_record

    upgrade_record(place)
    answer("The record has this version's schema.", {"upgraded": True}, as_json)


@click.command("erase", epilog=DISCLAIMER)
@click.argument("code")
@click.option("--reason", required=True, help="The legal ground, without naming a person.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json_option
@on_the_record
def erase_command(open_record: Opener, code: str, reason: str, yes: bool, as_json: bool) -> None:
    """Erase all content of the man CODE, for good; the audit's chain still verifies."""
    from sertoli.case import erase_patient

    if not yes:
        click.confirm(
            f"Erase all that the record holds of {code}, for good?", abort=True, err=as_json
        )
    with open_record() as record:
        count = erase_patient(record, code, reason)
    answer(
        f"{count} rows erased. Copies and exports made before are yours to destroy.",
        {"patient": code, "erased_rows": count},
        as_json,
    )
