"""How fast the detector's network is beside general detectors, on the same cores.

``python -m benchmarks.detector_speed [--update docs/detector-speed.md]``

Everything runs in one process, in turn, round after round: a machine's speed drifts, so
that only what was measured in the same round can be compared. Needs the extras ``train``
and ``benchmarks``.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime

from benchmarks.general_detectors import SIDE_PX, Graph, graphs
from benchmarks.graphics_card import measure as measure_card
from benchmarks.graphics_card import report as report_card
from benchmarks.page import renew_block, require_block
from benchmarks.search_speed import machine
from sertoli.frames import Frame
from sertoli.optics import Optics
from sertoli.phantom import random_field
from sertoli.sperm import Detector, Device, Network
from sertoli.sperm._normalise import frame_contrast, normalise
from sertoli.sperm._weights import named, read_weights

Floats = npt.NDArray[np.float32]

WIDTH_PX, HEIGHT_PX = 640, 480
TARGET = 8.0
"""The network shall do so many times the pictures a second of D-FINE-N."""

SEED = 7
LEAST_S = 0.25
"""Shortest measurement: quick graphs run several times in a row."""

BASE = "network alone"


@dataclass(frozen=True, slots=True)
class Timed:
    """The rounds of everything on one number of threads.

    Parameters
    ----------
    threads : int or None
        None for as many as ONNX Runtime takes by itself.
    seconds : dict of str to list of float
        A picture's time in each round.
    load : float
        How many processes wanted the processor on average, this one included; nan where
        the system does not say.
    """

    threads: int | None
    seconds: dict[str, list[float]]
    load: float

    def ms(self, name: str) -> float:
        """Return the median time of a picture."""
        return statistics.median(self.seconds[name]) * 1e3

    def times_as_fast(self, name: str, than: str) -> tuple[float, float, float]:
        """Return how many times as fast, round by round: median, least, most."""
        pairs = zip(self.seconds[name], self.seconds[than], strict=True)
        ratios = [slow / quick for quick, slow in pairs]
        return statistics.median(ratios), min(ratios), max(ratios)


@click.command()
@click.option("--update", type=click.Path(path_type=Path), help="Rewrite the table in this page.")
@click.option("--weights", default="default", show_default=True)
@click.option("--rounds", default=9, show_default=True, type=click.IntRange(1))
def main(update: Path | None, weights: str, rounds: int) -> None:
    """Measure network, detector and general detectors side by side."""
    require_block(update)
    with tempfile.TemporaryDirectory(prefix="sertoli-benchmark-") as folder:
        others = graphs(Path(folder))
        measured = [measure(weights, others, threads, rounds) for threads in (None, 1)]
    counted = size(read_weights(weights)[1])
    text = report(weights, counted, others, measured) + "\n\n" + on_the_card(weights, counted[1])
    click.echo(text)
    renew_block(update, text)


def measure(weights: str, others: list[Graph], threads: int | None, rounds: int) -> Timed:
    """Measure everything on a number of threads.

    Parameters
    ----------
    weights : str
        For `Detector`.
    others : list of Graph
    threads : int or None
        None for all cores.
    rounds : int
    """
    cv2.setNumThreads(-1 if threads is None else threads)
    detector = Detector(weights, threads=threads, device=Device.CPU)
    um_per_px = detector.network.um_per_px_reference
    pixels = random_field(SEED, HEIGHT_PX, WIDTH_PX, um_per_px).pixels
    frame = Frame(pixels, 0, optics=Optics(um_per_px))
    picture = normalise(pixels.astype(np.float32), frame_contrast(pixels))[None, None]
    jobs: dict[str, Callable[[], object]] = {
        BASE: lambda: detector.network.run(picture),
        "whole detector": lambda: detector.detect(frame),
    }
    small = f"{weights}-int8"
    if (found := named(small)) is not None and found.find() is not None:
        quantised = Network(small, threads=threads, device=Device.CPU)
        jobs["network alone, 8 bits"] = lambda: quantised.run(picture)
    if find_spec("openvino"):
        for name in [BASE, *[job for job in jobs if job.endswith("8 bits")]]:
            content = read_weights(weights if name == BASE else small)[1]
            jobs[f"{name}, OpenVINO"] = _openvino(content, picture, threads)
        exact = _openvino(read_weights(weights)[1], picture, threads, "f32")
        jobs[f"{BASE}, OpenVINO kept to 32 bits"] = exact
    for graph in others:
        jobs[graph.published.name] = _quicker(graph.file, threads)
    repeats = {name: _repeats(job) for name, job in jobs.items()}
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    load = []
    for _ in range(rounds):
        for name, job in jobs.items():
            seconds[name].append(_seconds(job, repeats[name]))
        load.append(os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan"))
    return Timed(threads, seconds, statistics.median(load))


def _seconds(job: Callable[[], object], repeats: int) -> float:
    begun = time.perf_counter()
    for _ in range(repeats):
        job()
    return (time.perf_counter() - begun) / repeats


def _repeats(job: Callable[[], object]) -> int:
    job()  # the first run plans memory
    return max(1, round(LEAST_S / _seconds(job, 3)))


def _quicker(file: Path, threads: int | None) -> Callable[[], object]:
    """Return a job with the better of ONNX Runtime's two ways of waiting.

    Sertoli's network has few, large layers and does not wait by spinning. Graphs with
    hundreds of small operations can be quicker with it, and shall not suffer from our choice.
    """
    picture = np.random.default_rng(0).standard_normal((1, 3, SIDE_PX, SIDE_PX), np.float32)
    jobs = []
    for spinning in ("0", "1"):
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = threads or 0
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", spinning)
        session = onnxruntime.InferenceSession(file, options, ["CPUExecutionProvider"])
        jobs.append(_run_of(session, picture))
    for job in jobs:
        job()
    took = [min(_seconds(job, 1) for _ in range(4)) for job in jobs]
    return jobs[int(np.argmin(took))]


def _run_of(session: Any, picture: Floats) -> Callable[[], object]:
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: picture})


def _openvino(
    content: bytes, picture: Floats, threads: int | None, precision: str | None = None
) -> Callable[[], object]:
    """Return a job that runs the network by OpenVINO itself, shapes fixed.

    Unless told otherwise OpenVINO chooses the precision: 16 bits where the processor has them.
    """
    import openvino

    core = openvino.Core()
    model = core.read_model(content)
    model.reshape(list(picture.shape))
    settings: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
    if threads is not None:
        settings["INFERENCE_NUM_THREADS"] = threads
    if precision is not None:
        settings["INFERENCE_PRECISION_HINT"] = precision
    request = core.compile_model(model, "CPU", settings).create_infer_request()
    return lambda: request.infer([picture])


def _openvino_precision() -> str:
    import openvino

    precision = openvino.Core().get_property("CPU", "INFERENCE_PRECISION_HINT")
    return str(precision.get_type_name())


def size(content: bytes) -> tuple[float, float]:
    """Return parameters (10^6) and operations (10^9) of the network's convolutions.

    On a picture of 640x480. A multiplication and an addition count as two, as in the
    published figures.
    """
    import onnx

    model = onnx.load_from_string(content)
    dimensions = model.graph.input[0].type.tensor_type.shape.dim
    for dimension, length in zip(dimensions, (1, 1, HEIGHT_PX, WIDTH_PX), strict=True):
        dimension.dim_value = length
    del model.graph.value_info[:]
    for dimension in model.graph.output[0].type.tensor_type.shape.dim:
        dimension.Clear()
    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    shapes = {
        value.name: [d.dim_value for d in value.type.tensor_type.shape.dim]
        for value in (*graph.value_info, *graph.output)
    }
    kernels = {one.name: list(one.dims) for one in graph.initializer}
    counts = {name: int(np.prod(kernel)) for name, kernel in kernels.items()}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    parameters = sum(counts[name] for node in convolutions for name in node.input[1:])
    operations = sum(
        2 * int(np.prod(shapes[node.output[0]])) * int(np.prod(kernels[node.input[1]][1:]))
        for node in convolutions
    )
    return parameters / 1e6, operations / 1e9


def report(
    weights: str, counted: tuple[float, float], others: list[Graph], measured: list[Timed]
) -> str:
    """Return the figures as Markdown."""
    rival = others[0].published.name
    lines = []
    for one in measured:
        ratio, low, high = one.times_as_fast(BASE, rival)
        verdict = "reached" if ratio >= TARGET else "**missed**"
        where = f"{os.cpu_count()} logical cores" if one.threads is None else "one thread"
        lines.append(
            f"- On {where} the network does **{ratio:.1f}** times the pictures a second of {rival} "
            f"({low:.1f} to {high:.1f} in single rounds); target {TARGET:g}: {verdict}."
        )
    sizes = {graph.published.name: (graph.million_parameters, graph.gflop) for graph in others}
    lines += [
        "",
        f"Weights `{weights}`. A time is that of one picture, the median of "
        f"{len(measured[0].seconds[BASE])} rounds; in brackets how many times as fast the row "
        "is as the network alone in floating point.",
        "",
        "| | picture | parameters | operations | all cores | one thread |",
        "|---|---|---|---|---|---|",
    ]
    for name in measured[0].seconds:
        parameters, gflop = sizes.get(name, counted)
        shape = f"{SIDE_PX}x{SIDE_PX}" if name in sizes else f"{WIDTH_PX}x{HEIGHT_PX}"
        times = " | ".join(
            f"{one.ms(name):.1f} ms ({one.times_as_fast(name, BASE)[0]:.2f})" for one in measured
        )
        lines.append(f"| {name} | {shape} | {parameters:.1f} M | {gflop:.1f} GFLOP | {times} |")
    here = machine()
    engines = f"ONNX Runtime {here['onnxruntime']}"
    if find_spec("openvino"):
        engines += f", OpenVINO {version('openvino')} ({_openvino_precision()} by itself)"
    lines += [
        "",
        f"Machine: {here['logical_cores']} logical cores, {here['architecture']}, "
        f"{here['system']}; {engines}. Load while measuring: "
        f"{', '.join(f'{one.load:.1f}' for one in measured)} (above the number of cores, other "
        "work was in the way).",
    ]
    if not find_spec("openvino"):
        lines += ["", "OpenVINO: not measured, it is not installed here."]
    return "\n".join(lines)


def on_the_card(weights: str, gflop: float) -> str:
    """Return the figures of the graphics card, or that there is none."""
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        return "Graphics card: not measured, no GPU here."
    limit, found = measure_card(Device.CUDA, weights, gflop, (WIDTH_PX, HEIGHT_PX))
    return report_card(limit, found)


if __name__ == "__main__":
    main()
