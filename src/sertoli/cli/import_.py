"""``sertoli import``: tables of a clinic, or an exported record, into the record."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sertoli.cli._case import as_json_option, on_the_record, say, say_json, table
from sertoli.cli._main import DISCLAIMER, EXIT_USER_ERROR
from sertoli.errors import OutputError, SettingError

if TYPE_CHECKING:
    from sertoli.case import Record
    from sertoli.exchange import Entered, LeftOut


@click.command(epilog=DISCLAIMER)
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--mapping",
    "mapping_file",
    type=click.Path(path_type=Path),
    help="Which column goes into which field (TOML).",
)
@click.option(
    "--propose",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a first mapping for these tables, to be completed; enter nothing.",
)
@click.option("--dry-run", is_flag=True, help="List every problem; enter nothing.")
@click.option("--reason", help="Why, for the audit.")
@as_json_option
@on_the_record
def command(
    open_record: Callable[..., Record],
    files: tuple[Path, ...],
    mapping_file: Path | None,
    propose: Path | None,
    dry_run: bool,
    reason: str | None,
    as_json: bool,
) -> int:
    """Take tables of a clinic (CSV), or what `sertoli export` wrote, into the record.

    All goes in, in one transaction, or nothing does and every problem is listed by row and column.
    What the record holds already is left alone.
    """
    from sertoli.exchange import import_csv, import_export, read_mapping

    if propose is not None:
        _propose(files, propose)
        return 0
    if files[0].is_dir() or files[0].suffix.lower() == ".json":
        if len(files) > 1 or mapping_file is not None:
            raise SettingError(
                f"{files[0]} is an export, and needs no mapping", "import it by itself"
            )
        with open_record() as record:
            entered = import_export(record, files[0], reason=reason, trial=dry_run)
        return _report(entered, {}, (), dry_run=dry_run, as_json=as_json)
    if mapping_file is None:
        raise SettingError(
            "tables need a mapping", "propose one with --propose FILE, complete it, give --mapping"
        )
    mapping = read_mapping(mapping_file)
    with open_record() as record:
        done = import_csv(record, files, mapping, reason=reason, trial=dry_run)
    return _report(done.entered, done.rows, done.left_out, dry_run=dry_run, as_json=as_json)


def _propose(files: tuple[Path, ...], place: Path) -> None:
    from sertoli.exchange import propose_mapping

    text = propose_mapping(files)
    try:
        with place.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise OutputError(f"{place} exists already", "name another file") from None
    except OSError as error:
        raise OutputError(f"{place} cannot be written: {error.strerror}", "name another") from error
    say(f"A first mapping is in {place}: complete it, then try it with --dry-run.")


def _report(
    entered: Entered,
    rows: dict[str, int],
    left_out: Iterable[LeftOut],
    *,
    dry_run: bool,
    as_json: bool,
) -> int:
    refused = bool(entered.problems)
    entities = [*dict.fromkeys([*entered.new, *entered.filled, *entered.unchanged])]
    counts: list[dict[str, Any]] = [
        {
            "entity": name,
            "new": entered.new[name],
            "filled": entered.filled[name],
            "unchanged": entered.unchanged[name],
        }
        for name in entities
    ]
    if as_json:
        say_json(
            {
                "entered": not (refused or dry_run),
                "rows_read": rows,
                "entities": counts,
                "left_out": [vars(column) for column in left_out],
                "problems": [{**vars(problem)} for problem in entered.problems],
            }
        )
        return EXIT_USER_ERROR if refused else 0
    lines = [f"{file}: {count} rows read" for file, count in rows.items()]
    lines += [
        f"left out: {column.file}, column {column.column!r}, {column.values} values: {column.why}"
        for column in left_out
    ]
    if counts and not refused:
        lines.append(table(counts))
    lines += [str(problem) for problem in entered.problems]
    if refused:
        lines.append(f"{len(entered.problems)} problems: nothing was entered.")
    elif dry_run:
        lines.append("No problems. A dry run: nothing was entered.")
    elif entered.new or entered.filled:
        lines.append("Entered.")
    else:
        lines.append("All of it was there already.")
    say("\n".join(lines))
    return EXIT_USER_ERROR if refused else 0
