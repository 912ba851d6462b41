"""The network: a head in, the log odds of four abnormal parts out."""

from __future__ import annotations

import torch
from torch import Tensor, nn

CHANNELS = (16, 32, 64, 96)
OUTPUTS = 4


class HeadNetwork(nn.Module):  # type: ignore[misc]
    """Four stages of two convolutions; average and largest of each channel decide."""

    def __init__(self) -> None:
        super().__init__()
        stages: list[nn.Module] = []
        before = 1
        for channels in CHANNELS:
            stages += [*_step(before, channels), *_step(channels, channels), nn.MaxPool2d(2)]
            before = channels
        self.features = nn.Sequential(*stages)
        self.decide = nn.Sequential(nn.Dropout(0.3), nn.Linear(2 * before, OUTPUTS))

    def forward(self, crops: Tensor) -> Tensor:
        """Map (N, 1, H, W) float32 to (N, 4) log odds."""
        features = self.features(crops)
        pooled = torch.cat((features.mean(dim=(2, 3)), features.amax(dim=(2, 3))), dim=1)
        odds: Tensor = self.decide(pooled)
        return odds


def _step(before: int, after: int) -> list[nn.Module]:
    return [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
