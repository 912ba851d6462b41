"""The simulated world as a microscope and camera show it, with its truth."""

from sertoli.phantom.render._field import OBSCURED_SPERM, Shown, take_picture
from sertoli.phantom.render._look import BENCH_MODALITIES, Look, random_look
from sertoli.phantom.render._sperm import tail_line
from sertoli.phantom.render._view import View
from sertoli.phantom.render._visibility import Visibility

__all__ = [
    "BENCH_MODALITIES",
    "OBSCURED_SPERM",
    "Look",
    "Shown",
    "View",
    "Visibility",
    "random_look",
    "tail_line",
    "take_picture",
]
