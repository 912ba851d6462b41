"""A small network that says how much whiter a place is than its picture, and how sure that is."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.tubules.network import Step

STRIDE = 4
"""Side of an output cell in px of the network's input."""

CHANNELS = (16, 24, 40, 48)
"""Feature channels at stride 4, 8, 16 and 32."""

MOST_SURE = 6.0


class WhitenessNetwork(nn.Module):  # type: ignore[misc]
    """A U from stride 4 to stride 32 and back, cheap enough to run beside the map's network."""

    def __init__(self) -> None:
        super().__init__()
        first = CHANNELS[0]
        self.stem = nn.Sequential(Step(3 * STRIDE**2, first), Step(first, first))
        pairs = list(pairwise(CHANNELS))
        self.down = nn.ModuleList(
            nn.Sequential(Step(fine, coarse, stride=2), Step(coarse, coarse), Step(coarse, coarse))
            for fine, coarse in pairs
        )
        self.lift = nn.ModuleList(nn.Conv2d(coarse, fine, 1) for fine, coarse in reversed(pairs))
        self.join = nn.ModuleList(Step(fine, fine) for fine, _ in reversed(pairs))
        self.head = nn.Conv2d(first, 2, 1)
        self.held_back = nn.Parameter(torch.tensor(1.0))  # before softplus; see `Said`

    def forward(self, light: Tensor) -> Tensor:
        """Read a picture.

        Parameters
        ----------
        light : Tensor, (N, 3, H, W) float32
            As `sertoli.tubules._whiteness.light_of` gives it; H and W multiples of 32.

        Returns
        -------
        Tensor, (N, 2, H/4, W/4) float32
            Whiteness, its level free; logarithm of how much it counts.
        """
        stages = [self.stem(F.pixel_unshuffle(light, STRIDE))]
        for down in self.down:
            stages.append(down(stages[-1]))
        x = stages.pop()
        for lift, join in zip(self.lift, self.join, strict=True):
            x = join(stages.pop() + F.interpolate(lift(x), scale_factor=2.0, mode="nearest"))
        white, sure = self.head(x).split(1, dim=1)
        return torch.cat((white, sure.clamp(-MOST_SURE, MOST_SURE)), dim=1)
