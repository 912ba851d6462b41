"""Single values of the record as FHIR writes them, and back."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from sertoli.case import fields_of
from sertoli.exchange._entries import ENTITY_OF
from sertoli.exchange._fhir_shapes import BASE
from sertoli.exchange._units import Unit, unit_of

UCUM = "http://unitsofmeasure.org"
_PLAIN = re.compile(r"[ \r\n\t\S]+")


class UnreadableError(Exception):
    """An element that is not what it should be."""


def field_of(entity: str, column: str) -> Any:
    """Return what a column of an entity may hold."""
    return ENTITY_OF[entity].fields[column]


def described(entity: str, column: str) -> str:
    """Return what a field means, for people."""
    for name, field, _ in fields_of(ENTITY_OF[entity]).values():
        if name == column:
            return str(field.help)
    return column


def typed(entity: str, column: str, value: Any, urn: Callable[[str, str], str]) -> dict[str, Any]:
    """Return a value as ``{"valueX": ...}``, of the type that fits it.

    Parameters
    ----------
    entity, column : str
        Which field.
    value
        As in an ``Entry``.
    urn : callable
        (entity, key) -> address of its resource.
    """
    field = field_of(entity, column)
    if field.kind == "reference":
        return {"valueReference": {"reference": urn(field.target, value)}}
    if field.kind == "choice":
        return {"valueCodeableConcept": concept(entity, column, value)}
    if field.kind == "flag":
        return {"valueBoolean": value}
    if field.kind in {"number", "whole"}:
        unit = unit_of(column)
        if unit is None and field.kind == "whole":
            return {"valueInteger": value}
        return {"valueQuantity": quantity(value, unit)}
    if field.kind in {"day", "moment"}:
        return {"valueDateTime": moment(value)}
    if _PLAIN.fullmatch(value):
        return {"valueString": value}
    # FHIR's strings know no control characters and no odd spaces.
    return {"valueBase64Binary": base64.b64encode(value.encode()).decode("ascii")}


def untyped(
    entity: str, column: str, content: Mapping[str, Any], key_of: Callable[[str], str]
) -> Any:
    """Return the value that ``typed`` wrote.

    Raises
    ------
    UnreadableError
        If there is none.
    """
    for name, value in content.items():
        if not name.startswith("value"):
            continue
        if name == "valueBase64Binary":
            try:
                return base64.b64decode(str(value), validate=True).decode()
            except ValueError:
                raise UnreadableError(f"{name} is broken") from None
        return plain(entity, column, value, key_of)
    raise UnreadableError(f"{column} has no value")


def written(entity: str, column: str, value: Any, urn: Callable[[str, str], str]) -> Any:
    """Return a value as the element of the resource that holds its field."""
    field = field_of(entity, column)
    if field.kind == "reference":
        return {"reference": urn(field.target, value)}
    if field.kind == "choice":
        return concept(entity, column, value)
    if field.is_code:
        return {"system": f"{BASE}:{entity}", "value": value}
    if column == "birth_year":
        return str(value)
    if field.kind in {"day", "moment"}:
        return moment(value)
    if field.kind == "number":
        return quantity(value, unit_of(column))
    return value


def plain(entity: str, column: str, element: Any, key_of: Callable[[str], str]) -> Any:
    """Return the value that an element says.

    Raises
    ------
    UnreadableError
        If it says none.
    """
    field = field_of(entity, column)
    try:
        if field.kind == "reference":
            return key_of(element["reference"])
        if field.kind == "choice":
            return element["coding"][0]["code"]
        if field.is_code:
            return element["value"] if isinstance(element, Mapping) else element
        if column == "birth_year":
            return int(element if not isinstance(element, Mapping) else element["value"])
        if field.kind == "day":
            return date.fromisoformat(element)
        if field.kind == "moment":
            return datetime.fromisoformat(element)
        if field.kind == "number":
            value = element["value"] if isinstance(element, Mapping) else element
            if isinstance(element, Mapping):
                _require_unit(column, element)
            return float(value)
        if field.kind == "whole":
            value = element["value"] if isinstance(element, Mapping) else element
            if isinstance(value, bool) or int(value) != value:
                raise UnreadableError(f"{column} is no whole number")
            return int(value)
        return element
    except (KeyError, IndexError, TypeError, ValueError, OverflowError):
        raise UnreadableError(f"{column} cannot be read") from None


def _require_unit(column: str, element: Mapping[str, Any]) -> None:
    unit = unit_of(column)
    code = element.get("code", "1")
    if code != ("1" if unit is None else unit.ucum):
        raise UnreadableError(f"{column} is in {code}, not in {unit.ucum if unit else '1'}")


def moment(value: date) -> str:
    """Return a day or a moment as FHIR writes it; moments in UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat()


def quantity(value: float, unit: Unit | None) -> dict[str, Any]:
    """Return a measure with its unit, of UCUM."""
    if unit is None:
        return {"value": value, "system": UCUM, "code": "1"}
    return {"value": value, "unit": unit.printed, "system": UCUM, "code": unit.ucum}


def concept(entity: str, column: str, value: Any) -> dict[str, Any]:
    """Return one word of a closed list, in the record's own terms."""
    return {"coding": [{"system": f"{BASE}:{entity}.{column}", "code": str(value)}]}


def element_at(resource: Mapping[str, Any], path: str) -> Any:
    """Return the element at a path, None if there is none."""
    here: Any = resource
    for part in path.split("."):
        try:
            here = here[int(part)] if part.isdigit() else here.get(part)
        except (IndexError, KeyError, AttributeError, TypeError):
            return None
        if here is None:
            return None
    return here


def put(resource: dict[str, Any], path: str, element: Any) -> None:
    """Write the element at a path, making what leads there."""
    here: Any = resource
    parts = path.split(".")
    for part, following in zip(parts, [*parts[1:], ""], strict=True):
        new: Any = element if not following else [] if following.isdigit() else {}
        if part.isdigit():
            if len(here) <= int(part):
                here.append(new)
            elif not following:
                here[int(part)] = new
            here = here[int(part)]
        else:
            if not following:
                here[part] = new
            here = here.setdefault(part, new)
