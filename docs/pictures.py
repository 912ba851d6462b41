"""Make the pictures of the documentation: ``python docs/pictures.py`` (all synthetic).

The screenshots of reports need Chromium on the path.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.case.follow_up import Visit, follow_up, write_page
from sertoli.case.workup import HormoneSample
from sertoli.enhance import LightChain, magnify, super_resolve
from sertoli.frames import Frame
from sertoli.optics import Modality
from sertoli.outcomes import compute, suppress, synthetic_programme, write_outcomes
from sertoli.phantom import make_field
from sertoli.phantom.render import Look, View, take_picture
from sertoli.phantom.world import Dish, Regime, population
from sertoli.tubules import TubuleMapper, draw_map

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


def screenshot(page: Path, out: Path, height: int, top: int = 0, width: int = 1200) -> None:
    """Take a picture of a page, without what lies above ``top`` (px)."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        raise SystemExit(f"no Chromium on the path: {out.name} is left as it is")
    with tempfile.TemporaryDirectory() as work:
        whole = Path(work) / "page.png"
        subprocess.run(
            [
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--hide-scrollbars",
                f"--user-data-dir={work}/profile",
                f"--screenshot={whole}",
                f"--window-size={width},{top + height}",
                page.as_uri(),
            ],
            check=True,
        )
        pixels = cv2.imread(str(whole))
        assert pixels is not None
        cv2.imwrite(str(out), pixels[top:])


def report_screenshot(out: Path) -> None:
    """Run the demo and take a picture of the report it makes."""
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(["sertoli", "demo", "--out", f"{work}/demo"], check=True)
        screenshot(Path(work, "demo", "search", "report.html"), out, 1500)


def outcomes_screenshots(top: Path, clinics: Path) -> None:
    """Take pictures of a made-up programme's report: its head, and clinics and surgeons."""
    with tempfile.TemporaryDirectory() as work:
        outcomes = suppress(compute(synthetic_programme(1500)))
        page = write_outcomes(Path(work) / "outcomes", outcomes) / "report.html"
        screenshot(page, top, 1250)
        alone = page.with_name("clinics.html")
        text = page.read_text(encoding="utf-8")
        keep = "<style>section:not(:has(#funnel, #cusum)), .tiles { display: none }</style></head>"
        alone.write_text(text.replace("</head>", keep), encoding="utf-8")
        screenshot(alone, clinics, 1950)


def follow_up_screenshot(out: Path) -> None:
    """Take a picture of a made-up man's follow-up."""
    operated = date(2024, 1, 15)
    values = [(-60, 17.0), (-20, 19.0), (95, 14.1), (190, 12.6), (370, 9.6), (400, 9.9)]
    samples = [
        HormoneSample(datetime.combine(operated, time(8)) + timedelta(days=days), value)
        for days, value in values
    ]
    visits = [Visit(operated + timedelta(days=days)) for days in (95, 190, 370, 400)]
    found = follow_up(operated, samples, visits, today=operated + timedelta(days=410))
    with tempfile.TemporaryDirectory() as work:
        page = Path(work) / "page.html"
        write_page(page, "P-1 (made up)", found)
        screenshot(page, out, 880, width=1000)


def tubule_map() -> npt.NDArray[np.uint8]:
    """Show the map of a simulated testis with a few dilated tubules (BGR)."""
    frame = make_field(46, patient="focal", um_per_px=7.5, width_px=800, height_px=600).picture(0)
    drawn = draw_map(frame.frame, TubuleMapper()(frame.frame))
    return np.asarray(drawn[..., ::-1], dtype=np.uint8)


FIELD_TILES = (
    ("halogen", "focal", 201),
    ("led", "normal", 311),
    ("flooded", "maturation_arrest", 221),
    ("polarised", "sertoli_cell_only", 131),
    ("dim", "hypospermatogenesis", 240),
)


def field_sheet() -> npt.NDArray[np.uint8]:
    """Show a simulated testis in every look, and the truth of the first (BGR)."""
    tiles = []
    for look, patient, seed in FIELD_TILES:
        source = make_field(
            seed, patient=patient, look=look, um_per_px=8.0, width_px=480, height_px=360
        )
        picture = source.picture(0)
        plain = np.ascontiguousarray(picture.frame.pixels[..., ::-1])
        tiles.append(_named(plain, f"{look}: {patient.replace('_', ' ')}"))
        if len(tiles) == 1:
            drawn = plain.copy()
            for stretch in picture.stretches:
                if stretch.visible:
                    wide = stretch.traits.relative_diameter >= 1.4
                    colour = (0, 165, 255) if wide else (200, 160, 0)
                    line = np.rint(stretch.points_px * 16).astype(np.int32)
                    cv2.polylines(drawn, [line], False, colour, 2, cv2.LINE_AA, shift=4)
            truth = _named(drawn, "truth: visible centrelines, dilated ones orange")
    tiles.insert(1, truth)
    return np.asarray(np.vstack([np.hstack(tiles[:3]), np.hstack(tiles[3:])]), dtype=np.uint8)


def enhanced() -> npt.NDArray[np.uint8]:
    """Show fields as recorded, and through the light chain."""
    rows = []
    for seed, look in ((4, "halogen"), (8, "dim")):
        source = make_field(seed, look=look, um_per_px=8.0, width_px=480, height_px=300)
        frame = source.picture(0).frame
        lit = LightChain()(frame).frame.pixels
        tiles = [_named(frame.pixels[..., ::-1].copy(), f"{look}, as recorded")]
        tiles.append(_named(lit[..., ::-1].copy(), "white balance, glare, contrast"))
        rows.append(np.hstack(tiles))
    return np.asarray(np.vstack(rows), dtype=np.uint8)


def magnified() -> npt.NDArray[np.uint8]:
    """Show a part of a field three times as large: interpolated, and made of one and nine frames.

    The frames are what a camera at 12 um/px makes of a field rendered at 4 um/px.
    """
    side, factor = 300, 3
    truth = make_field(4, look="halogen", um_per_px=4.0, width_px=540, height_px=540)
    scene = truth.picture(0).frame.pixels.astype(np.float32)
    rng = np.random.default_rng(SEED)
    frames = []
    for index in range(9):
        right, down = rng.normal(0.0, 6.0, 2) if index else (0.0, 0.0)
        matrix = np.array([[1.0, 0.0, right], [0.0, 1.0, down]])
        moved = cv2.warpAffine(scene, matrix, (540, 540), borderMode=cv2.BORDER_REFLECT)
        seen = cv2.resize(
            cv2.GaussianBlur(moved, (0, 0), 1.0), (180, 180), interpolation=cv2.INTER_AREA
        )
        seen = seen + rng.normal(0.0, 2.5, seen.shape)
        frames.append(Frame(np.rint(seen).clip(0, 255).astype(np.uint8), index))
    plain = cv2.resize(frames[0].pixels, (540, 540), interpolation=cv2.INTER_CUBIC)
    pictures = {
        "cubic interpolation": plain,
        "magnify, the same frame": magnify(frames[0], factor).frame.pixels,
        "super_resolve, 9 frames": super_resolve(frames, factor, reference=0).frame.pixels,
        "the scene itself": scene.astype(np.uint8),
    }
    part = np.s_[120 : 120 + side, 120 : 120 + side, ::-1]
    tiles = [_named(picture[part].copy(), name) for name, picture in pictures.items()]
    return np.asarray(np.hstack(tiles), dtype=np.uint8)


def _named(tile: npt.NDArray[np.uint8], name: str) -> npt.NDArray[np.uint8]:
    named = tile.copy()
    named[:24] = 0
    cv2.putText(named, name, (8, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255,) * 3, 1, cv2.LINE_AA)
    return named


def main() -> None:
    """Write every picture."""
    FOLDER.mkdir(exist_ok=True)
    cv2.imwrite(str(FOLDER / "dish.png"), dish_sheet())
    cv2.imwrite(str(FOLDER / "field.jpg"), field_sheet(), [cv2.IMWRITE_JPEG_QUALITY, 88])
    cv2.imwrite(str(FOLDER / "field-map.png"), tubule_map())
    cv2.imwrite(str(FOLDER / "enhanced.jpg"), enhanced(), [cv2.IMWRITE_JPEG_QUALITY, 90])
    cv2.imwrite(str(FOLDER / "magnified.png"), magnified())
    outcomes_screenshots(FOLDER / "outcomes.png", FOLDER / "outcomes-clinics.png")
    follow_up_screenshot(FOLDER / "follow-up.png")
    report_screenshot(FOLDER / "report.png")


if __name__ == "__main__":
    main()
