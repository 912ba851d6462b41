"""The network: grey picture in, one row of five numbers per 4x4 px cell out.

Beside them, in training alone, the chance of a tail: heads are alike, tails tell.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STRIDE = 4
"""Side of an output cell in px of the network's input."""

ALIGNMENT = 16
"""Input sides must be multiples of this (the deepest stage's stride)."""

BASE_SIZE_PX = 16.0
"""Sizes come out as natural logarithms relative to this side length."""

OUTPUTS = 5

CHANNELS = (16, 24, 48, 96)
"""Feature channels at stride 2, 4, 8 and 16."""


class Step(nn.Module):  # type: ignore[misc]
    """Convolution 3x3, batch normalisation, ReLU; added to its input where shapes allow."""

    def __init__(self, before: int, after: int, *, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(
            before, after, 3, stride, padding=dilation, dilation=dilation, bias=False
        )
        self.norm = nn.BatchNorm2d(after)
        self.residual = stride == 1 and before == after

    def forward(self, x: Tensor) -> Tensor:
        """Return features of shape (N, after, H/stride, W/stride)."""
        y = F.relu(self.norm(self.convolution(x)))
        return x + y if self.residual else y


class SpermNetwork(nn.Module):  # type: ignore[misc]
    """A small U: down to stride 16 for context, back to stride 8, there four cells at once.

    Each place at stride 8 gives its 2x2 cells as further channels: half the time of a
    network that convolves at stride 4. The receptive field is finite, so a tile with a
    margin of its radius gives what the whole picture gives. Upsampling repeats cells (no
    interpolation), which keeps the field easy to count and the graph fast on a CPU.
    """

    def __init__(self, channels: tuple[int, int, int, int] = CHANNELS) -> None:
        super().__init__()
        two, four, eight, sixteen = channels
        self.stem = nn.Sequential(Step(1, two, stride=2), Step(two, four, stride=2))
        self.to_8 = Step(four, eight, stride=2)
        self.at_8 = nn.Sequential(Step(eight, eight), Step(eight, eight))
        self.to_16 = Step(eight, sixteen, stride=2)
        self.at_16 = nn.Sequential(Step(sixteen, sixteen), Step(sixteen, sixteen))
        self.back_to_8 = nn.Conv2d(sixteen, eight, 1)
        self.joined_8 = Step(eight, eight)
        self.head = nn.Conv2d(eight, 4 * OUTPUTS, 1)
        self.tail = nn.Conv2d(eight, 4, 1)
        nn.init.zeros_(self.head.weight)
        with torch.no_grad():
            # heat starts near the share of cells that hold a head, so that the first
            # steps are not spent on unlearning a field full of heads
            self.head.bias.copy_(torch.tensor([-4.0, 0.0, 0.0, 0.5, 0.5]).repeat_interleave(4))
            self.tail.bias.fill_(-3.0)

    def forward(self, picture: Tensor) -> Tensor:
        """Map a normalised picture to cells.

        Parameters
        ----------
        picture : Tensor, (N, 1, H, W) float32
            H and W multiples of 16.

        Returns
        -------
        Tensor, (N, 5, H/4, W/4) float32
            Heat logit; log of width and height over 16 px; x and y of the centre within
            the cell in cells (0 left/top border, 1 right/bottom).
        """
        cells: Tensor = F.pixel_shuffle(self.head(self._features(picture)), 2)
        return cells

    def with_tails(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """Return the cells, and the logit of a tail in each, (N, 1, H/4, W/4)."""
        features = self._features(picture)
        return F.pixel_shuffle(self.head(features), 2), F.pixel_shuffle(self.tail(features), 2)

    def _features(self, picture: Tensor) -> Tensor:
        middle = self.at_8(self.to_8(self.stem(picture)))
        coarse = self.at_16(self.to_16(middle))
        joined: Tensor = self.joined_8(middle + _twice(self.back_to_8(coarse)))
        return joined


def _twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def receptive_radius_px(network: SpermNetwork) -> int:
    """Return how far (px, rounded up) an input pixel can lie from a cell it moves.

    Measured, not counted by hand: the gradient of the central cell block with every
    weight made positive reaches exactly the pixels that can matter.
    """
    probe = copy.deepcopy(network).eval()
    side = 512
    with torch.no_grad():
        for parameter in probe.parameters():
            parameter.fill_(0.01)
    picture = torch.ones(1, 1, side, side, requires_grad=True)
    radius = 0
    middle = side // 2 // STRIDE
    # the four phases of a cell within the deepest stage see differently far
    for phase in range(ALIGNMENT // STRIDE):
        cell = middle + phase
        probe(picture)[0, 0, cell, cell].backward()
        gradient = picture.grad
        assert gradient is not None
        rows = torch.nonzero(gradient[0, 0].abs().sum(1)).flatten()
        low, high = int(rows.min()), int(rows.max())
        radius = max(radius, cell * STRIDE - low, high + 1 - (cell + 1) * STRIDE)
        picture.grad = None
    return radius
