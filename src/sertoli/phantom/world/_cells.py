"""What lies in a dish: cells and debris as numbers in micrometres, without pixels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CellKind(StrEnum):
    """What a thing in the dish is. The values are the class names of the truth."""

    SPERM = "sperm"
    ELONGATED_SPERMATID = "elongated_spermatid"
    RED_CELL = "red_cell"
    ROUND_GERM_CELL = "round_germ_cell"
    SERTOLI_CELL = "sertoli_cell"
    WHITE_CELL = "white_cell"
    DEBRIS = "debris"
    CLUMP = "clump"


class Motility(StrEnum):
    """How a sperm moves of itself; drift of the fluid is not motility."""

    IMMOTILE = "immotile"
    TWITCHING = "twitching"
    NON_PROGRESSIVE = "non_progressive"
    PROGRESSIVE = "progressive"


@dataclass(frozen=True, slots=True)
class Tail:
    """The flagellum: a static bend with a travelling wave on it.

    The tangent at arc length ``s`` (um, from the neck) and time ``t`` (s) turns by
    ``bend_rad * (s / length_um) ** 2 + amplitude_rad * sqrt(s / length_um)
    * sin(2 pi (beat_hz t - s / wavelength_um) + phase_rad)`` from the head's axis.
    """

    length_um: float
    midpiece_um: float
    width_um: float
    bend_rad: float
    amplitude_rad: float
    wavelength_um: float
    beat_hz: float
    phase_rad: float


@dataclass(frozen=True, slots=True)
class Swim:
    """How a sperm travels: a persistent random walk with a lateral swing of the head."""

    speed_um_per_s: float
    turning_rad2_per_s: float
    circling_rad_per_s: float
    swing_um: float
    swing_hz: float


@dataclass(frozen=True, slots=True)
class Cell:
    """One thing in the dish.

    Parameters
    ----------
    number : int
        Unique in the dish; the ``track_id`` of the truth.
    x_um, y_um : float
        Where it lies at time 0, in dish coordinates (x right, y down); for sperm and
        spermatids the centre of the head.
    z_um : float
        Height above the plane that the dish is focused on.
    angle_rad : float
        Direction of the head's tip (or of the long axis), from x towards y.
    length_um, width_um : float
        Of the head or body.
    density : float
        Refractive strength relative to the usual of its kind.
    seed : int
        Decides outline, texture and path.
    motility : Motility
    tail : Tail or None
    swim : Swim or None
        None for whatever does not travel.
    """

    number: int
    kind: CellKind
    x_um: float
    y_um: float
    z_um: float
    angle_rad: float
    length_um: float
    width_um: float
    density: float
    seed: int
    motility: Motility = Motility.IMMOTILE
    tail: Tail | None = None
    swim: Swim | None = None
