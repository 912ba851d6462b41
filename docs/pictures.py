"""Make the pictures of the documentation: ``python docs/pictures.py`` (all synthetic).

The screenshot of the report needs Chromium on the path.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.optics import Modality
from sertoli.phantom.render import Look, View, take_picture
from sertoli.phantom.world import Dish, Regime, population

FOLDER = Path(__file__).parent / "images"

LIGHTS = {
    "bright field": Look(
        modality=Modality.BRIGHT_FIELD, level=0.6, focus_um=1.5, phase_gain=0.6, absorption_gain=4.0
    ),
    "phase contrast, bright heads": Look(phase_gain=1.5, blur_um=0.3, bloom=0.5),
    "phase contrast, dark heads": Look(phase_gain=0.4, level=0.5, blur_um=0.2),
    "DIC": Look(modality=Modality.DIC, level=0.5),
    "Hoffman": Look(modality=Modality.HOFFMAN, level=0.5, phase_gain=0.7),
    "phase contrast, semen": Look(phase_gain=1.5, blur_um=0.3, bloom=0.5, level=0.4),
}
SEED = 12
SPERM_PER_MM2 = 250.0


def dish_sheet() -> npt.NDArray[np.uint8]:
    """Show one dish in every light, and semen last."""
    tiles = []
    for name, look in LIGHTS.items():
        regime = Regime.SEMEN if "semen" in name else Regime.TESTICULAR
        content = population(regime, np.random.default_rng(SEED))
        if regime is Regime.TESTICULAR:
            content = content.with_sperm(SPERM_PER_MM2)
        view = View(0.0, 0.0, 480, 320, 0.3)
        pixels, _ = take_picture(Dish(SEED, content), replace(look, tint=None), view, 0.2, SEED)
        tile = pixels.copy()
        tile[:28] = 0
        cv2.putText(tile, name, (8, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255, 1, cv2.LINE_AA)
        tiles.append(tile)
    rows = [np.hstack(tiles[start : start + 3]) for start in (0, 3)]
    return np.asarray(np.vstack(rows), dtype=np.uint8)


def report_screenshot(out: Path) -> None:
    """Run the demo and take a picture of the report it makes."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        raise SystemExit("no Chromium on the path: report.png is left as it is")
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(["sertoli", "demo", "--out", f"{work}/demo"], check=True)
        report = next(Path(work, "demo").rglob("report.html"))
        subprocess.run(
            [
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--hide-scrollbars",
                f"--user-data-dir={work}/profile",
                f"--screenshot={out}",
                "--window-size=1200,1500",
                report.as_uri(),
            ],
            check=True,
        )


def main() -> None:
    """Write every picture."""
    FOLDER.mkdir(exist_ok=True)
    cv2.imwrite(str(FOLDER / "dish.png"), dish_sheet())
    report_screenshot(FOLDER / "report.png")


if __name__ == "__main__":
    main()
