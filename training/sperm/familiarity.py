"""Fit what a familiar picture looks like, and judge it: ``python -m training.sperm.familiarity``.

Familiar are phantom fields and visem11, at several magnifications; strange are made-up
pictures of other things. No other real picture takes part. A quadratic logistic rule tells
them apart, and its limit is set on familiar pictures that the fit has not seen.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from sertoli.sperm import Detector
from sertoli.sperm._familiarity import Familiarity, expand, statistics
from training.sperm.batches import UM_PER_PX
from training.sperm.fields import HELD_OUT_FIRST_SEED, phantom_fields
from training.sperm.scenes import Scene, visem11
from training.sperm.strangers import stranger

Numbers = npt.NDArray[np.float64]

FALSE_ALARMS = 0.02
"""Share of familiar pictures that the limit lets count as strange."""

MAGNIFICATIONS = (0.6, 2.0)
"""Familiar pictures are taken at so many times the magnification that suits them."""

SEEN = 2 / 3
"""Share of the familiar pictures that the rule is fitted on; the rest set the limit."""

MOST_SCENES = 1200
"""Of more training pictures so many are taken, evenly spread."""

STRANGERS = 700
STRANGER_SIDE_PX = 256
PENALTY = 1e-4
_SEED = 20

REAL_SETS = ("visem11", "miamia", "bull", "umid_train", "umid_val", "tubules_histology")
"""What the rule is judged on, beside held-out phantom fields and noise."""


def fit_familiarity(scenes: Sequence[Scene], strangers: int = STRANGERS) -> Familiarity:
    """Fit the rule.

    Parameters
    ----------
    scenes : sequence of Scene
        Training pictures.
    strangers : int
        How many strange pictures to make.
    """
    scenes = scenes[:: max(1, -(-len(scenes) // MOST_SCENES))]
    familiar = [
        _familiar(scene, np.random.default_rng((_SEED, 0, index)))
        for index, scene in enumerate(scenes)
    ]
    order = np.random.default_rng(_SEED).permutation(len(familiar))
    seen = round(SEEN * len(familiar))
    ours = np.concatenate([familiar[index] for index in order[:seen]])
    strange = np.concatenate(
        [_strange(np.random.default_rng((_SEED, 1, index))) for index in range(strangers)]
    )
    mean, spread = ours.mean(axis=0), ours.std(axis=0) + 1e-6
    weights = _fit(expand((ours - mean) / spread), expand((strange - mean) / spread))
    scores = [
        float((expand((familiar[index] - mean) / spread) @ weights).mean())
        for index in order[seen:]
    ]
    return Familiarity(mean, spread, weights, float(np.quantile(scores, 1 - FALSE_ALARMS)))


def _familiar(scene: Scene, rng: np.random.Generator) -> Numbers:
    zoom = float(np.exp(rng.uniform(*np.log(MAGNIFICATIONS))))
    return statistics(scene.pixels, scene.um_per_px / UM_PER_PX * zoom)


def _strange(rng: np.random.Generator) -> Numbers:
    return statistics(stranger(STRANGER_SIDE_PX, rng), 1.0)


def _fit(ours: Numbers, strange: Numbers) -> Numbers:
    """Logistic regression; both sides weigh the same, whatever their numbers."""
    both = np.concatenate([ours, strange])
    side = np.concatenate([np.full(len(ours), -1.0), np.ones(len(strange))])
    share = np.where(side > 0, 0.5 / len(strange), 0.5 / len(ours))

    def surprise(weights: Numbers) -> tuple[float, Numbers]:
        margin = side * (both @ weights)
        slope = -share * side / (1.0 + np.exp(np.clip(margin, -50.0, 50.0)))
        free = weights.copy()
        free[0] = 0.0
        value = (share * np.logaddexp(0.0, -margin)).sum() + PENALTY * (free @ free)
        return float(value), slope @ both + 2 * PENALTY * free

    start = np.zeros(both.shape[1])
    found = minimize(surprise, start, jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return np.asarray(found.x, np.float64)


def training_scenes(data: Path, cache: Path | None, fields: int) -> list[Scene]:
    """Return the pictures of a run: its phantom fields and visem11."""
    phantom = phantom_fields(cache, 0, fields, 2) if cache is not None and fields else []
    return [*phantom, *visem11(data)]


def main() -> None:
    """Report how often the rule of weights fires on sets that took no part in its fit."""
    parser = argparse.ArgumentParser(description="Judge the rule of familiarity of weights.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the real images")
    parser.add_argument("--weights", default="default", help="a name or a file")
    parser.add_argument("--cache", type=Path, default=Path("runs/fields"))
    parser.add_argument("--every", type=int, default=1, help="use every n-th picture of a set")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    rule = Detector(options.weights).network.familiarity
    if rule is None:
        parser.error(f"the weights {options.weights} hold no rule of familiarity")
    print(table(judge(rule, options.data, options.cache, options.every)))


def table(scores: Mapping[str, Numbers]) -> str:
    """Return how often each set is taken for unlike, as a table."""
    lines = ["| set | pictures | taken for unlike |", "|---|---|---|"]
    for name, found in scores.items():
        lines.append(f"| {name} | {len(found)} | {100 * float(np.mean(found > 0)):.0f} % |")
    return "\n".join(lines)


def judge(rule: Familiarity, data: Path, cache: Path, every: int = 1) -> dict[str, Numbers]:
    """Return the strangeness of pictures that took no part in the fit, by set."""
    held_out = phantom_fields(cache, HELD_OUT_FIRST_SEED, 150, 2)
    found = {
        "phantom, held out": [
            rule.strangeness(one.pixels, one.um_per_px / UM_PER_PX) for one in held_out[::every]
        ]
    }
    for name in REAL_SETS:
        files = sorted((data / name / "images").iterdir())[::every]
        found[name] = [
            rule.strangeness(np.asarray(cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)), 1.0)
            for file in files
        ]
    for name, pictures in _noises().items():
        found[name] = [rule.strangeness(picture, 1.0) for picture in pictures]
    return {name: np.array(scores) for name, scores in found.items()}


def _noises() -> dict[str, list[npt.NDArray[np.uint8]]]:
    """Pictures that every camera can give when something is wrong; 640x480."""
    rng = np.random.default_rng(_SEED)
    shape = (480, 640)
    salted = []
    for share in (0.02, 0.05, 0.1, 0.3):
        draw = rng.random(shape)
        picture = np.full(shape, 120.0)
        picture[draw < share / 2], picture[draw > 1 - share / 2] = 0, 255
        salted.append(picture)
    grains = [rng.normal(0, 1, shape).astype(np.float32) for _ in range(4)]
    soft = [
        128 + 40 * (blurred / blurred.std())
        for grain, width in zip(grains, (1, 2, 4, 8), strict=True)
        for blurred in (cv2.GaussianBlur(grain, (0, 0), width),)
    ]
    kinds: dict[str, list[npt.NDArray[np.floating]]] = {
        "white noise": [
            rng.uniform(0, 255, shape),
            *(rng.normal(120, d, shape) for d in (3, 10, 30)),
        ],
        "soft noise": soft,
        "salt and pepper": salted,
        "blank": [np.full(shape, grey) for grey in (0.0, 128.0, 255.0)],
        "ramp": [np.tile(np.linspace(0, 255, shape[1]), (shape[0], 1))],
    }
    return {
        name: [np.clip(np.rint(one), 0, 255).astype(np.uint8) for one in ones]
        for name, ones in kinds.items()
    }


if __name__ == "__main__":
    main()
