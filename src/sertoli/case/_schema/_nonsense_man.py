"""The rules of what is found of a man and a partner before surgery."""

from __future__ import annotations

from sertoli.case._schema._rules import Rule, year

MAN = [
    Rule(
        "semen_analysis",
        "pellet",
        "contradicts the sperm counted",
        "no sperm in the pellet, none in the sample; a pellet that was not examined has no count",
        "(NEW.pellet = 'no_sperm' AND (coalesce(NEW.pellet_sperm, 0) > 0"
        " OR coalesce(NEW.concentration_million_per_ml, 0) > 0"
        " OR coalesce(NEW.motility_percent, 0) > 0 OR coalesce(NEW.progressive_percent, 0) > 0"
        " OR coalesce(NEW.normal_forms_percent, 0) > 0 OR coalesce(NEW.vitality_percent, 0) > 0"
        " OR coalesce(NEW.dna_fragmentation_percent, 0) > 0))"
        " OR (NEW.pellet = 'sperm' AND NEW.pellet_sperm = 0)"
        " OR (NEW.pellet = 'not_examined' AND NEW.pellet_sperm IS NOT NULL)",
    ),
    Rule(
        "semen_analysis",
        "motility_percent",
        "is above zero without any sperm",
        "mend it or concentration_million_per_ml; sperm found in the pellet alone may move",
        "NEW.concentration_million_per_ml = 0 AND NEW.pellet <> 'sperm'"
        " AND (NEW.motility_percent > 0 OR NEW.progressive_percent > 0)",
    ),
    Rule(
        "post_ejaculatory_urine",
        "sperm_seen",
        "contradicts sperm_million",
        "mend one of the two",
        "(NEW.sperm_million > 0 AND NOT NEW.sperm_seen)"
        " OR (NEW.sperm_million = 0 AND NEW.sperm_seen)",
    ),
    Rule(
        "exposure",
        "ongoing",
        "contradicts ended_on",
        "what goes on has no last day",
        "NEW.ongoing AND NEW.ended_on IS NOT NULL",
    ),
    Rule(
        "exposure",
        "denied",
        "contradicts started_on, ended_on or ongoing",
        "leave those out, or denied",
        "NEW.denied AND (NEW.started_on IS NOT NULL OR NEW.ended_on IS NOT NULL"
        " OR coalesce(NEW.ongoing, false))",
    ),
    Rule(
        "history_item",
        "denied",
        "contradicts year or side",
        "leave those out, or denied",
        "NEW.denied AND (NEW.year IS NOT NULL OR NEW.side IS NOT NULL)",
    ),
    Rule(
        "history_item",
        "year",
        "lies in the future",
        "give the year it happened",
        f"NEW.year > {year('{tomorrow}')}",
    ),
    Rule(
        "history_item",
        "year",
        "comes before the man was born",
        "mend it or patient.birth_year",
        "EXISTS (SELECT 1 FROM patient p WHERE p.id = NEW.patient_id AND NEW.year < p.birth_year)",
    ),
    Rule(
        "patient",
        "referred_on",
        "comes before the man was born",
        "mend it or birth_year",
        f"{year('NEW.referred_on')} < NEW.birth_year",
    ),
    Rule(
        "patient",
        "birth_year",
        "comes after history_item.year",
        "mend one of the two",
        "EXISTS (SELECT 1 FROM history_item c WHERE c.patient_id = NEW.id"
        " AND c.voided_at IS NULL AND c.year < NEW.birth_year)",
    ),
    *(
        Rule(
            "genetic_test",
            region,
            "is given of a partner, who has no Y chromosome",
            "leave out the one or the other",
            f"NEW.partner_id IS NOT NULL AND NEW.{region} IS NOT NULL",
        )
        for region in ("azfa", "azfb", "azfc")
    ),
    Rule(
        "genetic_test",
        "karyotype",
        "is that of a man, and the test is of the partner",
        "leave out the one or the other",
        "NEW.partner_id IS NOT NULL"
        " AND NEW.karyotype IN ('klinefelter', 'klinefelter_mosaic', 'xx_male')",
    ),
]
