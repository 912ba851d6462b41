"""Find the sperm heads in one frame."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from sertoli.errors import SettingError
from sertoli.frames import Frame
from sertoli.sperm._company import LOOKS, looks
from sertoli.sperm._interlace import without_combs
from sertoli.sperm._magnification import estimate
from sertoli.sperm._network import Network
from sertoli.sperm._normalise import RADIUS_PX, frame_contrast, normalise
from sertoli.sperm._peaks import Floats, one_per_head, peaks
from sertoli.sperm._prevalence import LOWEST, MOST_UP, Prevalence, log_odds
from sertoli.sperm._session import Device
from sertoli.sperm._sightings import Detections
from sertoli.sperm._tiles import Scale, nearest_scale, tile_grey, tiles
from sertoli.sperm._weights import DEFAULT_NAME

_LOG = logging.getLogger("sertoli")

_RESAMPLING_PX = 24
"""Margin for the cubic kernel at the largest enlargement."""

_FAINTEST_CANDIDATE = -5.5
"""Log odds from which a candidate is looked at in the company of others."""

_TILE_PX = 1024
"""Side of a tile's core: some 100 MB of working memory at a time."""


class Detector:
    """Sperm heads by a small fully-convolutional network.

    Weights with a restriction say so whenever they are taken into use: a warning of the
    logger ``sertoli``, which Python prints on the error stream unless told otherwise.

    Parameters
    ----------
    weights : str or Path
        ``default``, ``default-int8``, ``research``, or an ONNX file made by ``training/``.
    threads : int or None
        CPU threads of the network; None for all cores.
    device : str
        Where the network runs, one of `Device`.

    Attributes
    ----------
    network : Network
        The raw network, for benchmarks and for what its file says about itself.

    Raises
    ------
    WeightsError
        If the weights are missing or are not one of Sertoli's networks.
    MissingExtraError
        If the installed ONNX Runtime is not made for the device.
    SettingError
        If there is no such device, or it does not work on this machine.
    """

    def __init__(
        self,
        weights: str | Path = DEFAULT_NAME,
        *,
        threads: int | None = None,
        device: str = Device.AUTO,
    ) -> None:
        self.network = Network(weights, threads=threads, device=device)
        if self.restriction:
            _LOG.warning("sertoli: weights %s: %s", self.weights_name, self.restriction)

    @property
    def weights_name(self) -> str:
        """``default`` or the name of the weights file."""
        return self.network.name

    @property
    def weights_sha256(self) -> str:
        """SHA-256 of the weights file, in hexadecimal."""
        return self.network.sha256

    @property
    def restriction(self) -> str | None:
        """What the weights may not be used for; None where there is no restriction."""
        return self.network.restriction

    @property
    def default_confidence(self) -> float:
        """Probability of best F1 on the pictures held out of training."""
        return self.network.default_confidence

    def magnification(self, frames: Sequence[Frame]) -> float:
        """Return by how much frames are enlarged for the network.

        From the pixel size where it is known, else estimated: heads are looked for at
        several magnifications and shall have the size that the network has learnt.

        Parameters
        ----------
        frames : sequence of Frame
            Of one recording, at least one; a few, spread over it, make the estimate surer.

        Returns
        -------
        float
            Network px per picture px, for `detect`.
        """
        um_per_px = frames[0].optics.um_per_px
        if um_per_px is not None:
            return nearest_scale(um_per_px / self.network.um_per_px_reference).factor
        return estimate(
            [replace(one, pixels=without_combs(one.pixels)) for one in frames], self._glance
        )

    def is_unfamiliar(self, frame: Frame, *, magnification: float | None = None) -> bool:
        """Tell whether a frame looks unlike anything that the weights were trained on.

        Parameters
        ----------
        frame : Frame
        magnification : float or None
            As `magnification` gave it for the recording; None goes by the frame's pixel
            size, and takes the picture as it is where that is unknown.

        Returns
        -------
        bool
            False also where the weights cannot tell.
        """
        rule = self.network.familiarity
        if rule is None:
            return False
        um_per_px = frame.optics.um_per_px
        if magnification is None and um_per_px is not None:
            magnification = um_per_px / self.network.um_per_px_reference
        return rule.strangeness(frame.pixels, magnification or 1.0) > 0

    def detect(
        self,
        frame: Frame,
        *,
        confidence: float | None = None,
        magnification: float | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> Detections:
        """Find sperm heads, most probable first.

        The picture is resampled to the pixel size that the network has learnt. Large
        pictures are read and searched tile by tile, with the same result as in one piece.
        Probabilities take into account how common sperm are in the picture
        (`sertoli.sperm._prevalence`) and what the plain ones look like
        (`sertoli.sperm._company`).

        Parameters
        ----------
        frame : Frame
        confidence : float or None
            Lowest probability to report, 0 to 1; None for `default_confidence`.
        magnification : float or None
            As `magnification` gave it for the recording; None works it out from this
            frame.
        on_progress : callable or None
            Told the share done (0 to 1) after each tile.

        Returns
        -------
        Detections
            In the frame's own px; the centre of the top-left pixel is (0, 0).

        Raises
        ------
        SettingError
            If ``confidence`` is not within 0 to 1.
        """
        least = self.default_confidence if confidence is None else confidence
        if not 0.0 <= least <= 1.0:
            raise SettingError(
                f"confidence of {least} is not a probability", "give a number from 0 to 1"
            )
        scale = nearest_scale(magnification or self.magnification([frame]))
        centre, size, odds, look = self.candidates(
            frame, scale, lowest=log_odds(least), on_progress=on_progress
        )
        if self.network.company is not None:
            odds = self.network.company.judged(odds, look)
        # a hair lower: rounding shall not lose a head that sits on the threshold
        keep = np.flatnonzero(odds >= log_odds(least) - 1e-4)
        keep = keep[np.argsort(-odds[keep], kind="stable")]
        factor = np.float32(scale.factor)
        return Detections(
            # the network counts from the border of the first pixel, a frame from its middle
            centre_px=(centre[keep] / factor - np.float32(0.5)).astype(np.float32),
            size_px=(size[keep] / factor).astype(np.float32),
            probability=_probability(odds[keep]),
        ).at_least(least)

    def candidates(
        self,
        frame: Frame,
        scale: Scale,
        *,
        lowest: float,
        on_progress: Callable[[float], None] | None = None,
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """Find what may be a head, each judged by itself.

        Parameters
        ----------
        frame : Frame
        scale : Scale
        lowest : float
            Log odds from which candidates are wanted; where they are judged in company,
            fainter ones come as well.
        on_progress : callable or None
            Told the share done (0 to 1) after each tile.

        Returns
        -------
        centre, size : ndarray, (N, 2) float32
            In network px, from the left and top border of the picture.
        log_odds : ndarray, (N,) float32
            The prevalence in the picture taken into account; highest first.
        look : ndarray, (N, LOOKS) float32
            See `sertoli.sperm._company.looks`.
        """
        if self.network.company is not None:
            lowest = min(lowest, _FAINTEST_CANDIDATE)
        # what the prevalence may lift over the threshold is kept until it is known
        lowest_kept = self._logit(lowest - MOST_UP)
        prevalence = Prevalence(self.network.candidate_share)
        pixels = without_combs(frame.pixels)
        contrast = frame_contrast(pixels)
        found: list[tuple[Floats, Floats, Floats, Floats]] = []
        cut = tiles(
            frame.width_px,
            frame.height_px,
            scale,
            margin_px=self.network.radius_px + RADIUS_PX + _RESAMPLING_PX,
            side_px=_TILE_PX,
        )
        for done, tile in enumerate(cut, start=1):
            picture = normalise(tile_grey(pixels, scale, tile), contrast)
            # a tile without any contrast holds nothing; saves the empty rim of a scan
            if picture.any():
                cells = self.network.run(picture[None, None])[0]
                centre, size, logit, agreement = peaks(cells, min(lowest_kept, self._logit(LOWEST)))
                corner = np.array(tile.seen[:2], np.float32)
                left, top, right, bottom = tile.core
                x, y = (centre + corner).T
                inside = (x >= left) & (x < right) & (y >= top) & (y < bottom)
                prevalence.add(self._odds(logit[inside]))
                inside &= logit >= lowest_kept
                centre, size = centre[inside], size[inside]
                look = looks(picture, centre, size, agreement[inside])
                found.append((centre + corner, size, logit[inside], look))
            if on_progress is not None:
                on_progress(done / len(cut))
        if not found:
            nothing = np.zeros((0, 2), np.float32)
            return nothing, nothing, np.zeros(0, np.float32), np.zeros((0, LOOKS), np.float32)
        centre, size, logit, look = (np.concatenate(part) for part in zip(*found, strict=True))
        odds = self._odds(logit) + np.float32(prevalence.shift())
        # a centre in the mirrored rim belongs to no pixel
        limit = np.array((frame.width_px, frame.height_px), np.float32) * np.float32(scale.factor)
        sure = ((centre >= 0) & (centre < limit)).all(axis=1) & (odds >= lowest - 1e-4)
        centre, size, odds, look = centre[sure], size[sure], odds[sure], look[sure]
        keep = one_per_head(centre, size, odds)
        return centre[keep], size[keep], odds[keep], look[keep]

    def _glance(self, grey: Floats, contrast: float) -> tuple[Floats, Floats]:
        """Sizes (N, 2) in px and probabilities (N,) of the heads in a small picture."""
        picture = normalise(grey, contrast)
        cells = self.network.run(picture[None, None])[0]
        centre, size, logit, _ = peaks(cells, self._logit(LOWEST))
        keep = one_per_head(centre, size, logit)
        size, odds = size[keep], self._odds(logit[keep])
        prevalence = Prevalence(self.network.candidate_share)
        prevalence.add(odds)
        return size, _probability(odds + np.float32(prevalence.shift()))

    def _odds(self, logit: Floats) -> Floats:
        odds: Floats = logit / np.float32(self.network.temperature) + np.float32(self.network.bias)
        return odds

    def _logit(self, log_odds: float) -> float:
        return (log_odds - self.network.bias) * self.network.temperature


def _probability(log_odds: Floats) -> Floats:
    # beyond 60 a float32 probability no longer changes, and exp would overflow
    probability: Floats = (1.0 / (1.0 + np.exp(-np.clip(log_odds, -60.0, 60.0)))).astype(np.float32)
    return probability
