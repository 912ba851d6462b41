"""An opened testis under the operating microscope, as a source of frames with truth."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sertoli.errors import SettingError
from sertoli.frames import Frame, FrameSource
from sertoli.optics import Modality, Optics
from sertoli.phantom.render.operating import (
    LOOKS,
    Aim,
    FieldMaps,
    FieldView,
    OperatingLook,
    Scene,
    Stretch,
    build_scene,
    draw_look,
    stretches,
    take_picture,
)
from sertoli.phantom.world import (
    Hand,
    OpenedTestis,
    Patient,
    draw_instruments,
    lay_tubules,
    open_testis,
)

EDGE_UM = 300.0
"""Tubules are laid this far beyond what is lit, so that none ends at the border of the picture."""

INSTRUMENT_CHANCE = 0.3
"""Of a forceps, and of a suction, in a place."""

WIDEST_UM = 25_000.0

STILL_MARGIN_UM = 80.0
VIDEO_MARGIN_UM = 320.0
"""How far beyond the picture the scene is lit: as far as lens, hand and zoom can reach."""


@dataclass(frozen=True, slots=True, eq=False)
class FieldPicture:
    """One picture of an opened testis and everything that is true of it.

    Parameters
    ----------
    frame : Frame
    stretches : tuple of Stretch
        Centrelines with their state.
    maps : FieldMaps
        The truth of every pixel.
    """

    frame: Frame
    stretches: tuple[Stretch, ...]
    maps: FieldMaps


class FieldSource(FrameSource):
    """Pictures of one opened testis: stills of different places, or a recording of one.

    Any picture can be made alone. Make one with `make_field`.

    Parameters
    ----------
    testis : OpenedTestis
    look : OperatingLook
    seed : int
    width_px, height_px : int
    um_per_px : float
        Of the still; in a recording that of zoom 1.
    count : int
        Number of pictures.
    fps : float or None
        Of a recording; None makes stills.
    depth : float
        Layers that the dissection has gone through; a fraction opens the next one in part.
    """

    def __init__(
        self,
        testis: OpenedTestis,
        look: OperatingLook,
        seed: int,
        *,
        width_px: int,
        height_px: int,
        um_per_px: float,
        count: int,
        fps: float | None,
        depth: float,
    ) -> None:
        self.testis = testis
        self.look = look
        self.seed = seed
        self.size_px = (width_px, height_px)
        self.fps = fps
        self.depth = depth
        self._um_per_px = um_per_px
        self._count = count
        self._optics = Optics(um_per_px, Modality.OPERATING)
        self._built: tuple[int, Scene] | None = None
        self._focused: tuple[Scene, float] | None = None
        self._hand = Hand(seed)

    @property
    def name(self) -> str:
        """``field``."""
        return "field"

    @property
    def optics(self) -> Optics:
        """Pixel size at zoom 1, and the operating modality."""
        return self._optics

    @property
    def is_sequence(self) -> bool:
        """Whether the pictures are a recording of one place."""
        return self.fps is not None

    @property
    def length(self) -> int:
        """Number of pictures."""
        return self._count

    def frames(self, start: int = 0) -> Iterator[Frame]:
        """Give frames from index ``start`` on."""
        for index in range(start, self._count):
            yield self._take(index)[0]

    def scene(self, index: int) -> Scene:
        """Return what lies before the lens in picture ``index``, all in focus."""
        place = 0 if self.is_sequence else index
        if self._built is None or self._built[0] != place:
            self._built = (place, self._build(place))
        return self._built[1]

    def picture(self, index: int) -> FieldPicture:
        """Take picture ``index``, from 0 to below `length`, with its truth."""
        frame, aim, maps = self._take(index)
        return FieldPicture(frame, tuple(stretches(self.scene(index), aim, maps)), maps)

    def _take(self, index: int) -> tuple[Frame, Aim, FieldMaps]:
        aim = self.aim(index)
        pixels, maps = take_picture(self.scene(index), aim, self.seed * 1_000_003 + index)
        optics = Optics(self._um_per_px / aim.zoom, Modality.OPERATING)
        time_s = None if self.fps is None else index / self.fps
        return Frame(pixels, index, time_s=time_s, optics=optics), aim, maps

    def aim(self, index: int) -> Aim:
        """Return how the microscope is set for picture ``index``."""
        width, height = self.size_px
        field_um = (width * self._um_per_px, height * self._um_per_px)
        margin = EDGE_UM + self._margin_um
        # Stills are half a minute apart: each finds another focus, light and white balance.
        time_s = 30.0 * index if self.fps is None else index / self.fps
        place = 0 if self.is_sequence else index
        pose = self._hand.pose(time_s)
        tools = draw_instruments(
            np.random.default_rng((self.seed, 27, place)), *field_um, INSTRUMENT_CHANCE
        )
        shafts = tuple(shaft for tool in tools for shaft in tool.shafts(time_s))
        moving = self.is_sequence
        return Aim(
            x_um=margin + field_um[0] / 2 + moving * pose.x_um,
            y_um=margin + field_um[1] / 2 + moving * pose.y_um,
            turn_rad=moving * pose.turn_rad,
            zoom=pose.zoom if moving else 1.0,
            focus_um=self._surface_um(index) + pose.focus_um,
            exposure=pose.exposure,
            balance=pose.balance,
            width_px=width,
            height_px=height,
            sway_um=pose.sway_um if moving else (0.0, 0.0),
            shafts=shafts,
        )

    def _surface_um(self, index: int) -> float:
        """Return the height of the top of the tissue in picture ``index``."""
        scene = self.scene(index)
        if self._focused is None or self._focused[0] is not scene:
            self._focused = (scene, scene.top_um)
        return self._focused[1]

    @property
    def _margin_um(self) -> float:
        return VIDEO_MARGIN_UM if self.is_sequence else STILL_MARGIN_UM

    def _build(self, place: int) -> Scene:
        width, height = self.size_px
        pixel = self._um_per_px
        margin_px = math.ceil(self._margin_um / pixel)
        around = EDGE_UM + self._margin_um
        tubules = lay_tubules(
            self.testis, self.seed, place, self.depth,
            width * pixel + 2 * around, height * pixel + 2 * around,
        )  # fmt: skip
        view = FieldView(
            around - (margin_px - 0.5) * pixel,
            around - (margin_px - 0.5) * pixel,
            width + 2 * margin_px,
            height + 2 * margin_px,
            pixel,
        )
        return build_scene(tubules, self.look, view, self.seed * 31 + place)


def make_field(
    seed: int,
    *,
    patient: str | None = None,
    look: str | None = None,
    um_per_px: float = 8.0,
    width_px: int = 640,
    height_px: int = 480,
    images: int = 1,
    seconds: float | None = None,
    fps: float = 25.0,
    effect: float = 1.0,
    depth: float = 0.0,
) -> FieldSource:
    """Draw a man, his opened testis and an operating microscope from a seed.

    Parameters
    ----------
    seed : int
    patient : str, optional
        One of `sertoli.phantom.world.Patient`; drawn if not given.
    look : str, optional
        Name of a renderer family (`sertoli.phantom.render.operating.LOOKS`); drawn if not given.
    um_per_px : float
    width_px, height_px : int
    images : int
        Stills, each of another place of the same testis.
    seconds : float, optional
        Instead of stills, a recording of one place of that length.
    fps : float
    effect : float
        How much a tubule's size tells of its sperm: 0 nothing, 1 as published, -1 reversed.
    depth : float
        Layers that the dissection has gone through; a fraction opens the next one in part.

    Raises
    ------
    SettingError
        If there is no such patient or look, or the picture shows more than `WIDEST_UM`.
    """
    widest = max(width_px, height_px) * um_per_px
    if widest > WIDEST_UM:
        raise SettingError(
            f"a picture {widest / 1000:.0f} mm wide shows more than a testis",
            f"choose fewer or smaller pixels: at most {WIDEST_UM / 1000:g} mm",
        )
    if look is not None and look not in LOOKS:
        raise SettingError(f"there is no look {look!r}", f"choose one of {', '.join(LOOKS)}")
    kinds = [kind.value for kind in Patient]
    if patient is not None and patient not in kinds:
        raise SettingError(f"there is no patient {patient!r}", f"choose one of {', '.join(kinds)}")
    chosen = None if patient is None else Patient(patient)
    return FieldSource(
        open_testis(np.random.default_rng((seed, 25)), chosen, effect),
        draw_look(np.random.default_rng((seed, 26)), look),
        seed,
        width_px=width_px,
        height_px=height_px,
        um_per_px=um_per_px,
        count=images if seconds is None else max(1, round(seconds * fps)),
        fps=None if seconds is None else fps,
        depth=depth,
    )
