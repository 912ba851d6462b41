"""Heads by ``trackpy.locate``: spots of one size, as in particle tracking.

trackpy (BSD-3-Clause; Allan et al., doi:10.5281/zenodo.4682814) finds local maxima after a
band-pass and refines them to the centre of mass, after Crocker and Grier (1996).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from benchmarks.baselines.picture import heads_are_dark, levelled, rank
from sertoli.frames import Frame
from sertoli.sperm import Detections

LEAST_MASS = 1.0
"""Spots with less than this mass, in mean deviations over the disc, are noise at best."""


@dataclass(frozen=True, slots=True)
class TrackpyLocate:
    """``trackpy.locate`` at one size; dark or bright is told from each picture.

    Parameters
    ----------
    diameter_px : int
        trackpy's ``diameter``, odd.
    """

    diameter_px: int

    @property
    def name(self) -> str:
        """What it is, in the table."""
        return "trackpy.locate"

    @property
    def setting(self) -> str:
        """The setting, in the table."""
        return f"diameter {self.diameter_px} px"

    def detect(self, frame: Frame) -> Detections:
        """Find spots; their ``probability`` is a rank made of the mass, nothing more."""
        import trackpy

        side = self.diameter_px
        flat = levelled(frame, side)
        signed = -flat if heads_are_dark(flat, side) else flat
        # positive and of one brightness, as trackpy expects; its own band-pass is left on
        grey = np.clip(np.round(128 + 12 * signed), 0, 255).astype(np.uint8)
        if grey.min() == grey.max():
            return Detections.empty()
        disc = np.pi * side * side / 4
        with warnings.catch_warnings():
            # trackpy 0.7 calls pandas in a way that pandas 3 warns of
            warnings.simplefilter("ignore", DeprecationWarning)
            found = trackpy.locate(grey, side, minmass=12 * LEAST_MASS * disc, characterize=False)
        if not len(found):
            return Detections.empty()
        mass = found["mass"].to_numpy(np.float32) / np.float32(12 * disc)
        order = np.argsort(-mass, kind="stable")
        centre = found[["x", "y"]].to_numpy(np.float32)[order]
        return Detections(centre, np.full_like(centre, side), rank(mass[order]))


GRID = tuple(TrackpyLocate(side) for side in (9, 11, 13, 15, 19))
"""The settings that tuning chooses from."""
