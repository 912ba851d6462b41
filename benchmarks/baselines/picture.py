"""What both baselines do with a picture first."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.frames import Frame

Floats = npt.NDArray[np.float32]

EXTREME_SHARE = 0.004
"""Share of the picture taken for heads when it is asked whether they are dark."""


def levelled(frame: Frame, head_px: float) -> Floats:
    """Return the picture without its uneven light, in units of its robust deviation.

    Parameters
    ----------
    frame : Frame
    head_px : float
        Length of a head: what is more than about four times as wide is background.

    Returns
    -------
    ndarray, (H, W) float32
        Zero where nothing is, negative where darker.
    """
    grey = frame.grey()
    flat = grey - cv2.GaussianBlur(grey, (0, 0), 2.0 * head_px)
    deviation = 1.4826 * float(np.median(np.abs(flat)))
    levelled: Floats = flat / np.float32(max(deviation, 0.5))
    return levelled


def heads_are_dark(flat: Floats, head_px: float) -> bool:
    """Say whether spots of the size of a head stand out darker rather than brighter.

    The strongest responses of a spot filter (difference of two Gaussians) of either sign
    are compared.
    """
    spot = cv2.GaussianBlur(flat, (0, 0), head_px / 4) - cv2.GaussianBlur(
        flat, (0, 0), head_px / 1.5
    )
    count = max(1, round(spot.size * EXTREME_SHARE))
    ordered = np.sort(spot, axis=None)
    return bool(-ordered[:count].mean() > ordered[-count:].mean())


def rank(strength: Floats) -> Floats:
    """Bring a strength (0 or more) into 0 to 1 without changing the order.

    A rank to cut off at, and no probability.
    """
    ranked: Floats = (strength / (strength + np.float32(1.0))).astype(np.float32)
    return ranked
