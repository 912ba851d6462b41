"""The steps of learning, with the time they take told beforehand."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sertoli.sperm.learning._crops import Scene, batch
from sertoli.sperm.learning._graph import TrainableGraph, require_torch
from sertoli.sperm.learning._judge import judge
from sertoli.sperm.learning._loss import detection_loss
from sertoli.sperm.learning._targets import Floats

PEAK_RATE = 3e-4
"""An eighth of the rate that trains from nothing."""

LAST_RATE_SHARE = 0.02
WARM_UP_STEPS = 20
WEIGHT_DECAY = 1e-2
LARGEST_GRADIENT = 5.0

KEEP_WEIGHT = 2.0
"""Of the difference to what the weights begun from say about pictures kept in mind."""

LOOKS = 8
"""Times that the network is judged on the way; the best state is kept."""

BETWEEN = (0.35, 0.5, 0.65, 0.8)
"""Shares of the way from the first state to the best one that are tried."""

TIMED_STEPS = 3
"""Steps that are taken, and undone, to say how long all will take; one more before them, for
the first loads what all others find loaded."""

LOOKS_AFTER = len(BETWEEN) + 1
"""Judgements once all steps are taken: of the states between, and once more as a search finds."""


State = dict[str, Any]
"""Tensors by name, as `TrainableGraph.state` gives them."""


@dataclass(frozen=True, slots=True)
class Learning:
    """How far it is.

    Parameters
    ----------
    step, steps : int
        Done, and in all.
    loss : float
        Smoothed; NaN before the first step.
    seconds_left : float
    """

    step: int
    steps: int
    loss: float
    seconds_left: float


@dataclass(frozen=True, slots=True, eq=False)
class Crops:
    """What batches are drawn from; each is a pure function of the seed and the step.

    Parameters
    ----------
    own, kept : sequence of Scene
        ``kept`` may be empty.
    seed : int
    """

    own: Sequence[Scene]
    kept: Sequence[Scene]
    seed: int


def train(
    graph: TrainableGraph,
    before: TrainableGraph,
    crops: Crops,
    aside: Mapping[str, Sequence[Scene]],
    steps: int,
    on_progress: Callable[[Learning], None] | None,
) -> list[tuple[float, State]]:
    """Take all steps and return the best states seen on the way, with their value, best first.

    The value is the highest mean over the sets kept aside of the F1 at the best threshold of each.
    States between the first one and the best one are tried, too: the mean of weights before
    and after fine-tuning forgets less (Wortsman et al., "Robust fine-tuning of zero-shot
    models", CVPR 2022).
    """
    torch = require_torch()
    torch.set_num_threads(1)
    start = graph.state()
    optimiser = _optimiser(graph)
    _advance(graph, optimiser, crops, 0, before)
    began = time.monotonic()
    for step in range(TIMED_STEPS):
        _advance(graph, optimiser, crops, step, before)
    step_s = (time.monotonic() - began) / TIMED_STEPS
    graph.load(start)
    began = time.monotonic()
    _look(graph, aside)
    look_s = time.monotonic() - began

    optimiser = _optimiser(graph)
    look_every = max(1, steps // LOOKS)
    states: list[tuple[float, State]] = []
    recent = math.nan
    looks = math.ceil(steps / look_every)
    if on_progress is not None:
        expected_s = steps * step_s + (looks + LOOKS_AFTER) * look_s
        on_progress(Learning(0, steps, recent, expected_s))
    began = time.monotonic()
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = _rate(step, steps)
        loss = _advance(graph, optimiser, crops, step, before)
        recent = loss if step == 0 else 0.95 * recent + 0.05 * loss
        done = step + 1
        if done % look_every == 0 or done == steps:
            states.append((_look(graph, aside), graph.state()))
        if on_progress is not None:
            left_s = (time.monotonic() - began) / done * (steps - done) + LOOKS_AFTER * look_s
            on_progress(Learning(done, steps, recent, left_s))
    last = max(states, key=lambda one: one[0])[1]
    for share in BETWEEN:
        graph.load({key: start[key].lerp(value, share) for key, value in last.items()})
        states.append((_look(graph, aside), graph.state()))
    return sorted(states, key=lambda one: -one[0])


def _optimiser(graph: TrainableGraph) -> Any:
    return require_torch().optim.AdamW(
        graph.parameters(), lr=_rate(0, 1), weight_decay=WEIGHT_DECAY
    )


def _rate(step: int, steps: int) -> float:
    """Linear warm-up, then half a cosine."""
    warm = min(1.0, (step + 1) / WARM_UP_STEPS)
    falling = 0.5 * (1 + math.cos(math.pi * step / steps))
    return PEAK_RATE * warm * (LAST_RATE_SHARE + (1 - LAST_RATE_SHARE) * falling)


def _advance(
    graph: TrainableGraph, optimiser: Any, crops: Crops, step: int, before: TrainableGraph
) -> float:
    torch = require_torch()
    made = batch(crops.own, crops.kept, np.random.default_rng((crops.seed, step)))
    pictures = torch.from_numpy(made.pictures)
    targets = [torch.from_numpy(one) for one in (made.heat, made.care, made.shape, made.sized)]
    cells = graph(pictures)
    loss = detection_loss(cells, *targets)
    kept = made.sized > 0
    if kept.any():
        with torch.no_grad():
            known = before(pictures[kept])
        loss = loss + KEEP_WEIGHT * torch.nn.functional.smooth_l1_loss(cells[kept], known)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(graph.parameters(), LARGEST_GRADIENT)
    optimiser.step()
    return float(loss.detach())


def _look(graph: TrainableGraph, aside: Mapping[str, Sequence[Scene]]) -> float:
    torch = require_torch()

    def run(picture: Floats) -> Floats:
        with torch.no_grad():
            cells: Floats = graph(torch.from_numpy(picture)).numpy()
        return cells

    return float(np.mean([judge(run, scenes).best().f1 for scenes in aside.values()]))
