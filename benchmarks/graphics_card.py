"""How many pictures a second the network does on a graphics card, and of what limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sertoli.sperm import Device, Network
from sertoli.sperm._session import open_session
from sertoli.sperm._weights import read_weights

Floats = npt.NDArray[np.float32]

BATCHES = (1, 4, 16, 64, 256)
MATRIX_SIDE = 8192
TARGET = 22_000.0
"""Pictures a second: ten times what the published machine handles."""


@dataclass(frozen=True, slots=True)
class Throughput:
    """Pictures a second at one size of batch.

    Parameters
    ----------
    batch : int
    resident : float
        With the pictures lying in the card's memory.
    copied : float
        With pictures and cells copied there and back, as `Network.run` does.
    share : float
        ``resident`` times the operations of a picture, over what the card reaches in the
        same numbers when it does nothing but multiply large matrices.
    """

    batch: int
    resident: float
    copied: float
    share: float


def measure(
    device: Device,
    weights: str,
    gflop: float,
    shape_px: tuple[int, int],
    *,
    batches: tuple[int, ...] = BATCHES,
    matrix_side: int = MATRIX_SIDE,
    seconds: float = 2.0,
) -> tuple[float, list[Throughput]]:
    """Measure the network in batches.

    Parameters
    ----------
    device : Device
        ``cuda``, or ``cpu`` to try the measurement itself.
    weights : str
        For `Network`.
    gflop : float
        Operations of one picture, 10^9.
    shape_px : (width, height)
    batches : tuple of int
    matrix_side : int
        Of the matrices that the limit is measured with.
    seconds : float
        Length of each measurement.

    Returns
    -------
    limit_gflops : float
        10^9 operations a second that large matrices reach.
    throughputs : list of Throughput
    """
    name, content = read_weights(weights)
    session = open_session(content, name, None, device)
    network = Network(weights, device=device)
    matrices = open_session(_matrix_product(matrix_side), "matrices", None, device)
    side = (matrix_side, matrix_side)
    product_s = _seconds(_resident(matrices, np.ones(side, np.float32), device), seconds)
    limit_gflops = 2.0 * matrix_side**3 / product_s / 1e9
    random = np.random.default_rng(0)
    found = []
    for batch in batches:
        width, height = shape_px
        pictures = random.standard_normal((batch, 1, height, width), dtype=np.float32)
        resident = batch / _seconds(_resident(session, pictures, device), seconds)
        copied = batch / _seconds(lambda p=pictures: network.run(p), seconds)  # type: ignore[misc]
        found.append(Throughput(batch, resident, copied, resident * gflop / limit_gflops))
    return limit_gflops, found


def _resident(session: Any, array: Floats, device: Device) -> Callable[[], object]:
    import onnxruntime as ort

    place = str(device)
    binding = session.io_binding()
    value = ort.OrtValue.ortvalue_from_numpy(array, place, 0)
    for one in session.get_inputs():
        binding.bind_ortvalue_input(one.name, value)
    for one in session.get_outputs():
        binding.bind_output(one.name, place)

    def run() -> None:
        session.run_with_iobinding(binding)
        binding.synchronize_outputs()

    return run


def _seconds(job: Callable[[], object], seconds: float) -> float:
    """Return the time of one run, over about ``seconds`` of them after two to warm up."""
    job()
    job()
    runs = 0
    begun = time.perf_counter()
    while (passed := time.perf_counter() - begun) < seconds or runs == 0:
        job()
        runs += 1
    return passed / runs


def _matrix_product(side: int) -> bytes:
    from onnx import TensorProto, helper

    shape = [side, side]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["a", "b"], ["c"])],
        "product",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n in ("a", "b")],
        [helper.make_tensor_value_info("c", TensorProto.FLOAT, shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content: bytes = model.SerializeToString()
    return content


def report(limit_gflops: float, found: list[Throughput]) -> str:
    """Return the figures as Markdown."""
    best = max(found, key=lambda one: one.resident)
    verdict = "reached" if best.resident >= TARGET else "**missed**"
    return "\n".join(
        [
            f"Large matrices reach {limit_gflops / 1000:.1f} TFLOP/s on this card by the same "
            f"ONNX Runtime. Target {TARGET:,.0f} pictures/s: {verdict}, {best.resident:,.0f} in "
            f"batches of {best.batch}.",
            "",
            "| batch | pictures/s, lying on the card | pictures/s, copied there and back "
            "| share of the card's limit |",
            "|---|---|---|---|",
            *(
                f"| {one.batch} | {one.resident:,.0f} | {one.copied:,.0f} | {one.share:.0%} |"
                for one in found
            ),
        ]
    )
