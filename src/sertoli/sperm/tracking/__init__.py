"""Which head is the same sperm as before: live, one frame at a time, and once more at the end."""

from sertoli.sperm.tracking._drift import DriftState, FieldDrift
from sertoli.sperm.tracking._evidence import FAINT_SHARE, TrackEvidence
from sertoli.sperm.tracking._join import TrackJoiner, link_recording
from sertoli.sperm.tracking._linker import MAX_GAP_FRAMES, Linker

__all__ = [
    "FAINT_SHARE",
    "MAX_GAP_FRAMES",
    "DriftState",
    "FieldDrift",
    "Linker",
    "TrackEvidence",
    "TrackJoiner",
    "link_recording",
]
