"""Spectra, grey values and heads: what can be measured without a classifier."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from training.realism.samples import Floats, Picture

Array = npt.NDArray[np.float64]

LOWEST_FREQUENCY = 1 / 128
"""Cycles per px; below it a picture holds too few periods to say anything."""

BLOCK_PX = 16


def radial_spectrum(grey: Floats) -> tuple[Array, Array]:
    """Return the radially averaged power spectrum of a picture.

    The middle square is freed of its mean, multiplied by a Hann window, and its power is
    divided by the square's variance, so that only the shape is compared.

    Parameters
    ----------
    grey : ndarray, (H, W)

    Returns
    -------
    frequency : ndarray, (K,)
        Cycles per px, from 1/128 to 0.5.
    power : ndarray, (K,)
        log10.
    """
    side = min(grey.shape)
    top, left = (grey.shape[0] - side) // 2, (grey.shape[1] - side) // 2
    square = grey[top : top + side, left : left + side].astype(np.float64)
    square -= square.mean()
    window = np.hanning(side)
    power = np.abs(np.fft.rfft2(square * np.outer(window, window))) ** 2
    power /= max(square.var(), 1e-12) * side**2
    radius = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :])
    rings = np.rint(radius * side).astype(int).ravel()
    total = np.bincount(rings, power.ravel())
    mean = total / np.maximum(np.bincount(rings), 1)
    frequency = np.arange(len(mean)) / side
    keep = (frequency >= LOWEST_FREQUENCY) & (frequency <= 0.5)
    return frequency[keep], np.log10(mean[keep] + 1e-12)


def mean_spectrum(pictures: list[Picture]) -> tuple[Array, Array, Array, Array]:
    """Return frequency, and the mean, 10 % and 90 % quantiles of the pictures' spectra."""
    frequency = radial_spectrum(pictures[0].grey)[0]
    spectra = np.array([radial_spectrum(picture.grey)[1] for picture in pictures])
    low, high = np.quantile(spectra, [0.1, 0.9], axis=0)
    return frequency, spectra.mean(axis=0), low, high


def spectrum_distance(one: list[Picture], other: list[Picture]) -> float:
    """Return the root mean square difference (decades) of two mean spectra.

    Frequencies count by their logarithm: each octave weighs the same.
    """
    frequency, mean, _, _ = mean_spectrum(one)
    difference = mean - mean_spectrum(other)[1]
    weight = 1 / frequency
    return float(np.sqrt((weight * difference**2).sum() / weight.sum()))


def _local_contrast(grey: Floats) -> float:
    height, width = (side // BLOCK_PX * BLOCK_PX for side in grey.shape)
    blocks = grey[:height, :width].reshape(height // BLOCK_PX, BLOCK_PX, -1, BLOCK_PX)
    return float(np.median(blocks.std(axis=(1, 3))))


def _noise(grey: Floats) -> float:
    """Return the sd of white noise with the same mixed second difference.

    The lower half of the blocks is averaged, so that edges of cells hardly count.
    """
    d = grey[:-1, :-1] - grey[1:, :-1] - grey[:-1, 1:] + grey[1:, 1:]
    height, width = (side // BLOCK_PX * BLOCK_PX for side in d.shape)
    blocks = np.abs(d[:height, :width]).reshape(height // BLOCK_PX, BLOCK_PX, -1, BLOCK_PX)
    means = np.sort(blocks.mean(axis=(1, 3)), axis=None)
    # The mean of |d| is sqrt(2 / pi) of its sd, which is twice that of the noise.
    return float(means[: len(means) // 2].mean() * np.sqrt(np.pi / 2) / 2)


PICTURE_FIGURES: dict[str, Callable[[Floats], float]] = {
    "mean grey": lambda grey: float(grey.mean()),
    "sd of grey": lambda grey: float(grey.std()),
    "1 % quantile": lambda grey: float(np.quantile(grey, 0.01)),
    "99 % quantile": lambda grey: float(np.quantile(grey, 0.99)),
    "sd within 16 px (median)": _local_contrast,
    "finest noise": _noise,
}
"""Figures of a whole picture, in grey levels of 255."""


def picture_figures(pictures: list[Picture]) -> dict[str, Array]:
    """Return each of PICTURE_FIGURES for every picture."""
    return {
        name: np.array([figure(picture.grey) for picture in pictures])
        for name, figure in PICTURE_FIGURES.items()
    }


def object_figures(pictures: list[Picture]) -> dict[str, Array]:
    """Measure the labelled objects.

    Returns
    -------
    dict of str to ndarray, (N,)
        ``box size`` (square root of the box's area, px), ``box aspect`` (longer over shorter
        side), ``contrast`` (mean within a quarter of the box about its centre, less the
        median of the ring around the box, over the spread of that ring's picture:
        positive is bright), ``width`` (diameter in px of a disc of the area in the
        box that differs from the ring by more than half the greatest difference).
    """
    rows = [_object(picture, box) for picture in pictures for box in picture.boxes_px]
    names = ("box size", "box aspect", "contrast", "width")
    table = np.array(rows, np.float64).reshape(-1, len(names))
    return {name: table[:, column] for column, name in enumerate(names)}


def _object(picture: Picture, box: npt.NDArray[np.float64]) -> tuple[float, ...]:
    x, y, width, height = box
    grey = picture.grey
    inner = _patch(grey, x + width / 4, y + height / 4, width / 2, height / 2)
    whole = _patch(grey, x, y, width, height)
    around = _patch(grey, x - width / 2, y - height / 2, 2 * width, 2 * height)
    background = float(np.median(around))
    spread = max(float(picture.grey.std()), 1e-6)
    difference = np.abs(whole - background)
    area = float((difference > difference.max() / 2).sum())
    return (
        float(np.sqrt(width * height)),
        float(max(width, height) / min(width, height)),
        (float(inner.mean()) - background) / spread,
        2 * float(np.sqrt(area / np.pi)),
    )


def _patch(grey: Floats, x: float, y: float, width: float, height: float) -> Floats:
    left, top = max(round(x), 0), max(round(y), 0)
    right = min(max(round(x + width), left + 1), grey.shape[1])
    bottom = min(max(round(y + height), top + 1), grey.shape[0])
    left, top = min(left, right - 1), min(top, bottom - 1)
    return grey[top:bottom, left:right]


def ks_distance(one: Array, other: Array) -> float:
    """Return the largest distance of two cumulative distributions (Kolmogorov-Smirnov)."""
    from scipy.stats import ks_2samp

    return float(ks_2samp(one, other).statistic)
