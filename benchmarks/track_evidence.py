"""Fit how much a sighting's own look, its track's and its motion say, and what that is worth.

``python -m benchmarks.track_evidence [--data ../shared/data] [--update PAGE]``

Simulated dishes that no other benchmark uses, and ``visem11``. Each recording is judged with
weights fitted to the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment, minimize

from benchmarks.page import renew_block, require_block
from benchmarks.tracking import UM_PER_PX, Marks, dish_of, read_truth, similarity
from sertoli.frames import open_source
from sertoli.search._sample import spread_frames
from sertoli.sperm import Detections, Detector
from sertoli.sperm.motility import MotilityMeter
from sertoli.sperm.tracking import FAINT_SHARE, FieldDrift, TrackEvidence, link_recording
from sertoli.sperm.tracking._evidence import OWN, STILLNESS, TOGETHER, log_odds_of

Floats = npt.NDArray[np.float64]

DISHES = [("semen", 121 + n) for n in range(4)] + [("testicular", 131 + n) for n in range(4)]
SECONDS = 1.5
BUILT_IN = np.array((OWN, TOGETHER, STILLNESS))
EVERY = 4
"""Of ``visem11`` only so many frames in one: its frames hold the same cells."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Sightings of a recording, one row each, frame after frame.

    Parameters
    ----------
    name : str
    says : ndarray, (N, 3)
        Log odds of the sighting, their mean over its track, and what lying still adds.
    right : ndarray, (N,) bool
        Whether it is a sperm.
    sperm : int
        How many sightings there were to be had.
    """

    name: str
    says: Floats
    right: npt.NDArray[np.bool_]
    sperm: int

    def f1(self, weights: Floats, confidence: float) -> float:
        """Return F1 of the sightings of at least that probability."""
        taken = self.says[:, : len(weights)] @ weights >= np.log(confidence / (1 - confidence))
        return 2 * int(self.right[taken].sum()) / (int(taken.sum()) + self.sperm)


def followed(name: str, place: Path, truth: Path, finder: Detector, um: float | None) -> Recording:
    """Find, link, measure and match the sightings of a recording."""
    cells, ignored, _ = read_truth(truth)
    frames: list[tuple[int, Detections, tuple[float, float]]] = []
    times: list[float | None] = []
    drift = FieldDrift()
    with open_source(place, um_per_px=um, sequence=True, grey=True) as source:
        magnification = finder.magnification(spread_frames(source))
        for frame in source:
            found = finder.detect(
                frame,
                confidence=finder.default_confidence * FAINT_SHARE,
                magnification=magnification,
            )
            frames.append((frame.index, found, drift.update(frame)))
            times.append(frame.time_s)
    tracks = link_recording(frames, plain_from=finder.default_confidence)
    evidence, meter = TrackEvidence(), MotilityMeter()
    for (index, found, drift_px), time_s, ids in zip(frames, times, tracks, strict=True):
        evidence.add(found.probability[ids >= 0], ids[ids >= 0])
        meter.add(found, ids, index, time_s=time_s, um_per_px=um, drift_px=drift_px)
    motility = meter.finish()
    lies_still = motility.lies_still()
    evidence = evidence.knowing(motility.moves(), lies_still)
    says, rights = [np.zeros((0, 3))], [np.zeros(0, np.bool_)]
    sperm = 0
    for (index, found, _), ids in zip(frames, tracks, strict=True):
        if index % EVERY:
            continue
        sperm += len(cells[index].ids)
        right, counted = _matched(cells[index], ignored[index], found)
        rows = counted & (ids >= 0)
        track = ids[rows]
        own = log_odds_of(found.probability[rows])
        says.append(
            np.column_stack([own, evidence.mean(track), evidence.stillness * lies_still[track]])
        )
        rights.append(right[rows])
    return Recording(name, np.concatenate(says), np.concatenate(rights), sperm)


def _matched(
    cells: Marks, ignored: Marks, found: Detections
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Tell which findings are sperm, and which count: not those at something ignored."""
    marks = Marks(np.arange(len(found)), found.centre_px.astype(float), found.size_px.astype(float))
    right, counted = np.zeros(len(found), bool), np.ones(len(found), bool)
    if len(cells.ids) and len(found):
        alike = similarity(cells, marks)
        a, b = linear_sum_assignment(-np.where(alike >= 0.5, alike, 0.0))
        right[b[alike[a, b] >= 0.5]] = True
    if len(ignored.ids) and len(found):
        counted = right | (similarity(ignored, marks).max(axis=0) < 0.5)
    return right, counted


def fit(recordings: Sequence[Recording], terms: int) -> Floats:
    """Return the weights of the first terms of least cross-entropy; each recording counts alike."""
    rows = np.concatenate([one.says[:, :terms] for one in recordings])
    right = np.concatenate([one.right for one in recordings]).astype(float)
    share = np.concatenate(
        [np.full(len(one.says), 1 / max(1, len(one.says)) / len(recordings)) for one in recordings]
    )

    def cost(weights: Floats) -> float:
        odds = rows @ weights
        return float((share * (np.logaddexp(0, odds) - right * odds)).sum())

    result: Floats = minimize(cost, np.full(terms, 0.5)).x
    return result


def report(recordings: Sequence[Recording], finder: Detector) -> str:
    """Return the figures as Markdown."""
    confidence = finder.default_confidence
    own, mean, still = fit(recordings, 3)
    lines = [
        f"Weights SHA-256 {finder.weights_sha256[:16]}, {datetime.now():%Y-%m-%d}. Simulated "
        f"dishes of {SECONDS:g} s and `visem11`, F1 of sightings at confidence {confidence:.3f}. "
        f"Fitted to all of them: own look {own:.2f}, mean of the track {mean:.2f}, lying still "
        f"{still:.2f}.",
        "",
        "| recording | by itself | with its track, weights fitted to the others | and its motion "
        "| as built in |",
        "|---|---|---|---|---|",
    ]
    sums = np.zeros(4)
    for one in recordings:
        others = [other for other in recordings if other is not one]
        ways = (np.ones(1), fit(others, 2), fit(others, 3), BUILT_IN)
        values = np.array([one.f1(weights, confidence) for weights in ways])
        sums += values
        lines.append(f"| {one.name} | " + " | ".join(f"{value:.3f}" for value in values) + " |")
    cells = " | ".join(f"**{value:.3f}**" for value in sums / len(recordings))
    return "\n".join([*lines, f"| mean | {cells} |"])


@click.command()
@click.option("--data", type=click.Path(path_type=Path), default=Path("../shared/data"))
@click.option("--weights", default="default", show_default=True)
@click.option("--keep", type=click.Path(path_type=Path), default=Path("runs/track-evidence"))
@click.option("--update", type=click.Path(path_type=Path), help="Rewrite the table in this page.")
def main(data: Path, weights: str, keep: Path, update: Path | None) -> None:
    """Fit the weights of a sighting's own look and of its track's."""
    require_block(update)
    finder = Detector(weights)
    recordings = []
    for regime, seed in DISHES:
        dish = dish_of(keep / f"{regime}-{seed}", seed, regime, SECONDS)
        files = dish / "dish.mp4", dish / "truth.json"
        recordings.append(followed(f"{regime}, dish {seed}", *files, finder, UM_PER_PX))
        click.echo(recordings[-1].name, err=True)
    real = data / "visem11"
    if real.is_dir():
        files = real / "images", real / "annotations.json"
        recordings.append(followed("`visem11`", *files, finder, None))
    text = report(recordings, finder)
    click.echo(text)
    renew_block(update, text)


if __name__ == "__main__":
    main()
