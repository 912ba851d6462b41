"""The networks of the tubule map: colour picture in, a few numbers per cell out."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.errors import WeightsError
from sertoli.frames import Pixels

Floats = npt.NDArray[np.float32]

FIELD_WEIGHTS = "tubules.onnx"
SECTION_WEIGHTS = "tubules-histology.onnx"
WHITENESS_WEIGHTS = "tubules-whiteness.onnx"

Views = tuple[tuple[int, bool], ...]
"""Ways to look at a picture: turned by so many quarters, then mirrored or not."""

AS_IT_IS: Views = ((0, False),)
HALF_TURN: Views = ((0, False), (2, False))
ALL_TURNS: Views = tuple(
    (quarters, mirrored) for quarters in range(4) for mirrored in (False, True)
)

ALIGNMENT_PX = 32
"""Sides of what the network sees are multiples of this."""

TILE_PX = 1024
"""Pictures with a longer side (at the network's scale) go through in tiles of this core."""

MARGIN_PX = 160
"""What a tile sees beyond its core: more than the network's reach counts for."""

MOST_BYTES = 64 * 1024 * 1024

REMEDY = "install Sertoli again, or give a file written by an export of `training.tubules`"


class CellNetwork:
    """A network that gives one row of numbers per cell of a picture.

    Parameters
    ----------
    weights : str or Path
        `FIELD_WEIGHTS`, `SECTION_WEIGHTS`, `WHITENESS_WEIGHTS`, or the path of another file of
        the kind.
    threads : int, optional
        CPU threads; unless given, ONNX Runtime decides.

    Raises
    ------
    WeightsError
        If the file is missing or holds no such network.
    """

    def __init__(self, weights: str | Path = FIELD_WEIGHTS, *, threads: int | None = None) -> None:
        import onnxruntime as ort

        packaged = str(weights) in (FIELD_WEIGHTS, SECTION_WEIGHTS, WHITENESS_WEIGHTS)
        place = Path(str(resources.files("sertoli") / "weights")) if packaged else Path()
        self.name = Path(weights).name
        self.threads = threads
        content = _read(place / weights)
        self.sha256 = hashlib.sha256(content).hexdigest()
        options = ort.SessionOptions()
        options.log_severity_level = 4
        options.inter_op_num_threads = 1
        # threads that wait by spinning take the cores from decoding and from the live picture
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if threads is not None:
            options.intra_op_num_threads = threads
        try:
            self._session: Any = ort.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
            self.facts: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)
            self.stride_px = int(self.facts["stride"])
            self.channels = self.facts["cells"].split(",")
        except WeightsError:
            raise
        except Exception as error:  # ONNX Runtime's own classes have no public home
            raise WeightsError(
                f"weights {self.name} are no network of the tubule map", REMEDY
            ) from (error)

    def cells(self, seen: Floats, *, views: Views = AS_IT_IS) -> dict[str, Floats]:
        """Run the network over a picture of any size.

        Parameters
        ----------
        seen : ndarray, (H, W, 3) float32
            As `as_seen` gives it.
        views : Views
            Look at the picture in these ways and take the mean: steadier, as many times the
            work, and only right for numbers without a direction.

        Returns
        -------
        dict of ndarray, (h, w) float32
            By the name of the channel; where a cell lies in the picture says `to_picture`.
        """
        height, width = seen.shape[:2]
        stride = self.stride_px
        rows, columns = -(-height // stride), -(-width // stride)
        whole = np.zeros((len(self.channels), rows, columns), np.float32)
        for top, bottom in _cuts(height):
            for left, right in _cuts(width):
                y0, x0 = max(0, top - MARGIN_PX), max(0, left - MARGIN_PX)
                y1, x1 = min(height, bottom + MARGIN_PX), min(width, right + MARGIN_PX)
                part = self._run(seen[y0:y1, x0:x1], views)
                r0, c0 = top // stride, left // stride
                r1, c1 = -(-bottom // stride), -(-right // stride)
                whole[:, r0:r1, c0:c1] = part[
                    :, r0 - y0 // stride : r1 - y0 // stride, c0 - x0 // stride : c1 - x0 // stride
                ]
        return dict(zip(self.channels, whole, strict=True))

    def _run(self, seen: Floats, views: Views) -> Floats:
        height, width = seen.shape[:2]
        down, across = -height % ALIGNMENT_PX, -width % ALIGNMENT_PX
        padded = cv2.copyMakeBorder(seen, 0, down, 0, across, cv2.BORDER_REPLICATE)
        picture = np.moveaxis(padded, 2, 0)
        said = []
        for quarters, mirrored in views:
            turned = np.rot90(picture, quarters, (1, 2))
            cells = self._ask(turned[:, :, ::-1] if mirrored else turned)
            cells = cells[:, :, ::-1] if mirrored else cells
            said.append(np.rot90(cells, -quarters, (1, 2)))
        return np.asarray(np.mean(said, axis=0), np.float32)

    def _ask(self, picture: Floats) -> Floats:
        (cells,) = self._session.run(None, {"picture": np.ascontiguousarray(picture)[None]})
        return np.asarray(cells[0], np.float32)

    def to_picture(self, cells: npt.NDArray[Any], factor: float) -> npt.NDArray[np.float64]:
        """Turn places in cells (column, row; centres of cells are whole numbers) into picture px.

        Parameters
        ----------
        cells : ndarray, (n, 2)
        factor : float
            Network px per picture px.

        Returns
        -------
        ndarray, (n, 2) float64
            x right, y down; the centre of the top-left pixel is (0, 0).
        """
        return (np.asarray(cells, np.float64) + 0.5) * (self.stride_px / factor) - 0.5


def as_seen(pixels: Pixels, factor: float) -> Floats:
    """Return a picture as the networks see it.

    Returns
    -------
    ndarray, (h, w, 3) float32
        RGB, 0 to 1; h and w are the picture's sides times ``factor``, rounded.
    """
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    height, width = pixels.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    resized = cv2.resize(pixels, size, interpolation=how) if factor != 1 else pixels
    return np.asarray(resized, np.float32) / np.float32(np.iinfo(pixels.dtype).max)


def _cuts(length: int) -> Iterator[tuple[int, int]]:
    if length <= TILE_PX + 2 * MARGIN_PX:
        yield 0, length
        return
    for index in range(math.ceil(length / TILE_PX)):
        yield index * TILE_PX, min((index + 1) * TILE_PX, length)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise WeightsError(f"weights file {path} is larger than any of ours", REMEDY)
        return path.read_bytes()
    except OSError as error:
        raise WeightsError(
            f"weights file {path} cannot be read ({error.strerror})", REMEDY
        ) from error
