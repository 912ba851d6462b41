"""General object detectors to measure speed against: their graphs, with random weights.

Speed does not depend on what the weights are. The graphs are those of the published
tables (number of parameters and of operations are compared when they are made); the code
that builds them is the `transformers` library's (Apache-2.0), as are the published models.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sertoli.errors import MissingExtraError

SIDE_PX = 640
"""The size of picture for which the published figures hold."""

TOLERANCE = 0.1
"""Largest relative difference from the published figures."""


@dataclass(frozen=True, slots=True)
class Published:
    """What the authors say of a detector.

    Parameters
    ----------
    name : str
    million_parameters, gflop : float
        Parameters, and operations for a 640x640 picture (a multiplication and an
        addition count as two).
    source : str
    """

    name: str
    million_parameters: float
    gflop: float
    source: str


D_FINE_N = Published("D-FINE-N", 4.0, 7.0, "Peng et al. 2024, arXiv 2410.13842")
RT_DETR_R18 = Published("RT-DETR-R18", 20.0, 60.0, "Zhao et al. 2024, arXiv 2304.08069")


@dataclass(frozen=True, slots=True)
class Graph:
    """An exported detector and what was counted of it.

    Parameters
    ----------
    published : Published
    file : Path
        ONNX, takes ``(1, 3, 640, 640)`` float32.
    million_parameters, gflop : float
    """

    published: Published
    file: Path
    million_parameters: float
    gflop: float


def graphs(folder: Path) -> list[Graph]:
    """Make both detectors as ONNX files.

    Raises
    ------
    MissingExtraError
        If the packages that build them are not installed.
    """
    try:
        import torch
        import transformers
    except ImportError as error:
        raise MissingExtraError(
            f"the detectors to compare with need the package {error.name}",
            'pip install -e ".[train,benchmarks]"',
        ) from error
    torch.manual_seed(0)
    return [
        _export(D_FINE_N, _d_fine_n(transformers), folder),
        _export(RT_DETR_R18, _rt_detr_r18(transformers), folder),
    ]


def _d_fine_n(transformers: Any) -> Any:
    """Two levels, a decoder of three layers, an HGNetV2-B0 backbone."""
    backbone = {
        "model_type": "hgnet_v2",
        "stem_channels": [3, 16, 16],
        "stage_in_channels": [16, 64, 256, 512],
        "stage_mid_channels": [16, 32, 64, 128],
        "stage_out_channels": [64, 256, 512, 1024],
        "stage_num_blocks": [1, 1, 2, 1],
        "stage_downsample": [False, True, True, True],
        "stage_light_block": [False, False, True, True],
        "stage_kernel_size": [3, 3, 5, 5],
        "stage_numb_of_layers": [3, 3, 3, 3],
        "use_learnable_affine_block": True,
        "hidden_sizes": [64, 256, 512, 1024],
        "out_features": ["stage3", "stage4"],
    }
    settings = transformers.DFineConfig(
        backbone_config=backbone,
        encoder_in_channels=[512, 1024],
        feat_strides=[16, 32],
        encode_proj_layers=[1],
        encoder_hidden_dim=128,
        encoder_ffn_dim=512,
        hidden_expansion=0.34,
        depth_mult=0.5,
        decoder_in_channels=[128, 128],
        d_model=128,
        decoder_ffn_dim=512,
        decoder_layers=3,
        num_feature_levels=2,
        decoder_n_points=[6, 6],
        num_labels=80,
    )
    return transformers.DFineForObjectDetection(settings)


def _rt_detr_r18(transformers: Any) -> Any:
    """Three levels, a decoder of three layers, a ResNet-18 backbone."""
    backbone = transformers.RTDetrResNetConfig(
        hidden_sizes=[64, 128, 256, 512],
        depths=[2, 2, 2, 2],
        layer_type="basic",
        out_features=["stage2", "stage3", "stage4"],
    )
    settings = transformers.RTDetrConfig(
        backbone_config=backbone,
        encoder_in_channels=[128, 256, 512],
        hidden_expansion=0.5,
        decoder_layers=3,
        num_labels=80,
    )
    return transformers.RTDetrForObjectDetection(settings)


def _export(published: Published, detector: Any, folder: Path) -> Graph:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    detector.eval()

    class Bare(torch.nn.Module):  # type: ignore[misc]
        """Picture in, scores and boxes out: no dictionary, which ONNX does not know."""

        def __init__(self) -> None:
            super().__init__()
            self.detector = detector

        def forward(self, picture: Any) -> Any:
            found = self.detector(pixel_values=picture)
            return found.logits, found.pred_boxes

    picture = torch.zeros(1, 3, SIDE_PX, SIDE_PX)
    bare = Bare().eval()
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        bare(picture)
    parameters = sum(p.numel() for p in detector.parameters()) / 1e6
    gflop = counter.get_total_flops() / 1e9
    for counted, told in (
        (parameters, published.million_parameters),
        (gflop, published.gflop),
    ):
        if abs(counted / told - 1) > TOLERANCE:
            raise ValueError(f"{published.name}: counted {counted:g}, published {told:g}")
    file = folder / f"{published.name}.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            bare,
            (picture,),
            file,
            input_names=["picture"],
            output_names=["logits", "boxes"],
            dynamo=True,
            external_data=False,
            verbose=False,
            custom_translation_table={torch.ops.aten._is_all_true.default: _all_true()},
        )
    return Graph(published, file, parameters, gflop)


def _all_true() -> Callable[..., Any]:
    """Give the exporter the one operation it lacks: a check of shapes."""
    from onnx import TensorProto
    from onnxscript import opset18 as op

    def all_true(flags: Any) -> Any:
        least = op.ReduceMin(op.Cast(flags, to=TensorProto.INT32), keepdims=0)
        return op.Cast(least, to=TensorProto.BOOL)

    return all_true
