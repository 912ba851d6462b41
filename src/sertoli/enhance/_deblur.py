"""Takes the blur of optics and focus out of a frozen frame, as far as its noise allows."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np

from sertoli.enhance._camera import Camera
from sertoli.enhance._enhanced import Enhanced, Floats, as_floats, from_floats, luma_of
from sertoli.enhance._glare import unreadable_in
from sertoli.enhance._magnify import bounded
from sertoli.enhance._solve import noise_of, solve, weight_for
from sertoli.errors import SettingError
from sertoli.frames import Frame

MOST_BLUR_PX = 4.0
LEAST_BLUR_PX = 0.3
"""A picture whose sharpest edges are this sharp is left as it is."""

_REBLUR_PX = 1.0
_SHARPEST = 0.2
"""The blur is that of this share of the edges, the sharpest: what lies out of focus is not to
be brought back by guessing, and treating all as blurred as that would ring."""

_EDGES_THEMSELVES = 0.5
"""Tissue has no perfect steps: about half of the width of its edges is the camera's."""

_EDGE_TO_NOISE = 6.0


def deblur(frame: Frame, blur_px: float | None = None) -> Enhanced:
    """Sharpen a frame by undoing a blur that is the same everywhere.

    The result is the smoothest picture which, blurred, is the frame up to its noise. Only
    luminance changes, by the same in every channel.

    Parameters
    ----------
    frame : Frame
        Grey or RGB, uint8 or uint16.
    blur_px : float, optional
        Standard deviation of the blur in px, up to 4; None takes that of the sharpest edges.

    Returns
    -------
    Enhanced
        Of the same size.

    Raises
    ------
    SettingError
        If the blur is out of range.
    """
    if blur_px is not None and not (math.isfinite(blur_px) and 0.0 <= blur_px <= MOST_BLUR_PX):
        raise SettingError(f"a blur of {blur_px} px is not possible", f"give 0 to {MOST_BLUR_PX:g}")
    values = as_floats(frame.pixels)
    luma = luma_of(values)
    noise = noise_of(luma)
    blur = blur_of(luma, noise) if blur_px is None else blur_px
    unreadable = unreadable_in(values)
    if blur <= LEAST_BLUR_PX:
        return Enhanced(frame, unreadable)
    camera = Camera(luma.shape, luma.shape, blur)
    sharp = solve(
        lambda p: camera.spread(camera.see(p)), camera.spread(luma), luma, weight_for(noise)
    )
    change = bounded(sharp, luma) - luma
    values = values + (change if values.ndim == 2 else change[..., None])
    pixels = from_floats(values, frame.pixels.dtype)
    return Enhanced(replace(frame, pixels=pixels), unreadable)


def blur_of(luma: Floats, noise: float) -> float:
    """Estimate the blur of a picture's sharpest edges: a standard deviation in px, 0 to 4.

    An edge of blur ``s`` that is blurred again by ``r`` loses steepness by the factor
    ``sqrt(1 + (r / s)**2)`` (Zhuo and Sim 2011, *Pattern Recognition* 44:1852).
    """
    # A first blur tames the noise; it is taken off again at the end.
    once = cv2.GaussianBlur(luma, (0, 0), _REBLUR_PX)
    twice = cv2.GaussianBlur(once, (0, 0), _REBLUR_PX)
    steep, flat = _steepness(once), _steepness(twice)
    edges = steep > max(1.0, _EDGE_TO_NOISE * 0.3 * noise)
    if np.count_nonzero(edges) < 50:
        return 0.0
    strongest = edges & (steep >= np.quantile(steep[edges], 0.5))
    ratio = steep[strongest] / np.maximum(flat[strongest], np.float32(1e-3))
    sharp = float(np.quantile(ratio, 1.0 - _SHARPEST))
    if sharp <= 1.0:
        return MOST_BLUR_PX
    both = _REBLUR_PX**2 / (sharp**2 - 1.0)
    width = math.sqrt(max(0.0, both - _REBLUR_PX**2))
    return min(_EDGES_THEMSELVES * width, MOST_BLUR_PX)


def _steepness(values: Floats) -> Floats:
    across = cv2.Sobel(values, cv2.CV_32F, 1, 0, scale=0.125)
    down = cv2.Sobel(values, cv2.CV_32F, 0, 1, scale=0.125)
    return np.asarray(cv2.magnitude(across, down))
