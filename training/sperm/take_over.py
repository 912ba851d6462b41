"""Begin a run with the convolutions of a weights file, where the two networks are alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper

from training.sperm.network import SpermNetwork, Step

Floats = npt.NDArray[np.float32]


def take_over(network: SpermNetwork, weights: Path, pictures: Floats) -> list[str]:
    """Copy every layer of a weights file that has its like in ``network``.

    In the file batch normalisation is part of the convolutions; here it is laid out anew so
    that, on these pictures, each step answers as it does in the file.

    Parameters
    ----------
    network : SpermNetwork
        Changed in place.
    weights : Path
        ONNX, written by `training.sperm.export`.
    pictures : ndarray, (N, 1, H, W) float32
        Normalised, such as a run trains on.

    Returns
    -------
    list of str
        What was taken over.

    Raises
    ------
    ValueError
        If nothing could be.
    """
    graph = onnx.load(str(weights)).graph
    held = {
        one.name: torch.from_numpy(numpy_helper.to_array(one).copy()) for one in graph.initializer
    }
    taken = []
    for name, layer in network.named_modules():
        step = isinstance(layer, Step)
        convolution = layer.convolution if step else layer
        weight = held.get(f"{name}.convolution.weight" if step else f"{name}.weight")
        if not step and getattr(layer, "bias", None) is None:
            continue
        if weight is None or weight.shape != convolution.weight.shape:
            continue
        with torch.no_grad():
            convolution.weight.copy_(weight)
            if step:
                _lay_out(network, layer, held[f"{name}.convolution.weight_bias"], pictures)
            else:
                layer.bias.copy_(held[f"{name}.bias"])
        taken.append(name)
    if not taken:
        raise ValueError(f"{weights} holds no layer that this network has too")
    return taken


def _lay_out(network: SpermNetwork, step: Step, bias: torch.Tensor, pictures: Floats) -> None:
    """Set a step's normalisation so that on these pictures it only adds ``bias``."""
    answers: list[torch.Tensor] = []
    hook = step.convolution.register_forward_hook(lambda *held: answers.append(held[2]))
    training = network.training
    network.eval()
    network(torch.from_numpy(pictures))
    variance, mean = torch.var_mean(answers[0], dim=(0, 2, 3), unbiased=False)
    step.norm.running_mean.copy_(mean)
    step.norm.running_var.copy_(variance)
    step.norm.weight.copy_(torch.sqrt(variance + step.norm.eps))
    step.norm.bias.copy_(mean + bias)
    hook.remove()
    network.train(training)
