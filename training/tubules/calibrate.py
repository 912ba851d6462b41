"""Fit the score to simulated testes: ``python -m training.tubules.calibrate --help``.

The network maps fields whose sperm content is known; a logistic rule on what it measured is
fitted, and written into the weights file. Effects of size are those of the simulation's default.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnx
from benchmarks.field_truth import judge
from scipy.optimize import minimize

from sertoli.phantom import make_field
from sertoli.tubules import CellNetwork, ScoreRule, TubuleMapper, features
from training.weights_file import save_onnx

FIRST_SEED = 800_000
UM_PER_PX, WIDTH_PX, HEIGHT_PX = 8.0, 640, 480
RIDGE = 2.0
"""Weight of the squared weights: a few hundred tubules of some fifty men must not say too much."""

Floats = npt.NDArray[np.float64]


def main() -> None:
    """Read the command line, fit, and write the rule into the files."""
    parser = argparse.ArgumentParser(description="Fit the score of the tubule map.")
    parser.add_argument("weights", type=Path, nargs="+", help="the first maps, all get the rule")
    parser.add_argument("--pictures", type=int, default=100)
    parser.add_argument("--without", help="look that is not used")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    mapper = TubuleMapper(CellNetwork(options.weights[0], threads=1))
    rows, truth = measured(mapper, options.pictures, options.without)
    rule = fitted(rows, truth)
    for file in options.weights:
        model = onnx.load(file)
        facts = {one.key: one.value for one in model.metadata_props}
        facts["score"] = json.dumps({key: round(value, 4) for key, value in asdict(rule).items()})
        save_onnx(model, file, facts)
    print(f"{len(truth)} tubules, {truth.mean():.1%} with sperm: {facts['score']}")


def measured(
    mapper: TubuleMapper, pictures: int, without: str | None
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Map simulated fields; return what the rule weighs, and which tubules hold sperm."""
    rows, truth = [], []
    for number in range(pictures):
        source = make_field(
            FIRST_SEED + number, um_per_px=UM_PER_PX, width_px=WIDTH_PX, height_px=HEIGHT_PX
        )
        if source.look.name == without:
            continue
        picture = source.picture(0)
        found = mapper(picture.frame)
        sperm = {one.tubule: one.traits.has_sperm for one in picture.stretches}
        owner = judge(picture, found).owner
        weighed = features(found.relative_diameter, found.opacity, found.length_px)
        for row, tubule in owner.items():
            rows.append(weighed[row])
            truth.append(sperm[tubule])
    return np.array(rows), np.array(truth)


def fitted(rows: Floats, truth: npt.NDArray[np.bool_]) -> ScoreRule:
    """Fit a logistic rule by penalised maximum likelihood; the constant is not penalised."""
    sign = np.where(truth, 1.0, -1.0)

    def loss(weights: Floats) -> tuple[float, Floats]:
        margin = sign * (rows @ weights)
        chance = 1 / (1 + np.exp(margin))
        penalty = RIDGE * weights * (np.arange(len(weights)) > 0)
        value = np.logaddexp(0, -margin).sum() + 0.5 * float(penalty @ weights)
        return float(value), -(sign * chance) @ rows + penalty

    best = minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B")
    return ScoreRule(*(float(value) for value in best.x))


if __name__ == "__main__":
    main()
