"""Whether a picture looks like anything that the network was trained on.

A handful of statistics of the normalised picture (how sharp, how sparse, how even its
texture is) and a quadratic rule that was fitted, when the weights were exported, to tell
the training pictures from made-up pictures of something else: noise, stripes, tissue. Lamp,
gain and bit depth are gone from the normalised picture, so they play no part.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.errors import WeightsError
from sertoli.frames import Pixels
from sertoli.sperm._normalise import GREY_STEP, frame_contrast, normalise
from sertoli.sperm._tiles import middle, nearest_scale, whole_grey
from sertoli.sperm._weights import REMEDY

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]

KEY = "familiarity"
"""Metadata key of a weights file."""

SIDE_PX = 384
"""The middle of the picture that is looked at, at each scale; more would say little more."""

LEAST_SIDE_PX = 64
"""A picture smaller than this at the scale of the search is not judged."""

SHRINKS = (2, 4)
"""A picture is looked at as many times smaller, too, where enough of it is left."""

SHRUNK_LEAST_SIDE_PX = 128

LAGS_PX = (1, 2, 4, 8, 16)
BLOCK_PX = 16
STATISTICS = len(LAGS_PX) + 12

_SMALL = 1e-2
_THINNED = 3
"""Medians of so many-th rows and columns say as much and take a ninth of the time."""

_FAR = 8.0
"""Statistics are cut at this many standard deviations: beyond, further is not stranger."""


@dataclass(frozen=True, slots=True, eq=False)
class Familiarity:
    """The fitted rule: above ``limit`` a picture is unlike the training pictures.

    Parameters
    ----------
    mean, spread : ndarray, (S,)
        Of the statistics of training pictures.
    weights : ndarray, (1 + S + S (S + 1) / 2,)
        Of one, of the standardised statistics, and of their products.
    limit : float
    """

    mean: Numbers
    spread: Numbers
    weights: Numbers
    limit: float

    def __post_init__(self) -> None:
        if not (
            self.mean.shape == self.spread.shape == (STATISTICS,)
            and self.weights.shape == (1 + STATISTICS + STATISTICS * (STATISTICS + 1) // 2,)
            and all(np.isfinite(part).all() for part in (self.mean, self.spread, self.weights))
            and (self.spread > 0).all()
            and math.isfinite(self.limit)
        ):
            raise ValueError("not a rule of familiarity")

    @classmethod
    def read(cls, metadata: Mapping[str, str], name: str) -> Familiarity | None:
        """Return the rule of a weights file, None where it has none.

        Raises
        ------
        WeightsError
            If the file ``name`` has a rule that makes no sense.
        """
        if KEY not in metadata:
            return None
        try:
            held: dict[str, Any] = json.loads(metadata[KEY])
            mean, spread, weights = (
                np.array(held[key], np.float64) for key in ("mean", "spread", "weights")
            )
            return cls(mean, spread, weights, float(held["limit"]))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise WeightsError(
                f"weights {name} hold a rule of familiarity that makes no sense", REMEDY
            ) from error

    def as_text(self) -> str:
        """Return the rule as it stands in a weights file."""
        parts = {key: getattr(self, key) for key in ("mean", "spread", "weights")}
        short = {key: [float(f"{value:.5g}") for value in part] for key, part in parts.items()}
        return json.dumps(short | {"limit": float(f"{self.limit:.5g}")}, separators=(",", ":"))

    def strangeness(self, pixels: Pixels, factor: float) -> float:
        """Return how unlike the training pictures a picture is; above 0 is unlike.

        Endless for a picture without any contrast; minus endless for one too small to tell.

        The mean over the scale that is searched, half and a quarter of it, where the picture
        is large enough: tissue that fills the view shows only from some distance.

        Parameters
        ----------
        pixels : ndarray, (H, W) or (H, W, 3), uint8 or uint16
        factor : float
            Network px per picture px.
        """
        if min(pixels.shape[:2]) * factor < LEAST_SIDE_PX:
            return -math.inf
        if frame_contrast(pixels) < GREY_STEP:
            return math.inf
        looks = statistics(pixels, factor)
        return float((expand((looks - self.mean) / self.spread) @ self.weights).mean()) - self.limit


def expand(standardised: Numbers) -> Numbers:
    """Return one, the statistics, cut at 8 deviations, and their products: (N, S) to (N, W)."""
    cut = np.clip(standardised, -_FAR, _FAR)
    first, second = np.triu_indices(cut.shape[1])
    products = cut[:, first] * cut[:, second] / 3.0
    return np.concatenate([np.ones((len(cut), 1)), cut, products], axis=1)


def statistics(pixels: Pixels, factor: float) -> Numbers:
    """Return the statistics of the middle of a picture at one to three scales.

    Returns
    -------
    ndarray, (1 to 3, S)
    """
    contrast = frame_contrast(pixels)
    smaller = (factor / shrink for shrink in SHRINKS)
    least = SHRUNK_LEAST_SIDE_PX / min(pixels.shape[:2])
    factors = [factor, *(one for one in smaller if one >= least)]
    return np.array([_describe(_middle(pixels, one, contrast)) for one in factors])


def _middle(pixels: Pixels, factor: float, contrast: float) -> Floats:
    scale = nearest_scale(factor)
    side = math.ceil(SIDE_PX / scale.factor)
    return normalise(whole_grey(middle(pixels, side, side), scale), contrast)


def _describe(picture: Floats) -> Numbers:
    variance = max(float(picture.var()), 1e-6)
    deviation = math.sqrt(variance)
    away = np.abs(picture)
    return np.array(
        [
            math.log(variance + 1e-3),
            *(_unlike_at(picture, lag, variance) for lag in LAGS_PX),
            _peakedness(picture),
            float((away < 0.25).mean()),
            math.log(float((away > 3.0).mean()) + 1e-3),
            *_evenness(picture, deviation),
            _grain(picture, deviation),
            _edges(picture),
            *(_peakedness(_detail(picture, shrink)) for shrink in (2, 4)),
            _peakedness(_band(picture)),
        ]
    )


def _unlike_at(picture: Floats, lag: int, variance: float) -> float:
    """Logarithm of one less the autocorrelation at a distance."""
    across = float(np.square(picture[:, lag:] - picture[:, :-lag]).mean())
    down = float(np.square(picture[lag:] - picture[:-lag]).mean())
    return math.log((across + down) / (4.0 * variance) + 1e-3)


def _peakedness(picture: Floats) -> float:
    """Logarithm of the kurtosis: high where few things stand out of a plain ground."""
    away = np.square(picture - picture.mean())
    return math.log(float(np.square(away).mean()) / (float(away.mean()) + 1e-6) ** 2 + 1e-3)


def _detail(picture: Floats, shrink: int) -> Floats:
    height, width = picture.shape
    size = (max(1, width // shrink), max(1, height // shrink))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    detail: Floats = small - cv2.GaussianBlur(small, (0, 0), 3.0)
    return detail


def _band(picture: Floats) -> Floats:
    band: Floats = cv2.GaussianBlur(picture, (0, 0), 1.0) - cv2.GaussianBlur(picture, (0, 0), 3.0)
    return band


def _evenness(picture: Floats, deviation: float) -> list[float]:
    """Logarithms of the quantiles of the deviation within blocks, over the whole one."""
    rows, columns = (length // BLOCK_PX for length in picture.shape)
    blocks = picture[: rows * BLOCK_PX, : columns * BLOCK_PX]
    within = blocks.reshape(rows, BLOCK_PX, columns, BLOCK_PX).std(axis=(1, 3)) + _SMALL
    quantiles = np.quantile(within, (0.1, 0.5, 0.9)) / deviation
    return [math.log(quantile + _SMALL) for quantile in quantiles.tolist()]


def _grain(picture: Floats, deviation: float) -> float:
    """Logarithm of the typical bend from pixel to pixel, over the deviation."""
    bend = np.abs(cv2.Laplacian(picture, cv2.CV_32F)[::_THINNED, ::_THINNED])
    return math.log(float(np.median(bend)) / deviation + _SMALL)


def _edges(picture: Floats) -> float:
    """Logarithm of how much steeper the steep places are than the usual ones."""
    across, down = (cv2.Sobel(picture, cv2.CV_32F, *way) for way in ((1, 0), (0, 1)))
    slope = np.hypot(across[::_THINNED, ::_THINNED], down[::_THINNED, ::_THINNED])
    typical, steep = np.quantile(slope, (0.5, 0.9)).tolist()
    return math.log((steep + 1e-3) / (typical + _SMALL))
