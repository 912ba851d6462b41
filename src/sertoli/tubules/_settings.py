"""How an input is mapped."""

from __future__ import annotations

from dataclasses import dataclass

from sertoli.errors import SettingError
from sertoli.optics import Modality
from sertoli.tubules._map import DILATED_FROM
from sertoli.tubules._rank import Rule


@dataclass(frozen=True, slots=True)
class FieldSettings:
    """How an input is mapped.

    Parameters
    ----------
    um_per_px, fps : float or None
        Win over what the file says.
    modality : Modality
        `OPERATING` or `HISTOLOGY`.
    sequence : bool or None
        As for `sertoli.frames.open_source`.
    dilated_from : float
        Relative diameter from which a tubule counts as dilated.
    rule : Rule
        What the score goes by.
    opacity : float
        Of the overlay's lines, 0 to 1.

    Raises
    ------
    SettingError
        If a value makes no sense.
    """

    um_per_px: float | None = None
    fps: float | None = None
    modality: Modality = Modality.OPERATING
    sequence: bool | None = None
    dilated_from: float = DILATED_FROM
    rule: Rule = Rule.RELATIVE
    opacity: float = 0.9

    def __post_init__(self) -> None:
        if self.modality not in (Modality.OPERATING, Modality.HISTOLOGY):
            raise SettingError(
                f"there is no tubule map for the modality {self.modality}",
                "give operating or histology; `sertoli search` is for dishes",
            )
        if not 1.0 < self.dilated_from <= 5.0:  # also refuses NaN
            raise SettingError(
                f"a tubule cannot count as dilated from {self.dilated_from:g} times the median",
                "give --dilated-from above 1, up to 5",
            )
        if not 0.0 <= self.opacity <= 1.0:
            raise SettingError(
                f"lines cannot have an opacity of {self.opacity:g}", "give --line-opacity 0 to 1"
            )
