"""Pictures and where they come from."""

from sertoli.frames._frame import Frame, Pixels, to_grey
from sertoli.frames._source import FrameSource

__all__ = ["Frame", "FrameSource", "Pixels", "to_grey"]
