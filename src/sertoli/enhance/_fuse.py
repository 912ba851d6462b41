"""One picture that is sharp all over, from a focal sweep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from sertoli.enhance._enhanced import Enhanced, Floats, Mask, as_floats, from_floats, luma_of
from sertoli.enhance._glare import near, unreadable_in
from sertoli.enhance._motion import IDENTITY, motion_to, refined
from sertoli.errors import InputError
from sertoli.frames import Frame

CHOICE = 4.0
"""How decidedly the sharper frame wins: its share grows with this power of sharpness."""

HIDDEN = np.float32(1e-9)
"""What counts against a place where a frame shows glare, or nothing."""

_SMOOTH_PX = 3.0
_LEVELS = 5
_LEAST_SIDE = 16


def fuse_focus(frames: Sequence[Frame]) -> Enhanced:
    """Take every place from the frames in which it is sharp.

    The frames are laid over the middle one (focusing shifts and scales a picture a little) and
    mixed in a Laplacian pyramid by their local sharpness (after Burt and Adelson 1983, *ACM
    Transactions on Graphics* 2:217). Glare gives way to any frame that shows the tissue. Every
    detail comes from a frame that recorded it.

    Parameters
    ----------
    frames : sequence of Frame
        Same size and type, at least one; of the same place at different focus.

    Returns
    -------
    Enhanced
        With the time and optics of the middle frame; unreadable is what no frame shows.

    Raises
    ------
    InputError
        If there is no frame, or their sizes differ.
    """
    require_alike(frames)
    reference = frames[len(frames) // 2]
    base = as_floats(reference.pixels)
    layers, weights, hidden = [], [], []
    for frame in frames:
        values, seen = _laid_over(base, frame, is_reference=frame is reference)
        unreadable = np.asarray(unreadable_in(values) | ~seen, dtype=np.bool_)
        layers.append(values)
        hidden.append(unreadable)
        # The rims of glare look sharp.
        visible = np.where(near(unreadable), HIDDEN, np.float32(1.0))
        weights.append(_sharpness(luma_of(values)) * visible)
    total = np.sum(weights, axis=0)
    shares = [np.asarray(weight / total, dtype=np.float32) for weight in weights]
    values = _mixed(layers, shares)
    unreadable = np.asarray(np.logical_and.reduce(hidden), dtype=np.bool_)
    pixels = from_floats(values, reference.pixels.dtype)
    return Enhanced(replace(reference, pixels=pixels), unreadable)


def require_alike(frames: Sequence[Frame]) -> None:
    """Refuse no frames, and frames that differ in size or type."""
    if not frames:
        raise InputError("there is no frame to merge", "give a recording or a folder of pictures")
    kinds = {(frame.pixels.shape, frame.pixels.dtype) for frame in frames}
    if len(kinds) > 1:
        raise InputError(
            "the frames to merge differ in size or type", "give frames of one camera at one size"
        )


def _laid_over(base: Floats, frame: Frame, *, is_reference: bool) -> tuple[Floats, Mask]:
    """Return a frame as it lies over the reference, and where it does so."""
    values = as_floats(frame.pixels)
    height, width = values.shape[:2]
    if is_reference:
        return values, np.ones((height, width), dtype=np.bool_)
    first, second = luma_of(base), luma_of(values)
    motion = motion_to(first, second)
    everywhere = np.ones((height, width), dtype=np.bool_)
    # Blurred frames have few corners: the whole picture's correlation still finds the place.
    motion = refined(IDENTITY if motion is None else motion, first, second, everywhere)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    laid = cv2.warpAffine(
        values, motion, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    seen = cv2.warpAffine(
        np.ones((height, width), np.uint8),
        motion,
        (width, height),
        flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
    )
    return np.asarray(laid), np.asarray(seen > 0, dtype=np.bool_)


def _sharpness(luma: Floats) -> Floats:
    """Return the local energy of fine detail, raised to `CHOICE`; at least a trace everywhere."""
    fine = luma - cv2.GaussianBlur(luma, (0, 0), 1.5)
    energy = cv2.GaussianBlur(fine * fine, (0, 0), _SMOOTH_PX)
    return np.asarray((energy + np.float32(0.05)) ** np.float32(CHOICE / 2.0))


def _mixed(layers: list[Floats], shares: list[Floats]) -> Floats:
    levels = 0
    while levels < _LEVELS and min(shares[0].shape) >> (levels + 1) >= _LEAST_SIDE:
        levels += 1
    bands: list[Floats] = []
    for layer, share in zip(layers, shares, strict=True):
        for level, band in enumerate(_bands(layer, levels)):
            weighted = band * (share if band.ndim == 2 else share[..., None])
            if level < len(bands):
                bands[level] += weighted
            else:
                bands.append(weighted)
            share = np.asarray(cv2.pyrDown(share))
    mixed = bands[-1]
    for band in reversed(bands[:-1]):
        mixed = cv2.pyrUp(mixed, dstsize=(band.shape[1], band.shape[0])) + band
    return np.asarray(mixed, dtype=np.float32)


def _bands(values: Floats, levels: int) -> list[Floats]:
    bands = []
    for _ in range(levels):
        coarse = cv2.pyrDown(values)
        size = (values.shape[1], values.shape[0])
        bands.append(np.asarray(values - cv2.pyrUp(coarse, dstsize=size)))
        values = np.asarray(coarse)
    return [*bands, values]
