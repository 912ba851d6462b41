"""The simulated world in micrometres and seconds: no pixels here."""

from sertoli.phantom.world._cells import Cell, CellKind, Motility, Swim, Tail
from sertoli.phantom.world._dish import Dish
from sertoli.phantom.world._hand import Hand, HandPose
from sertoli.phantom.world._instruments import Instrument, Shaft, draw_instruments
from sertoli.phantom.world._motion import Drift, Pose, pose, tail_points
from sertoli.phantom.world._opened_testis import (
    Calibre,
    OpenedTestis,
    Patient,
    TubuleClass,
    TubuleTraits,
    open_testis,
    sperm_chance,
)
from sertoli.phantom.world._populations import (
    MotionMix,
    Population,
    Regime,
    population,
    semen_motions,
)
from sertoli.phantom.world._tubules import Tubule, lay_tubules

__all__ = [
    "Calibre",
    "Cell",
    "CellKind",
    "Dish",
    "Drift",
    "Hand",
    "HandPose",
    "Instrument",
    "Motility",
    "MotionMix",
    "OpenedTestis",
    "Patient",
    "Population",
    "Pose",
    "Regime",
    "Shaft",
    "Swim",
    "Tail",
    "Tubule",
    "TubuleClass",
    "TubuleTraits",
    "draw_instruments",
    "lay_tubules",
    "open_testis",
    "population",
    "pose",
    "semen_motions",
    "sperm_chance",
    "tail_points",
]
