"""How much a picture without a pixel size must be enlarged before the network sees it.

The network has learnt heads of about one size. Shown the same picture at several
magnifications, it is surest of its findings, and says that they are of the size it has
learnt, at the right one: that decides.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from sertoli.frames import Frame, Pixels
from sertoli.sperm._normalise import frame_contrast
from sertoli.sperm._tiles import Scale, middle, nearest_scale, whole_grey

Floats = npt.NDArray[np.float32]

TRIED = tuple(2.0**power for power in (-3, -2.5, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5))
"""Magnifications that are compared: heads of 4 to 100 px in the picture come into reach."""

MOST_PIXELS = 1024 * 1024
"""Network px looked at per frame and magnification: of more, the middle of the picture."""

LEAST_SIDE_PX = 48
"""A picture smaller than this at a magnification is not tried there."""

HEAD_PX = 17.0
"""The side of a head (geometric mean of the box, halo included) that is found best."""

SIZE_TOLERANCE = 0.35
"""Standard deviation of the logarithm of that side."""

KNOWN_BEFORE = 6.0
"""The picture as it is counts as if so many sure heads a field had been seen in it: round
cells without any sperm can look like a few at a magnification nobody would choose."""

MOST_OF_A_CAMERA_PX = 64_000_000
"""A camera's frame holds one field, however fine its pixels (full-frame sensors have up to 61
million); what is larger was put together from fields, and what looks like heads at a wrong
magnification grows with it."""

FIELD_PX = 640 * 480
"""Of one field of such a scan, as it is."""

SURE = 0.3
"""Findings below this probability are no evidence of anything."""

Look = Callable[[Floats, float], tuple[Floats, Floats]]
"""Maps grey (h, w) and the frame's contrast to sizes (N, 2) in px and probabilities (N,)."""


def estimate(frames: Sequence[Frame], look: Look) -> float:
    """Return the magnification at which heads have the size that the network has learnt.

    Parameters
    ----------
    frames : sequence of Frame
        Of one recording, so of one magnification; some spread frames are enough.
    look : callable
        The network on one grey picture.

    Returns
    -------
    float
        Network px per picture px; 1 where too little like a sperm is found at any.
    """
    evidence = np.zeros(len(TRIED))
    evidence[TRIED.index(1.0)] = KNOWN_BEFORE * sum(_fields(frame) for frame in frames)
    for frame in frames:
        contrast = frame_contrast(frame.pixels)
        for index, factor in enumerate(TRIED):
            scale = nearest_scale(factor)
            part = _middle(frame.pixels, scale)
            if min(part.shape[:2]) * scale.factor >= LEAST_SIDE_PX:
                seen = part.shape[0] * part.shape[1] / (frame.height_px * frame.width_px)
                evidence[index] += _evidence(*look(whole_grey(part, scale), contrast)) / seen
    return TRIED[int(evidence.argmax())]


def _fields(frame: Frame) -> float:
    area = frame.height_px * frame.width_px
    return 1.0 if area <= MOST_OF_A_CAMERA_PX else area / FIELD_PX


def _middle(pixels: Pixels, scale: Scale) -> Pixels:
    height, width = pixels.shape[:2]
    area = height * width * scale.factor**2
    share = math.sqrt(min(1.0, MOST_PIXELS / area))
    return middle(pixels, round(height * share), round(width * share))


def _evidence(size_px: Floats, probability: Floats) -> float:
    side = np.sqrt(size_px.prod(axis=1))
    fit = np.exp(-(np.log(side / HEAD_PX) ** 2) / (2 * SIZE_TOLERANCE**2))
    sure = np.where(probability >= SURE, probability, 0.0)
    return float((sure * fit).sum())
