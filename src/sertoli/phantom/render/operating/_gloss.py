"""The wet film and the lamp's mirror images on it."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.phantom.render.operating._look import OperatingLook
from sertoli.phantom.render.operating._noise import smooth_noise
from sertoli.phantom.render.operating._shade import blur
from sertoli.phantom.render.operating._view import FieldView

Map = npt.NDArray[np.float32]


def glisten(
    height_um: Map, irrigation: Map, look: OperatingLook, view: FieldView, seed: int
) -> Map:
    """Return the lamp's light mirrored to the surgeon, 1 as bright as a white sheet.

    The film follows the tissue, smoothed by its own thickness, and ripples.

    Parameters
    ----------
    height_um : ndarray, (H, W)
        Of the tissue.
    irrigation : ndarray, (H, W)
        How much irrigation lies there, 0 to 1.
    look : OperatingLook
    view : FieldView
    seed : int
        Of the ripples.
    """
    scale = view.um_per_px
    thin = blur(height_um, look.film_um / scale)
    deep = blur(height_um, 3 * look.film_um / scale)
    film = thin + (deep - thin) * irrigation
    ripple_um = look.ripple * look.ripple_um
    film = film + ripple_um * smooth_noise(seed, view, look.ripple_um, octaves=2)
    slope_x = cv2.Sobel(film, cv2.CV_32F, 1, 0, ksize=3) / (8 * scale)
    slope_y = cv2.Sobel(film, cv2.CV_32F, 0, 1, ksize=3) / (8 * scale)
    # Half way between lamp and surgeon; a facet of that slope mirrors the one to the other.
    half = np.array([look.light[0], look.light[1], look.light[2] + 1.0])
    half /= np.linalg.norm(half)
    length = np.sqrt(1 + slope_x**2 + slope_y**2)
    cosine = np.clip((half[2] - slope_x * half[0] - slope_y * half[1]) / length, 1e-3, 1)
    tangent_squared = 1 / cosine**2 - 1
    rough = look.roughness
    if look.gloss == "phong":
        lobe = cosine ** (2 / rough**2)
    elif look.gloss == "ggx":  # Trowbridge and Reitz (1975): a long tail around the glint
        alpha = rough**2
        lobe = alpha**2 / (np.pi * cosine**4 * (alpha**2 + tangent_squared) ** 2 + 1e-6)
        lobe = np.minimum(lobe, 60.0)
    elif look.gloss == "ward":  # Ward (1992), rougher along x than along y
        off_x = -slope_x - half[0] / half[2]
        off_y = -slope_y - half[1] / half[2]
        lobe = np.exp(-((off_x / (1.6 * rough)) ** 2) - (off_y / (0.7 * rough)) ** 2) * 4
    else:  # sheen: a broad glow with a hard core, as of a deep, calm film
        lobe = 0.25 * np.exp(-tangent_squared / (4 * rough) ** 2)
        lobe = lobe + 2.0 * (np.exp(-tangent_squared / rough**2) > 0.75)
    spotty = np.clip(0.6 + 0.7 * smooth_noise(seed + 1, view, 350.0, octaves=2), 0, 2)
    return blur(np.asarray(look.gloss_strength * lobe * spotty, dtype=np.float32), 4.0 / scale)
