"""How well cross-sections are outlined and measured: ``python -m benchmarks.histology --help``.

Each animal is mapped by the network that was trained on the other one.
"""

from __future__ import annotations

import argparse
import datetime
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.page import renew_block
from sertoli.frames import Frame
from sertoli.tubules import CellNetwork, SectionMap, SectionMapper

TARGET_DICE = 0.90
ANIMALS = ("M01", "M02")
OVERLAP = 0.5
"""An outline belongs to the true tubule that it shares over half of their union with."""

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Picture:
    """Figures of one picture.

    Parameters
    ----------
    dice : float
        Epithelium, at full size.
    found, true : int
        Whole tubules found that match a true one, and true ones.
    outlined : int
        Whole tubules outlined.
    outer, thickness : list of float
        Errors of outer diameter and epithelium thickness of the matched, as shares of the truth.
    """

    dice: float
    found: int
    true: int
    outlined: int
    outer: list[float]
    thickness: list[float]


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description="Figures on histology sections.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the real images")
    parser.add_argument(
        "--weights",
        type=Path,
        required=True,
        help="folder with sections-M01.onnx and -M02.onnx, each trained without that animal",
    )
    parser.add_argument("--step", type=int, default=1, help="every how many-th picture")
    parser.add_argument("--update", type=Path, help="page to write the table into")
    options = parser.parse_args()
    lines = [
        f"{datetime.date.today()}, `tubules_histology`, each animal mapped by the network trained "
        "on the other one. Dice of the epithelium at full size; diameters and thickness of whole "
        "tubules against the same measures of the drawn mask.",
        "",
        "| animal left out | pictures | Dice, mean | lowest | target | tubules found | of "
        "outlined, true | outer diameter, median error | 90th percentile | epithelium thickness, "
        "median error |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for animal in ANIMALS:
        mapper = SectionMapper(CellNetwork(options.weights / f"sections-{animal}.onnx"))
        files = sorted((options.data / "tubules_histology" / "images").glob(f"{animal}*.jpg"))
        figures = [judged(mapper, file) for file in files[:: options.step]]
        lines.append(row(animal, figures))
    text = "\n".join(lines)
    print(text)
    renew_block(options.update, text)


def judged(mapper: SectionMapper, file: Path) -> Picture:
    """Map a picture and compare with its mask."""
    picture = cv2.imread(str(file))
    mask = cv2.imread(str(file.parents[1] / "masks" / f"{file.stem}.png"), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    assert mask is not None
    found = mapper(Frame(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), 0))
    truth = mask < 128
    both = int((found.epithelium & truth).sum())
    dice = 2 * both / (int(found.epithelium.sum()) + int(truth.sum()))
    tubules = true_tubules(truth)
    outer, thickness = [], []
    free = set(range(len(tubules)))
    whole = np.flatnonzero(found.complete)
    for one in whole:
        own = filled(found, int(one), truth.shape)
        best = max(free, key=lambda other: overlap(own, tubules[other][0]), default=None)
        if best is not None and overlap(own, tubules[best][0]) > OVERLAP:
            free.remove(best)
            _, diameter, thick = tubules[best]
            outer.append(abs(found.outer_diameter_px[one] / diameter - 1))
            if found.lumen_diameter_px[one] > 0 and thick > 0:
                thickness.append(abs(found.epithelium_px[one] / thick - 1))
    return Picture(dice, len(tubules) - len(free), len(tubules), len(whole), outer, thickness)


def true_tubules(truth: Bools) -> list[tuple[Bools, float, float]]:
    """Return each whole tubule of a mask: filled, its short axis and its epithelium's thickness.

    The masks leave a frame free at the border; what comes near it is cut.
    """
    count, rings, stats, _ = cv2.connectedComponentsWithStats(
        truth.astype(np.uint8), connectivity=4
    )
    height, width = truth.shape
    found = []
    for one in range(1, count):
        left, top, across, down, area = (int(value) for value in stats[one])
        if area < 5000 or left < 9 or top < 9:
            continue
        if left + across > width - 9 or top + down > height - 9:
            continue
        ring = rings == one
        contours, _ = cv2.findContours(
            ring.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
        )
        whole = np.zeros(truth.shape, np.uint8)
        cv2.drawContours(whole, contours, -1, 1, cv2.FILLED)
        rows, columns = np.nonzero(whole)
        axis = 4 * np.sqrt(np.linalg.eigvalsh(np.cov(np.vstack((columns, rows))))[0])
        lumen = ((whole > 0) & ~ring).astype(np.uint8)
        thick = 0.0
        if lumen.sum() > 0.01 * whole.sum():
            depth = cv2.distanceTransform(whole, cv2.DIST_L2, 5)
            edge = (cv2.dilate(lumen, np.ones((3, 3), np.uint8)) > lumen) & (whole > 0)
            thick = float(np.median(depth[edge]))
        found.append((whole > 0, float(axis), thick))
    return found


def filled(found: SectionMap, one: int, shape: tuple[int, ...]) -> Bools:
    """Return the pixels within an outline."""
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.rint(found.outlines[one]).astype(np.int32)], 1)
    return mask > 0


def overlap(one: Bools, other: Bools) -> float:
    """Return intersection over union."""
    return float((one & other).sum() / max(1, int((one | other).sum())))


def row(animal: str, figures: list[Picture]) -> str:
    """Return a line of the table."""
    dice = np.array([one.dice for one in figures])
    outer = np.concatenate([one.outer for one in figures])
    thick = np.concatenate([one.thickness for one in figures])
    found, true = sum(one.found for one in figures), sum(one.true for one in figures)
    outlined = sum(one.outlined for one in figures)
    reached = "reached" if dice.mean() >= TARGET_DICE else "**missed**"
    return (
        f"| {animal} | {len(figures)} | {dice.mean():.3f} | {dice.min():.3f} | "
        f">= {TARGET_DICE:.2f}: {reached} | {found} of {true} | {found} of {outlined} | "
        f"{np.median(outer):.1%} | {np.percentile(outer, 90):.1%} | {np.median(thick):.1%} |"
    )


if __name__ == "__main__":
    main()
