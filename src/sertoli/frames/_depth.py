"""Brings whatever a file holds to (H, W) or (H, W, 3) RGB, uint8 or uint16."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.frames._frame import Pixels

ROWS_AT_ONCE_BYTES = 64 * 2**20
"""Pictures are converted in blocks of rows of about this size."""

Allocate = Callable[[tuple[int, ...], npt.DTypeLike], Pixels]
"""Makes the array that takes the result; a mapped file for pictures too large for memory."""


def needs_conversion(pixels: Pixels, *, grey: bool, inverted: bool) -> bool:
    """Tell if ``converted`` would change anything."""
    plain = pixels.dtype in (np.uint8, np.uint16) and pixels.dtype.isnative
    shaped = pixels.ndim == 2 or (pixels.shape[2] == 3 and not grey)
    return inverted or not (plain and shaped)


def converted(
    pixels: Pixels, *, grey: bool, inverted: bool = False, allocate: Allocate = np.empty
) -> Pixels:
    """Return the picture as grey or RGB, uint8 or uint16.

    8 and 16 bit unsigned values stay as they are (12 bits in 16 too). True and False become
    255 and 0. All other numbers are stretched from their own finite minimum and maximum to
    0 to 65535, NaN and minus infinity become 0, plus infinity 65535.

    Parameters
    ----------
    pixels : ndarray, (H, W) or (H, W, 1 to 4)
        Any real number type; two channels are grey and alpha, four are RGB and alpha.
        Alpha is dropped.
    grey : bool
        Give luminance (ITU-R BT.601) instead of colour.
    inverted : bool
        0 means white in the file.
    allocate : callable
        Makes the result's array.

    Returns
    -------
    ndarray, (H, W) or (H, W, 3), uint8 or uint16
    """
    if not needs_conversion(pixels, grey=grey, inverted=inverted):
        return pixels
    colour = pixels.ndim == 3 and pixels.shape[2] >= 3
    height, width = pixels.shape[:2]
    kind = pixels.dtype
    is_small = kind == np.bool_ or (kind.kind == "u" and kind.itemsize == 1)
    dtype = np.uint8 if is_small else np.uint16
    out = allocate((height, width, 3) if colour and not grey else (height, width), dtype)
    step = max(1, ROWS_AT_ONCE_BYTES // max(1, pixels[:1].nbytes))
    blocks = [slice(top, top + step) for top in range(0, height, step)]
    stretch = None
    if not is_small and not (kind.kind == "u" and kind.itemsize == 2):
        stretch = _finite_range([_used(pixels[rows]) for rows in blocks])
    for rows in blocks:
        block = _used(pixels[rows])
        if kind == np.bool_:
            block = block.astype(np.uint8) * np.uint8(255)
        elif stretch is not None:
            block = _stretched(block, *stretch)
        block = np.ascontiguousarray(block, dtype=dtype)
        if inverted:
            block = np.iinfo(dtype).max - block
        out[rows] = cv2.cvtColor(block, cv2.COLOR_RGB2GRAY) if colour and grey else block
    return out


def _used(block: Pixels) -> Pixels:
    """Drop alpha, and the channel axis of grey."""
    if block.ndim == 2:
        return block
    return block[..., :3] if block.shape[2] >= 3 else block[..., 0]


def _finite_range(blocks: list[Pixels]) -> tuple[float, float]:
    low, high = np.inf, -np.inf
    for block in blocks:
        finite = block[np.isfinite(block)]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    return (low, high) if low <= high else (0.0, 0.0)


def _stretched(block: Pixels, low: float, high: float) -> Pixels:
    # Halves keep the difference of two huge numbers from overflowing.
    span = high / 2 - low / 2
    values = block.astype(np.float64)
    values = (values / 2 - low / 2) / span if span > 0 else np.zeros_like(values)
    values = np.nan_to_num(values, nan=0.0, posinf=1.0, neginf=0.0)
    stretched: Pixels = np.rint(values * 65535.0).clip(0, 65535).astype(np.uint16)
    return stretched
