"""The operating field, live: an enhanced view of every frame, a tubule map as often as it fits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from sertoli.enhance import Enhanced
from sertoli.frames import Arrival, Frame, LatestFrame
from sertoli.operation._apart import Apart
from sertoli.optics import Optics
from sertoli.tubules import CellNetwork, TubuleMap, TubuleMapper


@dataclass(frozen=True, slots=True, eq=False)
class MapView:
    """The newest tubule map.

    Parameters
    ----------
    tubules : TubuleMap
        In px of the frame it was made from, at the map's size.
    number : int
        Of the frame it was made from.
    arrived_s : float
        When that frame came.
    ready_s : float
        When the map was done.
    """

    tubules: TubuleMap
    number: int
    arrived_s: float
    ready_s: float

    @property
    def delay_s(self) -> float:
        """From the frame's arrival to its map."""
        return self.ready_s - self.arrived_s


@dataclass(frozen=True, slots=True, eq=False)
class FieldView:
    """What the surgeon sees at a moment.

    Parameters
    ----------
    enhanced : Enhanced
    number : int
        Of the frame; numbers left out are frames that nobody had time for.
    arrived_s : float
        When the frame came.
    ready_s : float
        When its enhanced picture was done.
    map : MapView or None
        The newest map; None before the first.
    """

    enhanced: Enhanced
    number: int
    arrived_s: float
    ready_s: float
    map: MapView | None

    @property
    def delay_s(self) -> float:
        """From the frame's arrival to its enhanced picture."""
        return self.ready_s - self.arrived_s


class LiveField:
    """Enhances the newest frame and maps tubules beside it, each at its own pace.

    Neither waits for the other, and neither has a queue: both take the newest frame whenever
    they are free, so a slow machine gives fewer pictures, not older ones. Use it as a context
    manager and iterate.

    Parameters
    ----------
    frames : iterator of Frame
        A camera, or a recording through `sertoli.frames.as_it_happened`.
    enhance : callable
        Such as `sertoli.enhance.LightChain`.
    map_tubules : callable
        Such as `map_apart`, or a `sertoli.tubules.TubuleMapper` where there are cores to spare.
    map_width_px : int
        Frames wider than this are made smaller for the map.
    """

    def __init__(
        self,
        frames: Iterator[Frame],
        enhance: Callable[[Frame], Enhanced],
        map_tubules: Callable[[Frame], TubuleMap],
        map_width_px: int = 640,
    ) -> None:
        self._latest = LatestFrame(frames)
        self._enhance = enhance
        self._map_tubules = map_tubules
        self._map_width_px = map_width_px
        self._map: MapView | None = None
        self._error: BaseException | None = None
        self._is_stopped = False
        self._mapping = threading.Thread(target=self._keep_mapping, name="map", daemon=True)

    def __enter__(self) -> Self:
        self._latest.__enter__()
        self._mapping.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_stopped = True
        self._latest.__exit__(kind, error, trace)
        self._mapping.join()

    def __iter__(self) -> Iterator[FieldView]:
        """Give enhanced pictures, newest frame first, until the source ends.

        Raises
        ------
        SertoliError
            What the source, the enhancement or the map raised.
        """
        seen = -1
        while (arrival := self._latest.after(seen)) is not None:
            if self._error is not None:
                raise self._error
            seen = arrival.number
            enhanced = self._enhance(arrival.frame)
            ready_s = time.perf_counter()
            yield FieldView(enhanced, seen, arrival.arrived_s, ready_s, self._map)
        if self._error is not None:
            raise self._error

    def _keep_mapping(self) -> None:
        seen = -1
        try:
            while (arrival := self._latest.after(seen)) is not None and not self._is_stopped:
                seen = arrival.number
                self._map = self._mapped(arrival)
        except BaseException as error:  # it belongs to whoever iterates
            self._error = error

    def _mapped(self, arrival: Arrival) -> MapView:
        tubules = self._map_tubules(at_width(arrival.frame, self._map_width_px))
        return MapView(tubules, arrival.number, arrival.arrived_s, time.perf_counter())


def map_apart() -> Apart[TubuleMap]:
    """Return a mapper of tubules in a process of its own, on one core and behind the view."""
    return Apart(_mapper)


def _mapper() -> TubuleMapper:
    return TubuleMapper(CellNetwork(threads=1))


def at_width(frame: Frame, width_px: int) -> Frame:
    """Return the frame no wider than ``width_px``, its pixel size with it."""
    if frame.width_px <= width_px:
        return frame
    factor = width_px / frame.width_px
    size = (width_px, max(1, round(frame.height_px * factor)))
    pixels, how = frame.pixels, cv2.INTER_AREA
    if factor <= 0.5 and frame.width_px % 2 == frame.height_px % 2 == 0:
        # Several times as quick as at once, which the view would feel.
        half = (frame.width_px // 2, frame.height_px // 2)
        pixels = np.asarray(cv2.resize(pixels, half, interpolation=cv2.INTER_AREA))
        if factor > 0.25:  # every px is still read
            how = cv2.INTER_LINEAR
    pixels = np.asarray(cv2.resize(pixels, size, interpolation=how))
    optics = frame.optics
    if optics.um_per_px is not None:
        optics = Optics(optics.um_per_px / factor, optics.modality)
    return replace(frame, pixels=pixels, optics=optics)
