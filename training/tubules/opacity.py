"""Fit how colour tells opacity: ``python -m training.tubules.opacity --help``.

Simulated fields of all looks but one are mapped; the difference of a tubule's true opacity from
the median of its picture is fitted by least squares to what its colour differs from those around.
The weights are printed, to stand in ``sertoli.tubules._whiteness``.
"""

from __future__ import annotations

import argparse

import cv2
import numpy as np
import numpy.typing as npt
from benchmarks.field_truth import judge

from sertoli.phantom import FieldPicture, make_field
from sertoli.phantom.render.operating import LOOKS
from sertoli.phantom.world import Patient
from sertoli.tubules import TubuleMapper
from sertoli.tubules._mapper import cell_colour
from sertoli.tubules._whiteness import contrast

FIRST_SEED = 820_000
SIZES = ((8.0, 640, 480), (5.0, 1024, 768), (6.5, 800, 600))
"""Pixel size in um, width and height."""

FULL_LENGTH_DIAMETERS = 8.0
"""A tubule counts by the length that is seen of it, up to this."""

Floats = npt.NDArray[np.float64]


def main() -> None:
    """Read the command line, render, map and fit."""
    parser = argparse.ArgumentParser(description="Fit how colour tells opacity.")
    parser.add_argument("--pictures", type=int, default=48)
    parser.add_argument("--without", default="flooded", help="look that is not used")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    looks = [name for name in LOOKS if name != options.without]
    mapper = TubuleMapper()
    parts = [measured(mapper, make_picture(n, looks)) for n in range(options.pictures)]
    colour, opacity, weight = (np.concatenate(part) for part in zip(*parts, strict=True))
    root = np.sqrt(weight)
    found, *_ = np.linalg.lstsq(colour * root[:, None], opacity * root, rcond=None)
    print(f"{len(opacity)} tubules: weights {tuple(float(one) for one in found.round(2))}")


def make_picture(number: int, looks: list[str]) -> FieldPicture:
    """Render the picture of that number: all kinds of men, three sizes."""
    um_per_px, width, height = SIZES[number % len(SIZES)]
    kinds = [kind.value for kind in Patient]
    return make_field(
        FIRST_SEED + number,
        patient=kinds[number % len(kinds)],
        look=looks[number % len(looks)],
        um_per_px=um_per_px,
        width_px=width,
        height_px=height,
        depth=number % 2,
    ).picture(0)


def measured(mapper: TubuleMapper, picture: FieldPicture) -> tuple[Floats, Floats, Floats]:
    """Return colour and true opacity of the tubules found, less their medians, and weights."""
    frame = picture.frame
    fields, factor = mapper.look(frame)
    found = mapper(frame)
    typical = float(np.median(fields.diameter[fields.heat > 0.5]))
    colour = cell_colour(frame.pixels, factor, fields.heat.shape)
    more = contrast(colour, fields.heat, typical, fields.unreadable).astype(np.float32)
    stride = mapper.network.stride_px
    of = {one.tubule: one.traits.opacity for one in picture.stretches}
    rows = []
    owner = judge(picture, found).owner
    for row in owner:
        points = np.concatenate([s.points for s in found.stretches if s.tubule == row])
        cells = ((points + 0.5) * (factor / stride) - 0.5).astype(np.float32)
        read = cv2.remap(more, cells[None, :, 0], cells[None, :, 1], cv2.INTER_LINEAR)[0]
        rows.append(np.median(read, axis=0))
    tone = np.array(rows)
    opacity = np.array([of[tubule] for tubule in owner.values()])
    seen = found.length_px[list(owner)] / found.diameter_px[list(owner)]
    return (
        tone - np.median(tone, axis=0),
        opacity - np.median(opacity),
        np.minimum(seen, FULL_LENGTH_DIAMETERS),
    )


if __name__ == "__main__":
    main()
