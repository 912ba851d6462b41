"""Which of the WHO's grades a sperm's motion deserves, if any."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import numpy.typing as npt

from sertoli.sperm.motility._kinematics import stride_of
from sertoli.sperm.motility._paths import PathSums

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

RAPID_UM_PER_S = 25.0
PROGRESSIVE_UM_PER_S = 5.0
"""Straight-line speeds from which a sperm is rapidly, or slowly, progressive: WHO laboratory
manual, 6th edition, 2021 (clinical facts, section 5 [R])."""

HEAD_UM = 5.0
"""What a head is long where the pixel size is unknown; only what jitter may do depends on it."""

BROWNIAN_UM2_PER_S = 0.2
"""Diffusion up to which motion is Brownian: by Einstein's and Stokes' law a ball of 2 um
in water at 37 degrees has 0.3, of a head's 4 um 0.16, and a tail slows it further."""

NOISE_TIMES = 1.5
"""A cell's own jitter counts as noise up to this many times that of cells that lie still."""

DEFAULT_NOISE_HEADS = 0.03
"""Deviation of a head's place, in head lengths, where no cell lies still to tell."""

FEW_STILL = 3

STILL_HEADS_PER_S = 0.3
"""A cell of at most this straight-line speed may tell what noise there is."""

WHITE_RATIO = 1.3
"""Squared steps of up to this many times what a cell's second differences tell are noise."""

STEP_MARGIN = 3.0
NET_MARGIN = 4.0
"""So many times the squared distance that noise and diffusion explain is motion: from frame to
frame, where beats show, and over a second, where a course does."""

HEADS_PER_S = 1.0
"""Without a pixel size: straight-line speed, in head lengths, from which a cell surely moves."""


class Grade(StrEnum):
    """Grades of the WHO, 2021, and the two words for what cannot be graded for want of units."""

    RAPID = "rapid"
    SLOW = "slow"
    NON_PROGRESSIVE = "non-progressive"
    IMMOTILE = "immotile"
    MOVING = "moving"
    STILL = "still"


def judge(
    sums: PathSums, head_px: Floats, um_per_px: Floats, interval_s: float
) -> tuple[Floats, Flags]:
    """Say what of each cell's motion is noise, and which cells move more than that.

    Compared are mean squared distances, from one frame to the next and from end to end, with
    what noise of deviation s and diffusion D explain over the time t: 4 s^2 + 4 D t. Noise
    comes anew in every frame, so a cell whose squared steps are no longer than its
    second differences tell of such noise is only badly seen. A head that beats more slowly
    than some quarter of the frame rate goes on from frame to frame, and is told from noise.

    Parameters
    ----------
    sums : PathSums, M of them
        In px.
    head_px, um_per_px : ndarray, (M,)
    interval_s : float

    Returns
    -------
    noise_px : ndarray, (M,)
        Deviation of each cell's coordinates.
    active : ndarray, (M,) bool
    """
    diffusion = BROWNIAN_UM2_PER_S / um_per_px**2
    own = np.sqrt(sums.noise_squares / np.maximum(sums.noise_count, 1.0))
    noise = np.minimum(own, NOISE_TIMES * _usual_noise(sums, own, head_px, interval_s))
    step = sums.step_squares / np.maximum(sums.step_count, 1.0)
    net = sums.net_squares / np.maximum(sums.stretches, 1.0)
    net_s = sums.intervals / np.maximum(sums.stretches, 1.0) * interval_s
    travels = net > NET_MARGIN * (4.0 * noise**2 + 4.0 * diffusion * net_s)
    only_noise = ~travels & (step < WHITE_RATIO * 4.0 * own**2)
    noise = np.where(only_noise, own, noise)
    step_s = stride_of(interval_s) * interval_s
    beats = step > STEP_MARGIN * (4.0 * noise**2 + 4.0 * diffusion * step_s)
    return noise, travels | (beats & ~only_noise)


def _usual_noise(sums: PathSums, own: Floats, head_px: Floats, interval_s: float) -> Floats:
    """Return the noise of cells that lie still in the same field, (M,).

    A beating head jitters as well, so what is noise only cells without a course can tell.
    """
    speed = sums.net / np.maximum(sums.intervals, 1.0) / interval_s
    still = (speed < STILL_HEADS_PER_S * head_px) & (sums.noise_count > 0)
    if still.sum() < FEW_STILL:
        return DEFAULT_NOISE_HEADS * head_px
    return np.full(len(own), float(np.median(own[still])))


def grades(vsl_um_per_s: Floats, active: Flags) -> list[Grade]:
    """Grade cells of known straight-line speed, (M,)."""
    return [
        Grade.RAPID
        if speed >= RAPID_UM_PER_S
        else Grade.SLOW
        if speed >= PROGRESSIVE_UM_PER_S
        else Grade.NON_PROGRESSIVE
        if moves
        else Grade.IMMOTILE
        for speed, moves in zip(vsl_um_per_s.tolist(), active.tolist(), strict=True)
    ]
