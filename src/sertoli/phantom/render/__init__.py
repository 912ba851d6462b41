"""The simulated world as a microscope and camera show it, with its truth."""

from sertoli.phantom.render._field import OBSCURED_SPERM, Shown, View, take_picture
from sertoli.phantom.render._look import BENCH_MODALITIES, Look, random_look

__all__ = [
    "BENCH_MODALITIES",
    "OBSCURED_SPERM",
    "Look",
    "Shown",
    "View",
    "random_look",
    "take_picture",
]
