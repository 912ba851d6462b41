"""Pictures and where they come from."""

from typing import TYPE_CHECKING, Any

from sertoli.frames._frame import Frame, Pixels, to_grey
from sertoli.frames._latest import Arrival, LatestFrame, as_it_happened
from sertoli.frames._open import open_source, require_fps
from sertoli.frames._read_ahead import ReadAhead, read_ahead
from sertoli.frames._source import FrameSource
from sertoli.frames._write_picture import write_png

if TYPE_CHECKING:
    from sertoli.frames._write_video import VideoWriter

__all__ = [
    "Arrival",
    "Frame",
    "FrameSource",
    "LatestFrame",
    "Pixels",
    "ReadAhead",
    "VideoWriter",
    "as_it_happened",
    "open_source",
    "read_ahead",
    "require_fps",
    "to_grey",
    "write_png",
]


def __getattr__(name: str) -> Any:
    """Load the writer when it is asked for: FFmpeg takes a while to load."""
    if name == "VideoWriter":
        from sertoli.frames._write_video import VideoWriter

        return VideoWriter
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
