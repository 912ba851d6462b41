"""Hormones in one unit each, whatever the laboratory printed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from sertoli.case.evidence import Mark, Source
from sertoli.errors import InputError


class Hormone(StrEnum):
    """The hormones of the work-up; the value is the name in files."""

    TESTOSTERONE = "testosterone"
    FSH = "fsh"
    LH = "lh"
    PROLACTIN = "prolactin"
    OESTRADIOL = "oestradiol"
    INHIBIN_B = "inhibin_b"


@dataclass(frozen=True)
class Conversion:
    """``canonical = printed * factor``.

    Parameters
    ----------
    unit : str
        The unit as printed.
    factor : float
        Canonical units in one printed unit.
    source : Source
        Where the factor comes from.
    """

    unit: str
    factor: float
    source: Source


_PREFIX = Source("the same amount in another prefix", Mark.DERIVED)
_TESTOSTERONE = Source("World J Mens Health 10.5534/wjmh.210138", Mark.VERIFIED)
_OESTRADIOL = Source("molar mass of oestradiol, 272.38 g/mol", Mark.DERIVED)
_PROLACTIN = Source(
    "WHO standard 84/500, 21.2 mIU a microgram; other assays differ", Mark.SECOND_HAND
)

OESTRADIOL_G_PER_MOL = 272.38

CANONICAL = {
    Hormone.TESTOSTERONE: "nmol/L",
    Hormone.FSH: "IU/L",
    Hormone.LH: "IU/L",
    Hormone.PROLACTIN: "mIU/L",
    Hormone.OESTRADIOL: "pmol/L",
    Hormone.INHIBIN_B: "ng/L",
}
"""The unit in which Sertoli keeps each hormone."""

CONVERSIONS: dict[Hormone, tuple[Conversion, ...]] = {
    Hormone.TESTOSTERONE: (
        Conversion("nmol/L", 1.0, _PREFIX),
        Conversion("ng/dL", 0.03467, _TESTOSTERONE),
        Conversion("ng/mL", 3.467, _TESTOSTERONE),
        Conversion("ug/L", 3.467, _TESTOSTERONE),
    ),
    Hormone.FSH: (Conversion("IU/L", 1.0, _PREFIX), Conversion("mIU/mL", 1.0, _PREFIX)),
    Hormone.LH: (Conversion("IU/L", 1.0, _PREFIX), Conversion("mIU/mL", 1.0, _PREFIX)),
    Hormone.PROLACTIN: (
        Conversion("mIU/L", 1.0, _PREFIX),
        Conversion("uIU/mL", 1.0, _PREFIX),
        Conversion("ng/mL", 21.2, _PROLACTIN),
        Conversion("ug/L", 21.2, _PROLACTIN),
    ),
    Hormone.OESTRADIOL: (
        Conversion("pmol/L", 1.0, _PREFIX),
        Conversion("nmol/L", 1000.0, _PREFIX),
        Conversion("pg/mL", 1000.0 / OESTRADIOL_G_PER_MOL, _OESTRADIOL),
        Conversion("ng/L", 1000.0 / OESTRADIOL_G_PER_MOL, _OESTRADIOL),
    ),
    Hormone.INHIBIN_B: (
        Conversion("ng/L", 1.0, _PREFIX),
        Conversion("pg/mL", 1.0, _PREFIX),
    ),
}


HORMONE_FIELDS = {
    "testosterone_nmol_per_l": Hormone.TESTOSTERONE,
    "fsh_iu_per_l": Hormone.FSH,
    "lh_iu_per_l": Hormone.LH,
    "prolactin_miu_per_l": Hormone.PROLACTIN,
    "oestradiol_pmol_per_l": Hormone.OESTRADIOL,
    "inhibin_b_ng_per_l": Hormone.INHIBIN_B,
}
"""Field of the record that holds it, in the unit of `CANONICAL` -> hormone."""


def _plain(unit: str) -> str:
    return unit.strip().lower().replace("µ", "u").replace("μ", "u").replace(" ", "")


def conversion(hormone: Hormone, unit: str) -> Conversion:
    """Return how a printed unit of a hormone is converted.

    Raises
    ------
    InputError
        If the unit is not one of the hormone's.
    """
    for known in CONVERSIONS[hormone]:
        if _plain(known.unit) == _plain(unit):
            return known
    names = ", ".join(known.unit for known in CONVERSIONS[hormone])
    raise InputError(f"{unit!r} is not a unit of {hormone}", f"give one of {names}")


def to_canonical(hormone: Hormone, value: float, unit: str) -> float:
    """Convert a printed value to the hormone's unit in `CANONICAL`.

    Raises
    ------
    InputError
        If the unit is unknown, or the value is negative or not a number.
    """
    if not (math.isfinite(value) and value >= 0):
        raise InputError(f"{hormone} cannot be {value}", "give a number from 0 up")
    return value * conversion(hormone, unit).factor


def from_canonical(hormone: Hormone, value: float, unit: str) -> float:
    """Convert a value in the hormone's unit of `CANONICAL` to another unit.

    Raises
    ------
    InputError
        If the unit is unknown.
    """
    return value / conversion(hormone, unit).factor
