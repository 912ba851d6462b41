"""``sertoli outcomes``: a programme's rates, with intervals."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sertoli.cli._case import on_the_record
from sertoli.cli._main import DISCLAIMER

if TYPE_CHECKING:
    from sertoli.case import Record


@click.command(epilog=DISCLAIMER)
@click.option("--example", is_flag=True, help="The programme's year 2016, instead of a record.")
@click.option("--all-clinics", is_flag=True, help="Count every clinic of the record.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder to write the reports and tables to."
)
@click.option(
    "--small-cells",
    type=int,
    default=5,
    show_default=True,
    metavar="N",
    help="Hide counts below N; 0 hides none, for the clinic's own eyes.",
)
@click.option("--overwrite", is_flag=True, help="Replace the folder if it exists.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@on_the_record
def command(
    open_record: Callable[..., Record],
    example: bool,
    all_clinics: bool,
    out: Path | None,
    small_cells: int,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Count a programme's outcomes: sperm found, fertilisation, pregnancies, complications.

    Prints the rates over all. With --out it also writes summary.json, rates.csv, report.html and
    report.pdf, with every split and comparison.
    """
    # Only here: the statistics take a while to load.
    from sertoli.outcomes import (
        compute,
        example_programme,
        programme_from_record,
        summary_lines,
        suppress,
        write_outcomes,
    )

    if example:
        programme = example_programme()
    else:
        with open_record(all_clinics) as record:
            today = datetime.now().astimezone().date()
            programme = programme_from_record(record, as_of=today)
    outcomes = suppress(compute(programme), small_cells)
    place = None if out is None else write_outcomes(out, outcomes, overwrite=overwrite)
    if as_json:
        click.echo(json.dumps(outcomes.to_json(), indent=2))
        return
    for line in summary_lines(outcomes):
        click.echo(line)
    if place is not None:
        click.echo(f"Report: {place / 'report.html'}")
