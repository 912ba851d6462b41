"""A first mapping, guessed from headers, for a person to complete."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sertoli.case import fields_of
from sertoli.exchange._csv import CsvTable, read_csv
from sertoli.exchange._entries import ENTITY_OF
from sertoli.exchange._identifiers import is_day_of_birth, is_identifier, plain
from sertoli.exchange._units import factor_to

_SIGNS: tuple[tuple[str, str, str], ...] = (
    (r"^(id|patient|patient id|patient code|participant id|subject id|pseudonym|code|case)$",
     "patient", "code"),
    (r"\b(height|groesse|talla)\b", "patient", "height_cm"),
    (r"\b(weight|gewicht|peso)\b", "patient", "weight_kg"),
    (r"\byear of birth|birth year|geburtsjahr\b", "patient", "birth_year"),
    (r"\b(abstinence|karenz|abstinencia)\b", "semen_analysis", "abstinence_days"),
    (r"\bsperm concentration|spermienkonzentration\b", "semen_analysis",
     "concentration_million_per_ml"),
    (r"\b(ejaculate|semen|sperm) volume|ejakulatvolumen\b", "semen_analysis", "volume_ml"),
    (r"\bvitality|vitalitaet\b", "semen_analysis", "vitality_percent"),
    (r"^normal (spermatozoa|forms|morphology|sperm)", "semen_analysis", "normal_forms_percent"),
    (r"^progressive", "semen_analysis", "progressive_percent"),
    (r"^(total )?(sperm )?motility", "semen_analysis", "motility_percent"),
    (r"\bdna[- ]?fragmentation|\bdfi\b", "semen_analysis", "dna_fragmentation_percent"),
    (r"\bfructose\b", "semen_analysis", "fructose_umol"),
    (r"\bglucosidase\b", "semen_analysis", "alpha_glucosidase_mu"),
    (r"^(semen )?ph$", "semen_analysis", "ph"),
    (r"\bshbg\b|sex hormone binding", "hormone_panel", "shbg_nmol_per_l"),
    (r"\btestosteron", "hormone_panel", "testosterone_nmol_per_l"),
    (r"\bfsh\b|follicle stimulating", "hormone_panel", "fsh_iu_per_l"),
    (r"\blh\b|luteini", "hormone_panel", "lh_iu_per_l"),
    (r"\bprolactin", "hormone_panel", "prolactin_miu_per_l"),
    (r"\bo?estradiol\b|\be2\b", "hormone_panel", "oestradiol_pmol_per_l"),
    (r"\binhibin b\b", "hormone_panel", "inhibin_b_ng_per_l"),
)  # fmt: skip
"""Pattern of a plain header, entity, field: the first that fits is proposed."""

_NOT_SERUM = re.compile(r"\bseminal\b|\burine\b")


@dataclass(frozen=True)
class _Guess:
    entity: str
    column: str
    header: str
    unit: str | None


def propose_mapping(files: Sequence[Path]) -> str:
    """Return a mapping in TOML, with what could be guessed from the headers.

    What a row cannot do without and no column gives stands there as a comment to be filled in.

    Raises
    ------
    InputError
        If a file is no table.
    """
    parts = [
        "# Which column goes into which field. Complete it, then try it:\n"
        "#     sertoli import --mapping THIS FILE --dry-run FILE...\n"
        "# `sertoli case fields ENTITY` names an entity's fields. A field takes\n"
        '#     field = "Column"\n'
        '#     field = { column = "Column", unit = "ng/dL", words = { "neg" = "no" } }\n'
        '#     field = { value = "the same in every row" }\n'
        "# Columns that are not named are left out, and reported.\n"
    ]
    parts += [_table(read_csv(path)) for path in files]
    return "\n".join(parts)


def _table(table: CsvTable) -> str:
    guesses = list(_guesses(table.headers))
    lines = ["[[table]]", f"file = {_quoted(table.file)}"]
    guessed = {guess.header for guess in guesses}
    left = [header for header in table.headers if header not in guessed]
    man = next((guess for guess in guesses if (guess.entity, guess.column) == _MAN), None)
    if left:
        lines += ["leave_out = [", *(f"    {_quoted(header)}," for header in left), "]"]
    entities = list(dict.fromkeys(["patient", *(guess.entity for guess in guesses)]))
    for entity in entities:
        mine = [guess for guess in guesses if guess.entity == entity]
        lines += ["", "[[table.entry]]", f"entity = {_quoted(entity.replace('_', '-'))}"]
        given = set()
        if entity != "patient" and man is not None:
            lines.append(f"patient = {_quoted(man.header)}")
            given.add("patient_id")
        for guess in mine:
            name = guess.column.removesuffix("_id")
            lines.append(f"{name} = {_source(guess)}")
            given.add(guess.column)
        lines += _missing(entity, given)
    return "\n".join(lines) + "\n"


_MAN = ("patient", "code")


def _guesses(headers: Iterable[str]) -> Iterable[_Guess]:
    taken: set[tuple[str, str]] = set()
    for header in headers:
        words = plain(re.sub(r"[\[(][^\])]*[\])]", " ", header)) or plain(header)
        found = _named(header) or _guessed(header, words)
        if found is not None and found not in taken:
            taken.add(found)
            yield _Guess(*found, header, _unit(header, found[1]))


def _named(header: str) -> tuple[str, str] | None:
    """Take headers like ``hormone_panel.fsh_iu_per_l`` at their word."""
    entity, _, name = header.partition(".")
    kind = ENTITY_OF.get(entity.replace("-", "_"))
    if kind is None or entity == "clinic":
        return None
    field = fields_of(kind).get(name.removesuffix("_id"))
    return None if field is None else (kind.__tablename__, field[0])


def _guessed(header: str, words: str) -> tuple[str, str] | None:
    if is_day_of_birth(header):
        return ("patient", "birth_year")
    if is_identifier(header) or _NOT_SERUM.search(words):
        return None
    for pattern, entity, column in _SIGNS:
        if re.search(pattern, words):
            return (entity, column)
    return None


def _unit(header: str, column: str) -> str | None:
    """Return the unit in brackets at the end of a header, if the field can be had from it."""
    bracket = re.search(r"[\[(]([^\])]*)[\])]\s*$", header)
    known = bracket is not None and factor_to(column, bracket[1]) is not None
    return bracket[1] if bracket is not None and known else None


def _source(guess: _Guess) -> str:
    if guess.unit is None:
        return _quoted(guess.header)
    return f"{{ column = {_quoted(guess.header)}, unit = {_quoted(guess.unit)} }}"


def _missing(entity: str, given: set[str]) -> list[str]:
    return [
        f'# {name} = {{ value = "..." }}  # needed: {field.help} ({field.described()})'
        for name, (column, field, required) in fields_of(ENTITY_OF[entity]).items()
        if required and column not in given
    ]


def _quoted(text: str) -> str:
    """Return a text as TOML writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda sign: f"\\u{ord(sign[0]):04x}", escaped) + '"'
