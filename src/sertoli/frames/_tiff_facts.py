"""What a TIFF file says of itself: pixel size, channel, times and stage positions."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sertoli.errors import InputError
from sertoli.frames._kind import quoted
from sertoli.optics import MAX_UM_PER_PX, MIN_UM_PER_PX, Modality

if TYPE_CHECKING:
    import tifffile

PLAUSIBLE_UM_PER_PX = (0.01, 20.0)
"""Plain resolution tags count only within this: most programs write 72 dots per inch."""

SAME_PIXEL_SIZE = 0.01
"""Pixel sizes along x and y that differ by more than this share are refused."""

_UM_PER_LENGTH = {
    "m": 1e6, "dm": 1e5, "cm": 1e4, "mm": 1e3, "µm": 1.0, "μm": 1.0, "um": 1.0,
    "micron": 1.0, "microns": 1.0, "micrometer": 1.0, "nm": 1e-3, "pm": 1e-6, "Å": 1e-4,
    "inch": 25400.0, "in": 25400.0,
}  # fmt: skip

_S_PER_TIME = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0, "d": 86400.0}

_CONTRAST = {
    "Brightfield": Modality.BRIGHT_FIELD,
    "Phase": Modality.PHASE_CONTRAST,
    "DIC": Modality.DIC,
    "HoffmanModulation": Modality.HOFFMAN,
}

_NAMES = (
    ("hoffman", Modality.HOFFMAN),
    ("hmc", Modality.HOFFMAN),
    ("dic", Modality.DIC),
    ("nomarski", Modality.DIC),
    ("phase", Modality.PHASE_CONTRAST),
    ("bright", Modality.BRIGHT_FIELD),
    ("trans", Modality.BRIGHT_FIELD),
)


@dataclass(frozen=True, slots=True)
class TiffFacts:
    """What the metadata of a TIFF file state.

    Parameters
    ----------
    um_per_px : float or None
    modality : Modality or None
        Of the channel in ``channel``.
    channel : int
        The channel to read: the first that is bright field, phase contrast, DIC or Hoffman
        by its contrast method or name, otherwise the first.
    time_s : dict of (t, z) to float
        Time of the plane as stated (not yet from the first frame).
    stage_um : dict of (t, z) to (x, y, z)
        Planes whose x and y are stated; z is 0 where only it is missing.
    """

    um_per_px: float | None = None
    modality: Modality | None = None
    channel: int = 0
    time_s: dict[tuple[int, int], float] = field(default_factory=dict)
    stage_um: dict[tuple[int, int], tuple[float, float, float]] = field(default_factory=dict)


def ome_facts(path: Path, xml: str, *, size_is_given: bool) -> TiffFacts | None:
    """Read the facts of the first image of OME-XML; None if they break the standard.

    Parameters
    ----------
    path : Path
        For messages.
    xml : str
    size_is_given : bool
        The caller states the pixel size: what the file says of it does not matter.

    Raises
    ------
    InputError
        If the pixels are not square.
    """
    import ome_types  # slow to import, and few files need it

    try:
        pixels = ome_types.from_xml(xml).images[0].pixels
    # What breaks the standard surfaces as errors of the XML and validation libraries.
    except Exception:
        return None
    x = _scaled(pixels.physical_size_x, pixels.physical_size_x_unit, _UM_PER_LENGTH)
    y = _scaled(pixels.physical_size_y, pixels.physical_size_y_unit, _UM_PER_LENGTH)
    channel, modality = _channel(pixels.channels)
    times: dict[tuple[int, int], float] = {}
    stages: dict[tuple[int, int], tuple[float, float, float]] = {}
    for plane in pixels.planes:
        if plane.the_c != channel:
            continue
        at = (int(plane.the_t), int(plane.the_z))
        time = _scaled(plane.delta_t, plane.delta_t_unit, _S_PER_TIME)
        if time is not None:
            times[at] = time
        stage_x = _scaled(plane.position_x, plane.position_x_unit, _UM_PER_LENGTH)
        stage_y = _scaled(plane.position_y, plane.position_y_unit, _UM_PER_LENGTH)
        stage_z = _scaled(plane.position_z, plane.position_z_unit, _UM_PER_LENGTH)
        if stage_x is not None and stage_y is not None:
            stages[at] = (stage_x, stage_y, stage_z or 0.0)
    step = _scaled(pixels.time_increment, pixels.time_increment_unit, _S_PER_TIME)
    if not times and step is not None and step > 0:
        times = {(t, z): t * step for t in range(pixels.size_t) for z in range(pixels.size_z)}
    size = None if size_is_given else _square(path, x, y, (MIN_UM_PER_PX, MAX_UM_PER_PX))
    return TiffFacts(size, modality, channel, times, stages)


def plain_facts(path: Path, tif: tifffile.TiffFile, *, size_is_given: bool) -> TiffFacts:
    """Read the pixel size of a TIFF that is not OME: ImageJ's unit or the resolution tags.

    Raises
    ------
    InputError
        If the pixels are not square.
    """
    if size_is_given:
        return TiffFacts()
    tags = tif.pages.first.tags
    unit = {2: "inch", 3: "cm"}.get(_number(tags.valueof("ResolutionUnit", 2)), "")
    unit = str((tif.imagej_metadata or {}).get("unit", unit)).strip()
    unit = unit.lower().replace("\\u00b5", "u")  # ImageJ writes the micro sign escaped
    x, y = (
        _scaled(1.0 / density if density else None, unit, _UM_PER_LENGTH)
        for density in map(_ratio, (tags.valueof("XResolution"), tags.valueof("YResolution")))
    )
    return TiffFacts(_square(path, x, y, PLAUSIBLE_UM_PER_PX))


def _channel(channels: list[Any]) -> tuple[int, Modality | None]:
    for number, channel in enumerate(channels):
        modality = _CONTRAST.get(str(getattr(channel.contrast_method, "value", "")))
        name = (channel.name or "").lower()
        if modality is None:
            modality = next((m for word, m in _NAMES if word in name), None)
        if modality is not None:
            return number, modality
    return 0, None


def _square(
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


def _scaled(value: Any, unit: Any, factors: dict[str, float]) -> float | None:
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
