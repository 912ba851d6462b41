"""What the commands below ``sertoli case`` share: the record's options, tables, the last line."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from sertoli.cli._main import DISCLAIMER
from sertoli.errors import SettingError

if TYPE_CHECKING:
    from sertoli.case import Record

_MOMENT = re.compile(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):[\d.]+\+00:00$")

DEFAULT_RECORD = "sertoli-record.db"


def on_the_record(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which record is opened, and by whom.

    The function gets ``open_record``, a callable that opens it.
    """

    @click.option(
        "--record",
        "place",
        metavar="FILE|URL",
        envvar="SERTOLI_RECORD",
        default=DEFAULT_RECORD,
        show_default=True,
        help="SQLite file, or postgresql:// address.  [env: SERTOLI_RECORD]",
    )
    @click.option(
        "--clinic", envvar="SERTOLI_CLINIC", help="Code of the clinic.  [env: SERTOLI_CLINIC]"
    )
    @click.option(
        "--staff", envvar="SERTOLI_STAFF", help="Your own code there.  [env: SERTOLI_STAFF]"
    )
    @functools.wraps(command)
    def opened(place: str, clinic: str | None, staff: str | None, **options: Any) -> Any:
        def open_record(all_clinics: bool = False) -> Record:
            from sertoli.case import Record

            if clinic is None or staff is None:
                raise SettingError(
                    "it is not known who you are",
                    "give --clinic and --staff, or set SERTOLI_CLINIC and SERTOLI_STAFF",
                )
            return Record.open(place, clinic=clinic, staff=staff, all_clinics=all_clinics)

        return command(open_record=open_record, **options)

    return opened


as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def assignments(given: Iterable[str]) -> dict[str, str]:
    """Turn ``FIELD=VALUE`` arguments into a mapping.

    Raises
    ------
    SettingError
        If one has no equals sign, or a field is given twice.
    """
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise SettingError(f"{text!r} is no FIELD=VALUE", "write it like volume_ml=1.2")
        if name in found:
            raise SettingError(f"{name} is given twice", "give it once")
        found[name] = value
    return found


def say(text: str) -> None:
    """Print a finished answer, and what it is not."""
    click.echo(text)
    click.echo(DISCLAIMER)


def say_json(content: Mapping[str, Any]) -> None:
    """Print an answer as JSON, and in it what it is not."""
    click.echo(json.dumps({"schema_version": 1, "disclaimer": DISCLAIMER, **content}, indent=2))


def answer(text: str, content: Mapping[str, Any], as_json: bool) -> None:
    """Print a finished answer in words, or its content as JSON."""
    if as_json:
        say_json(content)
    else:
        say(text)


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Lay rows out in columns; columns that are empty throughout are left out."""
    names = [name for name in rows[0] if any(row.get(name) is not None for row in rows)]
    lines = [names, *([_text(row.get(name)) for name in names] for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(names))]
    return "\n".join(
        "  ".join(part.ljust(width) for part, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def card(row: Mapping[str, Any]) -> str:
    """Lay one row out, a field a line; empty fields are left out."""
    given = {name: _text(value) for name, value in row.items() if value is not None}
    width = max(map(len, given))
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in given.items())


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return _MOMENT.sub(r"\1 \2 UTC", str(value))
