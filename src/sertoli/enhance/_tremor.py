"""One larger picture from several that a hand shifted by fractions of a pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from sertoli.enhance._camera import OPTICS_BLUR_PX
from sertoli.enhance._enhanced import (
    Enhanced,
    Floats,
    Mask,
    as_floats,
    from_floats,
    from_planes,
    luma_of,
    magnified_optics,
    resized_mask,
    to_planes,
)
from sertoli.enhance._fuse import require_alike
from sertoli.enhance._glare import near, unreadable_in
from sertoli.enhance._magnify import PLANES, bounded, finer, magnified_shape
from sertoli.enhance._motion import IDENTITY, Affine, motion_to, refined
from sertoli.enhance._samples import Samples
from sertoli.enhance._solve import LEAST_NOISE, noise_of, solve, weight_for
from sertoli.frames import Frame

STRANGE = 3.0
"""A sample this many noise levels away from the reference is tissue or an instrument that moved."""

AROUND_PX, AGREEING = 21, 0.85
"""Around glare: a window of the first, of which more than the second share agrees."""

RIM_PX = 2.0
"""Around glare that stays, what other frames show is believed from so far (px of a frame) on."""

ALIASING = 0.12
"""Share of local contrast by which two samplings of the same scene differ."""


def super_resolve(frames: Sequence[Frame], factor: float, reference: int | None = None) -> Enhanced:
    """Merge frames of one place into a larger, sharper and less noisy picture of it.

    Each frame sampled the scene at slightly different points. Laid over each other to a fraction
    of a pixel, they say more than any one of them; the result is the smoothest picture of which
    a camera would have recorded all of them, up to noise. Frames or parts of frames that do not
    agree with the reference (an instrument, tissue that slid) are left out.

    Parameters
    ----------
    frames : sequence of Frame
        Same size and type; eight or more pay.
    factor : float
        1 to 8; above 3 there is nothing left to be won but size.
    reference : int, optional
        Which of the frames the result shows; None takes the first of the sharpest.

    Returns
    -------
    Enhanced
        Index, time and place of the reference frame. Unreadable is what no frame shows.

    Raises
    ------
    InputError
        If there is no frame, or their sizes differ.
    SettingError
        If the factor is out of range or the result would be too large.
    """
    require_alike(frames)
    base = sharpest(frames) if reference is None else frames[reference]
    shape = base.pixels.shape[:2]
    size = magnified_shape(shape, factor)
    first = as_floats(base.pixels)
    luma = luma_of(first)
    noise = noise_of(luma)
    unreadable = unreadable_in(first)
    readable = np.asarray(~near(unreadable), dtype=np.bool_)
    planes = to_planes(first)
    samples = Samples(size, shape, len(planes), OPTICS_BLUR_PX)
    count = 0
    for frame in frames:
        values = first if frame is base else as_floats(frame.pixels)
        motion, trust = IDENTITY, readable.astype(np.float32)
        if frame is not base:
            rough = motion_to(luma, luma_of(values), readable)
            if rough is None:
                continue
            motion = refined(rough, luma, luma_of(values), readable)
            trust = _trust(luma, readable, values, motion, noise)
        count += 1
        samples.add(to_planes(values), trust, motion)
    around = resized_mask(~readable, size[1], size[0])
    seen = _was_seen(samples, factor)
    inside = _well_inside(seen, factor)
    solved = []
    for number, plane in enumerate(planes):
        smoothness = PLANES[number] * np.sqrt(count) * weight_for(noise_of(plane))
        fine = _solved(samples, number, plane, float(smoothness), seen)
        if around.any():
            # Where the reference mirrors the lamp nothing bounds what is made sharp: it stays
            # soft, and as the reference has it unless another frame shows what is there.
            own = finer(plane, size, PLANES[number])
            shown = own + inside * (samples.average(number, own) - own)
            fine = np.where(around, shown, fine)
        solved.append(fine)
    unseen = resized_mask(unreadable, size[1], size[0]) & ~seen
    return Enhanced(
        replace(
            base,
            pixels=from_floats(from_planes(solved), base.pixels.dtype),
            optics=magnified_optics(base.optics, factor),
        ),
        np.asarray(unseen, dtype=np.bool_),
    )


def sharpest(frames: Sequence[Frame]) -> Frame:
    """Return the first of the frames with the most fine detail."""
    return max(frames, key=lambda frame: _detail(frame))


def _detail(frame: Frame) -> float:
    values = as_floats(frame.pixels)
    luma = cv2.GaussianBlur(luma_of(values), (0, 0), 1.0)
    fine = np.abs(cv2.Laplacian(luma, cv2.CV_32F))
    return float((fine * ~near(unreadable_in(values))).mean())


def _was_seen(samples: Samples, factor: float) -> Mask:
    """Tell where any frame showed the scene."""
    side = 2 * int(np.ceil(factor)) + 1
    # A frame's samples lie `factor` apart, and each counts half in the four pixels around it.
    return np.asarray(cv2.blur(samples.seen, (side, side)) > 0.1 / factor**2, dtype=np.bool_)


def _well_inside(seen: Mask, factor: float) -> Floats:
    """Return where the scene was seen all around, 0 to 1: at the rim an average is only smear."""
    side = 2 * int(np.ceil(RIM_PX * factor)) + 1
    core = cv2.erode(seen.astype(np.float32), np.ones((side, side), np.uint8))
    return np.asarray(cv2.GaussianBlur(core, (0, 0), 1.5))


def _trust(luma: Floats, readable: Mask, values: Floats, motion: Affine, noise: float) -> Floats:
    """Return how far each pixel of a frame agrees with the reference: (h, w), 0 to 1."""
    height, width = luma.shape
    expected = cv2.warpAffine(luma, motion, (width, height), flags=cv2.INTER_CUBIC)
    comparable = cv2.warpAffine(
        readable.astype(np.uint8), motion, (width, height), flags=cv2.INTER_NEAREST
    )
    square = np.ones((3, 3), np.uint8)
    range_here = cv2.dilate(expected, square) - cv2.erode(expected, square)
    difference = cv2.blur(np.abs(luma_of(values) - expected), (5, 5))
    allowed = np.float32(STRANGE * max(noise, LEAST_NOISE)) + np.float32(ALIASING) * range_here
    agreed = (2.0 - difference / allowed).clip(0.0, 1.0)
    # Under the reference's glare a frame is believed if it agrees all around: else something
    # else lies there, such as what an instrument covers in the reference.
    known = comparable.astype(np.float32)
    box = (AROUND_PX, AROUND_PX)
    beside = cv2.blur(agreed * known, box) / (cv2.blur(known, box) + np.float32(1e-3))
    beside = ((beside - AGREEING) / (1.0 - AGREEING)).clip(0.0, 1.0)
    trust = np.where(comparable > 0, agreed, beside) * ~near(unreadable_in(values))
    return np.asarray(trust, dtype=np.float32)


def _solved(samples: Samples, number: int, plane: Floats, smoothness: float, seen: Mask) -> Floats:
    """Return a fine plane.

    Smoothness grows with the root of the number of frames: what is wrong with their motion does
    not average out as their noise does.
    """
    height, width = seen.shape
    start = np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_CUBIC))
    fine = bounded(solve(samples.normal, samples.right(number), start, smoothness), plane)
    # What nobody saw stays as the reference recorded it.
    share = cv2.GaussianBlur(seen.astype(np.float32), (0, 0), 1.5)
    return np.asarray(start + share * (fine - start), dtype=np.float32)
