from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sertoli.case.units import (
    CANONICAL,
    CONVERSIONS,
    Hormone,
    conversion,
    from_canonical,
    to_canonical,
)
from sertoli.errors import InputError

PAIRS = [(hormone, known.unit) for hormone in Hormone for known in CONVERSIONS[hormone]]

KNOWN = [
    # The first is the printed figure of World J Mens Health 10.5534/wjmh.210138.
    (Hormone.TESTOSTERONE, 1.0, "ng/dL", 0.03467),
    (Hormone.TESTOSTERONE, 300.0, "ng/dL", 10.401),
    (Hormone.TESTOSTERONE, 3.0, "ng/mL", 10.401),
    (Hormone.TESTOSTERONE, 12.0, "nmol/L", 12.0),
    (Hormone.FSH, 7.6, "mIU/mL", 7.6),
    (Hormone.PROLACTIN, 10.0, "ng/mL", 212.0),
    (Hormone.OESTRADIOL, 10.0, "pg/mL", 36.713),
    (Hormone.INHIBIN_B, 80.0, "pg/mL", 80.0),
]


@pytest.mark.parametrize(("hormone", "value", "unit", "expected"), KNOWN)
def test_printed_values_convert(hormone: Hormone, value: float, unit: str, expected: float) -> None:
    assert to_canonical(hormone, value, unit) == pytest.approx(expected, rel=1e-4)


def test_the_molar_mass_agrees_with_the_printed_factor() -> None:
    # Testosterone weighs 288.42 g/mol: 1 ng/dL is 10 ng/L.
    factor = conversion(Hormone.TESTOSTERONE, "ng/dL").factor
    assert pytest.approx(factor, rel=1e-3) == 10.0 / 288.42


@given(st.sampled_from(PAIRS), st.floats(0, 1e6))
@settings(deadline=None)
def test_there_and_back(pair: tuple[Hormone, str], value: float) -> None:
    hormone, unit = pair
    back = from_canonical(hormone, to_canonical(hormone, value, unit), unit)
    assert back == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("hormone", Hormone)
def test_every_hormone_has_its_own_unit_and_a_source(hormone: Hormone) -> None:
    assert conversion(hormone, CANONICAL[hormone]).factor == 1.0
    assert all(known.source.citation for known in CONVERSIONS[hormone])


@pytest.mark.parametrize("unit", ["NMOL/L", " nmol / L "])
def test_units_are_read_as_people_write_them(unit: str) -> None:
    assert to_canonical(Hormone.TESTOSTERONE, 9.0, unit) == 9.0


def test_micro_has_two_letters() -> None:
    assert to_canonical(Hormone.PROLACTIN, 1.0, "\u00b5g/L") == 21.2
    assert to_canonical(Hormone.PROLACTIN, 1.0, "\u03bcg/L") == 21.2


@pytest.mark.parametrize(
    ("value", "unit"), [(1.0, "mg"), (-1.0, "nmol/L"), (float("nan"), "nmol/L")]
)
def test_nonsense_is_refused_by_name(value: float, unit: str) -> None:
    with pytest.raises(InputError, match="testosterone"):
        to_canonical(Hormone.TESTOSTERONE, value, unit)
