"""A small network that says how much whiter a place is than its picture, and how sure that is."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.tubules.network import Step, UNetwork

STRIDE = 4
"""Side of an output cell in px of the network's input."""

CHANNELS = (16, 24, 40, 48)
"""Feature channels at stride 4, 8, 16 and 32."""

MOST_SURE = 6.0


class WhitenessNetwork(UNetwork):
    """From stride 4 to stride 32 and back, cheap enough to run beside the map's network."""

    def __init__(self) -> None:
        first = CHANNELS[0]
        stem = nn.Sequential(Step(3 * STRIDE**2, first), Step(first, first))
        super().__init__(stem, CHANNELS, 2)
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
        white, sure = self.through(F.pixel_unshuffle(light, STRIDE)).split(1, dim=1)
        return torch.cat((white, sure.clamp(-MOST_SURE, MOST_SURE)), dim=1)

    def facts(self) -> dict[str, str]:
        """Return the stride, and how far sums are held back."""
        return {
            "stride": str(STRIDE),
            "held_back": f"{float(F.softplus(self.held_back)):.4f}",
        }
