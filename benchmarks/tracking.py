"""How well tracks hold together: HOTA, IDF1 and MOTA, on simulated dishes and on ``visem11``.

``python -m benchmarks.tracking [--data ../shared/data] [--update docs/tracks.md]``

needs TrackEval, which none of the extras brings because it asks for packages that the
measures do without: ``pip install --no-deps trackeval==1.3.0``.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from benchmarks.page import renew_block, require_block
from sertoli.errors import InputError
from sertoli.frames import open_source
from sertoli.phantom import make_dish, write_dish
from sertoli.phantom.world import Drift
from sertoli.search import SearchSettings, search
from sertoli.sperm import Detections, Detector
from sertoli.sperm.tracking import FieldDrift, Linker, link_recording

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

TARGET_HOTA = 75.0
TARGET_ONE_CELL = 0.98

FPS = 50.0
UM_PER_PX = 0.35
SPERM_PER_FIELD = 50.0
"""As in ``visem11``: 50 sperm, 40 of them labelled in a frame."""

SEMEN_SEEDS = range(101, 111)
TESTICULAR_SEEDS = range(111, 121)
TESTICULAR_FPS = 25.0
TESTICULAR_PER_FIELD = 20.0
DRIFT = Drift((6.0, -4.0), (2.0, 1.0), 4.0)
"""Of the testicular field: 7 um/s, and a swing of 2 um."""

MIN_REACH_PX = 12.0
"""A similarity of 1/2, which counts as a match, lies at half the longer side of the truth's box
but at least at 6 px, as in `sertoli evaluate`."""

LIKELY = 0.5

EVERY = "search, every finding"
DISH = "dish "

IGNORED = {"obscured_sperm", "elongated_spermatid", "cluster", "small_or_pinhead"}


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Places in one frame: ids (N,), centres (N, 2) and sizes (N, 2), px."""

    ids: Ints
    centre: Floats
    size: Floats

    @classmethod
    def of(cls, rows: Sequence[tuple[int, float, float, float, float]]) -> Marks:
        """Take rows of id, centre x, centre y, width, height."""
        table = np.array(rows, np.float64).reshape(-1, 5)
        return cls(table[:, 0].astype(np.int64), table[:, 1:3], table[:, 3:5])

    def keep(self, rows: npt.NDArray[Any]) -> Marks:
        """Return some of the rows."""
        return Marks(self.ids[rows], self.centre[rows], self.size[rows])

    def detections(self) -> Detections:
        """Return them as if a detector had been sure of each."""
        return Detections(
            self.centre.astype(np.float32),
            self.size.astype(np.float32),
            np.ones(len(self.ids), np.float32),
        )


@dataclass(frozen=True, slots=True)
class Scores:
    """What TrackEval says of tracks, in percent, and how many cells and tracks there were."""

    hota: float
    det_a: float
    ass_a: float
    idf1: float
    mota: float
    switches: int
    cells: int
    tracks: int


def similarity(truth: Marks, found: Marks) -> Floats:
    """Return 1 where centres meet, falling to 0 at twice the distance of a match."""
    reach = np.maximum(truth.size.max(axis=1, initial=0.0), MIN_REACH_PX)
    apart = np.linalg.norm(truth.centre[:, None] - found.centre[None], axis=2)
    score: Floats = np.clip(1.0 - apart / reach[:, None], 0.0, 1.0)
    return score


def without_ignored(truth: Marks, ignored: Marks, found: Marks) -> Marks:
    """Drop what was found at an ignored thing and at no sperm."""
    if not len(ignored.ids) or not len(found.ids):
        return found
    alike = similarity(truth, found)
    a, b = linear_sum_assignment(-np.where(alike >= 0.5, alike, 0.0))
    at_sperm = np.zeros(len(found.ids), bool)
    at_sperm[b[alike[a, b] >= 0.5]] = True
    return found.keep(at_sperm | (similarity(ignored, found).max(axis=0) < 0.5))


def score(truth: Sequence[Marks], ignored: Sequence[Marks], found: Sequence[Marks]) -> Scores:
    """Score tracks, given frame by frame, with TrackEval.

    Raises
    ------
    InputError
        If TrackEval is not installed.
    """
    try:
        # it prints what other packages it would like to have
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            from trackeval.metrics import CLEAR, HOTA, Identity
    except ImportError as error:
        raise InputError(
            "TrackEval is not installed", "pip install --no-deps trackeval==1.3.0"
        ) from error
    kept = [without_ignored(*three) for three in zip(truth, ignored, found, strict=True)]
    true_ids, found_ids = _numbered(truth), _numbered(kept)
    data = {
        "num_timesteps": len(truth),
        "gt_ids": true_ids,
        "tracker_ids": found_ids,
        "num_gt_ids": _count(true_ids),
        "num_tracker_ids": _count(found_ids),
        "num_gt_dets": sum(map(len, true_ids)),
        "num_tracker_dets": sum(map(len, found_ids)),
        "similarity_scores": [similarity(*two) for two in zip(truth, kept, strict=True)],
    }
    with contextlib.redirect_stdout(io.StringIO()):
        hota = HOTA().eval_sequence(data)
        clear = CLEAR().eval_sequence(data)
        identity = Identity().eval_sequence(data)
    return Scores(
        hota=100 * float(hota["HOTA"].mean()),
        det_a=100 * float(hota["DetA"].mean()),
        ass_a=100 * float(hota["AssA"].mean()),
        idf1=100 * float(identity["IDF1"]),
        mota=100 * float(clear["MOTA"]),
        switches=int(clear["IDSW"]),
        cells=_count(true_ids),
        tracks=_count(found_ids),
    )


def _numbered(frames: Sequence[Marks]) -> list[Ints]:
    every = np.unique(np.concatenate([np.zeros(0, np.int64), *(one.ids for one in frames)]))
    return [np.searchsorted(every, one.ids) for one in frames]


def _count(ids: Sequence[Ints]) -> int:
    return 1 + max((int(one.max(initial=-1)) for one in ids), default=-1)


def one_cell(truth: Sequence[Marks], found: Sequence[Marks], still: set[int]) -> tuple[int, int]:
    """Return how many still cells kept one track throughout, and how many were found at all.

    A cell counts if it was found in at least two frames.
    """
    tracks: dict[int, Counter[int]] = {}
    for cells, heads in zip(truth, found, strict=True):
        alike = similarity(cells, heads)
        for a, b in zip(*linear_sum_assignment(-alike), strict=True):
            if alike[a, b] >= 0.5 and int(cells.ids[a]) in still:
                tracks.setdefault(int(cells.ids[a]), Counter())[int(heads.ids[b])] += 1
    seen = [one for one in tracks.values() if one.total() >= 2]
    return sum(len(one) == 1 for one in seen), len(seen)


def apart(truth: Sequence[Marks], ignored: Sequence[Marks]) -> list[Marks]:
    """Leave out sperm that have another, seen or hidden, within a head's length.

    Whose a finding there is, nobody can say.
    """
    clear = []
    for cells, others in zip(truth, ignored, strict=True):
        centre = np.concatenate((cells.centre, others.centre))
        away = np.linalg.norm(cells.centre[:, None] - centre[None], axis=2)
        away[np.arange(len(away)), np.arange(len(away))] = np.inf
        length = cells.size.max(axis=1, initial=0.0)
        clear.append(cells.keep(away.min(axis=1, initial=np.inf) >= length))
    return clear


def read_truth(path: Path) -> tuple[list[Marks], list[Marks], set[int]]:
    """Return sperm and ignored things of every frame, and the ids of immotile sperm."""
    data = json.loads(path.read_text(encoding="utf-8"))
    names = {category["id"]: category["name"] for category in data["categories"]}
    images = sorted(data["images"], key=lambda image: int(image["frame"]))
    sperm: dict[int, list[tuple[int, float, float, float, float]]] = {}
    ignored: dict[int, list[tuple[int, float, float, float, float]]] = {}
    still = set()
    for one in data["annotations"]:
        x, y, w, h = one["bbox"]
        name = names[one["category_id"]]
        into = sperm if name == "sperm" else ignored if name in IGNORED else None
        if into is not None and w > 0 and h > 0:
            row = (one["track_id"], x + w / 2, y + h / 2, w, h)
            into.setdefault(one["image_id"], []).append(row)
        if name == "sperm" and one.get("motility") == "immotile":
            still.add(int(one["track_id"]))
    return (
        [Marks.of(sperm.get(image["id"], [])) for image in images],
        [Marks.of(ignored.get(image["id"], [])) for image in images],
        still,
    )


def read_found(folder: Path, frames: int) -> tuple[list[Marks], dict[int, float]]:
    """Return the findings of a search frame by frame, and each track's mean probability."""
    rows: list[list[tuple[int, float, float, float, float]]] = [[] for _ in range(frames)]
    with (folder / "findings.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            place = (float(row[name]) for name in ("x_px", "y_px", "width_px", "height_px"))
            x, y, w, h = place
            rows[int(row["frame"])].append((int(row["track_id"]), x, y, w, h))
    with (folder / "tracks.csv").open(encoding="utf-8", newline="") as file:
        mean = {
            int(row["track_id"]): float(row["mean_probability"]) for row in csv.DictReader(file)
        }
    return [Marks.of(one) for one in rows], mean


def live(recording: Path, found: Sequence[Marks]) -> list[Marks]:
    """Link the same findings anew as a live view does, frame by frame."""
    linker, drift = Linker(), FieldDrift()
    linked = []
    with open_source(recording, sequence=True, grey=True) as source:
        for frame, marks in zip(source, found, strict=True):
            ids = linker.link(marks.detections(), frame.index, drift.update(frame))
            linked.append(Marks(ids, marks.centre, marks.size))
    return linked


def perfect(truth: Sequence[Marks]) -> list[Marks]:
    """Link the truth's own places."""
    frames = ((n, marks.detections(), (0.0, 0.0)) for n, marks in enumerate(truth))
    return [
        Marks(ids, marks.centre, marks.size)
        for ids, marks in zip(link_recording(frames), truth, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    data: str
    how: str
    scores: Scores


def measure(
    name: str,
    recording: Path,
    truth_file: Path,
    finder: Detector,
    out: Path,
    um_per_px: float | None = None,
) -> list[Row]:
    """Search a recording and score its tracks in every way."""
    truth, ignored, _ = read_truth(truth_file)
    settings = SearchSettings(fps=FPS, sequence=True, um_per_px=um_per_px)
    search(recording, out, finder, settings, overwrite=True)
    found, mean = read_found(out, len(truth))
    likely = [
        one.keep(np.array([mean[int(track)] >= LIKELY for track in one.ids], bool)) for one in found
    ]
    nothing = [Marks.of([])] * len(truth)
    ways = {
        EVERY: (ignored, found),
        f"search, tracks of mean probability >= {LIKELY}": (ignored, likely),
        "live linker alone, every finding": (ignored, live(recording, found)),
        "perfect detections": (nothing, perfect(truth)),
    }
    return [Row(name, how, score(truth, *way)) for how, way in ways.items()]


def mean_of(rows: Sequence[Row], name: str) -> list[Row]:
    """Return the means over several dishes, way by way."""
    means = []
    for how in dict.fromkeys(row.how for row in rows):
        same = [asdict(row.scores) for row in rows if row.how == how]
        values = {key: sum(one[key] for one in same) / len(same) for key in same[0]}
        for key in ("switches", "cells", "tracks"):
            values[key] = sum(int(one[key]) for one in same)
        means.append(Row(name, how, Scores(**values)))
    return means


def report(
    rows: Sequence[Row],
    one: tuple[int, int],
    everywhere: tuple[int, int],
    weights: str,
    seconds: float = 3.0,
) -> str:
    """Return the figures as Markdown.

    ``one`` and ``everywhere`` are of `one_cell`, of sperm that are `apart` and of all.
    """
    lines = [
        f"Weights `{weights}`, {datetime.now():%Y-%m-%d}; dishes of {seconds:g} s. HOTA, IDF1, "
        "MOTA in percent.",
        "",
        "| recording | tracks of | HOTA | DetA | AssA | IDF1 | MOTA | switches | cells | tracks |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        s = row.scores
        lines.append(
            f"| {row.data} | {row.how} | **{s.hota:.1f}** | {s.det_a:.1f} | {s.ass_a:.1f} "
            f"| {s.idf1:.1f} | {s.mota:.1f} | {s.switches} | {s.cells} | {s.tracks} |"
        )
    first = next(row.scores.hota for row in rows if row.how == EVERY)
    dishes = [row.scores.hota for row in rows if row.data.startswith(DISH)]
    kept, seen = one
    share = kept / seen if seen else 0.0
    lines += [
        "",
        f"Target on simulated semen, every finding: HOTA {TARGET_HOTA:.0f}, "
        f"{_verdict(first >= TARGET_HOTA)}{_error(dishes)}.",
        "",
        f"Immotile cells in a drifting testicular field that stay one cell: **{kept} of {seen}** "
        f"that were found ({100 * share:.1f} %). Target {100 * TARGET_ONE_CELL:.0f} %, "
        f"{_verdict(share >= TARGET_ONE_CELL)}. Frames in which another sperm lies within a head's "
        "length are left out, since nobody can say whose a finding is there; with them "
        f"{everywhere[0]} of {everywhere[1]}.",
    ]
    return "\n".join(lines)


def _error(values: Sequence[float]) -> str:
    if len(values) < 2:
        return ""
    error = float(np.std(values, ddof=1)) / len(values) ** 0.5
    return f" (standard error of the mean over {len(values)} dishes: {error:.1f})"


def _verdict(reached: bool) -> str:
    return "reached" if reached else "**missed**"


@click.command()
@click.option("--data", type=click.Path(path_type=Path), default=Path("../shared/data"))
@click.option("--update", type=click.Path(path_type=Path), help="Rewrite the table in this page.")
@click.option("--weights", default="default", show_default=True)
@click.option("--seconds", default=3.0, show_default=True, help="Length of a dish's recording.")
@click.option(
    "--dishes",
    default=len(SEMEN_SEEDS),
    show_default=True,
    type=click.IntRange(1, len(SEMEN_SEEDS)),
    help="How many, of semen and of tissue.",
)
@click.option("--keep", type=click.Path(path_type=Path), help="Keep dishes here, and reuse them.")
def main(
    data: Path, update: Path | None, weights: str, seconds: float, dishes: int, keep: Path | None
) -> None:
    """Score the tracks of simulated dishes and, where it is at hand, of ``visem11``."""
    require_block(update)
    finder = Detector(weights)
    with contextlib.ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        rows = []
        for seed in SEMEN_SEEDS[:dishes]:
            dish = dish_of(folder / f"semen-{seed}", seed, "semen", seconds)
            files = dish / "dish.mp4", dish / "truth.json"
            out = folder / f"semen-{seed}-search"
            rows += measure(f"{DISH}{seed}", *files, finder, out, UM_PER_PX)
            click.echo(f"semen {seed}: HOTA {rows[-4].scores.hota:.1f}", err=True)
        table = mean_of(rows, f"{dishes} simulated semen dishes, mean")
        table += [row for row in rows if row.how == EVERY]
        one, everywhere = np.zeros(2, int), np.zeros(2, int)
        for seed in TESTICULAR_SEEDS[:dishes]:
            dish = dish_of(folder / f"testicular-{seed}", seed, "testicular", seconds)
            truth, ignored, still = read_truth(dish / "truth.json")
            result = search(
                *(dish / "dish.mp4", folder / f"testicular-{seed}-search", finder),
                SearchSettings(um_per_px=UM_PER_PX),
                overwrite=True,
            )
            found, _ = read_found(result.folder, len(truth))
            one += one_cell(apart(truth, ignored), found, still)
            everywhere += one_cell(truth, found, still)
            click.echo(f"testicular {seed}: {one[0]} of {one[1]} up to here", err=True)
        real = data / "visem11"
        if real.is_dir():
            files = real / "images", real / "annotations.json"
            table += measure("`visem11`", *files, finder, folder / "visem11-search")
    text = report(table, tuple(one), tuple(everywhere), weights, seconds)
    click.echo(text)
    renew_block(update, text)


def dish_of(folder: Path, seed: int, regime: str, seconds: float) -> Path:
    """Return the folder of a simulated recording, made if it is not there yet."""
    if not folder.is_dir():
        semen = regime == "semen"
        fps = FPS if semen else TESTICULAR_FPS
        source = make_dish(
            seed,
            regime=regime,
            sperm_per_field=SPERM_PER_FIELD if semen else TESTICULAR_PER_FIELD,
            um_per_px=UM_PER_PX,
            seconds=seconds,
            fps=fps,
            drift=None if semen else DRIFT,
        )
        write_dish(source, folder, fps=fps)
    return folder


if __name__ == "__main__":
    main()
