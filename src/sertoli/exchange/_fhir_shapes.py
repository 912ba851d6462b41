"""Which FHIR resource each entity of the record is, and which of its elements hold which field.

What is not named here goes into components (of observations) or extensions, so that nothing is
lost; see ``_fhir_write``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

BASE = "urn:x-sertoli"
"""Root of the identifiers of what FHIR has no word for."""

ENTITY_TAGS = f"{BASE}:entity"
"""System of the tag that says which entity a resource is."""

FIXED = Mapping[str, Any]


@dataclass(frozen=True)
class Shape:
    """How an entity is said in FHIR (R4B, elements that R4 has too).

    Parameters
    ----------
    resource : str
        Type of the resource.
    places : mapping of str to str
        Field -> path of the element that holds it, parts by points, places in lists by numbers.
    fixed : mapping of str to Any
        Path -> what stands there whatever the row says.
    components : bool
        Whether measures and findings without a place are components; else extensions.
    results : bool
        Whether the components stand in an observation of their own, the report's result.
    subject : str or None
        Path of the reference to the person it is about, where no field holds it.
    about_her : bool
        Whether that person is the partner, not the man.
    code : str or None
        Path of the element that names the entity, where FHIR wants one.
    """

    resource: str
    places: Mapping[str, str] = field(default_factory=dict)
    fixed: FIXED = field(default_factory=dict)
    components: bool = False
    results: bool = False
    subject: str | None = None
    about_her: bool = False
    code: str | None = None


_CODE = {"code": "identifier.0"}
_FINAL: FIXED = {"status": "final"}
_DONE: FIXED = {"status": "completed"}
_MAN = {"patient_id": "subject"}


def _observed(when: str, *, path: str = "effectiveDateTime", **places: str) -> Shape:
    """Say that an entity is something observed on a man."""
    return Shape(
        "Observation",
        {**_MAN, when: path, **places},
        _FINAL,
        components=True,
        code="code",
    )


def _basic(**places: str) -> Shape:
    return Shape("Basic", places, subject="subject", code="code")


MODIFIERS = {"denied"}
"""Fields that turn the meaning of their resource around: a reader that does not know them has to
leave the resource alone, which is what FHIR's ``modifierExtension`` says."""

SHAPES: Mapping[str, Shape] = {
    "clinic": Shape("Organization", _CODE),
    "staff": Shape("Practitioner", _CODE),
    "patient": Shape("Patient", {**_CODE, "birth_year": "birthDate"}, {"gender": "male"}),
    "partner": Shape("Patient", {**_CODE, "birth_year": "birthDate"}),
    "consent": Shape(
        "Consent",
        {
            "purpose": "category.0",
            "given_on": "dateTime",
            "valid_until": "provision.period.end",
        },
        {"scope.text": "As its category says", "policyRule.text": "As the clinic's form says"},
        subject="patient",
    ),
    "exposure": Shape(
        "Observation",
        {
            **_MAN,
            "agent": "valueCodeableConcept",
            "started_on": "effectivePeriod.start",
            "ended_on": "effectivePeriod.end",
        },
        _FINAL,
        code="code",
    ),
    "history_item": Shape("Condition", {**_MAN, "condition": "code", "side": "bodySite.0"}),
    "semen_analysis": _observed("sampled_on"),
    "post_ejaculatory_urine": _observed("sampled_on"),
    "hormone_panel": _observed("sampled_at"),
    "testis_exam": _observed("examined_on", side="bodySite", method="method"),
    "genetic_test": Shape(
        "DiagnosticReport",
        {"tested_on": "effectiveDateTime"},
        _FINAL,
        components=True,
        results=True,
        subject="subject",
        code="code",
    ),
    "diagnosis": Shape(
        "Condition",
        {**_MAN, "made_on": "recordedDate", "made_by_id": "recorder", "kind": "code"},
    ),
    "decision": _basic(patient_id="subject", decided_on="created", decided_by_id="author"),
    "procedure": Shape(
        "Procedure",
        {
            **_MAN,
            **_CODE,
            "kind": "code",
            "surgeon_id": "performer.0.actor",
            "started_at": "performedPeriod.start",
            "ended_at": "performedPeriod.end",
        },
        _DONE,
    ),
    "procedure_side": Shape(
        "Procedure",
        {
            "procedure_id": "partOf.0",
            "side": "bodySite.0",
            "started_at": "performedPeriod.start",
            "ended_at": "performedPeriod.end",
        },
        _DONE,
        subject="subject",
        code="code",
    ),
    "complication": Shape(
        "Condition",
        {
            "noted_on": "recordedDate",
            "kind": "code",
            "grade": "severity",
            "side": "bodySite.0",
        },
        subject="subject",
    ),
    "specimen": Shape(
        "Specimen",
        {
            **_CODE,
            "kind": "type",
            "taken_at": "collection.collectedDateTime",
            "mass_mg": "collection.quantity",
            "side": "collection.bodySite",
        },
        subject="subject",
    ),
    "histology": Shape(
        "DiagnosticReport",
        {**_MAN, "specimen_id": "specimen.0", "reported_on": "effectiveDateTime"},
        _FINAL,
        components=True,
        results=True,
        code="code",
    ),
    "dish": Shape(
        "Specimen",
        {**_CODE, "specimen_id": "parent.0", "prepared_at": "processing.0.timeDateTime"},
        subject="subject",
        code="type",
    ),
    "incubator_absence": _basic(),
    "droplet": Shape("Specimen", {"dish_id": "parent.0"}, subject="subject", code="type"),
    "bench_search": Shape(
        "DiagnosticReport",
        {
            "specimen_id": "specimen.0",
            "searched_by_id": "performer.0",
            "started_at": "effectivePeriod.start",
            "ended_at": "effectivePeriod.end",
        },
        components=True,
        results=True,
        subject="subject",
        code="code",
    ),
    "confirmed_sperm": Shape(
        "Observation",
        {"confirmed_by_id": "performer.0", "confirmed_at": "effectiveDateTime"},
        _FINAL,
        components=True,
        subject="subject",
        code="code",
    ),
    "viability_test": Shape(
        "Observation",
        {
            "specimen_id": "specimen",
            "tested_at": "effectiveDateTime",
            "tested_by_id": "performer.0",
            "method": "method",
        },
        _FINAL,
        components=True,
        subject="subject",
        code="code",
    ),
    "tank": Shape("Location", _CODE, code="type.0"),
    "canister": Shape("Location", {"tank_id": "partOf"}, code="type.0"),
    "cane": Shape("Location", {"canister_id": "partOf"}, code="type.0"),
    "goblet": Shape("Location", {**_CODE, "cane_id": "partOf"}, code="type.0"),
    "straw": Shape(
        "Specimen",
        {**_CODE, "specimen_id": "parent.0", "frozen_at": "processing.0.timeDateTime"},
        subject="subject",
        code="type",
    ),
    "straw_move": _basic(moved_by_id="author"),
    "thaw": Shape(
        "Observation",
        {
            "straw_id": "specimen",
            "thawed_at": "effectiveDateTime",
            "thawed_by_id": "performer.0",
        },
        _FINAL,
        components=True,
        subject="subject",
        code="code",
    ),
    "cycle": _basic(code="identifier.0", started_on="created"),
    "oocyte_retrieval": Shape(
        "Procedure",
        {"retrieved_at": "performedDateTime", "done_by_id": "performer.0.actor"},
        _DONE,
        subject="subject",
        about_her=True,
        code="code",
    ),
    "injection": Shape(
        "Procedure",
        {
            "oocyte_retrieval_id": "partOf.0",
            "injected_at": "performedDateTime",
            "injected_by_id": "performer.0.actor",
        },
        _DONE,
        subject="subject",
        about_her=True,
        code="code",
    ),
    "embryo": Shape(
        "Basic", {"code": "identifier.0"}, subject="subject", about_her=True, code="code"
    ),
    "transfer": Shape(
        "Procedure",
        {"transferred_on": "performedDateTime", "done_by_id": "performer.0.actor"},
        _DONE,
        subject="subject",
        about_her=True,
        code="code",
    ),
    "transferred_embryo": Shape("Basic", {}, subject="subject", about_her=True, code="code"),
    "pregnancy": Shape(
        "Observation",
        {"noted_on": "effectiveDateTime"},
        _FINAL,
        components=True,
        subject="subject",
        about_her=True,
        code="code",
    ),
    "newborn": Shape("Patient", {"number": "multipleBirthInteger", "born_on": "birthDate"}),
    "follow_up_visit": Shape(
        "Encounter",
        {**_MAN, "visited_on": "period.start"},
        {
            "class": {
                "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                "code": "AMB",
                "display": "ambulatory",
            }
        },
    ),
}
"""Entity -> how it is said."""
