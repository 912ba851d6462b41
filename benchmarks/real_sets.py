"""Search every real set with the default weights and write the figures down.

Usage: ``python -m benchmarks.real_sets --data ../shared/data --update docs/real-sets.md``

Each set is searched as a person would, by the public functions, twice: at the weights'
default confidence (precision, recall, F1, false positives) and at a low one (AP50 and
ranking). No setting is fitted here. The real images stay where they are.
"""

from __future__ import annotations

import argparse
import datetime
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.page import replace_block
from sertoli.search import SearchSettings, search
from sertoli.sperm import Detector
from sertoli.sperm.evaluation import Evaluation, compare

LOW_CONFIDENCE = 0.02


@dataclass(frozen=True, slots=True)
class RealSet:
    """A folder of images, what it shows and how it is judged."""

    name: str
    content: str
    labelled: bool = True


SETS = (
    RealSet("visem11", "semen, phase contrast, bright heads; **training set**"),
    RealSet("miamia", "semen, bright field, dark heads; unseen laboratory"),
    RealSet("bull", "bull semen, phase contrast, dark heads, crowded; unseen species"),
    RealSet("umid_train", "urine without sperm: every finding is false"),
    RealSet("umid_val", "urine without sperm: every finding is false"),
    RealSet("smears", "stained smears; **training set**; boxes hold the whole sperm", False),
    RealSet("mhsma", "crops of one sperm each", False),
    RealSet("tubules_histology", "sections without free sperm", False),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What one set gave."""

    fields: int
    findings: int
    kind: str
    at_default: Evaluation | None
    ranked: Evaluation | None


def measure(real: RealSet, data: Path, detector: Detector, work: Path) -> Figures:
    """Search one set and compare it with its labels where it has usable ones."""
    images = data / real.name / "images"
    truth = data / real.name / "annotations.json"
    plain = search(images, work / "default", detector, SearchSettings())
    at_default = ranked = None
    if real.labelled:
        low = SearchSettings(confidence=LOW_CONFIDENCE)
        search(images, work / "low", detector, low)
        at_default = compare(work / "default", truth).evaluation
        ranked = compare(work / "low", truth).evaluation
    return Figures(
        fields=int(plain.summary["frames_searched"]),
        findings=int(plain.summary["findings"]),
        kind=str(plain.summary["kind"]),
        at_default=at_default,
        ranked=ranked,
    )


def rows(results: dict[RealSet, Figures]) -> list[str]:
    """Format the results as a Markdown table."""
    lines = [
        "| set | what it shows | taken as | fields | findings a field | precision | recall | F1 "
        "| AP50 | false positives a field | recall at 1 false positive a field |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for real, got in results.items():
        share = f"{got.findings / got.fields:.2f}"
        cells = [f"`{real.name}`", real.content, got.kind, str(got.fields), share]
        if got.at_default is None or got.ranked is None:
            cells += ["not labelled by heads", "", "", "", "", ""]
        else:
            one, all_ = got.at_default, got.ranked
            cells += [
                _share(one.precision) if one.truths else "",
                _share(one.recall),
                _share(one.f1) if one.truths else "",
                _share(all_.ap50),
                f"{one.fp_per_image:.2f}",
                _share(all_.recall_at_1_fp_per_image),
            ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def main() -> None:
    """Read the command line, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the real sets")
    parser.add_argument("--update", type=Path, help="page whose table is to be replaced")
    parser.add_argument("--weights", default="default")
    options = parser.parse_args()
    if options.update:
        replace_block(options.update, "")  # find out now that the page has no place for the table
    detector = Detector(options.weights)
    results: dict[RealSet, Figures] = {}
    for real in SETS:
        print(f"{real.name} ...", flush=True)
        with tempfile.TemporaryDirectory() as work:
            results[real] = measure(real, options.data, detector, Path(work))
    text = "\n".join(
        [
            f"Default confidence {detector.default_confidence:.3f}, weights "
            f"`{detector.weights_name}` (SHA-256 {detector.weights_sha256[:16]}), "
            f"{datetime.datetime.now(datetime.UTC).date().isoformat()}. No pixel size was given. "
            f"AP50 and ranking from a search at confidence {LOW_CONFIDENCE}.",
            "",
            *rows(results),
        ]
    )
    print(text)
    if options.update:
        page = replace_block(options.update, text)
        options.update.write_text(page, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
