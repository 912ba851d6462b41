"""A weights file as something that can be learnt on: its own graph, run by PyTorch.

The graph is taken from the file, not from any source code: whatever network a file holds,
as long as it is built of the few operations below, is trained as it is and written back
into the same file. Nothing has to be known of how it came about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sertoli.errors import MissingExtraError, WeightsError

EXTRA_REMEDY = "install it with: pip install 'sertoli[train]' (searching needs none of it)"


def require_torch() -> Any:
    """Import and return PyTorch.

    Raises
    ------
    MissingExtraError
        If it, or the package that reads ONNX files, is not installed.
    """
    try:
        import onnx
        import torch
    except ImportError as error:
        raise MissingExtraError(
            f"learning from labelled frames needs the package {error.name}", EXTRA_REMEDY
        ) from error
    del onnx
    return torch


class TrainableGraph:
    """The network of a weights file with weights that can be moved.

    Parameters
    ----------
    content : bytes
        An ONNX file.
    name : str
        What to call it in messages.

    Raises
    ------
    MissingExtraError
        If PyTorch is not installed.
    WeightsError
        If the graph holds an operation that cannot be learnt on.
    """

    def __init__(self, content: bytes, name: str) -> None:
        self._torch = require_torch()
        import onnx

        try:
            self._model = onnx.load_model_from_string(content)
        except Exception as error:  # protobuf's own class has no public home
            raise WeightsError(
                f"weights {name} are not an ONNX file", "give an .onnx file of Sertoli's"
            ) from error
        graph = self._model.graph
        self._values = {
            one.name: self._torch.from_numpy(onnx.numpy_helper.to_array(one).copy())
            for one in graph.initializer
        }
        learnt: dict[str, Any] = {}
        self._steps: list[tuple[Callable[..., Any], list[str], str]] = []
        for node in graph.node:
            make = _OPERATIONS.get(node.op_type)
            attributes = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
            step = None if make is None else make(self._torch, attributes)
            if step is None:
                raise WeightsError(
                    f"weights {name} cannot be trained on: they compute {node.op_type} in a way "
                    "that is not learnt here (8-bit weights never can be)",
                    "train on the default weights, or on others in full precision",
                )
            self._steps.append((step, list(node.input), node.output[0]))
            if node.op_type == "Conv":
                learnt |= {key: self._values[key] for key in node.input[1:]}
        for value in learnt.values():
            value.requires_grad_(True)
        self._learnt = learnt
        self._input, self._output = graph.input[0].name, graph.output[0].name

    def __call__(self, picture: Any) -> Any:
        """Map pictures, a (N, 1, H, W) float32 tensor, to cells, (N, 5, H/4, W/4)."""
        values = {**self._values, self._input: picture}
        for step, inputs, output in self._steps:
            values[output] = step(*[values[key] if key else None for key in inputs])
        return values[self._output]

    def parameters(self) -> list[Any]:
        """Return the tensors that learning moves."""
        return list(self._learnt.values())

    def state(self) -> dict[str, Any]:
        """Return a copy of the learnt tensors, for `load`."""
        return {key: value.detach().clone() for key, value in self._learnt.items()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take over tensors that `state` gave."""
        with self._torch.no_grad():
            for key, value in state.items():
                self._learnt[key].copy_(value)

    def content(self, metadata: Mapping[str, str]) -> bytes:
        """Return the file with the weights as they are now and this metadata."""
        import onnx

        model = onnx.ModelProto()
        model.CopyFrom(self._model)
        for one in model.graph.initializer:
            if one.name in self._learnt:
                array = self._learnt[one.name].detach().contiguous().numpy()
                one.CopyFrom(onnx.numpy_helper.from_array(array, one.name))
        del model.metadata_props[:]
        onnx.helper.set_model_props(model, dict(metadata))
        content: bytes = model.SerializeToString()
        return content


def _convolution(torch: Any, attributes: dict[str, Any]) -> Callable[..., Any] | None:
    top, left, bottom, right = attributes.get("pads", [0, 0, 0, 0])
    known = attributes.get("auto_pad", b"NOTSET") == b"NOTSET"
    if (top, left) != (bottom, right) or not known:
        return None
    settings = {
        "stride": tuple(attributes.get("strides", [1, 1])),
        "padding": (top, left),
        "dilation": tuple(attributes.get("dilations", [1, 1])),
        "groups": attributes.get("group", 1),
    }

    def run(x: Any, weight: Any, bias: Any = None) -> Any:
        return torch.nn.functional.conv2d(x, weight, bias, **settings)

    return run


def _resizing(torch: Any, attributes: dict[str, Any]) -> Callable[..., Any] | None:
    how = {
        "mode": b"nearest",
        "coordinate_transformation_mode": b"asymmetric",
        "nearest_mode": b"floor",
    }
    if any(attributes.get(key) != value for key, value in how.items()):
        return None

    def run(x: Any, region: Any, scales: Any) -> Any:
        del region
        factor = tuple(float(one) for one in scales[2:])
        return torch.nn.functional.interpolate(x, scale_factor=factor, mode="nearest")

    return run


def _depth_to_space(torch: Any, attributes: dict[str, Any]) -> Callable[..., Any] | None:
    if attributes.get("mode") != b"CRD":
        return None
    side = int(attributes["blocksize"])
    return lambda x: torch.nn.functional.pixel_shuffle(x, side)


_OPERATIONS: dict[str, Callable[[Any, dict[str, Any]], Callable[..., Any] | None]] = {
    "Conv": _convolution,
    "Relu": lambda torch, attributes: torch.relu,
    "Add": lambda torch, attributes: torch.add,
    "Resize": _resizing,
    "DepthToSpace": _depth_to_space,
}
"""ONNX operation -> what runs it, None where it is used in a way that is not supported."""
