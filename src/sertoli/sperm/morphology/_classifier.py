"""Abnormal parts of a head by a network that is for research only."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sertoli.errors import WeightsError
from sertoli.frames import Frame
from sertoli.sperm._session import open_session
from sertoli.sperm._weights import research_file
from sertoli.sperm.morphology._crop import head_crop

Floats = npt.NDArray[np.float32]

_LOG = logging.getLogger("sertoli")

CLASSIFIER_FILE = "heads-research.onnx"
CLASSIFIER_PX = 72
"""Side of the crop that the network sees."""

HEAD_PX = 34.0
"""The longer side of a head's box in that crop."""

PARTS = ("acrosome", "head", "vacuole", "tail")
"""What the network judges, in the order of its outputs."""

_RESEARCH = "research"
_REMEDY = "give a file written by `python -m training.morphology.train`"


@dataclass(frozen=True, slots=True, eq=False)
class Abnormalities:
    """Probabilities that parts of N heads are abnormal.

    Parameters
    ----------
    probability : ndarray, (N, 4) float32
        One column for each of `PARTS`. Weighted for the rare: higher than the share.
    """

    probability: Floats


class HeadClassifier:
    """Judges the parts of heads; its restriction is said whenever it is taken into use.

    Parameters
    ----------
    weights : str or Path
        ``research`` (`CLASSIFIER_FILE` among the research weights) or a file.

    Raises
    ------
    WeightsError
        If the file is missing or is not such a network.
    """

    def __init__(self, weights: str | Path = _RESEARCH) -> None:
        path = research_file(CLASSIFIER_FILE) if str(weights) == _RESEARCH else Path(weights)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise WeightsError(
                f"weights file {path} cannot be read ({error.strerror})", _REMEDY
            ) from error
        self._session = open_session(content, path.name, 1, "cpu")
        self.metadata = dict(self._session.get_modelmeta().custom_metadata_map)
        shape = [one.shape[1:] for one in self._session.get_inputs()]
        if self.metadata.get("parts") != ",".join(PARTS) or shape != [
            [1, CLASSIFIER_PX, CLASSIFIER_PX]
        ]:
            raise WeightsError(f"weights {path.name} do not judge heads", _REMEDY)
        self.restriction = self.metadata.get("restriction", "")
        if self.restriction:
            _LOG.warning("sertoli: weights %s: %s", path.name, self.restriction)

    def classify(self, frame: Frame, centre_px: Floats, size_px: Floats) -> Abnormalities:
        """Judge heads in a frame.

        Parameters
        ----------
        frame : Frame
        centre_px, size_px : ndarray, (N, 2)
            Of the heads' boxes: x and y, width and height.
        """
        crops = [
            head_crop(
                frame.pixels,
                (x, y),
                max(size) / HEAD_PX * CLASSIFIER_PX,
                CLASSIFIER_PX,
            )
            for (x, y), size in zip(centre_px.tolist(), size_px.tolist(), strict=True)
        ]
        empty = np.zeros((0, CLASSIFIER_PX, CLASSIFIER_PX), np.float32)
        return self.classify_crops(np.stack(crops) if crops else empty)

    def classify_crops(self, crops: Floats) -> Abnormalities:
        """Judge crops, (N, 72, 72), as `normalise_crop` gives them.

        Each is shown in its eight orientations, and the log odds are averaged.
        """
        if not len(crops):
            return Abnormalities(np.zeros((0, len(PARTS)), np.float32))
        views = [
            np.rot90(flipped, turns, axes=(1, 2))
            for flipped in (crops, crops[:, :, ::-1])
            for turns in range(4)
        ]
        name = self._session.get_inputs()[0].name
        odds = [
            self._session.run(None, {name: np.ascontiguousarray(view[:, None])})[0]
            for view in views
        ]
        mean = np.mean(odds, axis=0)
        return Abnormalities((1 / (1 + np.exp(-mean))).astype(np.float32))
