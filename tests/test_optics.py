"""Pixel sizes that a microscope can have, and those that are a slip."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sertoli.errors import SettingError
from sertoli.optics import MAX_UM_PER_PX, MIN_UM_PER_PX, UNKNOWN_OPTICS, Modality, Optics


@given(st.floats(MIN_UM_PER_PX, MAX_UM_PER_PX))
def test_a_possible_pixel_size_is_kept(um_per_px: float) -> None:
    assert Optics(um_per_px).um_per_px == um_per_px


@pytest.mark.parametrize("um_per_px", [0.0, -0.3, 1e-4, 1001.0, math.nan, math.inf, -math.inf])
def test_an_impossible_pixel_size_is_refused_with_a_remedy(um_per_px: float) -> None:
    with pytest.raises(SettingError, match=r"between 0\.001 and 1000") as refusal:
        Optics(um_per_px)
    assert str(um_per_px) in refusal.value.what


def test_unknown_is_allowed() -> None:
    assert UNKNOWN_OPTICS.um_per_px is None
    assert UNKNOWN_OPTICS.modality is None
    assert Modality("phase_contrast") is Modality.PHASE_CONTRAST
