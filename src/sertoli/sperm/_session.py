"""An ONNX Runtime session on the device that was asked for."""

from __future__ import annotations

import contextlib
import io
from enum import StrEnum
from typing import Any

from sertoli.errors import MissingExtraError, SettingError, WeightsError
from sertoli.sperm._weights import REMEDY


class Device(StrEnum):
    """Where the network runs."""

    AUTO = "auto"
    """A graphics card if ONNX Runtime offers one that works, else the CPU."""
    CPU = "cpu"
    CUDA = "cuda"
    DIRECTML = "directml"
    OPENVINO = "openvino"


CPU_PROVIDER = "CPUExecutionProvider"
_PROVIDERS = {
    Device.CUDA: "CUDAExecutionProvider",
    Device.DIRECTML: "DmlExecutionProvider",
    Device.OPENVINO: "OpenVINOExecutionProvider",
    Device.CPU: CPU_PROVIDER,
}
_PACKAGES = {
    Device.CUDA: "onnxruntime-gpu[cuda,cudnn]",
    Device.DIRECTML: "onnxruntime-directml",
    Device.OPENVINO: "onnxruntime-openvino",
    Device.CPU: "onnxruntime",
}
"""Each carries ONNX Runtime itself, so only one of them can be installed at a time; that
is why they are not extras of Sertoli, which would put a second one beside the first."""

_AUTO = (Device.CUDA, Device.DIRECTML)
"""Tried in this order; OpenVINO only pays on some processors, so it must be asked for."""


def open_session(content: bytes, name: str, threads: int | None, device: str) -> Any:
    """Start a session from bytes: a file given so cannot pull in further files.

    Parameters
    ----------
    content : bytes
        The ONNX file.
    name : str
        What to call it in messages.
    threads : int or None
        CPU threads; None leaves it to ONNX Runtime.
    device : str
        One of `Device`.

    Raises
    ------
    SettingError
        If there is no such device, or it does not work on this machine.
    MissingExtraError
        If the installed ONNX Runtime is not made for the device.
    WeightsError
        If the content is no network.
    """
    import onnxruntime as ort

    wanted = _device(device)
    offered = ort.get_available_providers()
    if wanted is Device.AUTO:
        for one in _AUTO:
            if _PROVIDERS[one] in offered:
                # a package for graphics cards on a machine without one
                with contextlib.suppress(SettingError):
                    return _on(one, content, threads)
        wanted = Device.CPU
    if _PROVIDERS[wanted] not in offered:
        raise MissingExtraError(
            f"the installed ONNX Runtime cannot use the device {wanted}",
            f"install it in place of the other: `pip uninstall onnxruntime`, then "
            f'`pip install "{_PACKAGES[wanted]}"`; or take --device cpu',
        )
    if wanted is not Device.CPU:
        _on(Device.CPU, content, threads, name)  # tells damaged weights from a bad device
        return _on(wanted, content, threads)
    return _on(wanted, content, threads, name)


def _device(text: str) -> Device:
    try:
        return Device(text)
    except ValueError:
        raise SettingError(
            f"there is no device {text!r}", f"take one of {', '.join(Device)}"
        ) from None


def _on(device: Device, content: bytes, threads: int | None, name: str = "") -> Any:
    import onnxruntime as ort

    provider = _PROVIDERS[device]
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.use_deterministic_compute = True
    settings: dict[str, str] = {}
    if threads is not None:
        options.intra_op_num_threads = threads
        if device is Device.OPENVINO:
            settings["num_of_threads"] = str(threads)
    options.inter_op_num_threads = 1
    # threads that wait by spinning take the cores from decoding and writing beside us
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if device is Device.CUDA and hasattr(ort, "preload_dlls"):
        # finds CUDA's libraries where pip has put them; prints about those it does not find
        with contextlib.redirect_stdout(io.StringIO()):
            ort.preload_dlls()
    try:
        session = ort.InferenceSession(content, options, providers=[(provider, settings)])
    except Exception as error:  # ONNX Runtime's own classes have no public home
        if device is Device.CPU:
            raise WeightsError(
                f"weights {name} are not a network that ONNX Runtime can load "
                f"({first_line(error)})",
                REMEDY,
            ) from error
        raise _unusable(device, f" ({first_line(error)})") from error
    # ONNX Runtime goes on with the CPU where the card or its driver is missing
    if session.get_providers()[0] != provider:
        raise _unusable(device)
    return session


def _unusable(device: Device, why: str = "") -> SettingError:
    return SettingError(
        f"the device {device} does not work on this machine{why}",
        "check its driver and libraries, or take --device cpu",
    )


def first_line(error: Exception) -> str:
    """Return the first line of a message, at most 160 characters of it."""
    lines = str(error).strip().splitlines()
    return lines[0][:160] if lines else type(error).__name__
