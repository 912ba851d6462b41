"""How well the tubule map does on simulated fields: ``python -m benchmarks.tubule_map --help``.

The figures are of a network that has never seen the look they are measured on, on seeds that
trained nothing; beside it, what a Python user would take today, on the same pictures.
"""

from __future__ import annotations

import argparse
import datetime
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from benchmarks.field_baselines import ridge_filter, threshold_skeleton
from benchmarks.field_truth import Verdict, judge
from benchmarks.page import renew_block
from sertoli.optics import UNKNOWN_OPTICS
from sertoli.phantom import FieldPicture, make_field
from sertoli.phantom.world import Patient
from sertoli.tubules import CellNetwork, TubuleMap, TubuleMapper
from sertoli.tubules._rank import OPAQUE_FROM

FIRST_SEED = 950_000
SIZES = ((8.0, 640, 480), (5.0, 1024, 768), (6.5, 800, 600))
"""Pixel size in um, width and height."""

VARIED = 0.09
"""Standard deviation of the true opacity from which a picture is one where tubules differ."""

TARGETS = (
    ("centreline recall", ">= 0.85"),
    ("precision", ">= 0.90"),
    ("diameter error, median", "<= 6 %"),
    ("90th percentile", "<= 18 %"),
    ("top five dilated", ">= 0.85"),
    ("opacity, rank correlation", ">= 0.6"),
)


@dataclass
class Method:
    """A way to make a map, and what came of it."""

    name: str
    make: Callable[[FieldPicture], TubuleMap]
    verdicts: list[Verdict] = field(default_factory=list)
    seconds: float = 0.0


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description="Figures of the tubule map, simulated fields.")
    parser.add_argument(
        "--weights", type=Path, required=True, help="weights, best trained without the look"
    )
    parser.add_argument("--shipped", type=Path, help="weights that ship, for a line of their own")
    parser.add_argument("--look", default="flooded", help="look left out of training")
    parser.add_argument("--pictures", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--baselines", type=int, default=8, help="pictures for the baselines")
    parser.add_argument("--update", type=Path, help="page to write the table into")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    left_out = TubuleMapper(CellNetwork(options.weights, threads=1))
    settings = json.loads(left_out.network.facts["training_settings"])
    name = "**tubule map, look left out**"
    if settings["leave_out"] != options.look:
        name = "tubule map, **weights that know the look**"
    unknown = TubuleMapper(CellNetwork(options.weights, threads=1))
    methods = [
        Method(name, lambda one: left_out(one.frame)),
        Method("the same, pixel size not given", lambda one: without_size(unknown, one)),
        Method("ridge filter + skeleton + distance transform", ridge_filter),
        Method("threshold + skeleton + distance transform", threshold_skeleton),
    ]
    if options.shipped:
        shipped = TubuleMapper(CellNetwork(options.shipped, threads=1))
        known = Method("weights that ship (they know the look)", lambda one: shipped(one.frame))
        methods.insert(1, known)
    for number in range(options.pictures):
        picture = make_picture(options.first_seed, number, options.look)
        for method in methods:
            if method.make in (ridge_filter, threshold_skeleton) and number >= options.baselines:
                continue
            began = time.process_time()
            found = method.make(picture)
            method.seconds += time.process_time() - began
            method.verdicts.append(judge(picture, found))
    text = report(methods, options.look, options.pictures, options.first_seed)
    print(text)
    renew_block(options.update, text)


def make_picture(first_seed: int, number: int, look: str | None) -> FieldPicture:
    """Render the picture of that number: all kinds of men, three sizes."""
    um_per_px, width, height = SIZES[number % len(SIZES)]
    kinds = [kind.value for kind in Patient]
    return make_field(
        first_seed + number,
        patient=kinds[number % len(kinds)],
        look=look,
        um_per_px=um_per_px,
        width_px=width,
        height_px=height,
        depth=number % 2,
    ).picture(0)


def without_size(mapper: TubuleMapper, picture: FieldPicture) -> TubuleMap:
    """Map a picture as if nobody knew its pixel size."""
    return mapper(replace(picture.frame, optics=UNKNOWN_OPTICS))


def report(methods: Sequence[Method], look: str, pictures: int, first_seed: int) -> str:
    """Return the table and what it is of."""
    ours = methods[0]
    head = " | ".join(name for name, _ in TARGETS)
    lines = [
        f"**Synthetic.** {datetime.date.today()}; {pictures} simulated fields of the look "
        f"`{look}`, seeds from {first_seed}, which trained nothing, five kinds of men, 5 to 8 um "
        "per px. A place counts as found within 0.35 diameters and 30 degrees; truth is what lies "
        "on top, uncovered and in focus. Time is that of one core, as a multiple "
        "of the threshold's.",
        "",
        f"| method | pictures | {head} | time |",
        "|---|---|" + "---|" * (len(TARGETS) + 1),
    ]
    per_picture = methods[-1].seconds / max(1, len(methods[-1].verdicts))
    for method in methods:
        values = [
            f"{value:.1%}" if "error" in name or "percentile" in name else f"{value:.3f}"
            for value, (name, _) in zip(figures(method.verdicts), TARGETS, strict=True)
        ]
        count = len(method.verdicts)
        ratio = method.seconds / max(1, count) / per_picture
        lines.append(f"| {method.name} | {count} | " + " | ".join(values) + f" | {ratio:.1f} |")
    lines.append("| target | | " + " | ".join(target for _, target in TARGETS) + " | |")
    with_five = sum(not np.isnan(one.top_right) for one in ours.verdicts)
    lines += [
        "",
        f"Pictures with at least five dilated tubules in sight: {with_five}.",
        "",
        varied_line(ours.verdicts),
        opaque_line(ours.verdicts),
        "",
        *score_lines(ours.verdicts),
    ]
    return "\n".join(lines)


def figures(verdicts: Sequence[Verdict]) -> list[float]:
    """Return the figures of `TARGETS`, in their order."""
    error = np.concatenate([one.diameter_error for one in verdicts])
    tops = np.array([one.top_right for one in verdicts])
    correlations = np.array([one.opacity_correlation for one in verdicts])
    return [
        sum(one.recalled for one in verdicts) / max(1, sum(one.to_recall for one in verdicts)),
        sum(one.precise for one in verdicts) / max(1, sum(one.found for one in verdicts)),
        float(np.median(error)) if len(error) else np.nan,
        float(np.percentile(error, 90)) if len(error) else np.nan,
        _mean(tops),
        _mean(correlations),
    ]


def varied_line(verdicts: Sequence[Verdict]) -> str:
    """Return the opacity's correlation where the tubules of a picture do differ in opacity."""
    varied = [one for one in verdicts if one.opacity_spread >= VARIED]
    mean = _mean(np.array([one.opacity_correlation for one in varied]))
    return (
        f"Pictures whose true opacity varies (standard deviation of {VARIED:g} or more): "
        f"{len(varied)}; there the opacity's rank correlation is {mean:.3f}."
    )


def opaque_line(verdicts: Sequence[Verdict]) -> str:
    """Return how far the words "more opaque than most" can be believed."""
    true, found = np.concatenate([one.opacity_above for one in verdicts]).T
    called = found >= OPAQUE_FROM
    clearly = true >= 2 * OPAQUE_FROM
    return (
        f'`reasons` calls a tubule "more opaque than most" from {OPAQUE_FROM:g} above the median: '
        f"{called[clearly].mean():.0%} of those truly {2 * OPAQUE_FROM:g} or more above it "
        f"({clearly.sum()}) are called so, put {found[clearly].mean():.2f} above on average; "
        f"{(true[called] >= OPAQUE_FROM).mean():.0%} of those called so ({called.sum()}) are truly "
        f"{OPAQUE_FROM:g} or more above."
    )


def _mean(values: npt.NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def score_lines(verdicts: Sequence[Verdict]) -> list[str]:
    """Return the ROC AUC of the score beside that of the true class, and the reliability."""
    score = np.array([value for one in verdicts for value in one.score])
    kind = np.array([value for one in verdicts for value in one.true_class])
    sperm = np.array([value for one in verdicts for value in one.has_sperm])
    rate = {name: sperm[kind == name].mean() for name in set(kind)}
    true = np.array([rate[name] for name in kind])
    lines = [
        f"Score against sperm content, {len(score)} tubules, {sperm.mean():.0%} with sperm: ROC "
        f"AUC {auc(score, sperm):.3f}; of the true class {auc(true, sperm):.3f} (target: within "
        "0.03).",
        "",
        "| score | tubules | mean score | share with sperm |",
        "|---|---|---|---|",
    ]
    edges = np.quantile(score, np.linspace(0, 1, 6))
    for low, high in pairwise(edges):
        here = (score >= low) & ((score < high) | (high == edges[-1]))
        if here.any():
            lines.append(
                f"| {low:.2f} to {high:.2f} | {here.sum()} | {score[here].mean():.3f} | "
                f"{sperm[here].mean():.3f} |"
            )
    return lines


def auc(score: npt.NDArray[np.float64], truth: npt.NDArray[np.bool_]) -> float:
    """Return the chance that a true one scores above a false one (ties count half)."""
    rank = rankdata(score)
    positive = int(truth.sum())
    negative = len(truth) - positive
    if not positive or not negative:
        return float("nan")
    above = float(rank[truth].sum()) - positive * (positive + 1) / 2
    return above / (positive * negative)


if __name__ == "__main__":
    main()
