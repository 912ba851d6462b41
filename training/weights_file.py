"""A trained network as one ONNX file, with what it says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import Tensor, nn

MOST_BYTES = 10 * 1024 * 1024


def export_onnx(
    network: nn.Module,
    example: Tensor,
    file: Path,
    facts: Mapping[str, str],
    *,
    takes: str,
    gives: str,
    sizes: Mapping[int, Any],
) -> None:
    """Write a network of one input and one output, with its facts, whole or not at all.

    Parameters
    ----------
    network : Module
    example : Tensor
        An input.
    file : Path
        Replaced if it exists.
    facts : mapping of str to str
    takes, gives : str
        Names of the input and the output.
    sizes : mapping of int to torch.export.Dim
        The input's dimensions that may differ from the example's.

    Raises
    ------
    ValueError
        If the file would have more than `MOST_BYTES`.
    """
    program = torch.onnx.export(
        network.eval(),
        (example,),
        input_names=[takes],
        output_names=[gives],
        dynamic_shapes=(dict(sizes),),
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    model = program.model_proto
    # names of source files and line numbers are of no use to anyone else
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    save_onnx(model, file, facts)


def save_onnx(model: onnx.ModelProto, file: Path, facts: Mapping[str, str]) -> None:
    """Check a model and write it with its facts, whole or not at all; see `export_onnx`."""
    onnx.helper.set_model_props(model, dict(facts))
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    if len(content) > MOST_BYTES:
        raise ValueError(f"{len(content)} bytes are more than a weights file may have")
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(file.name + ".partial")
    part.write_bytes(content)
    part.replace(file)
