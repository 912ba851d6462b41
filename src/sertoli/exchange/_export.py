"""The record of a clinic into a folder, in the format asked for."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sertoli.case import Record
from sertoli.exchange._entries import Entry, by_entity, clinic_of, extract
from sertoli.exchange._fhir import bundle_of, require_valid
from sertoli.exchange._parquet import write_parquet
from sertoli.exchange._redcap import PLACES, write_redcap
from sertoli.outputs import OutputFolder

BUNDLE = "bundle.json"


class Format(StrEnum):
    """What a record can be exported as."""

    FHIR = "fhir"
    REDCAP = "redcap"
    PARQUET = "parquet"


def export(record: Record, kind: Format, out: Path, *, overwrite: bool = False) -> dict[str, Any]:
    """Write all that holds in a clinic's record into a folder, whole or not at all.

    Parameters
    ----------
    record : Record
        Opened in a clinic: only that clinic is read.
    kind : Format
    out : Path
        The folder.
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
        summary = _write(folder.path, kind, extract(record))
        (folder.path / "summary.json").write_text(
            json.dumps(summary, indent=2) + "\n", encoding="utf-8", newline="\n"
        )
    except BaseException:
        folder.discard()
        raise
    folder.finish()
    return summary


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
