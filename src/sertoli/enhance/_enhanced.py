"""What every step of the room gives back: a picture, and where it cannot be read."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.frames import Frame, Pixels
from sertoli.optics import Optics

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Enhanced:
    """An enhanced frame.

    Parameters
    ----------
    frame : Frame
        Same type of pixels as the input; its ``optics`` hold the new pixel size where the size
        changed.
    unreadable : ndarray, (H, W) bool
        True where the camera recorded glare or next to no light, or nothing at all (beyond the
        border of a shifted frame). What is drawn there is no evidence of tissue.
    """

    frame: Frame
    unreadable: Mask


def full_scale(pixels: Pixels) -> float:
    """Return the largest value of the pixels' type."""
    return float(np.iinfo(pixels.dtype).max)


def as_floats(pixels: Pixels) -> Floats:
    """Return the pixels as float32 on a 0 to 255 scale, grey or RGB as they were."""
    return np.asarray(pixels, dtype=np.float32) * np.float32(255.0 / full_scale(pixels))


def from_floats(values: Floats, dtype: npt.DTypeLike) -> Pixels:
    """Return values on a 0 to 255 scale as pixels of an unsigned type, rounded and limited."""
    top = float(np.iinfo(np.dtype(dtype)).max)
    rounded: Pixels = np.rint(values * np.float32(top / 255.0)).clip(0, top).astype(dtype)
    return rounded


def as_bytes(pixels: Pixels) -> Pixels:
    """Return the pixels as uint8, grey or RGB as they were."""
    if pixels.dtype == np.uint8:
        return pixels
    return np.asarray(cv2.convertScaleAbs(pixels, alpha=255.0 / full_scale(pixels)))


def magnified_optics(optics: Optics, factor: float) -> Optics:
    """Return the optics of a picture with ``factor`` times the pixels along each side."""
    if optics.um_per_px is None:
        return optics
    return Optics(optics.um_per_px / factor, optics.modality)


def resized_mask(mask: Mask, width_px: int, height_px: int) -> Mask:
    """Return a mask at another size: a pixel is True where any part of it was."""
    spread = cv2.resize(
        mask.astype(np.float32), (width_px, height_px), interpolation=cv2.INTER_LINEAR
    )
    return np.asarray(spread > 0.0, dtype=np.bool_)


def lowest_of(values: Pixels) -> Pixels:
    """Return each pixel's darkest channel, (H, W)."""
    if values.ndim == 2:
        return values
    red, green, blue = cv2.split(values)  # far quicker than a minimum along the last axis
    return np.asarray(cv2.min(red, cv2.min(green, blue)))


def highest_of(values: Pixels) -> Pixels:
    """Return each pixel's brightest channel, (H, W)."""
    if values.ndim == 2:
        return values
    red, green, blue = cv2.split(values)
    return np.asarray(cv2.max(red, cv2.max(green, blue)))


def extremes_of(values: Pixels) -> tuple[Pixels, Pixels]:
    """Return each pixel's darkest and its brightest channel, each (H, W)."""
    if values.ndim == 2:
        return values, values
    red, green, blue = cv2.split(values)
    lowest, highest = cv2.min(red, cv2.min(green, blue)), cv2.max(red, cv2.max(green, blue))
    return np.asarray(lowest), np.asarray(highest)


def luma_of(values: Pixels) -> Pixels:
    """Return (H, W) luminance (ITU-R BT.601) of grey or RGB values, of the same type."""
    if values.ndim == 2:
        return values
    return np.asarray(cv2.cvtColor(values, cv2.COLOR_RGB2GRAY))


_TO_PLANES = np.array(
    [[0.299, 0.587, 0.114], [0.5, -0.418688, -0.081312], [-0.168736, -0.331264, 0.5]],
    dtype=np.float32,
)
"""Luminance and the differences of red and blue to it (ITU-R BT.601, full range)."""

_FROM_PLANES: Floats = np.linalg.inv(_TO_PLANES).astype(np.float32)


def to_planes(values: Floats) -> list[Floats]:
    """Return luminance, and for RGB the two colour differences, each (H, W)."""
    if values.ndim == 2:
        return [values]
    return [np.ascontiguousarray(plane) for plane in cv2.split(cv2.transform(values, _TO_PLANES))]


def from_planes(planes: list[Floats]) -> Floats:
    """Return grey or RGB values of `to_planes`."""
    if len(planes) == 1:
        return planes[0]
    return np.asarray(cv2.transform(cv2.merge(planes), _FROM_PLANES), dtype=np.float32)
