"""Whether instruments are called unreadable: ``python -m benchmarks.instruments --help``.

Simulated fields of every look with metal in them: how much of it the map hatches, how much of the
lines it draws runs over metal, and how much tissue that can be read is hatched in vain; beside it,
what the network alone would hatch. Fields without metal show the false alarms.
"""

from __future__ import annotations

import argparse
import datetime
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.tubule_map import SIZES
from sertoli.phantom import FieldPicture, make_field
from sertoli.phantom.render.operating import LOOKS
from sertoli.phantom.render.operating._metal import lay_instruments
from sertoli.phantom.world import Patient
from sertoli.tubules import CellNetwork, TubuleMapper
from sertoli.tubules._mapper import UM_PER_NETWORK_PX
from sertoli.tubules._network import as_seen

Bools = npt.NDArray[np.bool_]

FIRST_SEED = 980_000

LEAST_METAL = 0.005
"""Share of the picture from which it counts as one with an instrument."""


@dataclass
class Sums:
    """Areas in px, and lengths in diameters, over some pictures."""

    pictures: int = 0
    metal: float = 0.0
    metal_marked: float = 0.0
    metal_by_network: float = 0.0
    line: float = 0.0
    line_on_metal: float = 0.0
    tissue: float = 0.0
    tissue_marked: float = 0.0
    tissue_by_network: float = 0.0


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description="Instruments in the tubule map, simulated fields.")
    parser.add_argument("--pictures", type=int, default=6, help="with an instrument, of each look")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    mapper = TubuleMapper(CellNetwork(threads=1))
    with_metal = {look: Sums() for look in sorted(LOOKS)}
    without = Sums()
    for place, (look, sums) in enumerate(with_metal.items()):
        seed = FIRST_SEED + 1000 * place
        while sums.pictures < options.pictures:
            picture, metal = make_picture(seed, look)
            add(sums if metal.mean() >= LEAST_METAL else without, picture, metal, mapper)
            seed += 1
    print(report(with_metal, without))


def make_picture(seed: int, look: str) -> tuple[FieldPicture, Bools]:
    """Render a field and tell where its instruments are."""
    um_per_px, width, height = SIZES[seed % len(SIZES)]
    kinds = [kind.value for kind in Patient]
    source = make_field(
        seed,
        patient=kinds[seed % len(kinds)],
        look=look,
        um_per_px=um_per_px,
        width_px=width,
        height_px=height,
    )
    black = np.zeros((height, width, 3), np.float32)
    _, metal = lay_instruments(black, source.aim(0).shafts, source.look, um_per_px)
    return source.picture(0), metal


def add(sums: Sums, picture: FieldPicture, metal: Bools, mapper: TubuleMapper) -> None:
    """Map a picture and add what came of it."""
    found = mapper(picture.frame)
    um_per_px = picture.frame.optics.um_per_px or UM_PER_NETWORK_PX
    cells = mapper.network.cells(as_seen(picture.frame.pixels, um_per_px / UM_PER_NETWORK_PX))
    size = (metal.shape[1], metal.shape[0])
    marked, by_network = (
        cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
        for mask in (found.unreadable, cells["unreadable"] > 0)
    )
    readable = ~picture.maps.unreadable
    sums.pictures += 1
    sums.metal += metal.sum()
    sums.metal_marked += (metal & marked).sum()
    sums.metal_by_network += (metal & by_network).sum()
    sums.tissue += readable.sum()
    sums.tissue_marked += (readable & marked).sum()
    sums.tissue_by_network += (readable & by_network).sum()
    for stretch in found.stretches:
        steps = np.linalg.norm(np.diff(stretch.points, axis=0), axis=1)
        steps /= (stretch.diameter_px[1:] + stretch.diameter_px[:-1]) / 2
        middles = np.rint((stretch.points[1:] + stretch.points[:-1]) / 2).astype(int)
        column, row = middles.clip(0, (size[0] - 1, size[1] - 1)).T
        sums.line += steps.sum()
        sums.line_on_metal += steps[metal[row, column]].sum()


def report(with_metal: dict[str, Sums], without: Sums) -> str:
    """Return the figures as a Markdown table."""
    lines = [
        "| look | pictures | instruments hatched | by the network alone | of the lines drawn, on "
        "instruments | readable tissue hatched | by the network alone |",
        "|---|---|---|---|---|---|---|",
    ]
    for look, sums in with_metal.items():
        lines.append(
            f"| {look} | {sums.pictures} | {sums.metal_marked / sums.metal:.1%} | "
            f"{sums.metal_by_network / sums.metal:.1%} | {sums.line_on_metal / sums.line:.2%} | "
            f"{sums.tissue_marked / sums.tissue:.1%} | {sums.tissue_by_network / sums.tissue:.1%} |"
        )
    if without.pictures:
        lines.append(
            f"| no instrument | {without.pictures} | | | | "
            f"{without.tissue_marked / without.tissue:.1%} | "
            f"{without.tissue_by_network / without.tissue:.1%} |"
        )
    day = datetime.datetime.now(datetime.UTC)
    lines += ["", f"Synthetic, seeds from {FIRST_SEED}; {day:%Y-%m-%d}."]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
