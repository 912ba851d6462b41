"""Forceps and suction that come into the field and leave it again."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Shaft:
    """A straight, tapering piece of metal; one prong of a forceps, or a suction tube.

    Parameters
    ----------
    tip_um : (x, y)
        From the centre of the picture.
    angle_rad : float
        Direction from the tip to the hand.
    tip_radius_um : float
    taper : float
        Growth of the radius per um from the tip.
    height_um : float
        How far it is held above the tissue.
    hollow : bool
        Whether its end is open.
    """

    tip_um: tuple[float, float]
    angle_rad: float
    tip_radius_um: float
    taper: float
    height_um: float
    hollow: bool = False


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument and its path.

    Parameters
    ----------
    hollow : bool
        Suction if true, else forceps.
    angle_rad : float
    reach_um : (x, y)
        Where its tip comes to, from the centre of the picture.
    away_um : float
        How far it is drawn back in between.
    hertz, phase : float
        Of coming and going.
    radius_um, taper, height_um : float
        As in `Shaft`.
    opening_rad : float
        Angle between a forceps' prongs when open.
    """

    hollow: bool
    angle_rad: float
    reach_um: tuple[float, float]
    away_um: float
    hertz: float
    phase: float
    radius_um: float
    taper: float
    height_um: float
    opening_rad: float

    def shafts(self, time_s: float) -> tuple[Shaft, ...]:
        """Return its pieces at a time."""
        swing = math.sin(2 * math.pi * self.hertz * time_s + self.phase)
        back = self.away_um * max(0.0, -swing)
        x = self.reach_um[0] + back * math.cos(self.angle_rad)
        y = self.reach_um[1] + back * math.sin(self.angle_rad)
        if self.hollow:
            return (
                Shaft(
                    (x, y), self.angle_rad, self.radius_um, self.taper, self.height_um, hollow=True
                ),
            )
        # The prongs meet at the hand; open tips stand apart.
        grip = 0.5 * (1 + math.sin(2 * math.pi * 1.7 * self.hertz * time_s + 2 * self.phase))
        apart_um = 60.0 + 9000.0 * self.opening_rad * grip / 2
        side = (-math.sin(self.angle_rad) * apart_um / 2, math.cos(self.angle_rad) * apart_um / 2)
        lean = self.opening_rad * grip / 2
        return tuple(
            Shaft(
                (x + sign * side[0], y + sign * side[1]),
                self.angle_rad - sign * lean,
                self.radius_um,
                self.taper,
                self.height_um,
            )
            for sign in (-1.0, 1.0)
        )


def draw_instruments(
    rng: np.random.Generator, width_um: float, height_um: float, chance: float
) -> tuple[Instrument, ...]:
    """Draw none, one or two instruments at work in a field of that size.

    Parameters
    ----------
    rng : numpy.random.Generator
    width_um, height_um : float
    chance : float
        Of each: a forceps, and a suction.
    """
    found = []
    for hollow in (False, True):
        present = rng.random() < chance
        angle = float(rng.uniform(0, 2 * math.pi))
        # From its side of the field up to a little over the middle.
        far = float(rng.uniform(0.05, 0.42))
        tool = Instrument(
            hollow=hollow,
            angle_rad=angle,
            reach_um=(far * width_um * math.cos(angle), far * height_um * math.sin(angle)),
            away_um=float(rng.uniform(0.3, 1.0)) * width_um,
            hertz=float(rng.uniform(0.08, 0.3)),
            phase=float(rng.uniform(0, 2 * math.pi)),
            radius_um=float(rng.uniform(350.0, 700.0) if hollow else rng.uniform(80.0, 180.0)),
            taper=float(rng.uniform(0.0, 0.03) if hollow else rng.uniform(0.03, 0.08)),
            height_um=float(rng.uniform(200.0, 1200.0)),
            opening_rad=float(rng.uniform(0.02, 0.12)),
        )
        if present:
            found.append(tool)
    return tuple(found)
