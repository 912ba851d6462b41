"""A simulated dish under a simulated microscope, as a source of frames."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sertoli.frames import Frame, FrameSource
from sertoli.optics import Optics
from sertoli.phantom.render import Look, Shown, View, take_picture
from sertoli.phantom.world import Dish

FOCUS_PERIOD_S = 12.0
"""A stage warms and sinks, a hand turns back."""

SWEEP_STEP_S = 0.1
"""From one height of a sweep to the next: a hand turns a few micrometres in half a second."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A place of the stage and the time at which its picture is taken.

    Parameters
    ----------
    x_um, y_um : float
        Dish position of the picture's centre.
    time_s : float
    focus_um : float
        How much higher than the microscope's own plane is in focus.
    """

    x_um: float
    y_um: float
    time_s: float
    focus_um: float = 0.0


def watch(seconds: float, fps: float, x_um: float = 0.0, y_um: float = 0.0) -> list[Stop]:
    """One place over time, as a recording."""
    return [Stop(x_um, y_um, n / fps) for n in range(max(1, round(seconds * fps)))]


def scan(
    fields: int,
    width_um: float,
    height_um: float,
    overlap: float = 0.1,
    pause_s: float = 0.5,
    sweep_um: Sequence[float] = (0.0,),
) -> list[Stop]:
    """Different places one after the other, in a serpentine as square as can be.

    Parameters
    ----------
    fields : int
    width_um, height_um : float
        Of one field.
    overlap : float
        Share that neighbours have in common.
    pause_s : float
        From one place to the next.
    sweep_um : sequence of float
        Heights of the focus at which each place is taken, `SWEEP_STEP_S` after each other.
    """
    across = max(1, round((fields * height_um / width_um) ** 0.5))
    stops = []
    for n in range(fields):
        row, column = divmod(n, across)
        if row % 2:
            column = across - 1 - column
        x_um, y_um = column * width_um * (1 - overlap), row * height_um * (1 - overlap)
        for plane, focus_um in enumerate(sweep_um):
            stops.append(Stop(x_um, y_um, n * pause_s + plane * SWEEP_STEP_S, focus_um))
    return stops


class DishSource(FrameSource):
    """Pictures of a dish at a list of stops; any frame can be made on its own.

    Parameters
    ----------
    dish : Dish
    look : Look
    stops : sequence of Stop
        Frame ``n`` is taken at stop ``n``.
    width_px, height_px : int
    um_per_px : float
    seed : int
        Of the camera's dust and noise.
    sequence : bool
        True if the stops are one place over time.
    frame_s : float
        Duration of a frame, for interlaced cameras.
    focus_swing_um : float
        How far the focus wanders up and down in the course of `FOCUS_PERIOD_S`.
    """

    def __init__(
        self,
        dish: Dish,
        look: Look,
        stops: Sequence[Stop],
        *,
        width_px: int,
        height_px: int,
        um_per_px: float,
        seed: int,
        sequence: bool,
        frame_s: float = 0.0,
        focus_swing_um: float = 0.0,
    ) -> None:
        self._dish = dish
        self._look = look
        self._stops = stops
        self.size_px = (width_px, height_px)
        self.seed = seed
        self._optics = Optics(um_per_px, look.modality)
        self._um_per_px = um_per_px
        self._sequence = sequence
        self._frame_s = frame_s
        self._focus_swing_um = focus_swing_um

    @property
    def name(self) -> str:
        """``dish``."""
        return "dish"

    @property
    def optics(self) -> Optics:
        """What the simulated microscope is set to."""
        return self._optics

    @property
    def look(self) -> Look:
        """Every choice of the simulated microscope and its camera."""
        return self._look

    @property
    def is_sequence(self) -> bool:
        """Whether the stops are one place over time."""
        return self._sequence

    @property
    def length(self) -> int:
        """Number of stops."""
        return len(self._stops)

    def frames(self, start: int = 0) -> Iterator[Frame]:
        """Give frames from index ``start`` on."""
        for index in range(start, len(self._stops)):
            yield self.frame_with_truth(index)[0]

    def frame_with_truth(self, index: int) -> tuple[Frame, tuple[Shown, ...]]:
        """Frame ``index`` and everything labelled in it.

        Parameters
        ----------
        index : int
            From 0 to below `length`.
        """
        stop = self._stops[index]
        width, height = self.size_px
        view = View(
            stop.x_um - (width - 1) / 2 * self._um_per_px,
            stop.y_um - (height - 1) / 2 * self._um_per_px,
            width,
            height,
            self._um_per_px,
        )
        swing = self._focus_swing_um * math.sin(2 * math.pi * stop.time_s / FOCUS_PERIOD_S)
        look = replace(self._look, focus_um=self._look.focus_um + stop.focus_um + swing)
        pixels, shown = take_picture(self._dish, look, view, stop.time_s, self.seed, self._frame_s)
        frame = Frame(
            pixels,
            index,
            time_s=stop.time_s - self._stops[0].time_s,
            optics=self._optics,
            stage_um=(stop.x_um, stop.y_um, stop.focus_um),
        )
        return frame, shown
