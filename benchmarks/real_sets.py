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
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.labelled import (
    LABELLED_SETS,
    LOW_CONFIDENCE,
    Figures,
    LabelledSet,
    at_least,
    figures,
    searched,
    still_only,
    truth_of,
)
from benchmarks.page import renew_block, require_block
from sertoli.search import Finder, SearchSettings, search
from sertoli.sperm import Detector
from sertoli.sperm._weights import RESEARCH_FOLDER

FACTORS = (0.5, 0.71, 1.41, 2.0, 3.0)
"""How sets are resized."""

LEAST_BOX_PX = 8.0
"""Sets are made no smaller than this median box (its longer side)."""

TARGET_F1 = {"miamia": 0.85, "visem11": 0.93, "bull": 0.85}
TARGET_FALSE_POSITIVES = {"umid": 0.3}
TARGET_LEFT_OUT = 0.94
"""F1 of research weights on a video that they have not seen."""

TARGET_LOSS = 0.05
"""How much F1 may change with the size."""

RESEARCH_SET = "miamia"
"""Restricted weights are trained on it: there they show only what they have seen."""

TRAINED_ON_IT = "trained on it"

LEFT_OUT = Path(RESEARCH_FOLDER) / "left-out.json"
"""Written by ``python -m training.sperm.left_out``."""

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
    trained_on: bool = False


def has_trained(detector: Finder, set_name: str) -> bool:
    """Tell whether a set was among the pictures that only restricted weights are trained on."""
    return set_name == RESEARCH_SET and detector.restriction is not None


def main_row(name: str, what: str, got: Figures, *, trained_on: bool = False) -> str:
    """Format one line of the main table; what weights were trained on gives no verdict."""
    target = TARGET_F1.get(name)
    cells = [
        f"`{name}`",
        what,
        str(got.fields),
        _share(got.f1),
        TRAINED_ON_IT if trained_on else _target(target, got.f1, at_least=True),
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
    found = searched(real, data, detector, every=every)
    native = figures(found, found)
    for factor in factors:
        found = searched(real, data, detector, every=every, factor=factor)
        got = figures(found, found)
        side = None if box is None else box * factor
        seen = has_trained(detector, real.name)
        yield Resized(real.name, detector.weights_name, factor, side, native, got, seen)


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
        reached = "" if change is None else _verdict(abs(change) <= TARGET_LOSS)
        cells = [
            f"`{one.set_name}`",
            f"`{one.weights}`",
            f"x {one.factor:g}",
            "" if one.box_px is None else f"{one.box_px:.0f} px",
            str(one.resized.fields),
            _share(before),
            _share(after),
            "" if change is None else f"{change:+.3f}",
            TRAINED_ON_IT if one.trained_on else reached,
            f"{one.native.fp_per_image:.2f}",
            f"{one.resized.fp_per_image:.2f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def left_out_rows(figures: dict[str, Any]) -> list[str]:
    """Format the table of research weights, each on the video that it was trained without.

    Parameters
    ----------
    figures : dict
        The content of `LEFT_OUT`.
    """
    lines = [
        f"| video | frames | centre-F1 | precision | recall | target {TARGET_LEFT_OUT:g} "
        "| centre-F1 of stills |",
        "|---|---|---|---|---|---|---|",
    ]
    for video, one in figures["videos"].items():
        cells = [
            video,
            str(one["frames"]),
            *(f"{one[key]:.3f}" for key in ("f1", "precision", "recall")),
            _verdict(one["f1"] >= TARGET_LEFT_OUT),
            f"{one['f1_of_stills']:.3f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def left_out_section(detectors: Sequence[Finder]) -> list[str]:
    """Return the section on the videos left out; nothing where no weights are restricted."""
    if all(one.restriction is None for one in detectors) or not LEFT_OUT.exists():
        return []
    figures = json.loads(LEFT_OUT.read_text(encoding="utf-8"))
    return [
        "### Research weights on the video left out",
        "",
        f"Each video of `{RESEARCH_SET}` searched, as the recording it is, with weights trained "
        f"like `research` but without it, on {figures['date']}; beside it its frames as stills. "
        f"Made by `{figures['command']}`.",
        "",
        *left_out_rows(figures),
        "",
    ]


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
    # read first: what is wrong with the file must not come up after hours of searching
    left_out = left_out_section(detectors)
    native: dict[tuple[str, str], Figures] = {}
    others: list[Resized] = []
    table = list(HEADER)
    for real in LABELLED_SETS:
        for detector in detectors:
            print(f"{real.name}, {detector.weights_name} ...", flush=True)
            search_set = partial(searched, real, options.data, detector, every=options.every)
            ranked = search_set(confidence=LOW_CONFIDENCE)
            # of stills, what a search at a higher confidence finds is the upper part of the list
            used = (
                search_set() if real.recordings else at_least(ranked, detector.default_confidence)
            )
            got = figures(ranked, used, still_only(real, options.data, used, options.every))
            native[real.name, detector.weights_name] = got
            what = f"**weights `{detector.weights_name}`**"
            seen = has_trained(detector, real.name)
            table.append(main_row(real.name, what, got, trained_on=seen))
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
            f"positives of a search at the default confidence; AP50 and best F1 of one at "
            f"{LOW_CONFIDENCE}. "
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
            *left_out,
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
