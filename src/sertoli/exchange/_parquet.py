"""A clinic's rows as Parquet: a folder with one file a table, and back without loss."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sertoli.case import fields_of
from sertoli.errors import InputError, RecordError
from sertoli.exchange._entries import ENTITY_OF, Entry, by_entity, clinic_of
from sertoli.exchange._problems import Problem
from sertoli.exchange._units import unit_of

if TYPE_CHECKING:
    import pyarrow as pa

KEY = "row"
"""Column by whose value other tables name a row."""

_ABOUT = b"sertoli"


def write_parquet(folder: Path, entries: Sequence[Entry]) -> list[Path]:
    """Write one Parquet file for every table of the record, empty ones included.

    A table has the column ``row`` and the fields of its entity by the names that `sertoli case
    fields` gives them; a field that refers to another table holds that table's ``row``. Units
    stand in the names and, as UCUM codes, in the metadata of the columns, beside what they mean.

    Parameters
    ----------
    folder : Path
        There already.
    entries : sequence of Entry
        Of one clinic, that clinic's own among them.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    clinic = clinic_of(entries)
    if clinic is None:
        raise InputError("the rows name no clinic", "export them from a record")
    grouped = by_entity(entries)
    written = []
    for entity in ENTITY_OF:
        rows = grouped.get(entity, [])
        schema = _schema(entity, clinic.key, bool(clinic.values.get("synthetic")))
        columns: dict[str, list[Any]] = {KEY: [entry.key for entry in rows]}
        for name, (column, _, _) in fields_of(ENTITY_OF[entity]).items():
            columns[name] = [_stored(entry.values.get(column)) for entry in rows]
        path = folder / f"{entity}.parquet"
        pq.write_table(pa.table(columns, schema=schema), path)
        written.append(path)
    return written


def _stored(value: Any) -> Any:
    # Words of closed lists are a kind of text that Arrow does not know.
    return str(value) if isinstance(value, str) else value


def _schema(entity: str, clinic: str, synthetic: bool) -> pa.Schema:
    import pyarrow as pa

    kinds = {
        "number": pa.float64(),
        "whole": pa.int64(),
        "day": pa.date32(),
        "moment": pa.timestamp("us", tz="UTC"),
        "flag": pa.bool_(),
    }
    fields = [pa.field(KEY, pa.string(), nullable=False)]
    for name, (column, field, required) in fields_of(ENTITY_OF[entity]).items():
        about = {"means": field.help, "holds": field.described()}
        unit = unit_of(column)
        if unit is not None:
            about["unit"] = unit.ucum
        if field.target:
            about["refers_to"] = f"{field.target}.parquet, {KEY}"
        kind = kinds.get(field.kind, pa.string())
        fields.append(pa.field(name, kind, nullable=not required, metadata=about))
    said = {
        "schema_version": 1,
        "entity": entity,
        "clinic": clinic,
        "synthetic": synthetic,
        "means": (ENTITY_OF[entity].__doc__ or "").splitlines()[0],
        "disclaimer": "Research software, not a medical device.",
    }
    return pa.schema(fields, metadata={_ABOUT: json.dumps(said).encode()})


def read_parquet(folder: Path) -> tuple[list[Entry], list[Problem]]:
    """Read the rows of a folder that ``write_parquet`` made.

    Returns
    -------
    entries : list of Entry
    problems : list of Problem
        Values that a field cannot hold.

    Raises
    ------
    InputError
        If a table is missing or is none of these.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    entries: list[Entry] = []
    problems: list[Problem] = []
    for entity, kind in ENTITY_OF.items():
        path = folder / f"{entity}.parquet"
        fields = fields_of(kind)
        try:
            table = pq.ParquetFile(path).read()
        except FileNotFoundError:
            raise InputError(f"{path} is missing", "give the whole exported folder") from None
        except (OSError, pa.ArrowException) as error:
            raise InputError(
                f"{path} is no Parquet file: {str(error).splitlines()[0]}", "export it anew"
            ) from error
        if set(table.column_names) != {KEY, *fields}:
            odd = sorted({KEY, *fields} ^ set(table.column_names))
            raise InputError(f"{path} lacks, or has beyond its fields, {odd[0]}", "export it anew")
        try:
            columns = {name: table.column(name).to_pylist() for name in table.column_names}
        except (pa.ArrowException, ValueError, OverflowError) as error:
            raise InputError(f"{path} holds values out of range: {error}", "mend it") from error
        for place, key in enumerate(columns[KEY]):
            values = {}
            for name, (column, field, _) in fields.items():
                value = columns[name][place]
                if value is None:
                    continue
                try:
                    values[column] = (
                        str(value)
                        if field.kind == "reference"
                        else field.check(f"{entity}.{column}", value)
                    )
                except RecordError as error:
                    problems.append(Problem(path.name, place + 1, name, error.what, error.remedy))
            entries.append(Entry(entity, str(key), values, path.name, place + 1))
    return entries, problems
