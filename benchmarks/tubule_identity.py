"""Do tubules keep their numbers: ``python -m benchmarks.tubule_identity --help``.

Twenty seconds of hand tremor, refocus, zoom, instruments and moving tissue, simulated.
"""

from __future__ import annotations

import argparse
import datetime
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from benchmarks.page import BEGIN, END, renew_block
from sertoli.phantom import FieldPicture, make_field
from sertoli.tubules import CellNetwork, TubuleMap, TubuleMapper, TubuleTracker

Names = dict[int, dict[tuple[int, int], Counter[int]]]

FIRST_SEED = 961_000
"""The tracker's rules were chosen on recordings from 960000 and 970000, none from here on."""

SECONDS = 20.0
PLACE_UM = 100.0
"""Tubules are looked up in squares of tissue of this side."""

KEPT_SHARE = 0.9
FEWEST_FRAMES = 5


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description="Identity of tubules over simulated tremor.")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--look", default="flooded", help="look left out of training")
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--recordings", type=int, default=2)
    parser.add_argument("--fps", type=float, default=5.0)
    parser.add_argument("--update", type=Path, help="page whose figures get the line at their end")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    kept = seen = 0
    own_places = places_seen = 0
    for number in range(options.recordings):
        source = make_field(
            options.first_seed + number,
            look=options.look,
            um_per_px=8.0,
            width_px=400,
            height_px=300,
            seconds=SECONDS,
            fps=options.fps,
        )
        tracker = TubuleTracker(TubuleMapper(CellNetwork(options.weights, threads=1)))
        names: Names = {}
        for index in range(source.length):
            picture = source.picture(index)
            scene = source.scene(index)
            matrix = np.vstack((source.aim(index).matrix(scene), (0, 0, 1)))
            to_tissue = scene.view.um_per_px * np.linalg.inv(matrix)[:2]
            note(names, picture, tracker(picture.frame), to_tissue)
        mine, all_places = purity(names)
        own_places += mine
        places_seen += all_places
        own = [identity(places) for places in names.values()]
        known = [share for share in own if share is not None]
        seen += len(known)
        kept += sum(share >= KEPT_SHARE for share in known)
    line = (
        f"Identity, seeds from {options.first_seed}: **synthetic.** {datetime.date.today()}; "
        f"{options.recordings} x {SECONDS:g} s at {options.fps:g} looks/s, look `{options.look}` "
        f"left out of training: {kept} of {seen} tubules ({kept / max(1, seen):.1%}) keep one "
        "number at each of their places in at least "
        f"{KEPT_SHARE:.0%} of the frames that show it (target: 95 %). Of what carries a number, "
        f"{own_places / max(1, places_seen):.1%} lies on the tubule that carries it most."
    )
    print(line)
    if options.update:
        old = options.update.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
        same = line.partition(":")[0] + ":"
        kept_lines = [one for one in old.strip().splitlines() if not one.startswith(same)]
        text = "\n".join(kept_lines).rstrip() + "\n\n" + line
        renew_block(options.update, text)


def note(
    names: Names, picture: FieldPicture, found: TubuleMap, to_tissue: npt.NDArray[np.float64]
) -> None:
    """Write down the number found at each visible place of each true tubule.

    Parameters
    ----------
    names : dict
        By tubule and place (a square of the tissue), added to.
    picture : FieldPicture
    found : TubuleMap
    to_tissue : ndarray, (2, 3)
        Picture px to um of the tissue at rest.
    """
    if not found.stretches:
        return
    points = np.concatenate([one.points for one in found.stretches])
    numbers = np.concatenate(
        [np.full(len(one.points), found.tubule_id[one.tubule]) for one in found.stretches]
    )
    reach = 0.35 * np.concatenate([one.diameter_px for one in found.stretches])
    tree = cKDTree(points)
    for one in picture.stretches:
        if not (one.visible and one.in_focus):
            continue
        away, near = tree.query(one.points_px)
        tissue = one.points_px @ to_tissue[:, :2].T + to_tissue[:, 2]
        here: dict[tuple[int, int], int] = {}
        for n in np.flatnonzero(away <= reach[near]):
            square = (int(tissue[n, 0] // PLACE_UM), int(tissue[n, 1] // PLACE_UM))
            here.setdefault(square, int(numbers[near[n]]))
        for square, number in here.items():
            names.setdefault(one.tubule, {}).setdefault(square, Counter())[number] += 1


def identity(places: dict[tuple[int, int], Counter[int]]) -> float | None:
    """Return how often a tubule's places had their usual number; None if hardly seen."""
    often = [times for times in places.values() if times.total() >= FEWEST_FRAMES]
    if not often:
        return None
    return sum(times.most_common(1)[0][1] for times in often) / sum(one.total() for one in often)


def purity(names: Names) -> tuple[int, int]:
    """Return how many sightings of a place lie on the main tubule of their number, and of all."""
    shared: dict[int, Counter[int]] = {}
    for tubule, places in names.items():
        for times in places.values():
            for number, count in times.items():
                shared.setdefault(number, Counter())[tubule] += count
    main = sum(one.most_common(1)[0][1] for one in shared.values())
    return main, sum(one.total() for one in shared.values())


if __name__ == "__main__":
    main()
