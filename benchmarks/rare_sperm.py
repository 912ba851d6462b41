"""How well rare sperm are found in simulated testicular tissue (synthetic).

Usage: ``python -m benchmarks.rare_sperm --data ../shared/data --update docs/rare-sperm.md
[--dishes 200] [--workers 2] [--work runs/rare-sperm]``

What each dish gave is kept under ``--work``: a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from pathlib import Path

import cv2

from benchmarks.page import renew_block, require_block
from benchmarks.rare_composites import search_composites
from benchmarks.rare_dishes import FIRST_SEED, DishRecord, Plan, search_dish, settings_name
from benchmarks.rare_figures import review_list
from benchmarks.rare_report import PICTURE_NAME, draw_effort, report
from benchmarks.rare_sensitivity import write_sensitivity
from sertoli.sperm import Detector


@cache
def _detector(weights: str) -> Detector:
    cv2.setNumThreads(1)
    return Detector(weights, threads=1)


def _kept(path: Path, seed: int, plan: Plan, weights: str) -> DishRecord:
    if not path.exists():
        search_dish(seed, plan, _detector(weights)).write(path)
    return DishRecord.read(path)


def search_dishes(
    seeds: Sequence[int], plan: Plan, weights: str, work: Path, workers: int
) -> list[DishRecord]:
    """Search dishes in several processes, and keep what each gave in ``work``."""
    folder = work / settings_name(_detector(weights).weights_sha256, plan)
    folder.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    with ProcessPoolExecutor(workers) as pool:
        jobs = [pool.submit(_kept, folder / f"{seed}.npz", seed, plan, weights) for seed in seeds]
        for done, _ in enumerate(as_completed(jobs), start=1):
            if done % max(1, len(jobs) // 20) == 0:
                spent = time.monotonic() - begun
                left = spent / done * (len(jobs) - done)
                print(f"{done} of {len(jobs)} dishes, {left / 60:.0f} min left", flush=True)
        return [job.result() for job in jobs]


def main() -> None:
    """Search, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dishes", type=int, default=200)
    parser.add_argument("--fields", type=int, default=100, help="rare fields of each dish")
    parser.add_argument(
        "--swept-fields",
        type=int,
        default=20,
        help="rare fields of each dish through which the focus is turned as well; 0 for none",
    )
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--weights", default="default")
    parser.add_argument("--work", type=Path, default=Path("runs/rare-sperm"))
    parser.add_argument("--data", type=Path, help="folder of the real sets, for the composites")
    parser.add_argument("--update", type=Path, help="page whose figures are to be replaced")
    parser.add_argument(
        "--sensitivity",
        type=Path,
        help="file to write for the bound, src/sertoli/weights/sperm-sensitivity.json",
    )
    options = parser.parse_args()
    require_block(options.update)
    detector = _detector(options.weights)
    composites = search_composites(options.data, detector) if options.data else None
    seeds = range(FIRST_SEED, FIRST_SEED + options.dishes)
    plan = Plan(rare_fields=options.fields)
    records = search_dishes(seeds, plan, options.weights, options.work, options.workers)
    swept = []
    if options.swept_fields:
        turned = Plan(rare_fields=options.swept_fields, swept=True)
        swept = search_dishes(seeds, turned, options.weights, options.work, options.workers)
    listed = review_list(records)
    text = report(records, listed, swept, composites, detector)
    print(text)
    if options.sensitivity:
        write_sensitivity(records, detector.weights_sha256, options.sensitivity)
    if options.update:
        footnote = f"{listed.fields.sum()} fields, weights {detector.weights_sha256[:16]}"
        draw_effort(listed, options.update.parent / "images" / PICTURE_NAME, footnote)
        renew_block(options.update, text)


if __name__ == "__main__":
    main()
