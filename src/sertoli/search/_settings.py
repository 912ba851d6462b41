"""What a search is told by the person, and what it asks of a detector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sertoli.errors import InputError, SettingError
from sertoli.frames import Frame, require_fps
from sertoli.optics import Modality, Optics
from sertoli.sperm import Detections

MAX_SPECIMEN_CHARACTERS = 64

HEAD_UM = 5.0
"""About the length of a sperm's head."""

HEAD_PX = (2.5, 250.0)
"""So many px long a head may be: with fewer none can be seen, and no laboratory has more."""


class Finder(Protocol):
    """A detector, as far as a search needs one; `sertoli.sperm.Detector` is one."""

    @property
    def weights_name(self) -> str:
        """Name of the weights."""

    @property
    def weights_sha256(self) -> str:
        """Hash of the weights file."""

    @property
    def restriction(self) -> str | None:
        """What the weights may not be used for, if anything."""

    @property
    def default_confidence(self) -> float:
        """Confidence to use where the person gives none."""

    def magnification(self, frames: Sequence[Frame]) -> float:
        """By how much the frames of a recording are enlarged before they are searched."""

    def is_unfamiliar(self, frame: Frame, *, magnification: float | None = None) -> bool:
        """Whether the frame looks unlike anything that the weights were trained on."""

    def detect(
        self,
        frame: Frame,
        *,
        confidence: float | None = None,
        magnification: float | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> Detections:
        """Find the heads in a frame; ``on_progress`` hears the share done, 0 to 1.

        Called by several threads at once for the frames of a sequence, then without
        ``on_progress``.
        """


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """What the person says about the recording and wants of the search.

    Parameters
    ----------
    um_per_px : float or None
        Pixel size; None takes what the file says.
    fps : float or None
        Frames per second; None takes what the file says.
    modality : Modality or None
        None takes what the file says.
    sequence : bool or None
        True for a sequence, False for stills, None to let the input decide.
    confidence : float or None
        Lowest probability of a finding, within (0, 1]; None takes the detector's own.
    specimen : str or None
        Id of the specimen, recorded in the summary.

    Raises
    ------
    SettingError
        If a value makes no sense.
    """

    um_per_px: float | None = None
    fps: float | None = None
    modality: Modality | None = None
    sequence: bool | None = None
    confidence: float | None = None
    specimen: str | None = None

    def __post_init__(self) -> None:
        Optics(self.um_per_px, self.modality)
        require_visible_heads(self.um_per_px)
        require_fps(self.fps)
        if self.confidence is not None and not 0 < self.confidence <= 1:
            raise SettingError(
                f"a confidence of {self.confidence} is not possible",
                "give --confidence a number above 0 and up to 1",
            )
        if self.specimen is not None and not _is_id(self.specimen):
            raise SettingError(
                "the specimen id is empty, too long or holds control characters",
                f"give --specimen 1 to {MAX_SPECIMEN_CHARACTERS} printable characters",
            )


def require_visible_heads(um_per_px: float | None, file: str | None = None) -> None:
    """Refuse a pixel size with which no head could be told; None is an unknown one.

    Parameters
    ----------
    um_per_px : float or None
    file : str, optional
        The file that states it; None if the person does.

    Raises
    ------
    SettingError
        If it puts a head outside `HEAD_PX`.
    InputError
        The same, where a file states it.
    """
    if um_per_px is None or HEAD_PX[0] <= HEAD_UM / um_per_px <= HEAD_PX[1]:
        return
    head = f"a head would be {HEAD_UM / um_per_px:.3g} px long"
    if file is None:
        raise SettingError(
            f"with {um_per_px:g} um per px {head}",
            "give --um-per-px in micrometres, such as 0.32, or leave it out if unknown",
        )
    raise InputError(
        f"{file} states {um_per_px:g} um per px, with which {head}",
        "give the true size with --um-per-px, such as 0.32; in a folder of several, take it out",
    )


def _is_id(text: str) -> bool:
    return 0 < len(text.strip()) <= len(text) <= MAX_SPECIMEN_CHARACTERS and text.isprintable()
