"""A weights file: found, checked, and run by ONNX Runtime."""

from __future__ import annotations

import hashlib
import math
import os
import threading
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sertoli.errors import SertoliError, WeightsError
from sertoli.sperm._company import Company
from sertoli.sperm._familiarity import Familiarity
from sertoli.sperm._session import CPU_PROVIDER, Device, first_line, open_session
from sertoli.sperm._weights import DEFAULT_NAME, REMEDY, named, read_weights

Floats = npt.NDArray[np.float32]

_CHANNELS = 5
_STRIDE = 4
_PROBE_PX = 64

_FEW_CORES = 4
"""On so few a picture beside others gets one of them: sharing each picture out over all takes
longer, since every layer waits for the slowest core. With more, all share one pool."""


class Network:
    """The raw network: normalised picture in, cells out.

    Parameters
    ----------
    weights : str or Path
        ``default``, ``default-int8``, ``research``, or an ONNX file made by ``training/``.
    threads : int or None
        CPU threads; None leaves it to ONNX Runtime (all cores).
    device : str
        Where it runs, one of `Device`; ``auto`` takes a graphics card if there is one.

    It may be run by several threads at once. Unless ``threads`` says otherwise, a picture has
    all cores while it is alone, and on a small machine one beside others; the numbers are the same.

    Attributes
    ----------
    name, sha256 : str
        Name of the weights and hash of their file.
    um_per_px_reference : float
        Pixel size at which the network has learnt heads.
    radius_px : int
        How far an input pixel can lie from a cell that it moves.
    temperature, bias : float
        ``probability = sigmoid(logit / temperature + bias)``.
    default_confidence : float
        Probability of best F1 on the pictures held out of training.
    restriction : str or None
        What the weights may not be used for; None where there is no restriction.
    familiarity : Familiarity or None
        Tells pictures like those of the training from others; None where the file cannot.
    metadata : Mapping[str, str]
        All that the file says about itself.
    provider : str
        The ONNX Runtime provider at work.

    Raises
    ------
    WeightsError
        If the file is missing or is not one of Sertoli's networks.
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
        self.name, content = read_weights(weights)
        self.sha256 = hashlib.sha256(content).hexdigest()
        self._session = open_session(content, self.name, threads, device)
        self.provider: str = self._session.get_providers()[0]
        self._shared = self._session
        few = (os.cpu_count() or 1) <= _FEW_CORES
        if threads is None and few and self.provider == CPU_PROVIDER:
            self._shared = open_session(content, self.name, 1, Device.CPU)
        self._at_work = 0
        self._counting = threading.Lock()
        self.metadata: Mapping[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)
        self.um_per_px_reference = self._number("um_per_px_reference", 0.01, 10.0)
        self.radius_px = int(self._number("radius", 0, 4096))
        self.temperature = self._number("temperature", 1e-3, 1e3)
        self.bias = self._number("bias", -100.0, 100.0)
        self.default_confidence = self._number("default_confidence", 0.0, 1.0)
        self.candidate_share = (
            self._number("candidate_share", 1e-6, 1.0 - 1e-6)
            if "candidate_share" in self.metadata
            else None
        )
        known = named(weights)
        self.restriction = self.metadata.get("restriction") or (known and known.restriction) or None
        self.familiarity = Familiarity.read(self.metadata, self.name)
        self.company = Company.read(self.metadata, self.name)
        if self._number("stride", 1, 64) != _STRIDE:
            raise WeightsError(f"weights {self.name}: stride is not {_STRIDE}", REMEDY)
        self._check_shapes()

    def _number(self, key: str, low: float, high: float) -> float:
        text = self.metadata.get(key)
        try:
            value = float(text) if text is not None else math.nan
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise WeightsError(
                f"weights {self.name} say {key} = {text}, expected {low:g} to {high:g}", REMEDY
            )
        return value

    def _check_shapes(self) -> None:
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or len(outputs) != 1 or inputs[0].type != "tensor(float)":
            raise WeightsError(
                f"weights {self.name} do not take one picture and give one map", REMEDY
            )
        self._input = inputs[0].name
        probe = np.zeros((1, 1, _PROBE_PX, 2 * _PROBE_PX), np.float32)
        try:
            cells = self.run(probe)
        except SertoliError as error:
            raise WeightsError(
                f"weights {self.name} cannot be run on a grey picture", REMEDY
            ) from error
        expected = (1, _CHANNELS, _PROBE_PX // _STRIDE, 2 * _PROBE_PX // _STRIDE)
        if cells.shape != expected or cells.dtype != np.float32 or not np.isfinite(cells).all():
            raise WeightsError(
                f"weights {self.name} give {cells.shape} numbers for a 64x128 picture, "
                f"expected {expected}, all finite",
                REMEDY,
            )

    def run(self, picture: Floats) -> Floats:
        """Map normalised pictures to cells.

        Parameters
        ----------
        picture : ndarray, (N, 1, H, W) float32
            H and W multiples of 16.

        Returns
        -------
        ndarray, (N, 5, H/4, W/4) float32
            Heat logit, log width, log height (over 16 px), x and y within the cell.

        Raises
        ------
        SertoliError
            If ONNX Runtime fails (memory, a broken provider).
        """
        with self._counting:
            session = self._shared if self._at_work else self._session
            self._at_work += 1
        try:
            cells: Floats = session.run(None, {self._input: picture})[0]
        except Exception as error:  # ONNX Runtime's own classes have no public home
            raise SertoliError(
                f"the network failed on a picture of {picture.shape[-1]}x{picture.shape[-2]} px "
                f"({first_line(error)})",
                "free some memory, or try again with fewer threads",
            ) from error
        finally:
            with self._counting:
                self._at_work -= 1
        return cells
