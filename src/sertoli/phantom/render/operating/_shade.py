"""Light on and through tubules. All colours are linear."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.phantom.render.operating._layers import Layer
from sertoli.phantom.render.operating._look import OperatingLook
from sertoli.phantom.render.operating._noise import smooth_noise
from sertoli.phantom.render.operating._view import FieldView
from sertoli.phantom.world import Tubule

Map = npt.NDArray[np.float32]


def blur(image: Map, sigma_px: float) -> Map:
    """Gaussian blur; small deviations leave the picture as it is."""
    if sigma_px < 0.2:
        return image
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma_px), dtype=np.float32)


def shade(model: str, normal: tuple[Map, Map, Map], look: OperatingLook) -> Map:
    """Return how bright a matt surface is, 1 where it faces the light.

    Parameters
    ----------
    model : str
        ``wrapped``: Lambert's cosine, wrapped around the terminator as in scattering tissue.
        ``rough``: Oren and Nayar (1994) in its limit of high roughness: flat, dark at grazing.
        ``two_flux``: a softened cosine; most of the modelling comes from `two_flux`.
        ``limb``: light from all around: only the angle to the surgeon counts.
        ``half``: half-Lambert, squared.
    normal : (x, y, z) of ndarray, (H, W)
        Unit vectors, z to the surgeon.
    look : OperatingLook
    """
    x, y, z = normal
    cosine = x * look.light[0] + y * look.light[1] + z * look.light[2]
    if model == "wrapped":
        direct = np.maximum((cosine + 0.3) / 1.3, 0)
    elif model == "rough":
        grazing = np.sqrt(np.clip(1 - cosine**2, 0, 1)) * np.sqrt(np.clip(1 - z**2, 0, 1))
        direct = np.maximum(cosine, 0) * (0.72 + 0.3 * grazing / np.maximum(cosine, z).clip(0.2))
    elif model == "two_flux":
        direct = np.sqrt(np.maximum(cosine, 0))
    elif model == "limb":
        direct = 0.45 + 0.55 * z
    else:
        direct = ((cosine + 1) / 2) ** 2
    return np.asarray(look.ambient * (0.7 + 0.3 * z) + (1 - look.ambient) * direct, np.float32)


def two_flux(below: Map, albedo: Map, scatter: Map) -> Map:
    """Return what a scattering layer reflects over a ground (Kubelka and Munk, no absorption).

    Parameters
    ----------
    below, albedo : ndarray, (H, W, 3)
        Reflectance of the ground; colour of the layer.
    scatter : ndarray, (H, W)
        Scattering power times thickness.
    """
    power = scatter[..., None] * albedo
    ground = np.clip(below, 0, 0.98)
    lit = (1 - ground) * power
    return np.asarray((lit + ground) / (lit + 1) * (0.35 + 0.65 * albedo), dtype=np.float32)


def pressed(across: Map, flatness: float) -> Map:
    """Return the sine of the surface's slope at a place across a tubule, both -1 to 1.

    A round tubule has its own place; one pressed between others is flat nearly to its wall.
    """
    return np.asarray(np.sign(across) * np.abs(across) ** (1 + 3 * flatness), dtype=np.float32)


def thickness(across: Map, flatness: float) -> Map:
    """Return how thick a tubule is at a place across it, relative to its middle."""
    steep = 2 + 8 * flatness  # 2: a circle
    return np.asarray(np.sqrt(np.maximum(1 - np.abs(across) ** steep, 0)), dtype=np.float32)


def paint_layer(
    below: Map,
    layer: Layer,
    tubules: Sequence[Tubule],
    look: OperatingLook,
    view: FieldView,
    seed: int,
) -> Map:
    """Paint one layer of tubules over what lies below.

    Parameters
    ----------
    below : ndarray, (H, W, 3) float32
    layer : Layer
        Drawn from ``tubules``.
    tubules : sequence of Tubule
    look : OperatingLook
    view : FieldView
    seed : int
        Of colours and textures.

    Returns
    -------
    ndarray, (H, W, 3) float32
    """
    covered = layer.covered
    if not covered.any():
        return below
    index = np.maximum(layer.index, 0)
    opacity = np.array([t.traits.opacity for t in tubules], dtype=np.float32)
    albedo = _albedo(tubules, opacity, look)[index]
    opacity = opacity[index]
    across = pressed(layer.across, look.flatness)
    side = np.sqrt(np.maximum(1 - across**2, 0))
    normal = (-layer.tangent_y * across, layer.tangent_x * across, side)
    light = shade(look.shading, normal, look)
    chord = thickness(layer.across, look.flatness)

    edge = np.abs(layer.across)
    texture = 1 + look.grain * smooth_noise(seed, view, look.grain_um, octaves=2)
    texture += look.mottle * smooth_noise(seed + 1, view, look.mottle_um, octaves=2)
    texture += look.wall * np.exp(-(((edge - 0.88) / 0.10) ** 2))
    texture += look.lumen * np.exp(-((edge / 0.35) ** 2)) * opacity
    texture = np.clip(texture, 0.4, 1.7).astype(np.float32)

    stopped = look.body + (0.985 - look.body) * opacity
    strength = -np.log(1 - stopped)
    if look.shading == "two_flux":
        body = two_flux(below, albedo * texture[..., None], 2.0 * strength * chord)
        painted = body * light[..., None]
    else:
        alpha = (1 - np.exp(-strength * chord))[..., None]
        lit = albedo * (texture * light)[..., None]
        painted = alpha * lit + (1 - alpha) * below * (0.55 + 0.45 * albedo)
    soft = blur(covered.astype(np.float32), 0.5)[..., None]
    return np.where(covered[..., None], soft * painted + (1 - soft) * below, below)


def _albedo(tubules: Sequence[Tubule], opacity: Map, look: OperatingLook) -> Map:
    clear, opaque = np.array(look.clear), np.array(look.opaque)
    base = clear + (opaque - clear) * opacity[:, None]
    hues = [np.random.default_rng((t.number, 23)).normal(0, look.hue_spread, 4) for t in tubules]
    spread = np.array(hues)
    # One part is common to the three colours: lighter and darker tubules.
    lit = base * (1 + spread[:, :1] + 0.5 * spread[:, 1:])
    return np.asarray(np.clip(lit, 0.02, 1.0), dtype=np.float32)


def groove_light(height_um: Map, diameter_um: float, look: OperatingLook, um_per_px: float) -> Map:
    """Return how much light reaches places that lie lower than their surroundings.

    Parameters
    ----------
    height_um : ndarray, (H, W)
    diameter_um : float
        Typical width of a tubule.
    look : OperatingLook
    um_per_px : float
    """
    light: Map = np.ones_like(height_um)
    for reach, share in ((0.10, 0.6), (0.35, 0.25), (0.9, 0.15)):
        around = blur(height_um, reach * diameter_um / um_per_px)
        deep = np.maximum(around - height_um, 0) / diameter_um
        light = light * np.exp(-look.occlusion * share * 4.0 * deep)
    if look.shadow > 0.02:
        light = light * (1 - look.shadow * _cast_shadow(height_um, diameter_um, look, um_per_px))
    return np.asarray(light, dtype=np.float32)


def _cast_shadow(height_um: Map, diameter_um: float, look: OperatingLook, um_per_px: float) -> Map:
    """Return where something higher stands towards the lamp, 0 to 1, with soft edges."""
    rows, columns = height_um.shape
    slope = look.light[2] / max(0.05, float(np.hypot(look.light[0], look.light[1])))
    turn = np.arctan2(look.light[1], look.light[0])
    dark = np.zeros_like(height_um)
    for step in (0.3, 0.6, 1.0):
        away_um = step * diameter_um
        shift = np.array(
            [
                [1, 0, away_um / um_per_px * np.cos(turn)],
                [0, 1, away_um / um_per_px * np.sin(turn)],
            ],
            dtype=np.float32,
        )
        there = cv2.warpAffine(
            height_um, shift, (columns, rows),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        dark = np.maximum(dark, (there - height_um - away_um * slope) / (0.3 * diameter_um))
    return blur(np.clip(dark, 0, 1), 0.06 * diameter_um / um_per_px)
