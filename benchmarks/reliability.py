"""Measure whether probabilities mean something: reliability curves, and the calibration error.

Usage: ``python -m benchmarks.reliability --data ../shared/data --update docs/reliability.md
--picture docs/images/reliability.png``

A finding is right if it lies on a labelled head (by centre); findings on don't-care labels
are left out. Of the real sets nothing is stored.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from training.sperm.fields import phantom_fields
from training.sperm.scenes import SPERM

from benchmarks.labelled import LABELLED_SETS, searched
from benchmarks.page import renew_block, require_block
from sertoli.frames import Frame
from sertoli.optics import Optics
from sertoli.search import Finder, SearchSettings, search
from sertoli.sperm import Detector
from sertoli.sperm.evaluation import ImageResult, match_centres

Floats64 = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

FLOOR = 0.05
"""Findings of less are left out: hundreds of sure misses would make any set look calibrated."""

BINS = 15

TARGETS = {
    "phantom, pixel size given": 0.05,
    "phantom, pixel size unknown": 0.05,
    "visem11": 0.05,
}

FIRST_SEED = 9_500_000
"""Simulated fields that neither training nor the fit of probabilities has seen."""

FIELDS = 150

RECORDING = "visem11"
"""A recording of a target's: its findings are not independent of each other."""

DRAWS = 300

WHAT = {
    "phantom, pixel size given": "simulated fields of unseen laboratories",
    "phantom, pixel size unknown": "the same",
    **{real.name: real.content for real in LABELLED_SETS},
}


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """How predicted probabilities agree with what is observed, in bins of equal number.

    Parameters
    ----------
    predicted, observed : ndarray, (B,) float64
        Mean probability of a bin's findings, and the share of them that are right.
    low, high : ndarray, (B,) float64
        Wilson's 95 % interval of ``observed``. It takes findings for independent of each
        other, which those of one recording are not.
    count : ndarray, (B,) int
    """

    predicted: Floats64
    observed: Floats64
    low: Floats64
    high: Floats64
    count: npt.NDArray[np.int64]

    @property
    def findings(self) -> int:
        """Number of findings in all bins."""
        return int(self.count.sum())

    @property
    def error(self) -> float | None:
        """Expected calibration error: mean of |observed - predicted|, bins by their number.

        After Naeini et al., "Obtaining well calibrated probabilities using Bayesian
        binning", AAAI 2015, here of the probability of being right. None without findings.
        """
        if not self.findings:
            return None
        return float(np.average(np.abs(self.observed - self.predicted), weights=self.count))


def reliability(probability: Floats64, right: Flags) -> Reliability:
    """Bin findings by probability, as many in each of `BINS` bins as in the others.

    Parameters
    ----------
    probability : ndarray, (N,) float64
        Those below `FLOOR` are left out.
    right : ndarray, (N,) bool
    """
    from statsmodels.stats.proportion import proportion_confint

    keep = probability >= FLOOR
    order = np.argsort(probability[keep], kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    count = np.array([len(part) for part in parts], np.int64)
    hits = np.array([np.count_nonzero(right[keep][part]) for part in parts], np.int64)
    predicted = np.array([probability[keep][part].mean() for part in parts], np.float64)
    low, high = proportion_confint(hits, np.maximum(count, 1), method="wilson")
    return Reliability(predicted, hits / np.maximum(count, 1), low, high, count)


def judged(results: Sequence[ImageResult]) -> tuple[Floats64, Flags]:
    """Return probability and rightness of every finding that is not on a don't-care label."""
    probabilities, rights = [np.zeros(0)], [np.zeros(0, np.bool_)]
    for one in results:
        order = np.argsort(-one.probability, kind="stable")
        on = match_centres(one.found_px[order], one.truth_px, one.ignored)
        # -1: on nothing
        ignored = np.append(one.ignored, False)[on]
        probabilities.append(one.probability[order][~ignored])
        rights.append((on >= 0)[~ignored])
    return np.concatenate(probabilities), np.concatenate(rights)


def phantom_results(cache: Path, finder: Finder, *, pixel_size: bool) -> Iterator[ImageResult]:
    """Search simulated fields, with or without telling the pixel size."""
    for index, scene in enumerate(phantom_fields(cache, FIRST_SEED, FIELDS, workers=1)):
        optics = Optics(scene.um_per_px if pixel_size else None)
        found = finder.detect(Frame(scene.pixels, index, optics=optics), confidence=FLOOR)
        boxes = scene.boxes_px.astype(np.float64)
        yield ImageResult.of_detections(found, boxes, scene.kinds != SPERM)


def curves(data: Path, cache: Path, finder: Finder, every: int) -> dict[str, Reliability]:
    """Measure the reliability on the simulated fields and on every labelled real set."""
    found = {}
    for name, known in (
        ("phantom, pixel size given", True),
        ("phantom, pixel size unknown", False),
    ):
        print(f"{name} ...", flush=True)
        found[name] = list(phantom_results(cache, finder, pixel_size=known))
    for real in LABELLED_SETS:
        print(f"{real.name} ...", flush=True)
        found[real.name] = searched(real, data, finder, every=every, confidence=FLOOR)
    return {name: reliability(*judged(results)) for name, results in found.items()}


@dataclass(frozen=True, slots=True)
class Chance:
    """The error that chance alone gives a recording, whose findings are a few things seen often.

    Parameters
    ----------
    tracks : int
    mean, low, high : float
        Of the error, and its 5th and 95th percentile.
    """

    tracks: int
    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        """Return it as a sentence."""
        return (
            f"The findings of `{RECORDING}` are sightings of {self.tracks} tracks. Were each track "
            "as a whole a sperm with just the mean probability of its sightings, the error would "
            f"be {self.mean:.3f} by chance (5 to 95 %: {self.low:.3f} to {self.high:.3f}, "
            f"{DRAWS} draws)."
        )


def chance(probability: Floats64, track: npt.NDArray[np.int64]) -> Chance:
    """Draw each track right or wrong as a whole, as often as its mean probability says.

    Parameters
    ----------
    probability : ndarray, (N,) float64
    track : ndarray, (N,) int64
    """
    _, member = np.unique(track, return_inverse=True)
    mean = np.bincount(member, probability) / np.bincount(member)
    rng = np.random.default_rng(0)
    errors = [
        reliability(probability, (rng.random(len(mean)) < mean)[member]).error or 0.0
        for _ in range(DRAWS)
    ]
    low, high = np.percentile(errors, (5, 95))
    return Chance(len(mean), float(np.mean(errors)), float(low), float(high))


def tracked(folder: Path, finder: Finder) -> tuple[Floats64, npt.NDArray[np.int64]]:
    """Search a recording; return the probability and the track of every finding."""
    with tempfile.TemporaryDirectory() as work:
        found = Path(work, "found")
        search(folder, found, finder, SearchSettings(confidence=FLOOR, sequence=True))
        with (found / "findings.csv").open(encoding="utf-8", newline="") as file:
            table = [(float(r["probability"]), int(r["track_id"])) for r in csv.DictReader(file)]
    probability, track = np.array(table, np.float64).reshape(-1, 2).T
    return probability, track.astype(np.int64)


def rows(measured: Mapping[str, Reliability]) -> list[str]:
    """Format the table."""
    lines = [
        "| set | what it is | findings | mean probability | share that is right "
        "| expected calibration error | target |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, got in measured.items():
        target, error = TARGETS.get(name), got.error
        cells = [name if name.startswith("phantom") else f"`{name}`", WHAT[name]]
        cells.append(str(got.findings))
        if error is None:
            cells += ["", "", "", ""]
        else:
            means = (np.average(v, weights=got.count) for v in (got.predicted, got.observed))
            verdict = "reached" if target is not None and error <= target else "**missed**"
            cells += [
                *(f"{value:.3f}" for value in means),
                f"{error:.3f}",
                "reported only" if target is None else f"<= {target:g}: {verdict}",
            ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def draw(measured: Mapping[str, Reliability], file: Path) -> None:
    """Draw a reliability curve for each set."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    across = 3
    down = -(-len(measured) // across)
    figure = Figure(figsize=(3.3 * across, 3.3 * down), layout="constrained")
    FigureCanvasAgg(figure)
    for place, (name, got) in enumerate(measured.items(), start=1):
        axes = figure.add_subplot(down, across, place)
        axes.plot([0, 1], [0, 1], color="0.6", linewidth=1, linestyle="--")
        spread = np.stack([got.observed - got.low, got.high - got.observed]).clip(0)
        axes.errorbar(
            got.predicted, got.observed, spread, fmt="o-", markersize=3, linewidth=1, capsize=2
        )
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        error = "no findings" if got.error is None else f"error {got.error:.3f}"
        axes.set_title(f"{name}\n{got.findings} findings, {error}", fontsize=9)
        axes.set_xlabel("predicted probability", fontsize=8)
        axes.set_ylabel("share that is right", fontsize=8)
        axes.tick_params(labelsize=7)
    figure.savefig(file, dpi=110, metadata={"Software": None})


def main() -> None:
    """Read the command line, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the real sets")
    parser.add_argument("--cache", type=Path, default=Path("runs/fields"), help="simulated fields")
    parser.add_argument("--update", type=Path, help="page whose table is to be replaced")
    parser.add_argument("--picture", type=Path, help="PNG file to draw the curves to")
    parser.add_argument("--weights", default="default", help="name or file")
    parser.add_argument("--every", type=int, default=1, help="search every so many-th picture")
    options = parser.parse_args()
    require_block(options.update)
    detector = Detector(options.weights)
    measured = curves(options.data, options.cache, detector, options.every)
    text = "\n".join(
        [
            f"{datetime.datetime.now(datetime.UTC).date()}, weights `{detector.weights_name}` "
            f"(SHA-256 {detector.weights_sha256[:16]}); {FIELDS} simulated fields (seeds from "
            f"{FIRST_SEED}); of the real sets one picture in {options.every}, and no pixel size "
            f"given. {detector.restriction or ''}".strip(),
            "",
            *rows(measured),
            "",
            str(chance(*tracked(options.data / RECORDING / "images", detector))),
        ]
    )
    print(text)
    if options.picture:
        draw(measured, options.picture)
    renew_block(options.update, text)


if __name__ == "__main__":
    main()
