"""What `enhance_file` is asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from sertoli.enhance._light import LightSettings
from sertoli.errors import SettingError

MOST_MERGED = 64
"""One picture is made of at most so many frames."""


class Merge(StrEnum):
    """How many frames become one picture."""

    FOCUS = "focus"
    """A focal sweep: everywhere what is sharpest (`fuse_focus`)."""

    TREMOR = "tremor"
    """Frames of one place that a hand or a camera shifted a little (`super_resolve`)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The steps, in the order in which they are done.

    Parameters
    ----------
    merge : Merge or None
        Make one picture of all frames first.
    light : LightSettings or None
        The light chain; None leaves it out.
    steady : bool
        Take the tremor out of a sequence.
    deblur : bool
    magnify : float
        1 leaves the size as it is. With `Merge.TREMOR` the frames are merged at this size.
    compare : bool
        Set the frame as it was, at the same size, to the left of the result.
    """

    merge: Merge | None = None
    light: LightSettings | None = field(default_factory=LightSettings)
    steady: bool = False
    deblur: bool = False
    magnify: float = 1.0
    compare: bool = False

    def __post_init__(self) -> None:
        if self.merge is not None and self.steady:
            raise SettingError("one picture cannot be steadied", "leave out --steady or --merge")
        if self.merge is Merge.TREMOR and self.deblur:
            raise SettingError(
                "frames merged from tremor are deblurred already", "leave out --deblur"
            )
