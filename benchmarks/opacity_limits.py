"""What hides a tubule's opacity: ``python -m benchmarks.opacity_limits --help``.

The same places of one simulated look are rendered with and without each disturbance, and the true
opacity is compared with how bright the middle of each true tubule is. No network has a part in it.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from unittest.mock import patch

import cv2
import numpy as np
from scipy.stats import spearmanr

from sertoli.phantom import FieldPicture, _field_source, make_field
from sertoli.phantom.render.operating import OperatingLook, draw_look
from sertoli.phantom.world import Patient

FIRST_SEED = 950_000
PLACES = (0, 5, 10, 3, 8, 13)
GAMMA = 2.2
MIDDLE, FEWEST_PX = 0.3, 20

HUE = {"hue_spread": 0.0}
TEXTURE = {"mottle": 0.0, "grain": 0.0}
COVER = {"film_share": 0.0, "blood_share": 0.0, "vessels_per_mm2": 0.01}
GROOVES = {"occlusion": 0.0, "shadow": 0.0}
GLOSS = {"gloss_strength": 0.0}
VARIANTS = {
    "as it is": {},
    "without differences of hue": HUE,
    "without mottle and grain": TEXTURE,
    "without irrigation, blood and vessels": COVER,
    "without shade in grooves": GROOVES,
    "without gloss": GLOSS,
    "without all of these": HUE | TEXTURE | COVER | GROOVES | GLOSS,
}


def main() -> None:
    """Read the command line, render and print the mean rank correlations."""
    parser = argparse.ArgumentParser(description="What hides a tubule's opacity.")
    parser.add_argument("--look", default="flooded")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    for name, changes in VARIANTS.items():
        found = [correlation(picture(number, options.look, changes)) for number in PLACES]
        print(f"{name}: {np.mean(found):.2f}", flush=True)


def picture(number: int, look: str, changes: dict[str, float]) -> FieldPicture:
    """Render a place, its look changed."""

    def changed(rng: np.random.Generator, name: str | None = None) -> OperatingLook:
        return replace(draw_look(rng, name), **changes)  # type: ignore[arg-type]

    kinds = [kind.value for kind in Patient]
    with patch.object(_field_source, "draw_look", changed):
        source = make_field(
            FIRST_SEED + number,
            patient=kinds[number % len(kinds)],
            look=look,
            um_per_px=8.0,
            width_px=640,
            height_px=480,
            depth=number % 2,
        )
        return source.picture(0)


def correlation(one: FieldPicture) -> float:
    """Return Spearman's correlation of true opacity and brightness, vignetting taken out."""
    maps, pixels = one.maps, one.frame.pixels
    light = np.maximum((pixels / 255.0) ** GAMMA, 1e-3)
    tone = np.log(light).mean(axis=2)
    height, width = tone.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    core = maps.visible & maps.in_focus & (pixels.max(axis=2) < 250) & (abs(maps.across) < MIDDLE)
    basis = np.stack((np.ones_like(x), x, y, x * x, y * y, x * y), axis=-1)
    fall, *_ = np.linalg.lstsq(basis[core], tone[core], rcond=None)
    tone = tone - basis @ fall
    seen = {s.tubule: s.traits.opacity for s in one.stretches if s.visible and s.in_focus}
    rows = []
    for tubule, opacity in seen.items():
        mine = core & (maps.tubule == tubule)
        if mine.sum() >= FEWEST_PX:
            rows.append((opacity, float(np.median(tone[mine]))))
    return float(spearmanr(*np.array(rows).T).statistic)


if __name__ == "__main__":
    main()
