"""A clinic's men as REDCap takes them: one CSV of records, one of the data dictionary."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sertoli.case import fields_of
from sertoli.exchange._entries import ENTITY_OF, Entry, by_entity, men_of
from sertoli.exchange._units import unit_of

RECORDS, DICTIONARY = "records.csv", "data-dictionary.csv"

PLACES = {"clinic", "staff", "tank", "canister", "cane", "goblet"}
"""Entities that belong to no man; a REDCap record is one man, and names these by their codes."""

_DICTIONARY_HEADER = (
    "Variable / Field Name",
    "Form Name",
    "Section Header",
    "Field Type",
    "Field Label",
    "Choices, Calculations, OR Slider Labels",
    "Field Note",
    "Text Validation Type OR Show Slider Number",
    "Text Validation Min",
    "Text Validation Max",
    "Identifier?",
    "Branching Logic (Show field only if...)",
    "Required Field?",
    "Custom Alignment",
    "Question Number (surveys only)",
    "Matrix Group Name",
    "Matrix Ranking?",
    "Field Annotation",
)

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A spreadsheet takes a text that begins with one of these for a formula, or drops the sign and
then does."""


def safe_cell(text: str) -> str:
    """Return a text that no spreadsheet runs: with an apostrophe before what looks like a formula.

    A text that begins with an apostrophe gets one too, so that taking one away gives the text back.
    """
    return f"'{text}" if text.lstrip(" ").startswith((*_FORMULA, "'")) else text


def forms() -> list[str]:
    """Name the entities that become forms, the man's own first."""
    return [entity for entity in ENTITY_OF if entity not in PLACES]


def write_redcap(folder: Path, entries: Sequence[Entry]) -> list[Path]:
    """Write the men of a clinic as records of a REDCap project.

    A man is a record, his own fields stand in a row without a repeat instrument; every other
    entity is a repeating form, and a row of it an instance. A field that refers to another row
    holds its code, or the number of its instance where it has none.

    Parameters
    ----------
    folder : Path
        There already.
    entries : sequence of Entry
        Of one clinic.
    """
    dictionary, records = folder / DICTIONARY, folder / RECORDS
    _write(dictionary, _DICTIONARY_HEADER, _dictionary())
    names = [name for form in forms() for name in _variables(form)]
    header = ("record_id", "redcap_repeat_instrument", "redcap_repeat_instance", *names)
    _write(records, header, _records(entries, names))
    return [records, dictionary]


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def _variables(form: str) -> dict[str, str]:
    """Return the names of a form's fields in REDCap -> the record's column."""
    return {
        f"{form}_{name}": column
        for name, (column, field, _) in fields_of(ENTITY_OF[form]).items()
        # Below a man all belongs to him: the record says so.
        if (form, name) != ("patient", "code") and field.target != "patient"
    }


def _dictionary() -> Iterator[list[str]]:
    def row(**given: str) -> list[str]:
        return [given.get(name, "") for name in names]

    names = (
        *("name", "form", "section", "type", "label", "choices", "note", "validation", "low"),
        *("high", "identifier", "branching", "required", "alignment", "question", "matrix"),
        *("ranking", "annotation"),
    )
    yield row(name="record_id", form="patient", type="text", label="pseudonym of the man")
    for form in forms():
        known = {
            column: (field, required)
            for column, field, required in fields_of(ENTITY_OF[form]).values()
        }
        for name, column in _variables(form).items():
            field, required = known[column]
            unit = unit_of(column)
            yield row(
                name=name,
                form=form,
                label=safe_cell(field.help),
                note="" if unit is None else unit.printed,
                required="y" if required else "",
                **_kind(field),
            )


def _kind(field: Any) -> dict[str, str]:
    if field.choices is not None:
        listed = " | ".join(
            f"{choice}, {str(choice).replace('_', ' ')}" for choice in field.choices
        )
        return {"type": "radio", "choices": listed}
    if field.kind == "flag":
        return {"type": "yesno"}
    validation = {
        "number": "number",
        "whole": "integer",
        "day": "date_ymd",
        "moment": "datetime_seconds_ymd",
    }.get(field.kind, "")
    bounds = {}
    if field.kind in {"number", "whole"}:
        bounds = {"low": f"{field.low:.12g}", "high": f"{field.high:.12g}"}
    return {"type": "text", "validation": validation, **bounds}


def _records(entries: Sequence[Entry], names: Sequence[str]) -> Iterator[list[str]]:
    men = men_of(entries)
    instances: dict[tuple[str, str], int] = {}
    counts: Counter[tuple[str, str]] = Counter()
    of_man: dict[str, list[Entry]] = {}
    for entity, rows in by_entity(entries).items():
        for entry in rows:
            man = men.get((entity, entry.key))
            if man is not None and entity not in PLACES:
                counts[man, entity] += 1
                instances[entity, entry.key] = counts[man, entity]
                of_man.setdefault(man, []).append(entry)
    places = {name: place for place, name in enumerate(names, 3)}
    columns = {form: _variables(form) for form in forms()}
    for man, rows in of_man.items():
        for entry in rows:
            cells = [""] * (3 + len(names))
            cells[0] = man
            if entry.entity != "patient":
                cells[1] = entry.entity
                cells[2] = str(instances[entry.entity, entry.key])
            for name, column in columns[entry.entity].items():
                value = entry.values.get(column)
                if value is not None:
                    cells[places[name]] = _cell(entry.entity, column, value, instances)
            yield cells


def _cell(entity: str, column: str, value: Any, instances: dict[tuple[str, str], int]) -> str:
    field = ENTITY_OF[entity].fields[column]
    if field.kind == "reference":
        instance = instances.get((field.target, value))
        keyless = "code" not in ENTITY_OF[field.target].fields
        return str(instance) if keyless and instance is not None else str(value)
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, (int, float)):
        return repr(value)
    return safe_cell(str(value))
