"""The size of heads in one frame, and whether a tail is seen.

A small network that has learnt from simulated heads of known size says length, width, angle
and how far it expects to be off; what it expects to be far off is not judged. It sees a head
only relative to its box and never hears the pixel size, so it cannot answer with what is
usual.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sertoli.errors import WeightsError
from sertoli.frames import Pixels
from sertoli.sperm._session import open_session
from sertoli.sperm._sightings import Detections
from sertoli.sperm.morphology._crop import head_crop

Floats = npt.NDArray[np.float32]

SIZER_FILE = "head-size.onnx"
SIZER_PX = 48
"""Side of the crop that the network sees."""

SIZER_WINDOW = 2.6
"""Side of that crop over the longer side of the head's box."""

LEAST_BOX_PX = 9.0
"""Heads whose box is shorter have too few pixels to be measured."""

MOST_ERROR = 0.10
"""Heads with a larger expected error (relative, of length and width) are not judged."""

NEAR = 0.75
"""Two heads nearer than this share of the mean of their longer sides overlap."""

TAIL, NO_TAIL = 0.8, 0.2
"""A tail counts as seen from this probability on, as not seen up to that one."""

_BATCH = 256
_REMEDY = "give a file written by `python -m training.morphology.train_sizing`"


class Unjudged(StrEnum):
    """Why a head is not measured."""

    TOO_SMALL = "too few pixels"
    CUT = "cut by the edge"
    OVERLAPPING = "overlapping"
    BLURRED = "blurred"


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A part of a frame with a head in it.

    Parameters
    ----------
    pixels : ndarray, (H, W) or (H, W, 3), uint8 or uint16
    row : int
        Which finding of the frame the head is.
    corner_px : (x, y)
        Where the piece's top-left pixel lies in the frame; the whole frame is a piece at (0, 0).
    """

    pixels: Pixels
    row: int
    corner_px: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Morphology:
    """Shapes of N heads of one frame; NaN where a head cannot be judged.

    Parameters
    ----------
    length_px, width_px : ndarray, (N,) float32
        Axes of the head's outline.
    angle_rad : ndarray, (N,) float32
        Of the long axis from x towards y, -pi/2 to pi/2.
    expected_error : ndarray, (N,) float32
        Mean relative error of length and width that the network expects; always given.
    tail : ndarray, (N,) float32
        Probability that a tail is seen.
    unjudged : tuple of (Unjudged or None), N long
    """

    length_px: Floats
    width_px: Floats
    angle_rad: Floats
    expected_error: Floats
    tail: Floats
    unjudged: tuple[Unjudged | None, ...]

    def __len__(self) -> int:
        return len(self.unjudged)

    @property
    def area_px2(self) -> Floats:
        """Area of the ellipse of that length and width."""
        area: Floats = np.float32(np.pi / 4) * self.length_px * self.width_px
        return area

    @property
    def ellipticity(self) -> Floats:
        """Length over width."""
        ratio: Floats = self.length_px / self.width_px
        return ratio

    @classmethod
    def empty(cls) -> Morphology:
        """No head."""
        nothing = np.zeros(0, np.float32)
        return cls(nothing, nothing, nothing, nothing, nothing, ())


class HeadSizer:
    """Measures heads.

    Parameters
    ----------
    weights : Path, optional
        A file written by ``training.morphology.train_sizing``; Sertoli's own unless given.

    Raises
    ------
    WeightsError
        If the file is missing or is not such a network.
    """

    def __init__(self, weights: Path | None = None) -> None:
        path = weights or Path(str(resources.files("sertoli") / "weights" / SIZER_FILE))
        try:
            content = path.read_bytes()
        except OSError as error:
            raise WeightsError(
                f"weights file {path} cannot be read ({error.strerror})",
                _REMEDY if weights else "install Sertoli again",
            ) from error
        self._session = open_session(content, path.name, 1, "cpu")
        said = self._session.get_modelmeta().custom_metadata_map
        inputs = self._session.get_inputs()
        if (
            len(inputs) != 1
            or inputs[0].shape[1:] != [1, SIZER_PX, SIZER_PX]
            or said.get("window") != str(SIZER_WINDOW)
        ):
            raise WeightsError(f"weights {path.name} do not measure heads", _REMEDY)
        self._input = inputs[0].name

    def measure(self, pixels: Pixels, found: Detections) -> Morphology:
        """Measure every head of a frame.

        Parameters
        ----------
        pixels : ndarray, (H, W) or (H, W, 3), uint8 or uint16
        found : Detections
            All heads of the frame: those that lie too near to another one overlap.
        """
        return self.measure_pieces([Piece(pixels, row) for row in range(len(found))], found)

    def measure_pieces(self, pieces: Sequence[Piece], found: Detections) -> Morphology:
        """Measure heads of a frame of which only pieces are left.

        Parameters
        ----------
        pieces : sequence of Piece
        found : Detections
            All heads of the frame.

        Returns
        -------
        Morphology
            In the order of ``pieces``.
        """
        if not pieces:
            return Morphology.empty()
        rows = np.array([piece.row for piece in pieces])
        centre = found.centre_px[rows] - np.array([one.corner_px for one in pieces], np.float32)
        size = found.size_px[rows]
        side = np.maximum(size.max(axis=1), 1.0)
        crops = [
            head_crop(piece.pixels, (x, y), SIZER_WINDOW * box, SIZER_PX)
            for piece, (x, y), box in zip(pieces, centre.tolist(), side.tolist(), strict=True)
        ]
        shape = np.array([one.pixels.shape[1::-1] for one in pieces], np.float32)
        cut = ((centre + 0.5 < size / 2) | (centre + 0.5 > shape - size / 2)).any(axis=1)
        overlapping = _overlapping(found, rows)
        said = self._run(np.stack(crops)[:, None])
        sizes = (np.exp(np.clip(said[:, :2], -4.0, 2.0)) * side[:, None]).astype(np.float32)
        error = np.exp(np.clip(said[:, 2], -5.0, 1.0))
        flags = np.stack((side < LEAST_BOX_PX, cut, overlapping, error > MOST_ERROR), axis=1)
        unjudged = tuple(_why_not(*row) for row in flags.tolist())
        unseen = np.array([one is not None for one in unjudged])
        length, width = sizes.max(axis=1), sizes.min(axis=1)
        angle = (0.5 * np.arctan2(said[:, 4], said[:, 3])).astype(np.float32)
        tail = (1.0 / (1.0 + np.exp(-said[:, 5]))).astype(np.float32)
        small = side < LEAST_BOX_PX
        return Morphology(
            length_px=_hidden(length, unseen),
            width_px=_hidden(width, unseen),
            angle_rad=_hidden(angle, unseen),
            expected_error=error.astype(np.float32),
            tail=_hidden(tail, small),
            unjudged=unjudged,
        )

    def _run(self, crops: Floats) -> Floats:
        parts = [
            self._session.run(None, {self._input: crops[first : first + _BATCH]})[0]
            for first in range(0, len(crops), _BATCH)
        ]
        return np.concatenate(parts)


def _hidden(values: Floats, where: npt.NDArray[np.bool_]) -> Floats:
    shown: Floats = np.where(where, np.float32(np.nan), values).astype(np.float32)
    return shown


def _why_not(small: bool, cut: bool, overlapping: bool, blurred: bool) -> Unjudged | None:
    if small:
        return Unjudged.TOO_SMALL
    if cut:
        return Unjudged.CUT
    if overlapping:
        return Unjudged.OVERLAPPING
    return Unjudged.BLURRED if blurred else None


def _overlapping(found: Detections, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Tell which of the rows lie too near to another head."""
    from scipy.spatial import cKDTree

    side = found.size_px.max(axis=1)
    pairs = cKDTree(found.centre_px[rows]).sparse_distance_matrix(
        cKDTree(found.centre_px), float(NEAR * side.max()), output_type="ndarray"
    )
    asked, other = pairs["i"], pairs["j"]
    near = (other != rows[asked]) & (pairs["v"] < NEAR * (side[rows[asked]] + side[other]) / 2)
    flags = np.zeros(len(rows), bool)
    flags[asked[near]] = True
    return flags
