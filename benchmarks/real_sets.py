"""Search every real set, as it comes and resized, and write the figures beside their targets.

Usage: ``python -m benchmarks.real_sets --data ../shared/data --update docs/real-sets.md
--baselines runs/baselines.json [--weights default research]``

Each set is searched as a person would, by the public function, without a pixel size. No
setting is fitted here. The real images stay where they are.
"""

from __future__ import annotations

import argparse
import datetime
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.labelled import (
    LABELLED_SETS,
    LOW_CONFIDENCE,
    Figures,
    LabelledSet,
    figures,
    searched,
    still_only,
    truth_of,
)
from benchmarks.page import renew_block, require_block
from sertoli.search import SearchSettings, search
from sertoli.sperm import Detector

FACTORS = (0.5, 0.71, 1.41, 2.0, 3.0)
"""How sets are resized."""

LEAST_BOX_PX = 8.0
"""Sets are made no smaller than this median box (its longer side)."""

TARGET_F1 = {"miamia": 0.85, "visem11": 0.93, "bull": 0.85}
TARGET_FALSE_POSITIVES = {"umid": 0.3}
TARGET_LOSS = 0.05
"""How much F1 may change with the size."""

UNLABELLED = {
    "smears": "stained smears; **training set**; boxes hold the whole sperm",
    "mhsma": "crops of one sperm each",
    "tubules_histology": "sections without free sperm",
}
"""Searched to show that nothing breaks, and how much is found."""

HEADER = (
    "| set | what | fields | F1 | target F1 | precision | recall | recall of still sperm "
    "| best F1 on the set | AP50 | false positives a field | target |",
    "|---|---|---|---|---|---|---|---|---|---|---|---|",
)


@dataclass(frozen=True, slots=True)
class Resized:
    """F1 and false positives of a resized set, and of the same pictures as they come."""

    set_name: str
    weights: str
    factor: float
    box_px: float | None
    native: Figures
    resized: Figures


def main_row(name: str, what: str, got: Figures) -> str:
    """Format one line of the main table."""
    cells = [
        f"`{name}`",
        what,
        str(got.fields),
        _share(got.f1),
        _target(TARGET_F1.get(name), got.f1, at_least=True),
        _share(got.precision),
        _share(got.recall),
        _share(got.recall_still),
        _share(got.best_f1),
        _share(got.ap50),
        f"{got.fp_per_image:.2f}",
        _target(TARGET_FALSE_POSITIVES.get(name), got.fp_per_image, at_least=False),
    ]
    return "| " + " | ".join(cells) + " |"


def baseline_rows(rows: Sequence[dict[str, Any]], set_name: str) -> Iterator[str]:
    """Format the lines of the baselines on one set."""
    fields = Figures.__dataclass_fields__
    for row in rows:
        if row["set"] == set_name:
            what = f"{row['baseline']}; {row['how']} ({row['setting']})"
            yield main_row(set_name, what, Figures(**{name: row[name] for name in fields}))


def group_rows(results: dict[tuple[str, str], Figures]) -> list[str]:
    """Format F1 of every video, where a set has several."""
    lines = ["| set | video | weights | F1 |", "|---|---|---|---|"]
    for (name, weights), got in results.items():
        if len(got.f1_by_group) > 1:
            lines += [
                f"| `{name}` | `{group}` | `{weights}` | {f1:.3f} |"
                for group, f1 in got.f1_by_group.items()
            ]
    return lines


def median_box_px(real: LabelledSet, data: Path) -> float | None:
    """Return the median of the longer sides of the boxes to be found; None without any."""
    boxes = [image.boxes_px[~image.ignored] for f in real.folders for image in truth_of(data / f)]
    sides = np.concatenate(boxes)[:, 2:].max(axis=1)
    return float(np.median(sides)) if len(sides) else None


def resized(real: LabelledSet, data: Path, detector: Detector, every: int) -> Iterator[Resized]:
    """Search a set at other sizes, without telling the pixel size."""
    box = median_box_px(real, data)
    factors = [f for f in FACTORS if box is None or f * box >= LEAST_BOX_PX]
    native = figures(searched(real, data, detector, every=every), detector.default_confidence)
    for factor in factors:
        found = searched(real, data, detector, every=every, factor=factor)
        got = figures(found, detector.default_confidence)
        side = None if box is None else box * factor
        yield Resized(real.name, detector.weights_name, factor, side, native, got)


def resized_rows(all_: Sequence[Resized]) -> list[str]:
    """Format the table of resized sets."""
    lines = [
        "| set | weights | size | median box | fields | F1 as it comes | F1 resized | change "
        f"| target: within {TARGET_LOSS:g} | false positives a field as it comes | resized |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for one in all_:
        before, after = one.native.f1, one.resized.f1
        change = after - before if before is not None and after is not None else None
        cells = [
            f"`{one.set_name}`",
            f"`{one.weights}`",
            f"x {one.factor:g}",
            "" if one.box_px is None else f"{one.box_px:.0f} px",
            str(one.resized.fields),
            _share(before),
            _share(after),
            "" if change is None else f"{change:+.3f}",
            "" if change is None else _verdict(abs(change) <= TARGET_LOSS),
            f"{one.native.fp_per_image:.2f}",
            f"{one.resized.fp_per_image:.2f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def unlabelled_rows(data: Path, detector: Detector) -> list[str]:
    """Search the sets without usable labels and count."""
    lines = ["| set | what it shows | fields | findings a field |", "|---|---|---|---|"]
    for name, content in UNLABELLED.items():
        print(f"{name} ...", flush=True)
        with tempfile.TemporaryDirectory() as work:
            out = Path(work, "found")
            got = search(data / name / "images", out, detector, SearchSettings()).summary
        share = int(got["findings"]) / int(got["frames_searched"])
        lines.append(f"| `{name}` | {content} | {got['frames_searched']} | {share:.2f} |")
    return lines


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _target(target: float | None, value: float | None, *, at_least: bool) -> str:
    if target is None or value is None:
        return ""
    reached = value >= target if at_least else value <= target
    return f"{'>=' if at_least else '<='} {target:g}: {_verdict(reached)}"


def _verdict(reached: bool) -> str:
    return "reached" if reached else "**missed**"


def report(options: argparse.Namespace) -> str:
    """Measure all and return the text between the page's marks."""
    baselines: dict[str, Any] = {"every": 1, "rows": []}
    if options.baselines:
        baselines = json.loads(options.baselines.read_text(encoding="utf-8"))
    detectors = [Detector(name) for name in options.weights]
    native: dict[tuple[str, str], Figures] = {}
    others: list[Resized] = []
    table = list(HEADER)
    for real in LABELLED_SETS:
        for detector in detectors:
            print(f"{real.name}, {detector.weights_name} ...", flush=True)
            found = searched(real, options.data, detector, every=options.every)
            still = still_only(real, options.data, found, options.every)
            got = figures(found, detector.default_confidence, still)
            native[real.name, detector.weights_name] = got
            table.append(main_row(real.name, f"**weights `{detector.weights_name}`**", got))
        table += baseline_rows(baselines["rows"], real.name)
    for real in LABELLED_SETS:
        for detector in detectors:
            print(f"{real.name} resized, {detector.weights_name} ...", flush=True)
            others += resized(real, options.data, detector, options.every_resized)
    facts = "; ".join(
        f"`{d.weights_name}` (SHA-256 {d.weights_sha256[:16]}, default confidence "
        f"{d.default_confidence:.3f}{', ' + d.restriction if d.restriction else ''})"
        for d in detectors
    )
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return "\n".join(
        [
            f"{today}, weights {facts}. No pixel size was given. F1, precision, recall and false "
            f"positives at the default confidence; AP50 and best F1 from {LOW_CONFIDENCE} on. "
            f"Pictures searched: one in {options.every}; by the baselines one in "
            f"{baselines['every']}; resized one in {options.every_resized}.",
            "",
            "### As they come",
            "",
            *table,
            "",
            "### Resized",
            "",
            *resized_rows(others),
            "",
            "### Video by video",
            "",
            *group_rows(native),
            "",
            "### Not labelled by heads",
            "",
            *unlabelled_rows(options.data, detectors[0]),
        ]
    )


def main() -> None:
    """Read the command line, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the real sets")
    parser.add_argument("--update", type=Path, help="page whose table is to be replaced")
    parser.add_argument("--weights", nargs="+", default=["default"], help="names or files")
    parser.add_argument("--baselines", type=Path, help="what python -m benchmarks.baselines wrote")
    parser.add_argument("--every", type=int, default=1, help="search every so many-th picture")
    parser.add_argument(
        "--every-resized", type=int, default=5, help="the same for the resized sets"
    )
    options = parser.parse_args()
    require_block(options.update)
    text = report(options)
    print(text)
    renew_block(options.update, text)


if __name__ == "__main__":
    main()
