"""The rules of this record that its fields alone do not tell."""

from __future__ import annotations

from sertoli.case._schema._rules import Rule, not_after, not_before, year

ORDER = [
    *not_before("procedure_side.started_at", "procedure.started_at", "procedure_id"),
    *not_before("complication.noted_on", "procedure.started_at", "procedure_id"),
    *not_before("specimen.taken_at", "procedure.started_at", "procedure_id"),
    *not_before("histology.reported_on", "specimen.taken_at", "specimen_id"),
    *not_before("follow_up_visit.visited_on", "procedure.started_at", "procedure_id"),
    *not_before("follow_up_visit.due_on", "procedure.started_at", "procedure_id"),
    *not_before("dish.prepared_at", "specimen.taken_at", "specimen_id"),
    *not_before("incubator_absence.out_at", "dish.prepared_at", "dish_id"),
    *not_before("bench_search.started_at", "specimen.taken_at", "specimen_id"),
    *not_before("confirmed_sperm.confirmed_at", "bench_search.started_at", "bench_search_id"),
    *not_before("viability_test.tested_at", "specimen.taken_at", "specimen_id"),
    *not_before("straw.frozen_at", "specimen.taken_at", "specimen_id"),
    *not_before("straw_move.moved_at", "straw.frozen_at", "straw_id"),
    *not_before("thaw.thawed_at", "straw.frozen_at", "straw_id"),
    *not_before("oocyte_retrieval.retrieved_at", "cycle.started_on", "cycle_id"),
    *not_before("injection.injected_at", "oocyte_retrieval.retrieved_at", "oocyte_retrieval_id"),
    *not_before("injection.injected_at", "specimen.taken_at", "specimen_id"),
    *not_before("embryo.fate_on", "injection.injected_at", "injection_id"),
    *not_before("transfer.transferred_on", "cycle.started_on", "cycle_id"),
    *not_before("pregnancy.noted_on", "transfer.transferred_on", "transfer_id"),
    *not_before("newborn.born_on", "pregnancy.noted_on", "pregnancy_id"),
    # What is pooled at the bench is made after the operation.
    *not_after("specimen.taken_at", "procedure.ended_at", "procedure_id", "{child}.kind <> 'pool'"),
    *not_after("procedure_side.started_at", "procedure.ended_at", "procedure_id"),
    *not_after("procedure_side.ended_at", "procedure.ended_at", "procedure_id"),
    *not_after("oocyte_retrieval.retrieved_at", "cycle.cancelled_on", "cycle_id"),
    *not_after("transfer.transferred_on", "cycle.cancelled_on", "cycle_id"),
    *not_after("newborn.born_on", "pregnancy.ended_on", "pregnancy_id"),
    Rule(
        "procedure",
        "ended_at",
        "comes more than a day after started_at",
        "mend one of the two",
        "{days:date(NEW.ended_at)} - {days:date(NEW.started_at)} > 1",
    ),
    Rule(
        "incubator_absence",
        "out_at",
        "lies within another absence of the dish",
        "give the times of each, and back_at of the one before",
        "EXISTS (SELECT 1 FROM incubator_absence a WHERE a.dish_id = NEW.dish_id"
        " AND a.voided_at IS NULL AND a.id <> coalesce(NEW.id, -1)"
        " AND (a.back_at IS NULL OR NEW.out_at < a.back_at)"
        " AND (NEW.back_at IS NULL OR a.out_at < NEW.back_at))",
    ),
]


YOUNGEST_YEARS = 10
"""Nobody younger is a patient here."""


def _grown_up(child: str, person: str) -> list[Rule]:
    """Forbid that somebody is a child at ``table.field``; both sides are guarded."""
    table, when = child.split(".")
    return [
        Rule(
            table,
            when,
            f"makes the {person} a child",
            f"mend it or {person}.birth_year",
            f"EXISTS (SELECT 1 FROM {person} p WHERE p.id = NEW.{person}_id"
            f" AND {year(f'NEW.{when}')} < p.birth_year + {YOUNGEST_YEARS})",
        ),
        Rule(
            person,
            "birth_year",
            f"makes the {person} a child at {table}.{when}",
            "mend one of the two",
            f"EXISTS (SELECT 1 FROM {table} c WHERE c.{person}_id = NEW.id"
            f" AND c.voided_at IS NULL"
            f" AND {year(f'c.{when}')} < NEW.birth_year + {YOUNGEST_YEARS})",
        ),
    ]


AGE = [
    *(
        Rule(
            table,
            "birth_year",
            "makes the person a child",
            "give the year of birth",
            f"NEW.birth_year + {YOUNGEST_YEARS} > {year('{tomorrow}')}",
        )
        for table in ("patient", "partner")
    ),
    *_grown_up("procedure.started_at", "patient"),
    *_grown_up("semen_analysis.sampled_on", "patient"),
    *_grown_up("cycle.started_on", "partner"),
]


def _patient_of(thing: str, number: str) -> str:
    paths = {
        "partner": "SELECT x.patient_id FROM partner x",
        "procedure": "SELECT x.patient_id FROM procedure x",
        "cycle": "SELECT x.patient_id FROM cycle x",
        "specimen": "SELECT p.patient_id FROM specimen x JOIN procedure p ON p.id = x.procedure_id",
        "straw": "SELECT p.patient_id FROM straw x JOIN specimen s ON s.id = x.specimen_id"
        " JOIN procedure p ON p.id = s.procedure_id",
        "oocyte_retrieval": "SELECT c.patient_id FROM oocyte_retrieval x"
        " JOIN cycle c ON c.id = x.cycle_id",
        "transfer": "SELECT c.patient_id FROM transfer x JOIN cycle c ON c.id = x.cycle_id",
        "embryo": "SELECT c.patient_id FROM embryo x JOIN injection i ON i.id = x.injection_id"
        " JOIN oocyte_retrieval o ON o.id = i.oocyte_retrieval_id"
        " JOIN cycle c ON c.id = o.cycle_id",
    }
    return f"({paths[thing]} WHERE x.id = {number})"


def _same_man(table: str, field: str, thing: str, man: str = "NEW.patient_id") -> Rule:
    return Rule(
        table,
        field,
        f"names a {thing} of another man",
        f"name a {thing} of this man",
        f"{_patient_of(thing, f'NEW.{field}')} <> {man}",
    )


_MAN_OF_INJECTION = _patient_of("oocyte_retrieval", "NEW.oocyte_retrieval_id")

BELONGING = [
    *(_same_man(table, "partner_id", "partner") for table in ("consent", "genetic_test", "cycle")),
    _same_man("histology", "specimen_id", "specimen"),
    _same_man("follow_up_visit", "procedure_id", "procedure"),
    Rule(
        "histology",
        "side",
        "is not the side of its specimen",
        "mend it or specimen.side",
        "(SELECT s.side FROM specimen s WHERE s.id = NEW.specimen_id) <> NEW.side",
    ),
    Rule(
        "specimen",
        "side",
        "is not the side of its histology",
        "mend one of the two",
        "EXISTS (SELECT 1 FROM histology h WHERE h.specimen_id = NEW.id AND h.voided_at IS NULL"
        " AND h.side <> NEW.side)",
    ),
    _same_man("injection", "specimen_id", "specimen", _MAN_OF_INJECTION),
    _same_man("injection", "straw_id", "straw", _MAN_OF_INJECTION),
    _same_man(
        "transferred_embryo", "embryo_id", "embryo", _patient_of("transfer", "NEW.transfer_id")
    ),
    Rule(
        "bench_search",
        "dish_id",
        "names a dish of another specimen",
        "name a dish of this specimen",
        "(SELECT d.specimen_id FROM dish d WHERE d.id = NEW.dish_id) <> NEW.specimen_id",
    ),
    Rule(
        "bench_search",
        "droplet_id",
        "names a droplet of another dish",
        "name the dish, and a droplet in it",
        "NEW.droplet_id IS NOT NULL AND coalesce((SELECT d.dish_id FROM droplet d"
        " WHERE d.id = NEW.droplet_id) <> NEW.dish_id, true)",
    ),
]


def _others(number: str = "id") -> str:
    # A row that is being inserted has no number yet when the model asks.
    return f"voided_at IS NULL AND {number} <> coalesce(NEW.id, -1)"


def _found(specimen: str, others: str = "voided_at IS NULL") -> str:
    return (
        "(SELECT coalesce(sum(confirmed_sperm), 0) FROM bench_search"
        f" WHERE specimen_id = {specimen} AND {others})"
    )


def _injected(specimen: str, others: str = "voided_at IS NULL") -> str:
    return f"(SELECT count(*) FROM injection WHERE specimen_id = {specimen} AND {others})"


def _frozen(specimen: str, others: str = "voided_at IS NULL") -> str:
    return (
        f"(SELECT coalesce(sum(sperm), 0) FROM straw WHERE specimen_id = {specimen} AND {others})"
    )


_FROM_STRAW = "(SELECT count(*) FROM injection WHERE straw_id = {straw} AND {others})"

SPERM = [
    Rule(
        "injection",
        "specimen_id",
        "would use more sperm than were found in the specimen",
        "record the search that found them first",
        f"{_injected('NEW.specimen_id', _others())} + 1 + {_frozen('NEW.specimen_id')}"
        f" > {_found('NEW.specimen_id')} AND NEW.specimen_id IS NOT NULL",
    ),
    Rule(
        "straw",
        "sperm",
        "would freeze more sperm than were found in the specimen",
        "record the search that found them first",
        f"{_frozen('NEW.specimen_id', _others())} + NEW.sperm + {_injected('NEW.specimen_id')}"
        f" > {_found('NEW.specimen_id')}",
    ),
    Rule(
        "bench_search",
        "confirmed_sperm",
        "would leave fewer sperm found than were used or frozen",
        "mend the use first",
        f"{_injected('NEW.specimen_id')} + {_frozen('NEW.specimen_id')}"
        f" > {_found('NEW.specimen_id', _others())} + CASE WHEN NEW.voided_at IS NULL"
        " THEN coalesce(NEW.confirmed_sperm, 0) ELSE 0 END",
        void=None,
    ),
    Rule(
        "confirmed_sperm",
        "bench_search_id",
        "would list more sperm than its search has confirmed",
        "raise bench_search.confirmed_sperm first",
        "(SELECT count(*) FROM confirmed_sperm WHERE bench_search_id = NEW.bench_search_id"
        f" AND {_others()}) + 1 > (SELECT confirmed_sperm FROM bench_search"
        " WHERE id = NEW.bench_search_id)",
    ),
    Rule(
        "confirmed_sperm",
        "track_id",
        "is a sperm that its search lists already",
        "list each track once",
        "EXISTS (SELECT 1 FROM confirmed_sperm WHERE bench_search_id = NEW.bench_search_id"
        f" AND track_id = NEW.track_id AND {_others()})",
    ),
    Rule(
        "bench_search",
        "confirmed_sperm",
        "is less than the sperm listed one by one",
        "void those that were not sperm first",
        "(SELECT count(*) FROM confirmed_sperm WHERE bench_search_id = NEW.id"
        " AND voided_at IS NULL) > NEW.confirmed_sperm",
    ),
    Rule(
        "injection",
        "straw_id",
        "would use more sperm than the straw held",
        "mend the straw or the thaw first",
        _FROM_STRAW.format(straw="NEW.straw_id", others=_others())
        + " + 1 > (SELECT coalesce(t.sperm, s.sperm) FROM straw s LEFT JOIN thaw t"
        " ON t.straw_id = s.id AND t.voided_at IS NULL WHERE s.id = NEW.straw_id)",
    ),
    Rule(
        "injection",
        "straw_id",
        "names a straw that was not thawed by then",
        "record the thaw first",
        "NEW.straw_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM thaw t WHERE"
        " t.straw_id = NEW.straw_id AND t.voided_at IS NULL AND t.thawed_at <= NEW.injected_at)",
    ),
    Rule(
        "straw",
        "sperm",
        "is less than what was injected or thawed from the straw",
        "mend that first",
        _FROM_STRAW.format(straw="NEW.id", others="voided_at IS NULL")
        + " > NEW.sperm OR EXISTS (SELECT 1 FROM thaw t WHERE t.straw_id = NEW.id"
        " AND t.voided_at IS NULL AND t.sperm > NEW.sperm)",
    ),
    Rule(
        "thaw",
        "sperm",
        "is more than the straw held or less than was injected",
        "count again",
        "NEW.sperm > (SELECT s.sperm FROM straw s WHERE s.id = NEW.straw_id) OR "
        + _FROM_STRAW.format(straw="NEW.straw_id", others="voided_at IS NULL")
        + " > NEW.sperm",
    ),
    Rule(
        "thaw",
        "thawed_at",
        "comes after sperm of the straw was injected",
        "mend one of the two",
        "EXISTS (SELECT 1 FROM injection i WHERE i.straw_id = NEW.straw_id"
        " AND i.voided_at IS NULL AND i.injected_at < NEW.thawed_at)",
    ),
    Rule(
        "thaw",
        "voided_at",
        "cannot be set while sperm of the straw is injected",
        "void the injection first",
        "EXISTS (SELECT 1 FROM injection i WHERE i.straw_id = NEW.straw_id"
        " AND i.voided_at IS NULL)",
        void=True,
    ),
]
