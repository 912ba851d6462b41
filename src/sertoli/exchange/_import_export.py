"""What ``sertoli export`` wrote, back into a record."""

from __future__ import annotations

from pathlib import Path

from sertoli.case import Record
from sertoli.errors import InputError
from sertoli.exchange._enter import Entered, enter
from sertoli.exchange._export import BUNDLE
from sertoli.exchange._fhir import read_bundle
from sertoli.exchange._parquet import read_parquet


def import_export(
    record: Record, place: Path, *, reason: str | None = None, trial: bool = False
) -> Entered:
    """Enter an exported record, FHIR or Parquet, all or nothing.

    Parameters
    ----------
    record : Record
        Opened in the clinic that the export is of.
    place : Path
        The exported folder, or the FHIR bundle itself.
    reason : str or None
        Why, for the audit.
    trial : bool
        Only find out what would happen.

    Raises
    ------
    InputError
        If it is no such export.
    """
    if not place.is_dir():
        entries, problems = read_bundle(place)
    elif (place / BUNDLE).is_file():
        entries, problems = read_bundle(place / BUNDLE)
    elif (place / "patient.parquet").is_file():
        entries, problems = read_parquet(place)
    else:
        raise InputError(
            f"{place} holds no export that can be read back",
            "give a folder written by `sertoli export fhir` or `sertoli export parquet`",
        )
    return enter(record, entries, reason=reason, trial=trial, problems=problems, consents_last=True)
