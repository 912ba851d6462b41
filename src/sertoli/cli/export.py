"""``sertoli export``: a clinic's record as FHIR, REDCap or Parquet files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sertoli.cli._case import on_the_record, say
from sertoli.cli._main import DISCLAIMER

if TYPE_CHECKING:
    from sertoli.case import Record


@click.command(epilog=DISCLAIMER)
@click.argument("kind", metavar="FORMAT", type=click.Choice(["fhir", "redcap", "parquet"]))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder to write.  [default: CLINIC-FORMAT-export]",
)
@click.option(
    "--for",
    "use",
    type=click.Choice(["data_sharing", "research", "own_use"]),
    default="data_sharing",
    show_default=True,
    help="What for: only those are exported who agreed to it. own_use: all who withdrew nothing.",
)
@click.option("--overwrite", is_flag=True, help="Replace the folder if it exists.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@on_the_record
def command(
    open_record: Callable[..., Record],
    kind: str,
    out: Path | None,
    use: str,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Write what may leave the clinic's record as FORMAT: fhir, redcap or parquet.

    Men and partners without a consent in force to what the export is for are left out. What is
    void, and the audit, stay behind: `sertoli case backup` copies those too.
    """
    from sertoli.exchange import Format, Use, export

    with open_record() as record:
        place = out or Path(f"{record.clinic}-{kind}-export")
        summary = export(record, Format(kind), place, use=Use(use), overwrite=overwrite)
    if as_json:
        click.echo(json.dumps(summary, indent=2))
        return
    count = sum(summary["rows"].values())
    lines = [f"{count} rows of {summary['clinic']} as {kind}: {place}"]
    if summary["without_consent"]:
        listed = ", ".join(f"{name} {count}" for name, count in summary["without_consent"].items())
        lines.append(f"Without consent to {use}, and left out: {listed}")
    if summary["left_out"]:
        listed = ", ".join(f"{name} {number}" for name, number in summary["left_out"].items())
        lines.append(f"No part of any man's record, and left out: {listed}")
    say("\n".join(lines))
