"""A clinic's rows as a FHIR bundle (R4B, elements that R4 has too), and back without loss."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from sertoli.errors import InputError, RecordError
from sertoli.exchange._entries import ENTITY_OF, Entry, by_entity, clinic_of, men_of, numbered
from sertoli.exchange._fhir_shapes import BASE, ENTITY_TAGS, MODIFIERS, SHAPES, Shape
from sertoli.exchange._fhir_values import (
    UnreadableError,
    described,
    element_at,
    field_of,
    plain,
    put,
    typed,
    untyped,
    written,
)
from sertoli.exchange._problems import Problem

RESULT = "result"
"""Tag of an observation that is the result of a report, and no row of its own."""

_NAMES = uuid.uuid5(uuid.NAMESPACE_URL, BASE)
LARGEST_BYTES = 1024 * 1024 * 1024


def bundle_of(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return rows as a FHIR bundle of the type ``collection``.

    Every row is one resource, tagged with its entity; of reports, the findings are an observation
    of their own. The same rows make the same bundle.

    Parameters
    ----------
    entries : sequence of Entry
        Of one clinic, that clinic's own among them (see ``extract``).

    Raises
    ------
    InputError
        If the clinic is not among them.
    """
    clinic = clinic_of(entries)
    if clinic is None:
        raise InputError("the rows name no clinic", "export them from a record")
    writer = _Writer(clinic.key, entries)
    resources = [entry for row in entries for entry in writer.resources(row)]
    return {"resourceType": "Bundle", "type": "collection", "entry": resources}


def require_valid(bundle: Mapping[str, Any]) -> None:
    """Hold every resource of a bundle against the models of fhir.resources.

    Raises
    ------
    InputError
        Naming the first that is no FHIR.
    """
    from fhir.resources.R4B import get_fhir_model_class
    from pydantic import ValidationError

    if bundle.get("resourceType") != "Bundle" or not isinstance(bundle.get("entry"), list):
        raise InputError("it is no FHIR bundle", "give what `sertoli export` wrote")
    outside = {name: value for name, value in bundle.items() if name != "entry"}
    parts: list[tuple[str, Any]] = [("the bundle", outside)]
    for place, entry in enumerate(bundle["entry"]):
        resource = entry.get("resource") if isinstance(entry, Mapping) else None
        if not isinstance(resource, Mapping) or not isinstance(resource.get("resourceType"), str):
            raise InputError(f"entry {place} holds no resource", "give what `sertoli export` wrote")
        parts.append((f"entry {place}, a {resource['resourceType']}", resource))
    for name, resource in parts:
        try:
            model = get_fhir_model_class(resource["resourceType"])
            model.model_validate(resource)
        except (KeyError, LookupError, ValidationError, ValueError) as error:
            said = str(error).splitlines()
            raise InputError(
                f"{name} is no valid FHIR: {' '.join(said[:3])}", "mend it, or export it anew"
            ) from error


class _Writer:
    def __init__(self, clinic: str, entries: Sequence[Entry]) -> None:
        self._clinic = clinic
        self._rows = {(entry.entity, entry.key): entry for entry in entries}
        self._men = men_of(entries)
        self._numbers: Counter[str] = Counter()

    def urn(self, entity: str, key: str) -> str:
        return f"urn:uuid:{uuid.uuid5(_NAMES, f'{self._clinic}/{entity}/{key}')}"

    def resources(self, entry: Entry) -> Iterable[dict[str, Any]]:
        """Give the bundle's entries of a row."""
        shape = SHAPES[entry.entity]
        self._numbers[entry.entity] += 1
        name = f"{entry.entity.replace('_', '-')}-{self._numbers[entry.entity]}"
        resource = self._begun(shape.resource, name, entry.entity, entry.entity)
        for path, content in {**shape.fixed, **_status(entry)}.items():
            put(resource, path, content)
        if shape.code is not None:
            put(resource, shape.code, _named(entry.entity))
        self._put_subject(resource, entry, shape)
        result = self._begun("Observation", f"{name}-result", entry.entity, RESULT)
        components = []
        for column, value in entry.values.items():
            if column in shape.places:
                content = written(entry.entity, column, value, self.urn)
                put(resource, shape.places[column], content)
                continue
            said = typed(entry.entity, column, value, self.urn)
            if shape.components and not said.keys() & {"valueReference", "valueBase64Binary"}:
                components.append({"code": _named(entry.entity, column), **said})
            else:
                kind = "modifierExtension" if column in MODIFIERS else "extension"
                said = {"url": f"{BASE}:{entry.entity}.{column}", **said}
                resource.setdefault(kind, []).append(said)
        if components and not shape.results:
            resource["component"] = components
        address = self.urn(entry.entity, entry.key)
        if components and shape.results:
            # Its own address is the report's with a word behind it.
            where = self.urn(RESULT, f"{entry.entity}/{entry.key}")
            resource["result"] = [{"reference": where}]
            result |= {"status": resource["status"], "code": _named(entry.entity)}
            result |= {name: resource[name] for name in ("subject",) if name in resource}
            for name in ("effectiveDateTime", "effectivePeriod"):
                if name in resource:
                    result[name] = resource[name]
            result["component"] = components
            yield {"fullUrl": address, "resource": resource}
            yield {"fullUrl": where, "resource": result}
        else:
            yield {"fullUrl": address, "resource": resource}

    def _begun(self, kind: str, name: str, entity: str, tag: str) -> dict[str, Any]:
        number = name if len(name) <= 64 else str(uuid.uuid5(_NAMES, name))
        tags = [{"system": ENTITY_TAGS, "code": entity}]
        if tag == RESULT:
            tags.append({"system": ENTITY_TAGS, "code": RESULT})
        return {"resourceType": kind, "id": number, "meta": {"tag": tags}}

    def _put_subject(self, resource: dict[str, Any], entry: Entry, shape: Shape) -> None:
        if shape.subject is None:
            return
        person = ("patient", self._men.get((entry.entity, entry.key)))
        partner = self._partner(entry) if shape.about_her else entry.values.get("partner_id")
        if partner is not None:
            person = ("partner", partner)
        if person[1] is not None:
            put(resource, shape.subject, {"reference": self.urn(person[0], person[1])})

    def _partner(self, entry: Entry) -> str | None:
        """Follow the references of a row up to its cycle, whose partner it is about."""
        if entry.entity == "cycle":
            return str(entry.values["partner_id"])
        for column, key in entry.values.items():
            field = field_of(entry.entity, column)
            if field.kind == "reference" and field.target in _BELOW_CYCLE:
                above = self._rows.get((field.target, key))
                return None if above is None else self._partner(above)
        return None


_BELOW_CYCLE = {"cycle", "oocyte_retrieval", "injection", "transfer", "pregnancy"}


def _named(entity: str, column: str | None = None) -> dict[str, Any]:
    """Return the code of an entity, or of one of its fields."""
    if column is None:
        return {"coding": [{"system": BASE, "code": entity, "display": entity.replace("_", " ")}]}
    return {
        "coding": [{"system": f"{BASE}:{entity}", "code": column}],
        "text": described(entity, column),
    }


def _status(entry: Entry) -> dict[str, str]:
    """Return the statuses that follow from a row's fields."""
    values = entry.values
    if entry.entity == "bench_search":
        return {"status": "final" if values.get("complete") else "preliminary"}
    if entry.entity == "consent":
        return {"status": "inactive" if "withdrawn_on" in values else "active"}
    if entry.entity == "follow_up_visit":
        return {"status": "finished" if "visited_on" in values else "planned"}
    if entry.entity == "newborn" and values.get("sex") is not None:
        return {"gender": str(values["sex"])}
    return {}


def read_bundle(path: Path) -> tuple[list[Entry], list[Problem]]:
    """Read the rows of a bundle that ``bundle_of`` made.

    Returns
    -------
    entries : list of Entry
    problems : list of Problem
        Resources that are not Sertoli's, and elements that cannot be read.

    Raises
    ------
    InputError
        If it is no valid FHIR bundle.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise InputError(
                f"{path} is larger than 1 GiB", "export the clinic's record as Parquet"
            )
        bundle = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", "check the name") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no JSON: {error}", "export it anew") from error
    if not isinstance(bundle, dict):
        raise InputError(f"{path} is no FHIR bundle", "give what `sertoli export` wrote")
    try:
        require_valid(bundle)
    except InputError as error:
        raise InputError(f"{path}: {error.what}", error.remedy) from error
    return _Reader(path.name, bundle).entries()


class _Reader:
    def __init__(self, file: str, bundle: Mapping[str, Any]) -> None:
        self._file = file
        self._resources = {
            str(entry.get("fullUrl", place)): entry["resource"]
            for place, entry in enumerate(bundle["entry"])
        }
        self._keys: dict[str, tuple[str, str]] = {}
        self._problems: list[Problem] = []
        if len(self._resources) < len(bundle["entry"]):
            self._problem("two resources have the same address", "export it anew")

    def entries(self) -> tuple[list[Entry], list[Problem]]:
        rows: list[tuple[str, str, Mapping[str, Any]]] = []
        counts: Counter[str] = Counter()
        for url, resource in self._resources.items():
            tags = [
                tag.get("code")
                for tag in element_at(resource, "meta.tag") or []
                if tag.get("system") == ENTITY_TAGS
            ]
            entity = str(tags[0]) if tags else ""
            if entity not in ENTITY_OF or SHAPES[entity].resource != resource["resourceType"]:
                if RESULT not in tags:
                    self._problem(
                        f"{resource['resourceType']} {resource.get('id', url)} is none that "
                        "Sertoli wrote",
                        "take it out of the bundle",
                    )
                continue
            if RESULT in tags:
                continue
            counts[entity] += 1
            code = element_at(resource, "identifier.0.value")
            key = str(code) if "code" in ENTITY_OF[entity].fields else numbered(counts[entity])
            self._keys[url] = (entity, key)
            rows.append((entity, key, resource))
        found = [
            entry for entity, key, resource in rows if (entry := self._entry(entity, key, resource))
        ]
        return [entry for group in by_entity(found).values() for entry in group], self._problems

    def _entry(self, entity: str, key: str, resource: Mapping[str, Any]) -> Entry | None:
        shape = SHAPES[entity]
        values: dict[str, Any] = {}
        try:
            for column, path in shape.places.items():
                element = element_at(resource, path)
                if element is not None:
                    values[column] = plain(entity, column, element, self._key_of)
            said = (resource.get(kind, []) for kind in ("extension", "modifierExtension"))
            for extension in chain.from_iterable(said):
                prefix, _, column = str(extension.get("url")).rpartition(".")
                if prefix == f"{BASE}:{entity}" and column in ENTITY_OF[entity].fields:
                    values[column] = untyped(entity, column, extension, self._key_of)
                else:
                    raise UnreadableError(f"the extension {extension.get('url')} is unknown")
            for component in self._components(resource, shape):
                column = str(element_at(component, "code.coding.0.code"))
                if column not in ENTITY_OF[entity].fields:
                    raise UnreadableError(f"the component {column} is unknown")
                values[column] = untyped(entity, column, component, self._key_of)
            for column, value in values.items():
                field = field_of(entity, column)
                if field.kind != "reference":
                    values[column] = field.check(f"{entity}.{column}", value)
        except UnreadableError as error:
            self._problem(f"{entity} {key}: {error}", "export it anew")
            return None
        except RecordError as error:
            self._problem(f"{entity} {key}: {error.what}", error.remedy)
            return None
        return Entry(entity, key, values, self._file)

    def _components(self, resource: Mapping[str, Any], shape: Shape) -> list[Mapping[str, Any]]:
        if not shape.results:
            return list(resource.get("component", []))
        found: list[Mapping[str, Any]] = []
        for named in resource.get("result", []):
            result = self._resources.get(str(named.get("reference")))
            if result is None:
                raise UnreadableError("its result is not in the bundle")
            found += result.get("component", [])
        return found

    def _key_of(self, reference: str) -> str:
        if reference not in self._keys:
            raise UnreadableError(f"{reference} is not in the bundle")
        return self._keys[reference][1]

    def _problem(self, what: str, remedy: str) -> None:
        self._problems.append(Problem(self._file, None, None, what, remedy))
