"""The record of a clinic into a folder, in the format asked for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from sertoli.case import Partner, Patient, Record
from sertoli.exchange._entries import Entry, by_entity, clinic_of, extract
from sertoli.exchange._fhir import bundle_of, require_valid
from sertoli.exchange._parquet import write_parquet
from sertoli.exchange._redcap import PLACES, write_redcap
from sertoli.exchange._sharing import Use
from sertoli.outputs import OutputFolder

BUNDLE = "bundle.json"


class Format(StrEnum):
    """What a record can be exported as."""

    FHIR = "fhir"
    REDCAP = "redcap"
    PARQUET = "parquet"


def export(
    record: Record,
    kind: Format,
    out: Path,
    *,
    use: Use = Use.DATA_SHARING,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Write what holds in a clinic's record into a folder, whole or not at all.

    Only men and partners who agreed to the use are in it: see `Use`.

    Parameters
    ----------
    record : Record
        Opened in a clinic: only that clinic is read.
    kind : Format
    out : Path
        The folder.
    use : Use
        What the export is for.
    overwrite : bool
        Replace it if it exists.

    Returns
    -------
    dict
        The summary, as in ``summary.json``.

    Raises
    ------
    RightsError
        If the record was opened over all clinics.
    OutputError
        If the folder cannot be written.
    """
    folder = OutputFolder(out, overwrite=overwrite)
    try:
        summary = _write(folder.path, kind, extract(record, use))
        summary["use"] = str(use)
        summary["without_consent"] = _without_consent(record, summary["rows"])
        (folder.path / "summary.json").write_text(
            json.dumps(summary, indent=2) + "\n", encoding="utf-8", newline="\n"
        )
    except BaseException:
        folder.discard()
        raise
    folder.finish()
    return summary


def _without_consent(record: Record, rows: Mapping[str, int]) -> dict[str, int]:
    """Count the men and partners of the record that are not among the rows."""
    with record.reading() as session:
        return {
            table: count - rows.get(table, 0)
            for table, entity in (("patient", Patient), ("partner", Partner))
            if (count := session.scalar(select(func.count()).select_from(entity)) or 0)
            > rows.get(table, 0)
        }


def _write(folder: Path, kind: Format, entries: list[Entry]) -> dict[str, Any]:
    left_out: Counter[str] = Counter()
    if kind is Format.FHIR:
        bundle = bundle_of(entries)
        require_valid(bundle)
        with (folder / BUNDLE).open("w", encoding="utf-8", newline="\n") as file:
            json.dump(bundle, file, indent=1, ensure_ascii=False, allow_nan=False)
            file.write("\n")
        files = [folder / BUNDLE]
    elif kind is Format.PARQUET:
        files = write_parquet(folder, entries)
    else:
        files = write_redcap(folder, entries)
        left_out.update(entry.entity for entry in entries if entry.entity in PLACES)
    clinic = clinic_of(entries)
    return {
        "schema_version": 1,
        "command": "export",
        "disclaimer": "Research software, not a medical device.",
        "format": str(kind),
        "clinic": None if clinic is None else clinic.key,
        "synthetic": clinic is not None and bool(clinic.values.get("synthetic")),
        "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": [path.name for path in files],
        "rows": {entity: len(rows) for entity, rows in by_entity(entries).items()},
        "left_out": dict(left_out),
    }
