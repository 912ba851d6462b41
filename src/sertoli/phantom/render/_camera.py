"""What the camera makes of the light: illumination, noise, processing, compression."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.phantom.render._image_formation import WAVELENGTH_UM
from sertoli.phantom.render._look import Look

Floats = npt.NDArray[np.float32]

ROUNDING = 1 / math.sqrt(12)
"""Deviation of what is lost by rounding to whole steps, in steps."""


@lru_cache(maxsize=1)
def illumination(shape: tuple[int, int], look: Look, seed: int) -> Floats:
    """Background as a share of its level, (H, W) float32; fixed to the camera.

    Kept, since every picture of a recording has the same: not to be written to.

    Parameters
    ----------
    shape : (H, W)
    look : Look
    seed : int
        Decides the dust.
    """
    rng = np.random.default_rng((seed, 77))
    h, w = shape
    y = np.linspace(-1, 1, h, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, w, dtype=np.float32)[None, :]
    tilt = math.cos(look.gradient_angle_rad) * x + math.sin(look.gradient_angle_rad) * y
    light = 1 - look.vignetting * (x * x + y * y) / 2 + look.gradient * tilt / 2
    for cells, share in ((6, 1.0), (40, 0.5)):
        noise = rng.normal(size=(cells, cells)).astype(np.float32)
        haze = cv2.resize(noise, (w, h), interpolation=cv2.INTER_CUBIC)
        light = light + look.grain * share * haze
    if look.mottle > 0:
        specks = cv2.GaussianBlur(rng.standard_normal(shape, dtype=np.float32), (0, 0), 1.3)
        light = light + look.mottle * specks / specks.std()
    return np.asarray(np.clip(light, 0.05, None), dtype=np.float32)


def noise_share(look: Look, um_per_px: float) -> float:
    """Deviation of the background, as a change of relative intensity that gives as much.

    Noise of single pixels counts as averaged over the smallest detail that the lens
    resolves (half a wavelength over its aperture): finer pixels do not hide a thing.

    Parameters
    ----------
    look : Look
    um_per_px : float
        Of the camera.
    """
    camera = math.sqrt(look.level / look.electrons + (look.read_noise / 255) ** 2)
    resolved_um = 0.5 * WAVELENGTH_UM / look.na
    camera *= min(1.0, um_per_px / resolved_um)
    return math.hypot((camera + _lost_grey(look) / 255) / look.level, look.mottle) / look.contrast


def _lost_grey(look: Look) -> float:
    """Grey levels (deviation) that rounding and compression take from a soft detail.

    A standard JPEG table divides the coarsest coefficients of 8 x 8 px by about
    ``16 * scale``, and what is rounded there is spread over 8 px.
    """
    if look.jpeg_quality is None:
        return ROUNDING
    q = look.jpeg_quality
    scale = 50 / q if q < 50 else 2 - q / 50
    return math.hypot(ROUNDING, 16 * scale / 8 * ROUNDING)


def expose(
    light: Floats, background: Floats, look: Look, rng: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """Take a picture.

    Parameters
    ----------
    light : ndarray, (H, W) float32
        Intensity relative to the empty background.
    background : ndarray, (H, W) float32
        From `illumination`.
    look : Look
    rng : Generator
        Noise of this frame.

    Returns
    -------
    ndarray, (H, W) or (H, W, 3) RGB uint8
    """
    signal = light * np.float32(look.contrast)
    signal += np.float32(1 - look.contrast)
    signal *= background
    signal *= np.float32(look.level)
    np.clip(signal, 0, 1, out=signal)
    deviation = signal * np.float32(1 / look.electrons)
    deviation += np.float32((look.read_noise / 255) ** 2)
    deviation = np.sqrt(deviation, out=deviation)
    deviation *= rng.standard_normal(signal.shape, dtype=np.float32)
    signal += deviation
    np.clip(signal, 0, 1, out=signal)
    if look.gamma != 1.0:
        # Anchored at the background, so that gamma bends contrast and not brightness.
        signal = cv2.pow(signal, look.gamma)
        signal *= np.float32(look.level ** (1 - look.gamma))
    if look.sharpening > 0:
        blurred = cv2.GaussianBlur(signal, (0, 0), 1.2)
        signal = cv2.addWeighted(signal, 1 + look.sharpening, blurred, -look.sharpening, 0)
    grey = np.clip(signal, 0, 1)
    grey *= 255
    grey += np.float32(0.5)
    picture: npt.NDArray[np.uint8]
    if look.tint is None:
        picture = np.minimum(grey, 255).astype(np.uint8)
    else:
        colour = grey[..., None] * np.array(look.tint, np.float32)
        picture = np.minimum(colour, 255).astype(np.uint8)
    if look.white_edge_px:
        picture[:, -look.white_edge_px :] = 255
    if look.jpeg_quality is not None:
        picture = _through_jpeg(picture, look.jpeg_quality)
    return picture


def _through_jpeg(picture: npt.NDArray[np.uint8], quality: int) -> npt.NDArray[np.uint8]:
    _, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_UNCHANGED), dtype=np.uint8)
