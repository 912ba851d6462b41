"""Units: which one a field is in, by its name, and how a printed one is converted to it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sertoli.case.units import CONVERSIONS, HORMONE_FIELDS


@dataclass(frozen=True)
class Unit:
    """A unit, as people print it and as UCUM codes it."""

    printed: str
    ucum: str


_BY_ENDING = {
    "million_per_ml": Unit("10^6/mL", "10*6/mL"),
    "nmol_per_l": Unit("nmol/L", "nmol/L"),
    "pmol_per_l": Unit("pmol/L", "pmol/L"),
    "miu_per_l": Unit("mIU/L", "m[iU]/L"),
    "iu_per_l": Unit("IU/L", "[iU]/L"),
    "ng_per_l": Unit("ng/L", "ng/L"),
    "percent": Unit("%", "%"),
    "years": Unit("years", "a"),
    "days": Unit("days", "d"),
    "weeks": Unit("weeks", "wk"),
    "umol": Unit("umol", "umol"),
    "million": Unit("10^6", "10*6"),
    "ml": Unit("mL", "mL"),
    "ul": Unit("uL", "uL"),
    "mu": Unit("mU", "mU"),
    "mg": Unit("mg", "mg"),
    "kg": Unit("kg", "kg"),
    "cm": Unit("cm", "cm"),
    "mm": Unit("mm", "mm"),
    "px": Unit("px", "{px}"),
    "ph": Unit("pH", "[pH]"),
    "g": Unit("g", "g"),
}

_PRINTED = {
    "10^6/ml": ("million_per_ml", 1.0),
    "10*6/ml": ("million_per_ml", 1.0),
    "x10^6/ml": ("million_per_ml", 1.0),
    "mio/ml": ("million_per_ml", 1.0),
    "mill/ml": ("million_per_ml", 1.0),
    "million/ml": ("million_per_ml", 1.0),
    "/ml": ("million_per_ml", 1e-6),
    "nmol/l": ("nmol_per_l", 1.0),
    "pmol/l": ("pmol_per_l", 1.0),
    "%": ("percent", 1.0),
    "percent": ("percent", 1.0),
    "years": ("years", 1.0),
    "year": ("years", 1.0),
    "y": ("years", 1.0),
    "a": ("years", 1.0),
    "months": ("years", 1 / 12),
    "days": ("days", 1.0),
    "day": ("days", 1.0),
    "d": ("days", 1.0),
    "hours": ("days", 1 / 24),
    "h": ("days", 1 / 24),
    "weeks": ("weeks", 1.0),
    "umol": ("umol", 1.0),
    "mmol": ("umol", 1000.0),
    "ml": ("ml", 1.0),
    "cc": ("ml", 1.0),
    "cm3": ("ml", 1.0),
    "mu": ("mu", 1.0),
    "mg": ("mg", 1.0),
    "kg": ("kg", 1.0),
    "px": ("px", 1.0),
}

_SAME_KIND = {
    "l": {"ml": 1000.0, "ul": 1e6},
    "ml": {"ul": 1000.0},
    "ul": {"ml": 0.001, "ul": 1.0},
    "g": {"mg": 1000.0, "kg": 0.001, "g": 1.0},
    "mg": {"g": 0.001},
    "kg": {"g": 1000.0, "mg": 1e6},
    "m": {"cm": 100.0, "mm": 1000.0},
    "cm": {"mm": 10.0, "cm": 1.0},
    "mm": {"cm": 0.1, "mm": 1.0},
}


def _ending(field: str) -> str | None:
    return next(
        (end for end in _BY_ENDING if field == end or field.endswith(f"_{end}")),
        None,
    )


def unit_of(field: str) -> Unit | None:
    """Return the unit that a field's name ends with, if it has one."""
    ending = _ending(field)
    return None if ending is None else _BY_ENDING[ending]


def plain_unit(text: str) -> str:
    """Return a printed unit in small plain letters: ``x10⁶/mL`` is ``x10^6/ml``."""
    text = text.strip().replace("\u00d7", "x").replace("⁶", "^6").replace("³", "3")
    text = text.replace("µ", "u").replace("μ", "u").replace(" ", "").lower()
    return re.sub(r"10\^?6", "10^6", text)


def factor_to(field: str, printed: str) -> float | None:
    """Return how many of the field's units one printed unit is, or None if it is none of its.

    Hormones are converted as `sertoli.case.units` says.
    """
    wanted = plain_unit(printed)
    hormone = HORMONE_FIELDS.get(field)
    if hormone is not None:
        for known in CONVERSIONS[hormone]:
            if plain_unit(known.unit) == wanted:
                return known.factor
        return None
    ending = _ending(field)
    if ending is None:
        return None
    if wanted == plain_unit(_BY_ENDING[ending].printed):
        return 1.0
    kind, factor = _PRINTED.get(wanted, ("", 0.0))
    if kind == ending:
        return factor
    return _SAME_KIND.get(wanted, {}).get(ending)


def units_for(field: str) -> list[str]:
    """Name the printed units that `factor_to` knows for a field."""
    hormone = HORMONE_FIELDS.get(field)
    if hormone is not None:
        return [known.unit for known in CONVERSIONS[hormone]]
    unit = unit_of(field)
    return [] if unit is None else [unit.printed]
