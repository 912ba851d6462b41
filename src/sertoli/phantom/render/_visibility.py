"""Whether a person could see a head: what it changes in the picture, against what is around it.

The head's own light is found by taking it alone out of the field and forming the image
again: exact within the model, except that things above it keep the light they had.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.phantom.render._camera import noise_share
from sertoli.phantom.render._canvas import Canvas, add_patch, nearest_height
from sertoli.phantom.render._image_formation import (
    Complexes,
    Imaging,
    fast_shape,
    transmission,
)
from sertoli.phantom.render._look import Look
from sertoli.phantom.render._sperm import head_patch
from sertoli.phantom.world import Cell, Pose

Floats = npt.NDArray[np.float32]

SURROUNDINGS_UM = 5.0
"""Looked at around a head: as much as a head is long."""

_window_imaging = lru_cache(maxsize=8)(Imaging)


@dataclass(frozen=True, slots=True)
class Visibility:
    """How a head stands out.

    Parameters
    ----------
    contrast_to_noise : float
        What the head changes (root mean square over its ellipse) over the deviation of
        what is around: noise of the camera averaged over what the lens resolves,
        rounding and compression, and the structure of its surroundings at a head's size.
    covering_rad : float
        Mean phase of other things over or under the head.
    """

    contrast_to_noise: float
    covering_rad: float


def visibility(
    cell: Cell,
    at: Pose,
    z_um: float,
    canvas: Canvas,
    field: Complexes,
    look: Look,
    camera_um_per_px: float,
) -> Visibility:
    """Measure how well a head can be seen.

    Parameters
    ----------
    cell : Cell
        A sperm that has been drawn on ``canvas``.
    at : Pose
    z_um : float
        About the focal plane.
    canvas : Canvas
    field : ndarray, (H, W) complex64
        In the image plane, of the whole canvas.
    look : Look
    camera_um_per_px : float
    """
    um = canvas.um_per_px
    patch = head_patch(cell, at, um)
    x, y = canvas.place(at.x_um, at.y_um)
    reach = patch.shape[0] // 2 + math.ceil(SURROUNDINGS_UM / um)
    # A few sizes for all heads, so that the optics are made once for each.
    side = fast_shape(16 * math.ceil((2 * reach + 1) / 16), 1)[0]
    left, top = math.floor(x) - side // 2, math.floor(y) - side // 2
    own = np.zeros((side, side, 2), np.float32)
    add_patch(own, patch, x - left, y - top)

    height = nearest_height(z_um)
    before = np.ones((side, side), np.complex64)
    others = -own[..., 0]
    for level, layer in sorted(canvas.layers.items()):
        here = _window(layer, left, top, side)
        others += here[..., 0]
        if level < height and here.any():
            before *= transmission(here, look)
        elif level == height:
            scatter = (transmission(here, look) - transmission(here - own, look)) * before
    imaging = _window_imaging((side, side), um, replace(look, focus_um=0.0))
    there = _window(field, left, top, side)
    with_head = imaging.light(there)
    without = imaging.light(there - imaging.scattered(scatter, height))

    row, column = np.mgrid[:side, :side].astype(np.float32)
    across, down = (column - (x - left)) * um, (row - (y - top)) * um
    c, s = math.cos(at.angle_rad), math.sin(at.angle_rad)
    u = (c * across + s * down) / (cell.length_um / 2)
    v = (-s * across + c * down) / (cell.width_um / 2)
    head = np.hypot(u, v) <= 1
    around = np.hypot(across, down) <= cell.length_um / 2 + SURROUNDINGS_UM
    signal = math.sqrt(float(np.mean((with_head - without)[head] ** 2)))
    # Slopes wider than a head are no confusion: the eye follows them.
    flat = without - cv2.GaussianBlur(without, (0, 0), cell.length_um / 2 / um)
    structure = 1.4826 * float(np.median(np.abs(flat[around])))
    noise = math.hypot(noise_share(look, camera_um_per_px), structure)
    return Visibility(signal / noise, float(np.mean(others[head])))


def _window(whole: npt.NDArray[Any], left: int, top: int, side: int) -> npt.NDArray[Any]:
    """Cut a square, (side, side, ...); beyond the canvas the nearest pixel goes on."""
    rows = np.clip(np.arange(top, top + side), 0, whole.shape[0] - 1)
    columns = np.clip(np.arange(left, left + side), 0, whole.shape[1] - 1)
    return whole[rows[:, None], columns[None, :]]
