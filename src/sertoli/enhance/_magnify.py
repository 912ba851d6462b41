"""Digital magnification of a single frame."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np

from sertoli.enhance._camera import OPTICS_BLUR_PX, Camera
from sertoli.enhance._enhanced import (
    Enhanced,
    Floats,
    as_floats,
    from_floats,
    from_planes,
    magnified_optics,
    resized_mask,
    to_planes,
)
from sertoli.enhance._glare import unreadable_in
from sertoli.enhance._solve import LEAST_NOISE, noise_of, solve, weight_for
from sertoli.errors import SettingError
from sertoli.frames import Frame

MIN_FACTOR, MAX_FACTOR = 1.0, 8.0
MOST_PX = 120_000_000
"""A magnified picture may have so many pixels."""

PLANES = (1.0, 3.0, 3.0)
"""How smooth luminance and the two colour differences are taken to be, as multiples."""

CALM = (9.0, 3.0, 1.0)
"""How smooth a picture may be taken to be as a whole, as multiples: the first that fits it."""

MOST_MISSED = 0.8
"""It fits if what the camera would see misses the frame by no more than this share of its noise
(root mean square; less than all of it, for the result follows a part of the noise)."""

OVERSHOOT = 0.25
"""Beyond the darkest and brightest of the recorded pixels around it a fine pixel may go by this
share of their difference, so that no edge rings."""


def magnify(frame: Frame, factor: float) -> Enhanced:
    """Show a frame larger, sharper than interpolation does, with nothing in it that was not seen.

    The result is the smoothest picture that a camera with square pixels would have recorded as
    this frame, up to its noise; seen through such a camera it gives the frame back. Colour
    differences are kept smoother than luminance, as the eye and most cameras do.

    Parameters
    ----------
    frame : Frame
        Grey or RGB, uint8 or uint16.
    factor : float
        1 to 8; above about 3 there is nothing left to be won but size.

    Returns
    -------
    Enhanced
        ``round(factor * width)`` by ``round(factor * height)`` px, the pixel size divided by
        ``factor``; glare still marked.

    Raises
    ------
    SettingError
        If the factor is out of range or the result would be too large.
    """
    height, width = magnified_shape(frame.pixels.shape[:2], factor)
    values = as_floats(frame.pixels)
    if factor > 1.0:
        shape = (height, width)
        luma, *colour = to_planes(values)
        fine_luma, calm = _calmest(luma, shape)
        planes = [
            finer(plane, shape, calm * smoothness)
            for plane, smoothness in zip(colour, PLANES[1:], strict=False)
        ]
        fine = from_planes([fine_luma, *planes])
    else:
        fine = values
    return Enhanced(
        replace(
            frame,
            pixels=from_floats(fine, frame.pixels.dtype),
            optics=magnified_optics(frame.optics, factor),
        ),
        resized_mask(unreadable_in(values), width, height),
    )


def magnified_shape(shape: tuple[int, ...], factor: float) -> tuple[int, int]:
    """Return (height, width) in px of a magnified picture, or refuse the factor."""
    if not (math.isfinite(factor) and MIN_FACTOR <= factor <= MAX_FACTOR):
        raise SettingError(
            f"a magnification of {factor} is not possible",
            f"give {MIN_FACTOR:g} to {MAX_FACTOR:g}",
        )
    height, width = round(shape[0] * factor), round(shape[1] * factor)
    if height * width > MOST_PX:
        raise SettingError(
            f"magnified {factor:g} times the picture would have {width} x {height} px",
            f"magnify less, or cut it down: {MOST_PX} px are the most",
        )
    return height, width


def _calmest(luma: Floats, shape: tuple[int, int]) -> tuple[Floats, float]:
    """Return the fine luminance as smooth as the noise allows, and how smooth that is.

    The discrepancy principle (Morozov 1966): of several weights the largest with which the camera
    would see what was recorded, but for its noise.
    """
    allowed = MOST_MISSED * max(noise_of(luma), LEAST_NOISE)
    camera = Camera(luma.shape, shape, OPTICS_BLUR_PX)
    for calm in CALM:
        fine = finer(luma, shape, PLANES[0] * calm)
        missed = float(np.sqrt(np.mean((camera.see(fine) - luma) ** 2)))
        if missed <= allowed:
            break
    return fine, calm


def finer(plane: Floats, shape: tuple[int, int], smoothness: float) -> Floats:
    """Return the fine plane behind a coarse one."""
    camera = Camera(plane.shape, shape, OPTICS_BLUR_PX)
    fine = solve(
        lambda p: camera.spread(camera.see(p)),
        camera.spread(plane),
        cv2.resize(plane, shape[::-1], interpolation=cv2.INTER_CUBIC),
        smoothness * weight_for(noise_of(plane)),
    )
    return bounded(fine, plane)


def bounded(fine: Floats, coarse: Floats) -> Floats:
    """Return fine values held near the range of the coarse ones around them."""
    size = (fine.shape[1], fine.shape[0])
    square = np.ones((3, 3), np.uint8)
    low, high = cv2.erode(coarse, square), cv2.dilate(coarse, square)
    margin = np.float32(OVERSHOOT) * (high - low)
    low = cv2.resize(low - margin, size, interpolation=cv2.INTER_LINEAR)
    high = cv2.resize(high + margin, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.minimum(np.maximum(fine, low), high))
