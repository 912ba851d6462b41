"""Make an 8-bit copy of a weights file: ``python -m training.sperm.quantise --help``.

The coarse stages, where most of the work is, run in 8-bit integers; what works at a
quarter of the resolution or finer stays in floating point, because there 8 bits cost
accuracy and, with few channels, win no time. Weights take 7 bits: processors without
integer dot products saturate 8-bit sums (ONNX Runtime's ``reduce_range``).
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from sertoli.sperm import Network
from sertoli.sperm._tiles import nearest_scale
from sertoli.sperm._weights import named, read_weights
from sertoli.sperm.learning._calibration import Calibration
from training.sperm.export import keep_out_of_package
from training.sperm.fields import phantom_fields
from training.sperm.scenes import Scene
from training.sperm.validation import as_searched, held_out, match

CALIBRATION_FIELDS = 64
FINE_STRIDE = 4
"""At this stride and finer the network stays in floating point."""

MOST_LOSS = 0.005
"""Largest loss of F1, averaged over the sets held out, with which a file is written."""

DEFAULT_OUT = Path("src/sertoli/weights/sperm-int8.onnx")


def main() -> None:
    """Read the command line, quantise, measure and write."""
    parser = argparse.ArgumentParser(description="Make an 8-bit copy of a weights file.")
    parser.add_argument("--weights", default="default", help="name or file of the weights")
    parser.add_argument("--data", type=Path, required=True, help="folder of the real images")
    parser.add_argument("--cache", type=Path, default=Path("runs/fields"))
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    options = parser.parse_args()
    before = Network(options.weights, device="cpu")
    keep_out_of_package(parser, before.restriction, options.out)
    fields = phantom_fields(options.cache, 0, CALIBRATION_FIELDS, workers=2)
    pictures = [
        as_searched(scene, nearest_scale(scene.um_per_px / before.um_per_px_reference))
        for scene in fields
    ]
    _, content = read_weights(options.weights)
    sets = held_out(options.data, options.cache)
    with TemporaryDirectory(prefix="sertoli-int8-") as folder:
        file = Path(folder) / "int8.onnx"
        about = said_of(options.weights, before)
        quantise(content, pictures, file, about)
        figures = compare(before, Network(file, device="cpu"), sets)
        about["held_out"] = json.dumps({name: after for name, (_, after) in figures.items()})
        quantise(content, pictures, file, about)
        made = file.read_bytes()
    for name, (float32, int8) in figures.items():
        print(f"{name}: F1 {float32['f1']:.4f} in floating point, {int8['f1']:.4f} in 8 bits")
    loss = float(np.mean([a["f1"] - b["f1"] for a, b in figures.values()]))
    if loss > MOST_LOSS:
        raise SystemExit(f"F1 falls by {loss:.4f}, more than {MOST_LOSS}: nothing is written")
    part = options.out.with_name(options.out.name + ".partial")
    part.write_bytes(made)
    part.replace(options.out)
    print(f"wrote {options.out}, {len(made)} bytes")


def said_of(weights: str, before: Network) -> dict[str, str]:
    """Return what the 8-bit copy says of itself: what the weights say, and their hash.

    Named weights are under the terms of their name, also where the file forgot them.
    """
    known = named(weights)
    terms = {"licence": known.licence} if known is not None else {}
    bound = {"restriction": before.restriction} if before.restriction else {}
    return {**terms, **before.metadata, **bound, "quantised_from": before.sha256}


def quantise(
    content: bytes,
    pictures: list[npt.NDArray[np.float32]],
    file: Path,
    about: Mapping[str, str],
) -> None:
    """Write the 8-bit copy of a network.

    Parameters
    ----------
    content : bytes
        The network's ONNX file.
    pictures : list of ndarray, (H, W) float32
        Normalised, sides multiples of 16: the ranges of the integers are set so that
        nothing in these is cut.
    file : Path
        To write.
    about : Mapping of str to str
        Metadata of the new file.
    """
    model = onnx.load_from_string(content)
    quantize_static(
        model,
        file,
        _Pictures(model.graph.input[0].name, pictures),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=True,
        nodes_to_exclude=fine_nodes(model.graph),
    )
    made = onnx.load(file)
    del made.metadata_props[:]
    onnx.helper.set_model_props(made, dict(about))
    onnx.checker.check_model(made)
    onnx.save(made, file)


def fine_nodes(graph: onnx.GraphProto) -> list[str]:
    """Return the names of the nodes that work at `FINE_STRIDE` or finer, or give the answer.

    Counted along the graph: a convolution multiplies by its stride; a resize and a step from
    depth to space (both double the sides in our networks) halve. The last convolution gives
    the answer.
    """
    stride = {graph.input[0].name: 1.0}
    fine = []
    for node in graph.node:
        at = max((stride[name] for name in node.input if name in stride), default=1.0)
        if node.op_type == "Conv":
            steps = next((a.ints for a in node.attribute if a.name == "strides"), [1])
            at *= steps[0]
        elif node.op_type in ("Resize", "DepthToSpace"):
            at /= 2
        stride.update(dict.fromkeys(node.output, at))
        if at <= FINE_STRIDE:
            fine.append(node.name)
    last = [node.name for node in graph.node if node.op_type == "Conv"][-1]
    return [*fine, last]


def compare(
    before: Network, after: Network, sets: Mapping[str, list[Scene]]
) -> dict[str, tuple[dict[str, float], dict[str, float]]]:
    """Return the figures of two networks on each set, as a search at the default confidence."""
    confidence = before.default_confidence
    fitted = Calibration(
        before.temperature,
        before.bias,
        before.candidate_share,
        math.log(confidence / (1 - confidence)),
        before.company,
    )

    def figures(network: Network, scenes: list[Scene]) -> dict[str, float]:
        matched = match(_as_function(network), scenes)
        return asdict(fitted.applied(matched).at(fitted.best_log_odds))

    return {
        name: (figures(before, scenes), figures(after, scenes)) for name, scenes in sets.items()
    }


def _as_function(network: Network) -> Callable[[torch.Tensor], torch.Tensor]:
    return lambda picture: torch.from_numpy(network.run(picture.numpy()))


class _Pictures(CalibrationDataReader):  # type: ignore[misc]
    """Hands the pictures to ONNX Runtime's calibration, one by one."""

    def __init__(self, name: str, pictures: list[npt.NDArray[np.float32]]) -> None:
        self._left: Iterator[dict[str, npt.NDArray[np.float32]]] = (
            {name: picture[None, None]} for picture in pictures
        )

    def get_next(self) -> dict[str, npt.NDArray[np.float32]] | None:
        """Return the next picture, None when there are no more."""
        return next(self._left, None)


if __name__ == "__main__":
    main()
