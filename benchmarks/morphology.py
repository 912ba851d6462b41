"""How far sizes of heads are off, and how well the research classifier tells abnormal ones.

Usage: ``python -m benchmarks.morphology --data ../shared/data --update docs/morphology.md``

Sizes: simulated dishes that training has not seen, the shipped detector end to end, the pixel
size given (synthetic). Half of the sperm have no tail. Classifier: the ``val`` patients of MHSMA.
"""

from __future__ import annotations

import argparse
import datetime
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.page import renew_block, require_block
from sertoli.frames import Frame
from sertoli.optics import Modality, Optics
from sertoli.phantom.render import BENCH_MODALITIES, View, random_look, take_picture
from sertoli.phantom.world import Cell, CellKind, Dish, Regime, population
from sertoli.sperm import Detector
from sertoli.sperm.evaluation import match_centres
from sertoli.sperm.morphology import PARTS, HeadClassifier, HeadSizer, Unjudged

Floats = npt.NDArray[np.float64]

FIRST_SEED = 800_000
FIELDS = 10
"""For each modality."""

SIDE_PX = 360
UM_PER_PX = (0.15, 0.4)
SPERM_A_FIELD = 12
MOST_OTHERS_PER_MM2 = 2500.0
RESAMPLES = 999
SURE_TAIL, SURE_NONE = 0.8, 0.2


@dataclass(frozen=True)
class HalfTailless(Dish):
    """A dish in which every other sperm has lost its tail."""

    def cells_near(
        self, left_um: float, top_um: float, right_um: float, bottom_um: float, time_s: float = 0.0
    ) -> Iterator[Cell]:
        """Give the cells of the plain dish, half of the sperm without a tail."""
        for cell in super().cells_near(left_um, top_um, right_um, bottom_um, time_s):
            lost = cell.kind is CellKind.SPERM and cell.number % 2 == 0
            yield replace(cell, tail=None) if lost else cell


@dataclass(frozen=True, slots=True)
class Seen:
    """One sperm that the detector found: what was measured, and what is true."""

    um_per_px: float
    length: float
    width: float
    true_length: float
    true_width: float
    tail: float
    has_tail: bool
    why_not: Unjudged | None


def seen(modality: Modality, detector: Detector, sizer: HeadSizer, fields: int) -> Iterator[Seen]:
    """Measure every sperm that is found in the fields of a modality."""
    first = FIRST_SEED + 1000 * BENCH_MODALITIES.index(modality)
    for seed in range(first, first + fields):
        rng = np.random.default_rng((seed, 5))
        um_per_px = float(np.exp(rng.uniform(*np.log(UM_PER_PX))))
        people = population(Regime.SEMEN if seed % 2 else Regime.TESTICULAR, rng)
        per_mm2 = {kind: min(n, MOST_OTHERS_PER_MM2) for kind, n in people.per_mm2.items()}
        per_mm2[CellKind.SPERM] = SPERM_A_FIELD / (SIDE_PX * um_per_px / 1000) ** 2
        dish = HalfTailless(int(rng.integers(2**31)), replace(people, per_mm2=per_mm2))
        look = replace(random_look(rng, modality), tint=None)
        view = View(0.0, 0.0, SIDE_PX, SIDE_PX, um_per_px)
        pixels, shown = take_picture(dish, look, view, 0.1, seed)
        sperm = [thing for thing in shown if thing.label == CellKind.SPERM]
        found = detector.detect(Frame(pixels, 0, optics=Optics(um_per_px, modality)))
        boxes = np.array([one.box_px for one in sperm], np.float64).reshape(-1, 4)
        at = np.hstack((found.centre_px - found.size_px / 2, found.size_px)).astype(np.float64)
        match = match_centres(at, boxes, np.zeros(len(boxes), bool))
        shapes = sizer.measure(pixels, found)
        for row in np.flatnonzero(match >= 0):
            cell = sperm[match[row]].cell
            yield Seen(
                um_per_px,
                float(shapes.length_px[row]) * um_per_px,
                float(shapes.width_px[row]) * um_per_px,
                cell.length_um,
                cell.width_um,
                float(shapes.tail[row]),
                cell.tail is not None,
                shapes.unjudged[row],
            )


def size_row(name: str, all_seen: Sequence[Seen]) -> str:
    """Format one line of the table of sizes."""
    judged = [one for one in all_seen if one.why_not is None]
    cells = [name, f"{len(all_seen)}", f"{100 * len(judged) / max(1, len(all_seen)):.0f} %"]
    for found, true in (
        ([o.length for o in judged], [o.true_length for o in judged]),
        ([o.width for o in judged], [o.true_width for o in judged]),
        ([o.length * o.width for o in judged], [o.true_length * o.true_width for o in judged]),
        ([o.length / o.width for o in judged], [o.true_length / o.true_width for o in judged]),
    ):
        if not judged:
            cells.append("-")
            continue
        off = np.array(found) / np.array(true) - 1
        cells.append(
            f"{100 * np.median(np.abs(off)):.0f} / {100 * np.quantile(np.abs(off), 0.9):.0f} "
            f"({100 * np.median(off):+.0f})"
        )
    return "| " + " | ".join(cells) + " |"


def sizes(detector: Detector, sizer: HeadSizer, fields: int) -> list[str]:
    """Return the tables of sizes and tails."""
    by_modality = {
        modality: list(seen(modality, detector, sizer, fields)) for modality in BENCH_MODALITIES
    }
    everything = [one for part in by_modality.values() for one in part]
    lines = [
        f"Simulated dishes (synthetic), {fields} fields a modality, pixel sizes "
        f"{UM_PER_PX[0]} to {UM_PER_PX[1]} um, {datetime.date.today().isoformat()}. Errors in "
        "percent: median / 90th percentile (median with its sign).",
        "",
        "| | sperm found | judged | length | width | area | ellipticity |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [size_row(modality.value, part) for modality, part in by_modality.items()]
    lines.append(size_row("all", everything))
    for low, high in ((0.15, 0.2), (0.2, 0.3), (0.3, 0.4)):
        part = [one for one in everything if low <= one.um_per_px < high]
        lines.append(size_row(f"{low} to {high} um per px", part))
    why = Counter(one.why_not.value for one in everything if one.why_not is not None)
    told = ", ".join(f"{reason} {count}" for reason, count in why.most_common())
    lines += ["", f"Not judged: {told or 'none'}.", ""]
    lines += [
        "| tail | sperm | said to be seen | said not to be seen | not judged |",
        "|---|---|---|---|---|",
    ]
    for has_tail, name in ((True, "has one"), (False, "has none")):
        chance = np.array([one.tail for one in everything if one.has_tail is has_tail])
        yes, no = float((chance >= SURE_TAIL).mean()), float((chance <= SURE_NONE).mean())
        lines.append(
            f"| {name} | {len(chance)} | {100 * yes:.0f} % | {100 * no:.0f} % | "
            f"{100 * (1 - yes - no):.0f} % |"
        )
    return lines


def auc(score: Floats, abnormal: npt.NDArray[np.bool_]) -> float:
    """Return the chance that an abnormal head scores above a normal one."""
    from scipy.stats import rankdata

    count, others = int(abnormal.sum()), int((~abnormal).sum())
    if not count or not others:
        return math.nan
    ranks = rankdata(score)[abnormal].sum()
    return float((ranks - count * (count + 1) / 2) / (count * others))


def balanced_accuracy(score: Floats, abnormal: npt.NDArray[np.bool_]) -> float:
    """Return the mean of sensitivity and specificity at one half."""
    if not abnormal.any() or abnormal.all():
        return math.nan
    said = score >= 0.5
    return float((said[abnormal].mean() + (~said[~abnormal]).mean()) / 2)


def classifier(data: Path) -> list[str]:
    """Return the table of the research classifier on the patients it has not seen."""
    from scipy.stats import bootstrap
    from training.morphology.crops import plain, read_heads

    heads = read_heads(data, "val")
    score = HeadClassifier().classify_crops(plain(heads.crops)).probability.astype(np.float64)
    patients = np.unique(heads.patient)
    rows_of = [np.flatnonzero(heads.patient == patient) for patient in patients]
    lines = [
        f"MHSMA, split val: {len(heads.crops)} heads of {len(patients)} patients, none of whom "
        f"trained it; {datetime.date.today().isoformat()}. 95 % intervals: percentile bootstrap "
        f"of whole patients, {RESAMPLES} resamples.",
        "",
        "| part | abnormal | balanced accuracy | AUC |",
        "|---|---|---|---|",
    ]
    for column, part in enumerate(PARTS):
        abnormal = heads.abnormal[:, column] > 0.5
        cells = [part, f"{int(abnormal.sum())} of {len(abnormal)}"]
        for figure in (balanced_accuracy, auc):

            def resampled(chosen: npt.NDArray[np.intp]) -> float:
                rows = np.concatenate([rows_of[int(one)] for one in chosen])
                return figure(score[rows, column], abnormal[rows])  # noqa: B023 - used at once

            drawn = bootstrap(
                (np.arange(len(patients)),),
                resampled,
                n_resamples=RESAMPLES,
                method="percentile",
                vectorized=False,
                rng=np.random.default_rng(1),
            )
            values = drawn.bootstrap_distribution
            low, high = np.nanquantile(values, (0.025, 0.975))
            value = figure(score[:, column], abnormal)
            cells.append(f"{value:.2f} ({low:.2f} to {high:.2f})")
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def main() -> None:
    """Read the command line, measure, report."""
    parser = argparse.ArgumentParser(description="Errors of sizes, and of the classifier.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the real images")
    parser.add_argument("--fields", type=int, default=FIELDS, help="for each modality")
    parser.add_argument("--update", type=Path, help="page to write the figures into")
    options = parser.parse_args()
    require_block(options.update)
    lines = sizes(Detector(threads=1), HeadSizer(), options.fields)
    lines += ["", *classifier(options.data)]
    text = "\n".join(lines)
    print(text)
    renew_block(options.update, text)


if __name__ == "__main__":
    main()
