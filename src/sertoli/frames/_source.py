"""What every source of frames can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from sertoli.frames._frame import Frame
from sertoli.optics import Optics


class FrameSource(ABC):
    """A recording, a folder, a picture, a simulation: anything that gives frames.

    An offline source gives **every** frame in order, never dropped or repeated. A live
    source gives the **latest**. Use it as a context manager; iterating again starts again.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """Short name for people: the file or folder name."""

    @property
    @abstractmethod
    def optics(self) -> Optics:
        """Pixel size and modality, as far as the file or the caller knows them."""

    @property
    def stated_optics(self) -> dict[Optics, str]:
        """All optics among the frames, as far as known, each with the first file that has them."""
        return {self.optics: self.name}

    @property
    @abstractmethod
    def is_sequence(self) -> bool:
        """True if neighbouring frames show the same place at successive times."""

    @property
    def is_live(self) -> bool:
        """True if frames come from a camera now and have no end."""
        return False

    @property
    @abstractmethod
    def length(self) -> int | None:
        """Number of frames, or None if only reading to the end would tell."""

    @abstractmethod
    def frames(self, start: int = 0) -> Iterator[Frame]:
        """Give frames from index ``start`` on, in order.

        Raises
        ------
        InputError
            If a frame cannot be decoded.
        """

    def __iter__(self) -> Iterator[Frame]:
        return self.frames()

    def close(self) -> None:  # noqa: B027 - most sources hold nothing open
        """Let go of files and threads."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
