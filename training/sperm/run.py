"""The state of a training run: settings, weights, and how to go on after a stop."""

from __future__ import annotations

import copy
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from training.sperm.network import SpermNetwork

EMA_DECAY = 0.998
WARM_UP_STEPS = 100
PEAK_RATE = 2.5e-3
LAST_RATE_SHARE = 0.01
WEIGHT_DECAY = 1e-2

CHECKPOINT = "checkpoint.pt"
SETTINGS = "settings.json"
LOG = "log.jsonl"


@dataclass(frozen=True, slots=True)
class Settings:
    """What makes a run what it is: with the same, the same weights come out.

    Parameters
    ----------
    seed, steps : int
    crops : int
        A batch's number of crops.
    side_px : int
        Side of a crop.
    fields : int
        Phantom fields to train on; 0 for none.
    peak_rate : float
        Highest learning rate; lower where a trained network is trained on.
    bfloat16 : bool
        Multiply in 16 bits; weights and sums keep 32. Half the time where the processor can.
    start : str
        SHA-256 of the weights file whose layers it began with; empty for none.
    """

    seed: int
    steps: int
    crops: int
    side_px: int
    fields: int
    peak_rate: float = PEAK_RATE
    bfloat16: bool = False
    start: str = ""

    def write(self, folder: Path) -> None:
        """Keep the settings beside the run."""
        text = json.dumps(asdict(self), indent=2) + "\n"
        (folder / SETTINGS).write_text(text, encoding="utf-8", newline="\n")

    @classmethod
    def read(cls, folder: Path) -> Settings:
        """Return the settings of a run begun before."""
        return cls(**json.loads((folder / SETTINGS).read_text(encoding="utf-8")))


class Run:
    """Network, its moving average, optimiser and step."""

    def __init__(self, settings: Settings) -> None:
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.step = 0
        # a quarter faster on a CPU than rows of one channel after the other
        self.network = SpermNetwork().to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.network).eval()
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=PEAK_RATE, weight_decay=WEIGHT_DECAY
        )

    def rate(self) -> float:
        """Return the learning rate of the current step: a short rise, then half a cosine."""
        rise = min(1.0, (self.step + 1) / WARM_UP_STEPS)
        share = self.step / max(1, self.settings.steps)
        fall = LAST_RATE_SHARE + (1 - LAST_RATE_SHARE) * 0.5 * (1 + math.cos(math.pi * share))
        return self.settings.peak_rate * rise * fall

    def follow(self) -> None:
        """Move the average towards the network after a step."""
        # early on, a long memory would only remember the random start
        decay = min(EMA_DECAY, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            ours = self.average.state_dict()
            for name, value in self.network.state_dict().items():
                if value.dtype.is_floating_point:
                    ours[name].lerp_(value, 1 - decay)
                else:
                    ours[name].copy_(value)
        self.step += 1

    def save(self, folder: Path) -> None:
        """Write the checkpoint, whole or not at all."""
        part = folder / (CHECKPOINT + ".partial")
        state: dict[str, Any] = {
            "step": self.step,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        torch.save(state, part)
        part.replace(folder / CHECKPOINT)

    @classmethod
    def load(cls, folder: Path) -> Run:
        """Go on with a run where its last checkpoint left it."""
        run = cls(Settings.read(folder))
        if (folder / CHECKPOINT).exists():
            state = torch.load(folder / CHECKPOINT, weights_only=True)
            run.step = int(state["step"])
            run.network.load_state_dict(state["network"])
            run.average.load_state_dict(state["average"])
            run.optimiser.load_state_dict(state["optimiser"])
        return run
