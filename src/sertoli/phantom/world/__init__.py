"""The simulated world in micrometres and seconds: no pixels here."""

from sertoli.phantom.world._cells import Cell, CellKind, Motility, Swim, Tail
from sertoli.phantom.world._dish import Dish
from sertoli.phantom.world._motion import Drift, Pose, pose, tail_points
from sertoli.phantom.world._populations import (
    MotionMix,
    Population,
    Regime,
    population,
    semen_motions,
)

__all__ = [
    "Cell",
    "CellKind",
    "Dish",
    "Drift",
    "Motility",
    "MotionMix",
    "Population",
    "Pose",
    "Regime",
    "Swim",
    "Tail",
    "population",
    "pose",
    "semen_motions",
    "tail_points",
]
