"""What a TIFF file says of its planes: where they lie, pixel size, time and stage position."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sertoli.errors import InputError
from sertoli.frames._kind import quoted
from sertoli.optics import UNKNOWN_OPTICS, Optics

if TYPE_CHECKING:
    import tifffile

PLAUSIBLE_UM_PER_PX = (0.01, 20.0)
"""Plain resolution tags count only within this: most programs write 72 dots per inch."""

SAME_PIXEL_SIZE = 0.01
"""Pixel sizes along x and y that differ by more than this share are refused."""

UM_PER_LENGTH = {
    "m": 1e6, "dm": 1e5, "cm": 1e4, "mm": 1e3, "µm": 1.0, "μm": 1.0, "um": 1.0,
    "micron": 1.0, "microns": 1.0, "micrometer": 1.0, "nm": 1e-3, "pm": 1e-6, "Å": 1e-4,
    "inch": 25400.0, "in": 25400.0,
}  # fmt: skip


class Plane(NamedTuple):
    """A frame of a TIFF file: where it lies, and what the file says of it.

    Parameters
    ----------
    page : int
        Counted from 0 within the file.
    part : int or None
        Which picture of a page that holds a whole stack.
    image : int
        Which image of OME metadata: each is a place of its own.
    t : int
        Place along the time axis.
    optics : Optics
        What the caller knows wins over what the file says.
    time_s : float or None
        As stated, not yet from the first frame.
    stage_um : (x, y, z) or None
        None unless x and y are stated.
    """

    page: int
    part: int | None = None
    image: int = 0
    t: int = 0
    optics: Optics = UNKNOWN_OPTICS
    time_s: float | None = None
    stage_um: tuple[float, float, float] | None = None


def optics_by_tags(path: Path, tif: tifffile.TiffFile, given: Optics) -> Optics:
    """Return what is given, else the pixel size by ImageJ's unit or the resolution tags.

    Raises
    ------
    InputError
        If the pixels are not square.
    """
    if given.um_per_px is not None:
        return given
    tags = tif.pages.first.tags
    unit = {2: "inch", 3: "cm"}.get(_number(tags.valueof("ResolutionUnit", 2)), "")
    unit = str((tif.imagej_metadata or {}).get("unit", unit)).strip()
    unit = unit.lower().replace("\\u00b5", "u")  # ImageJ writes the micro sign escaped
    x, y = (
        scaled(1.0 / density if density else None, unit, UM_PER_LENGTH)
        for density in map(_ratio, (tags.valueof("XResolution"), tags.valueof("YResolution")))
    )
    return Optics(square(path, x, y, PLAUSIBLE_UM_PER_PX), given.modality)


def square(
    path: Path, x: float | None, y: float | None, limits: tuple[float, float]
) -> float | None:
    """Return the pixel size if it lies within the limits and is the same along x and y."""
    if x is None or not limits[0] <= x <= limits[1]:
        return None
    if y is not None and abs(x - y) > SAME_PIXEL_SIZE * x:
        raise InputError(
            f"{quoted(path)} states pixels of {x:g} x {y:g} um, which are not square",
            "give the true size with --um-per-px, or resample the picture",
        )
    return x


def scaled(value: Any, unit: Any, factors: dict[str, float]) -> float | None:
    """Return a stated value times its unit's factor; None if either is unknown."""
    factor = factors.get(str(getattr(unit, "value", unit)))
    if value is None or factor is None:
        return None
    number = float(value) * factor
    return number if math.isfinite(number) else None


def _ratio(value: Any) -> float | None:
    """Return a TIFF rational (numerator, denominator) as a positive number."""
    if not isinstance(value, tuple) or len(value) != 2 or not value[0] or not value[1]:
        return None
    ratio = float(value[0]) / float(value[1])
    return ratio if ratio > 0 else None


def _number(value: Any) -> int:
    return int(value) if isinstance(value, int) else 0
