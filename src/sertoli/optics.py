"""What is known of the microscope behind a picture: pixel size and modality."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from sertoli.errors import SettingError

MIN_UM_PER_PX = 0.001
"""Below a nanometre per pixel no light microscope works; it is a slip of units."""

MAX_UM_PER_PX = 1000.0
"""Above a millimetre per pixel nothing Sertoli measures can be seen."""


class Modality(StrEnum):
    """How the light makes the picture."""

    OPERATING = "operating"
    BRIGHT_FIELD = "bright_field"
    PHASE_CONTRAST = "phase_contrast"
    DIC = "dic"
    HOFFMAN = "hoffman"
    HISTOLOGY = "histology"


@dataclass(frozen=True, slots=True)
class Optics:
    """Pixel size and modality of a picture.

    Parameters
    ----------
    um_per_px : float or None
        Micrometres per pixel, the same along x and y. None where unknown: every
        length is then in px, and the um fields of results stay empty.
    modality : Modality or None
        None where unknown.

    Raises
    ------
    SettingError
        If ``um_per_px`` is not a finite number within 0.001 to 1000.
    """

    um_per_px: float | None = None
    modality: Modality | None = None

    def __post_init__(self) -> None:
        value = self.um_per_px
        if value is None:
            return
        if not math.isfinite(value) or not MIN_UM_PER_PX <= value <= MAX_UM_PER_PX:
            raise SettingError(
                f"pixel size of {value} um per px is not possible",
                f"give micrometres per pixel between {MIN_UM_PER_PX} and {MAX_UM_PER_PX:g}, "
                "or leave it out if unknown",
            )


UNKNOWN_OPTICS = Optics()
"""Neither pixel size nor modality known."""
