"""The network of the tubule map: colour picture in, a few numbers per 2x2 px cell out."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

STRIDE = 2
"""Side of an output cell in px of the network's input."""

ALIGNMENT = 32
"""Input sides must be multiples of this (the deepest stage's stride)."""

CHECKPOINT = "network.pt"
"""What a run leaves of its network, in its folder."""

CHANNELS = (16, 24, 40, 64, 80)
"""Feature channels at stride 2, 4, 8, 16 and 32."""


class Step(nn.Module):  # type: ignore[misc]
    """Convolution 3x3, batch normalisation, ReLU; added to its input where shapes allow."""

    def __init__(self, before: int, after: int, *, stride: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(before, after, 3, stride, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(after)
        self.residual = stride == 1 and before == after

    def forward(self, x: Tensor) -> Tensor:
        """Return features of shape (N, after, H/stride, W/stride)."""
        y = F.relu(self.norm(self.convolution(x)))
        return x + y if self.residual else y


class UNetwork(nn.Module):  # type: ignore[misc]
    """A U: down to stride 32 for the neighbourhood, back to the stem's stride for the edge.

    Parameters
    ----------
    stem : Module
        From the input to the first channels, at the stride of the output.
    channels : tuple of int
        Feature channels from there on, at twice the stride each.
    outputs : int
        Numbers per cell.
    """

    def __init__(self, stem: nn.Module, channels: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        self.stem = stem
        pairs = list(pairwise(channels))
        self.down = nn.ModuleList(
            nn.Sequential(Step(fine, coarse, stride=2), Step(coarse, coarse), Step(coarse, coarse))
            for fine, coarse in pairs
        )
        self.lift = nn.ModuleList(nn.Conv2d(coarse, fine, 1) for fine, coarse in reversed(pairs))
        self.join = nn.ModuleList(Step(fine, fine) for fine, _ in reversed(pairs))
        self.head = nn.Conv2d(channels[0], outputs, 1)

    def through(self, x: Tensor) -> Tensor:
        """Return cells of shape (N, outputs, H/stride, W/stride)."""
        stages = [self.stem(x)]
        for down in self.down:
            stages.append(down(stages[-1]))
        x = stages.pop()
        for lift, join in zip(self.lift, self.join, strict=True):
            x = join(stages.pop() + F.interpolate(lift(x), scale_factor=2.0, mode="nearest"))
        cells: Tensor = self.head(x)
        return cells

    def facts(self) -> dict[str, str]:
        """Return what a weights file has to say of the network for it to be read."""
        raise NotImplementedError


class TubuleNetwork(UNetwork):
    """The network of the tubule map and of sections.

    Parameters
    ----------
    outputs : int
        Numbers per cell.
    """

    def __init__(self, outputs: int) -> None:
        first = CHANNELS[0]
        super().__init__(
            nn.Sequential(Step(3, first, stride=2), Step(first, first)), CHANNELS, outputs
        )

    def forward(self, picture: Tensor) -> Tensor:
        """Map a picture to cells.

        Parameters
        ----------
        picture : Tensor, (N, 3, H, W) float32
            RGB, 0 to 1; H and W multiples of 32.

        Returns
        -------
        Tensor, (N, outputs, H/2, W/2) float32
        """
        return self.through(picture - 0.5)

    def facts(self) -> dict[str, str]:
        """Return the stride."""
        return {"stride": str(STRIDE)}


def parameters(network: nn.Module) -> int:
    """Return how many numbers the network has learnt."""
    return sum(one.numel() for one in network.parameters())
