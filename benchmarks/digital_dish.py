"""Measure the default weights on simulated dishes that training has not seen (synthetic).

Usage: ``python -m benchmarks.digital_dish --update docs/detector.md``

Each dish is another man under another laboratory's microscope, its pixel size given.
Sperm that nobody could see and late spermatids are don't-care.
"""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.page import renew_block, require_block
from sertoli.phantom import make_dish
from sertoli.phantom.render import OBSCURED_SPERM
from sertoli.phantom.world import CellKind, Motility, Regime
from sertoli.sperm import Detector
from sertoli.sperm.evaluation import Evaluation, ImageResult, evaluate

FIRST_SEED = 5_000
DISHES = 20
FIELDS = 10
SPERM_PER_FIELD = 2.0
STILL = (Motility.IMMOTILE, Motility.TWITCHING)
DONT_CARE = (OBSCURED_SPERM, CellKind.ELONGATED_SPERMATID)


def results(regime: Regime, detector: Detector, still_only: bool) -> Iterator[ImageResult]:
    """Search every field of every dish of a regime.

    ``still_only`` makes moving sperm don't-care: recall is then that of cells that do not
    travel.
    """
    for seed in range(FIRST_SEED, FIRST_SEED + DISHES):
        source = make_dish(
            seed, regime=regime.value, sperm_per_field=SPERM_PER_FIELD, fields=FIELDS
        )
        for index in range(FIELDS):
            frame, shown = source.frame_with_truth(index)
            wanted = [s for s in shown if s.label in (CellKind.SPERM, *DONT_CARE)]
            ignored = [
                s.label in DONT_CARE or (still_only and s.motility not in STILL) for s in wanted
            ]
            boxes = np.array([s.box_px for s in wanted], np.float64).reshape(-1, 4)
            found = detector.detect(frame)
            yield ImageResult.of_detections(found, boxes, np.array(ignored, np.bool_), str(seed))


def row(name: str, got: Evaluation) -> str:
    """Format one line of the table."""
    f1s = sorted(group.f1 or 0.0 for group in got.groups.values())
    cells = [
        name,
        f"{got.images}",
        f"{got.truths}",
        *("" if v is None else f"{v:.3f}" for v in (got.recall, got.precision, got.f1)),
        f"{got.fp_per_image:.2f}",
        f"{f1s[len(f1s) // 10]:.2f} to {f1s[-1 - len(f1s) // 10]:.2f}",
    ]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", type=Path, help="page whose table is to be replaced")
    options = parser.parse_args()
    require_block(options.update)
    detector = Detector()
    lines = [
        f"Default confidence {detector.default_confidence:.3f}, weights SHA-256 "
        f"{detector.weights_sha256[:16]}, {datetime.datetime.now(datetime.UTC).date()}; {DISHES} "
        f"simulated dishes and laboratories (seeds from {FIRST_SEED}), {FIELDS} fields each, "
        f"{SPERM_PER_FIELD:g} sperm expected in a field of 224 x 168 um.",
        "",
        "| simulated dish | fields | sperm | recall | precision | F1 | false positives a field "
        "| F1 of dishes (10 % to 90 %) |",
        "|---|---|---|---|---|---|---|---|",
        *(
            row(name, evaluate(results(regime, detector, still)))
            for name, regime, still in (
                ("testicular", Regime.TESTICULAR, False),
                ("testicular, immotile and twitching sperm only", Regime.TESTICULAR, True),
                ("semen", Regime.SEMEN, False),
            )
        ),
    ]
    text = "\n".join(lines)
    print(text)
    renew_block(options.update, text)


if __name__ == "__main__":
    main()
