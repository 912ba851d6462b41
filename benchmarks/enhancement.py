"""What enhancement gains on simulated fields, and how fast the live chain is beside the decoder.

``python -m benchmarks.enhancement [--update docs/enhance.md] [--scenes N]``

Truth is a field rendered at 4 um/px by every look; the frames are what a camera at 8 or 12
um/px makes of it: shifted and turned by a hand, blurred, averaged over its pixels, noisy, in
whole levels. Interpolation gets the same frames. Speed is a ratio to this machine's decoding,
measured in turn.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
import numpy.typing as npt
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import structural_similarity

from benchmarks.page import renew_block, require_block
from benchmarks.search_speed import machine
from sertoli.enhance import (
    LightChain,
    LightSettings,
    Steady,
    fuse_focus,
    glare_mask,
    magnify,
    super_resolve,
)
from sertoli.frames import Frame, VideoWriter, open_source
from sertoli.phantom import make_field
from sertoli.phantom.render.operating import LOOKS

Pixels = npt.NDArray[Any]

UM_PER_PX = 4.0
WIDTH_PX, HEIGHT_PX = 360, 264
FIRST_SEED = 700
FACTORS = (2, 3)
FRAMES = 9
TREMOR_PX, TURN_RAD = 2.0, 0.002
"""Standard deviations of a frame's shift (px of the camera) and turn."""

CAMERAS = {"sharp, little noise": (0.0, 1.0), "usual": (0.35, 2.0), "soft, noisy": (0.5, 4.0)}
"""Blur of the optics (px of the camera) and noise (of 255)."""

BORDER_PX = 12
"""Not compared: a shifted frame knows nothing of what lies beyond its border."""

LIVE_WIDTH_PX, LIVE_HEIGHT_PX, LIVE_FRAMES = 1920, 1080, 24
SETTLED_FRAMES = 15
"""White balance has had so many frames to learn the lamp from."""

LIVE_TARGET = 3.0
"""The chain may take so many times as long as decoding the frame."""

COLOUR_TARGET = 3.0
"""Mean CIEDE2000 between tissue before and after the light chain, white balance off."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Of one picture against the truth."""

    psnr_db: float
    ssim: float


@click.command()
@click.option("--update", type=click.Path(path_type=Path), help="Rewrite the tables in this page.")
@click.option("--scenes", default=1, show_default=True, help="Fields of each look.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(0), help="Of speed.")
def main(update: Path | None, scenes: int, rounds: int) -> None:
    """Measure magnification, colour, steadiness and speed."""
    require_block(update)
    fields = list(_fields(scenes))
    text = "\n\n".join(
        [
            magnification([truth for _, truth in fields]),
            colour(fields),
            steadiness(),
            *([speed(rounds)] if rounds else []),
            f"{len(fields)} fields ({', '.join(sorted(LOOKS))}), seeds from {FIRST_SEED}, "
            f"simulated; {datetime.now(UTC):%Y-%m-%d}.",
        ]
    )
    click.echo(text)
    renew_block(update, text)


def _fields(scenes: int) -> Iterator[tuple[str, Pixels]]:
    for place, look in enumerate(sorted(LOOKS)):
        for scene in range(scenes):
            source = make_field(
                FIRST_SEED + scenes * place + scene,
                look=look,
                um_per_px=UM_PER_PX,
                width_px=WIDTH_PX,
                height_px=HEIGHT_PX,
            )
            yield look, source.picture(0).frame.pixels


def shot(
    truth: Pixels, factor: int, blur_px: float, noise: float, rng: np.random.Generator, moved: bool
) -> Pixels:
    """Return a camera's frame of a scene.

    Parameters
    ----------
    truth : ndarray, (H, W, 3) uint8
        Sides that ``factor`` divides.
    factor : int
        Fine pixels along one of the camera's.
    blur_px, noise : float
    rng : numpy.random.Generator
    moved : bool
        Shifted and turned as by a hand.
    """
    values = truth.astype(np.float32)
    size = (truth.shape[1], truth.shape[0])
    if moved:
        turn = rng.normal(0.0, TURN_RAD)
        right, down = rng.normal(0.0, TREMOR_PX * factor, 2)
        matrix = np.array([[1.0, -turn, right], [turn, 1.0, down]])
        values = cv2.warpAffine(
            values, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
        )
    if blur_px:
        values = cv2.GaussianBlur(values, (0, 0), blur_px * factor)
    coarse = cv2.resize(
        values, (size[0] // factor, size[1] // factor), interpolation=cv2.INTER_AREA
    )
    coarse = coarse + rng.normal(0.0, noise, coarse.shape)
    return np.asarray(np.rint(coarse).clip(0, 255), dtype=np.uint8)


def quality(picture: Pixels, truth: Pixels) -> Quality:
    """Compare a picture with the truth, without its border."""
    inner = np.s_[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX]
    one, other = picture[inner], truth[inner]
    error = float(np.mean((one.astype(np.float64) - other) ** 2))
    ssim = structural_similarity(one, other, data_range=255, channel_axis=2)
    return Quality(10.0 * float(np.log10(255.0**2 / max(error, 1e-9))), float(ssim))


def magnification(truths: list[Pixels]) -> str:
    """Return the table of PSNR and SSIM."""
    methods = ["linear", "cubic", "Lanczos", "`magnify`", f"`super_resolve`, {FRAMES} frames"]
    lines = [
        "PSNR (dB) / SSIM against the finer truth, means; the last two columns are Sertoli's.",
        "",
        "| | camera | " + " | ".join(methods) + " |",
        "|---|---|" + "---|" * len(methods),
    ]
    rng = np.random.default_rng(FIRST_SEED)
    for factor in FACTORS:
        for name, (blur_px, noise) in CAMERAS.items():
            measured: list[list[Quality]] = [[] for _ in methods]
            for truth in truths:
                frames = [
                    Frame(shot(truth, factor, blur_px, noise, rng, moved=number > 0), number)
                    for number in range(FRAMES)
                ]
                first = frames[0]  # lies as the truth does
                size = (truth.shape[1], truth.shape[0])
                pictures = [
                    cv2.resize(first.pixels, size, interpolation=kind)
                    for kind in (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)
                ]
                merged = super_resolve(frames, factor, reference=0)
                pictures += [magnify(first, factor).frame.pixels, merged.frame.pixels]
                for rows, picture in zip(measured, pictures, strict=True):
                    rows.append(quality(picture, truth))
            cells = [
                f"{statistics.mean(row.psnr_db for row in rows):.1f} / "
                f"{statistics.mean(row.ssim for row in rows):.3f}"
                for rows in measured
            ]
            lines.append(f"| x{factor} | {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def colour(fields: list[tuple[str, Pixels]]) -> str:
    """Return what the light chain does to the colour of tissue, and white balance to a cast."""
    changed, hue_only, casts, rests = [], [], [], []
    gains = np.array([1.0, 0.89, 0.77])  # none above 1: what is not full stays so
    for _, truth in fields:
        tissue = ~glare_mask(Frame(truth, 0))
        before = rgb2lab(truth)
        seen = LightChain(LightSettings(white_balance=0.0))(Frame(truth, 0))
        after = rgb2lab(seen.frame.pixels)
        changed.append(float(deltaE_ciede2000(before, after)[tissue].mean()))
        after[..., 0] = before[..., 0]
        hue_only.append(float(deltaE_ciede2000(before, after)[tissue].mean()))
        # Both lamps are balanced: what is left is what the cast still does to the result.
        balance = LightSettings(glare=0.0, noise=0.0, contrast=0.0)
        cast = np.rint(truth * gains).clip(0, 255).astype(np.uint8)
        plain, mended = (rgb2lab(_settled(balance, pixels)) for pixels in (truth, cast))
        tinted = rgb2lab(cast)
        tinted[..., 0], mended[..., 0] = before[..., 0], plain[..., 0]
        casts.append(float(deltaE_ciede2000(before, tinted)[tissue].mean()))
        rests.append(float(deltaE_ciede2000(plain, mended)[tissue].mean()))
    worst = max(changed)
    verdict = "met" if worst <= COLOUR_TARGET else "**missed**"
    return "\n".join(
        [
            f"- Colour of tissue through the light chain without white balance, mean CIEDE2000: "
            f"{statistics.mean(changed):.1f}, worst field {worst:.1f} (bound {COLOUR_TARGET:g}: "
            f"{verdict}); {statistics.mean(hue_only):.1f} with the lightness left out, which "
            f"contrast is there to change.",
            f"- A redder lamp (green -11 %, blue -23 %) changes the colour of tissue by "
            f"{statistics.mean(casts):.1f}; {statistics.mean(rests):.1f} (by field: "
            f"{', '.join(f'{rest:.1f}' for rest in rests)}) is left after "
            f"white balance, {SETTLED_FRAMES} frames later.",
        ]
    )


def _settled(settings: LightSettings, pixels: Pixels) -> Pixels:
    """Return the last of some frames that show the same."""
    chain = LightChain(settings)
    return [chain(Frame(pixels, index)).frame.pixels for index in range(SETTLED_FRAMES)][-1]


def steadiness() -> str:
    """Return how much of a tremor is left, with an instrument passing through."""
    source = make_field(FIRST_SEED, um_per_px=8.0, width_px=WIDTH_PX, height_px=HEIGHT_PX)
    still = source.picture(0).frame.pixels
    rng = np.random.default_rng(FIRST_SEED)
    steady = Steady()
    shaken, held = [], []
    shifts, last = [np.zeros(2)], None
    for number in range(40):
        shift = rng.normal(0.0, 2.5, 2)
        matrix = np.array([[1.0, 0.0, shift[0]], [0.0, 1.0, shift[1]]])
        size = (WIDTH_PX, HEIGHT_PX)
        pixels = cv2.warpAffine(still, matrix, size, borderMode=cv2.BORDER_REFLECT)
        x = 10 * number
        cv2.line(pixels, (x, 0), (x + 40, HEIGHT_PX // 2), (130, 132, 135), 40)
        seen = steady(Frame(pixels, number)).frame.pixels
        if last is not None and number > 5:
            shaken.append(float(np.hypot(*(shift - shifts[-1]))))
            held.append(_jump(last, seen))
        shifts.append(shift)
        last = seen
    return (
        f"- Steadying: from frame to frame the picture jumps by {np.median(shaken):.1f} px "
        f"(median) before and {np.median(held):.2f} px after, with an instrument 40 px wide moving "
        f"through; {steady.lost_frames} of 40 frames without known motion."
    )


def _jump(one: Pixels, other: Pixels) -> float:
    lower = np.s_[one.shape[0] * 3 // 5 :]  # the instrument stays above
    first, second = (
        cv2.cvtColor(pixels[lower], cv2.COLOR_RGB2GRAY).astype(np.float64)
        for pixels in (one, other)
    )
    window = cv2.createHanningWindow(first.shape[::-1], cv2.CV_64F)
    shift, _ = cv2.phaseCorrelate(first, second, window)
    return float(np.hypot(*shift))


def speed(rounds: int) -> str:
    """Return the time of the live chain and the heavy steps as multiples of the decoder's."""
    small = make_field(FIRST_SEED + 1, um_per_px=8.0, width_px=640, height_px=360)
    still = cv2.resize(
        small.picture(0).frame.pixels,
        (LIVE_WIDTH_PX, LIVE_HEIGHT_PX),
        interpolation=cv2.INTER_CUBIC,
    )
    rng = np.random.default_rng(FIRST_SEED)
    with tempfile.TemporaryDirectory(prefix="sertoli-benchmark-") as folder:
        path = Path(folder) / "live.mp4"
        size = {"width_px": LIVE_WIDTH_PX, "height_px": LIVE_HEIGHT_PX}
        with VideoWriter(path, fps=30.0, **size) as video:
            for _ in range(LIVE_FRAMES):
                right, down = rng.integers(-6, 7, 2)
                moved = np.roll(still, (int(down), int(right)), axis=(0, 1)).astype(np.float32)
                noisy = moved + cv2.randn(np.empty_like(moved), 0, 3)
                video.write(noisy.clip(0, 255).astype(np.uint8))
        with open_source(path) as source:
            frames = list(source)
        chain = LightChain()
        part = Frame(frames[0].pixels[:480, :640].copy(), 0)
        few = [Frame(frame.pixels[:480, :640].copy(), frame.index) for frame in frames[:FRAMES]]
        jobs: dict[str, Callable[[], object]] = {
            "light chain, 1920x1080": lambda: [chain(frame) for frame in frames],
            "`Steady`, 1920x1080": lambda: [steady(frame) for frame in frames],
            "`magnify` x2 of 640x480": lambda: magnify(part, 2),
            f"`super_resolve` x2 of {FRAMES} frames 640x480": lambda: super_resolve(few, 2),
            f"`fuse_focus` of {FRAMES} frames 640x480": lambda: fuse_focus(few),
        }
        steady = Steady()
        ratios: dict[str, list[float]] = {name: [] for name in jobs}
        for _ in range(rounds):
            for name, job in jobs.items():
                decode = _seconds(lambda: _decoded(path)) / LIVE_FRAMES
                per = LIVE_FRAMES if "1920" in name else 1
                ratios[name].append(_seconds(job) / per / decode)
    lines = [
        "Time for a frame (the lower three: for the whole result) as a multiple of decoding one "
        "1920x1080 frame of MPEG-4 part 2, measured in turn:",
        "",
        "| step | multiple (least to most) |",
        "|---|---|",
    ]
    for name, values in ratios.items():
        middle = statistics.median(values)
        target = ""
        if name.startswith("light chain"):
            target = f", target {LIVE_TARGET:g}: " + (
                "met" if middle <= LIVE_TARGET else "**missed**"
            )
        lines.append(f"| {name} | {middle:.1f} ({min(values):.1f} to {max(values):.1f}){target} |")
    facts = machine()
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    lines += [
        "",
        f"Machine: {facts['logical_cores']} logical cores, {facts['architecture']}, "
        f"{facts['system']}; OpenCV {cv2.__version__}{load} (above the number of cores, other work "
        "was in the way, and the ratios are rough).",
    ]
    return "\n".join(lines)


def _decoded(path: Path) -> int:
    with open_source(path) as source:
        return sum(1 for _ in source)


def _seconds(job: Callable[[], object]) -> float:
    begun = time.perf_counter()
    job()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
