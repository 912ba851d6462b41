"""The operating microscope's lens and camera: from a scene to a picture, and what it shows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.errors import OutputError
from sertoli.frames import Pixels
from sertoli.phantom.render.operating._look import OperatingLook
from sertoli.phantom.render.operating._metal import lay_instruments
from sertoli.phantom.render.operating._scene import HIDING_BLOOD, Scene
from sertoli.phantom.render.operating._shade import blur
from sertoli.phantom.world import Shaft

Array = npt.NDArray[np.float64]
Map = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

BLUR_STEPS_PX = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Deviations between which out-of-focus pixels are mixed."""

SWAY_WAVE = 2 * math.pi / 7000.0 * np.array([0.6, 0.8])
"""Wave vector of the tissue's sway, per um."""

SHARP_BLUR = 0.12
"""In focus: blurred by no more than this share of the tubule's diameter (standard deviation)."""


@dataclass(frozen=True, slots=True)
class Aim:
    """Where the microscope looks and how it is set for one picture.

    Parameters
    ----------
    x_um, y_um : float
        Place at the centre of the picture.
    turn_rad : float
    zoom : float
        1 keeps the scene's pixel size; 2 shows everything twice as large.
    focus_um : float
        Height that is sharp.
    exposure : float
        Relative to the look's.
    balance : (r, g, b)
        Relative to the look's.
    width_px, height_px : int
    sway_um : (x, y)
        Amplitude of a long wave in which the tissue is drawn out of its place.
    shafts : tuple of Shaft
        Instruments in the field.
    """

    x_um: float
    y_um: float
    turn_rad: float
    zoom: float
    focus_um: float
    exposure: float
    balance: tuple[float, float, float]
    width_px: int
    height_px: int
    sway_um: tuple[float, float] = (0.0, 0.0)
    shafts: tuple[Shaft, ...] = ()

    def matrix(self, scene: Scene) -> npt.NDArray[np.float64]:
        """Return the (2, 3) matrix from scene pixels to picture pixels."""
        view = scene.view
        cos, sin = self.zoom * math.cos(self.turn_rad), self.zoom * math.sin(self.turn_rad)
        rotation = np.array([[cos, -sin], [sin, cos]])
        centre = np.array([self.x_um - view.left_um, self.y_um - view.top_um]) / view.um_per_px
        middle = np.array([(self.width_px - 1) / 2, (self.height_px - 1) / 2])
        return np.column_stack([rotation, middle - rotation @ centre])

    def in_picture(self, scene: Scene, points_um: npt.NDArray[np.float64]) -> Array:
        """Return where places (N, 2) of the tissue, in um, lie in the picture, in px."""
        matrix = self.matrix(scene)
        view = scene.view
        phase = points_um @ SWAY_WAVE
        swayed = points_um + np.sin(phase)[:, None] * self.sway_um
        pixels = (swayed - [view.left_um, view.top_um]) / view.um_per_px
        return np.asarray(pixels @ matrix[:, :2].T + matrix[:, 2])


@dataclass(frozen=True, slots=True, eq=False)
class FieldMaps:
    """The truth of every pixel of a picture; maps are (H, W).

    Parameters
    ----------
    tubule : ndarray of int32
        Number of the tubule on top, -1 where there is none. Instruments do not hide it here.
    across : ndarray of float32
        Signed distance from its centreline in radii, -1 to 1.
    radius_px : ndarray of float32
    direction_rad : ndarray of float32
        Of its centreline: 0 along x, growing from x to y; modulo pi.
    opacity : ndarray of float32
    blur_px : ndarray of float32
        Standard deviation of the blur, out-of-focus and lens together.
    hidden : ndarray of bool
        Under blood or an instrument.
    glare : ndarray of bool
        Too bright for the camera.
    """

    tubule: npt.NDArray[np.int32]
    across: Map
    radius_px: Map
    direction_rad: Map
    opacity: Map
    blur_px: Map
    hidden: Mask
    glare: Mask

    @property
    def in_focus(self) -> Mask:
        """Where a tubule is sharp enough to be measured."""
        return np.asarray(self.blur_px <= SHARP_BLUR * 2 * self.radius_px)

    @property
    def visible(self) -> Mask:
        """Where a tubule lies on top, uncovered, and no glare lies on it."""
        return np.asarray((self.tubule >= 0) & ~self.hidden & ~self.glare)

    @property
    def unreadable(self) -> Mask:
        """Where nothing can be said: instrument, blood, glare, or out of focus."""
        return np.asarray(self.hidden | self.glare | ((self.tubule >= 0) & ~self.in_focus))


def take_picture(scene: Scene, aim: Aim, seed: int) -> tuple[Pixels, FieldMaps]:
    """Take one picture of a scene.

    Parameters
    ----------
    scene : Scene
    aim : Aim
    seed : int
        Of the camera's noise.

    Returns
    -------
    pixels : ndarray, (H, W, 3) uint8 RGB
    maps : FieldMaps
    """
    look = scene.look
    warp = _Warp(scene, aim)
    um_per_px = scene.view.um_per_px / aim.zoom
    colour = warp(scene.colour + scene.gloss[..., None], cv2.INTER_CUBIC)
    height = warp(scene.height_um, cv2.INTER_LINEAR)
    defocus_px = blur(look.aperture * np.abs(height - aim.focus_um) / um_per_px, 3.0)
    colour = _out_of_focus(np.maximum(colour, 0), defocus_px)
    lens_px = look.blur_um / um_per_px
    colour = blur(colour, lens_px)
    colour, metal = lay_instruments(colour, aim.shafts, look, um_per_px)
    colour = colour * (look.exposure * aim.exposure * _vignette(look, aim))[..., None]
    glare = np.asarray(colour.min(axis=2) >= 0.97)
    colour = colour * (np.array(look.balance) * np.array(aim.balance)).astype(np.float32)
    pixels = _sensor(colour, look, np.random.default_rng((seed, 31)))
    maps = _maps(scene, warp, aim, np.hypot(defocus_px, lens_px), glare, metal)
    return pixels, maps


class _Warp:
    """Brings maps of a scene to the pixels of a picture."""

    def __init__(self, scene: Scene, aim: Aim) -> None:
        self._size = (aim.width_px, aim.height_px)
        self._matrix = aim.matrix(scene)
        self._places: tuple[Map, Map] | None = None
        if aim.sway_um != (0.0, 0.0):
            self._places = self._swayed(scene, aim)

    def _swayed(self, scene: Scene, aim: Aim) -> tuple[Map, Map]:
        view = scene.view
        back = cv2.invertAffineTransform(self._matrix)
        x = np.arange(aim.width_px, dtype=np.float32)[None, :]
        y = np.arange(aim.height_px, dtype=np.float32)[:, None]
        column = back[0, 0] * x + back[0, 1] * y + back[0, 2]
        row = back[1, 0] * x + back[1, 1] * y + back[1, 2]
        # The wave is so long that its value here is its value where the tissue came from.
        phase = (view.left_um + column * view.um_per_px) * SWAY_WAVE[0]
        phase += (view.top_um + row * view.um_per_px) * SWAY_WAVE[1]
        wave = np.sin(phase) / view.um_per_px
        column = column - wave * aim.sway_um[0]
        row = row - wave * aim.sway_um[1]
        return column.astype(np.float32), row.astype(np.float32)

    def __call__(self, image: Map, flags: int) -> Map:
        border = cv2.BORDER_REFLECT
        if self._places is not None:
            return np.asarray(cv2.remap(image, *self._places, flags, borderMode=border))
        return np.asarray(
            cv2.warpAffine(image, self._matrix, self._size, flags=flags, borderMode=border)
        )


def _out_of_focus(colour: Map, sigma_px: Map) -> Map:
    """Blur every pixel by its own deviation: a mix of the two nearest of a few blurred pictures."""
    mixed = np.zeros_like(colour)
    most = float(sigma_px.max())
    for n, sigma in enumerate(BLUR_STEPS_PX):
        low = BLUR_STEPS_PX[n - 1] if n else -1.0
        high = BLUR_STEPS_PX[n + 1] if n + 1 < len(BLUR_STEPS_PX) else math.inf
        if low >= most and n:
            break
        rising = (sigma_px - low) / (sigma - low)
        falling = np.ones_like(sigma_px) if high == math.inf else (high - sigma_px) / (high - sigma)
        weight = np.clip(np.minimum(rising, falling), 0, 1)
        mixed += weight[..., None] * blur(colour, sigma)
    return mixed


def _vignette(look: OperatingLook, aim: Aim) -> Map:
    x = np.linspace(-1, 1, aim.width_px, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, aim.height_px, dtype=np.float32)[:, None]
    return np.asarray(1 - look.vignetting * ((x**2 + y**2) / 2) ** 1.5, dtype=np.float32)


def _sensor(colour: Map, look: OperatingLook, rng: np.random.Generator) -> Pixels:
    light = np.clip(colour, 0, 1)
    light = _through_mosaic(light, look, rng) if look.mosaic else _noisy(light, look, rng)
    grey = light.mean(axis=2, keepdims=True)
    light = np.clip(grey + look.saturation * (light - grey), 0, 1)
    shown = light ** np.float32(1 / look.gamma)
    if look.sharpening > 0.01:
        shown = shown + look.sharpening * (shown - blur(shown, 1.2))
    pixels = np.rint(np.clip(shown, 0, 1) * 255).astype(np.uint8)
    return pixels if look.jpeg_quality is None else _through_jpeg(pixels, look.jpeg_quality)


def _noisy(light: Map, look: OperatingLook, rng: np.random.Generator) -> Map:
    """Add shot noise (nearly Gaussian at these counts) and read noise."""
    deviation = np.sqrt(light / look.electrons + (look.read_noise / look.electrons) ** 2)
    noise = rng.standard_normal(light.shape, dtype=np.float32)
    return np.asarray(np.clip(light + deviation * noise, 0, 1), dtype=np.float32)


def _through_mosaic(light: Map, look: OperatingLook, rng: np.random.Generator) -> Map:
    """Keep one colour a pixel (red top left, blue bottom right), and guess the others again."""
    raw = light[..., 1].copy()
    raw[0::2, 0::2] = light[0::2, 0::2, 0]
    raw[1::2, 1::2] = light[1::2, 1::2, 2]
    counts = np.rint(_noisy(raw, look, rng) * 4095).astype(np.uint16)
    # OpenCV names a mosaic by the second row's second and third pixel.
    full = cv2.cvtColor(counts, cv2.COLOR_BayerBG2RGB)
    return np.asarray(full, dtype=np.float32) / np.float32(4095)


def _through_jpeg(pixels: Pixels, quality: int) -> Pixels:
    packed, data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    again = cv2.imdecode(data, cv2.IMREAD_COLOR) if packed else None
    if again is None:
        raise OutputError("a simulated picture cannot be packed as JPEG", "choose another size")
    return np.ascontiguousarray(again[..., ::-1])


def _maps(scene: Scene, warp: _Warp, aim: Aim, blur_px: Map, glare: Mask, metal: Mask) -> FieldMaps:
    index = warp(scene.index.astype(np.float32), cv2.INTER_NEAREST).astype(np.int32)
    numbers = np.array([*(t.number for t in scene.tubules), -1], dtype=np.int32)
    opacities = np.array([*(t.traits.opacity for t in scene.tubules), 0], dtype=np.float32)
    # Nearest, not linear: at the border of two tubules a mean of their places has no meaning.
    near = [
        warp(part, cv2.INTER_NEAREST)
        for part in (scene.across, scene.radius_um, scene.tangent_x, scene.tangent_y)
    ]
    across, radius_um, tangent_x, tangent_y = near
    direction = np.arctan2(tangent_y, tangent_x) + np.float32(aim.turn_rad)
    hidden = (warp(scene.blood, cv2.INTER_LINEAR) >= HIDING_BLOOD) | metal
    return FieldMaps(
        tubule=numbers[index],
        across=across,
        radius_px=radius_um * np.float32(aim.zoom / scene.view.um_per_px),
        direction_rad=np.mod(direction, np.float32(math.pi)),
        opacity=opacities[index],
        blur_px=blur_px,
        hidden=np.asarray(hidden),
        glare=glare,
    )
