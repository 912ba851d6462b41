"""How fast a search is, against the limits of the machine it runs on.

``python -m benchmarks.search_speed [--out FILE.json] [--update docs/benchmarks.md]``

Everything is measured side by side in one run, the repeats interleaved, because the same
code runs three times faster on one machine than on another, and a busy machine is not
equally busy for long: only the ratios mean anything elsewhere.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt
import psutil

from benchmarks.page import renew_block, require_block
from sertoli.frames import Frame, VideoWriter, open_source
from sertoli.phantom import DishSource, watch
from sertoli.phantom.render import Look
from sertoli.phantom.world import Dish, Regime, population
from sertoli.search import SearchSettings, search
from sertoli.sperm import Detections, Detector

Floats = npt.NDArray[np.float32]

SIZES = ((640, 480), (1920, 1080))
TARGET = 0.60
TARGET_SIZE = (640, 480)
"""At this size the whole search shall reach this share of the slower of decode and network."""

FPS = 50.0
UM_PER_PX = 0.35
"""Told to the search, so that it and the bare network see the pictures equally enlarged."""
DRAWN_FRAMES = 24
"""Different frames in a recording; it runs through them to and fro."""

CROWD = 1_000
CROWD_FACTOR = 2.0
"""So many objects in view may slow a search at `TARGET_SIZE` down by this factor at most."""

CROWD_PX_PER_FRAME = 1.5

LONGER = 10
"""The recording for the memory check is this many times as long."""

SAMPLE_S = 0.01
MIB = 2**20


@dataclass(frozen=True, slots=True)
class SizeFigures:
    """What was measured at one size of frame.

    Parameters
    ----------
    width_px, height_px, frames : int
    findings_per_frame : float
    fps : dict of str to float
        Median frames per second of ``decode``, ``network``, ``detector`` and ``search``.
    ratio : float
        Whole search over the slower of decode and network, medians of the repeats' ratios.
    ratio_range : (low, high)
        Of the repeats.
    crowd_factor : float or None
        How many times longer the whole search takes with `CROWD` objects in every frame.
    peak_mib : float
        Resident memory of a process that searches the recording.
    peak_mib_longer : float
        The same for a recording ``LONGER`` times as long.
    """

    width_px: int
    height_px: int
    frames: int
    findings_per_frame: float
    fps: dict[str, float]
    ratio: float
    ratio_range: tuple[float, float]
    crowd_factor: float | None
    peak_mib: float
    peak_mib_longer: float


class Crowded(Detector):
    """A detector that does all its work and then reports a crowd on the move.

    No picture of 640x480 shows a thousand heads that a detector could tell apart, so what it
    found is replaced; what comes after the detector, linking, measuring and writing, has
    the whole crowd to deal with.
    """

    def __init__(self, weights: str, width: int, height: int) -> None:
        super().__init__(weights)
        random = np.random.default_rng(2)
        self._size = np.array([width, height], np.float32)
        self._start = random.random((CROWD, 2)) * self._size
        self._speed = random.normal(0, CROWD_PX_PER_FRAME, (CROWD, 2))
        self._box = np.full((CROWD, 2), 12.0, np.float32)
        self._probability = random.uniform(0.5, 1.0, CROWD).astype(np.float32)

    def detect(self, frame: Frame, **how: Any) -> Detections:
        """Find the heads of the frame, and return the crowd."""
        super().detect(frame, **how)
        places = (self._start + self._speed * frame.index) % self._size
        return Detections(places.astype(np.float32), self._box, self._probability)


@click.command()
@click.option("--out", type=click.Path(path_type=Path), help="Write the figures as JSON.")
@click.option("--update", type=click.Path(path_type=Path), help="Rewrite the table in this page.")
@click.option("--weights", default="default", show_default=True)
@click.option("--seconds", default=5.0, show_default=True, help="Length of a single measurement.")
@click.option("--repeats", default=5, show_default=True, type=click.IntRange(1))
def main(out: Path | None, update: Path | None, weights: str, seconds: float, repeats: int) -> None:
    """Measure decode, network, detector and search side by side."""
    require_block(update)
    with tempfile.TemporaryDirectory(prefix="sertoli-benchmark-") as folder:
        figures = [
            measure(width, height, weights, seconds, repeats, Path(folder))
            for width, height in SIZES
        ]
    text = report(figures)
    click.echo(text)
    if out is not None:
        data = {"schema_version": 1, "machine": machine(), "sizes": [asdict(f) for f in figures]}
        out.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8", newline="\n")
    renew_block(update, text)


def measure(
    width: int, height: int, weights: str, seconds: float, repeats: int, folder: Path
) -> SizeFigures:
    """Measure everything at one size of frame.

    Parameters
    ----------
    width, height : int
        Of the frames, px.
    weights : str
        For ``Detector``.
    seconds : float
        About how long the network alone runs in each repeat; sets the recording's length.
    repeats : int
    folder : Path
        For the recordings and results.
    """
    detector = Detector(weights)
    pictures = draw(width, height)
    short = record(folder / f"{width}x{height}.mp4", pictures, len(pictures))
    with open_source(short, grey=True, um_per_px=UM_PER_PX) as source:
        frames = list(source)
    magnification = detector.magnification(frames)
    settings = SearchSettings(um_per_px=UM_PER_PX)
    pieces = captured_input(detector, frames[0], magnification)
    frame_s = timed(lambda: run_network(detector, pieces, 5)) / 5
    count = max(DRAWN_FRAMES, round(seconds / frame_s))
    path = record(folder / f"{width}x{height}-long.mp4", pictures, count)
    results = folder / f"{width}x{height}-search"

    def decode() -> None:
        with open_source(path, grey=True) as source:
            for _ in source:
                pass

    jobs: dict[str, Callable[[], object]] = {
        "decode": decode,
        "network": lambda: run_network(detector, pieces, count),
        "detector": lambda: [
            detector.detect(frames[n % len(frames)], magnification=magnification)
            for n in range(count)
        ],
        "search": lambda: search(path, results, detector, settings, overwrite=True),
    }
    if (width, height) == TARGET_SIZE:
        crowded, crowd = Crowded(weights, width, height), folder / "crowd"
        jobs["crowd"] = lambda: search(path, crowd, crowded, settings, overwrite=True)
    for job in jobs.values():
        job()  # warm caches, threads and lazy imports
    taken: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(repeats):
        for name, job in jobs.items():
            taken[name].append(timed(job))
    ratios = [
        max(decode_s, network_s) / search_s
        for decode_s, network_s, search_s in zip(
            taken["decode"], taken["network"], taken["search"], strict=True
        )
    ]
    slower = [
        crowd_s / search_s
        for crowd_s, search_s in zip(taken.get("crowd", []), taken["search"], strict=False)
    ]
    longer = record(folder / f"{width}x{height}-longer.mp4", pictures, LONGER * count)
    return SizeFigures(
        width_px=width,
        height_px=height,
        frames=count,
        findings_per_frame=rows_in(results / "findings.csv") / count,
        fps={name: count / statistics.median(times) for name, times in taken.items()},
        ratio=statistics.median(ratios),
        ratio_range=(min(ratios), max(ratios)),
        crowd_factor=statistics.median(slower) if slower else None,
        peak_mib=peak_memory_mib(path, weights, folder),
        peak_mib_longer=peak_memory_mib(longer, weights, folder),
    )


def draw(width: int, height: int) -> list[npt.NDArray[np.uint8]]:
    """Return consecutive frames of a simulated semen sample."""
    random = np.random.default_rng(1)
    source = DishSource(
        Dish(1, population(Regime.SEMEN, random)),
        Look(),
        watch(DRAWN_FRAMES / FPS, FPS),
        width_px=width,
        height_px=height,
        um_per_px=UM_PER_PX,
        seed=1,
        sequence=True,
    )
    return [frame.pixels for frame in source]


def record(path: Path, pictures: list[npt.NDArray[np.uint8]], count: int) -> Path:
    """Write a recording that runs through the pictures to and fro."""
    there_and_back = [*pictures, *pictures[-2:0:-1]]
    height, width = pictures[0].shape[:2]
    with VideoWriter(path, fps=FPS, width_px=width, height_px=height) as writer:
        for n in range(count):
            writer.write(there_and_back[n % len(there_and_back)])
    return path


def captured_input(detector: Detector, frame: Any, magnification: float = 1.0) -> list[Floats]:
    """Return exactly what the detector hands its network for this frame."""
    pieces: list[Floats] = []
    network = detector.network
    run = network.run

    def note(picture: Floats) -> Floats:
        pieces.append(picture.copy())
        return run(picture)

    network.run = note  # type: ignore[method-assign]
    try:
        detector.detect(frame, magnification=magnification)
    finally:
        network.run = run  # type: ignore[method-assign]
    return pieces


def run_network(detector: Detector, pieces: list[Floats], count: int) -> None:
    """Run the bare network as often as ``count`` frames need it."""
    for _ in range(count):
        for piece in pieces:
            detector.network.run(piece)


def timed(job: Callable[[], object]) -> float:
    """Return how many seconds a job takes."""
    begun = time.perf_counter()
    job()
    return time.perf_counter() - begun


def rows_in(table: Path) -> int:
    """Return the number of rows of a CSV file, without its header."""
    with table.open(encoding="utf-8") as lines:
        return sum(1 for _ in lines) - 1


def peak_memory_mib(recording: Path, weights: str, folder: Path) -> float:
    """Return the most resident memory that ``sertoli search`` needs for a recording."""
    arguments = ["search", str(recording), "--weights", weights, "--overwrite"]
    child = subprocess.Popen(
        [sys.executable, "-m", "sertoli", *arguments, "--out", str(folder / "memory")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    process = psutil.Process(child.pid)
    peak = 0
    # Sampled from outside: the high-water mark that getrusage gives can be the parent's.
    while child.poll() is None:
        try:
            peak = max(peak, process.memory_info().rss)
        except psutil.NoSuchProcess:
            break
        time.sleep(SAMPLE_S)
    _, errors = child.communicate()
    if child.returncode != 0:
        raise RuntimeError(f"sertoli search left with {child.returncode}: {errors[-500:]}")
    return peak / MIB


def machine() -> dict[str, Any]:
    """Say on what it was measured, as far as it matters."""
    return {
        "logical_cores": os.cpu_count(),
        "architecture": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "onnxruntime": version("onnxruntime"),
        "av": version("av"),
    }


def report(figures: list[SizeFigures]) -> str:
    """Return the figures as Markdown: ratios first, absolute figures of this machine last."""
    lines = [
        "| frames | whole search / slower of decode and network | range of the repeats "
        "| detector / network | search / detector | memory, recording 10 times as long |",
        "|---|---|---|---|---|---|",
    ]
    for one in figures:
        fps = one.fps
        lines.append(
            f"| {one.width_px}x{one.height_px} | **{one.ratio:.2f}** "
            f"| {one.ratio_range[0]:.2f} to {one.ratio_range[1]:.2f} "
            f"| {fps['detector'] / fps['network']:.2f} | {fps['search'] / fps['detector']:.2f} "
            f"| {one.peak_mib_longer / one.peak_mib:.2f} times as much |"
        )
    for one in figures:
        if (one.width_px, one.height_px) == TARGET_SIZE:
            verdict = "reached" if one.ratio >= TARGET else "**missed**"
            lines += ["", f"Target at {one.width_px}x{one.height_px}: {TARGET:.2f}, {verdict}."]
        if one.crowd_factor is not None:
            verdict = "reached" if one.crowd_factor <= CROWD_FACTOR else "**missed**"
            lines += [
                "",
                f"With {CROWD:,} objects in every frame the whole search takes "
                f"**{one.crowd_factor:.2f}** times as long. Target: at most {CROWD_FACTOR:.0f} "
                f"times, {verdict}.",
            ]
    where = machine()
    lines += [
        "",
        f"As an aside, absolute figures of the machine that made this table "
        f"({where['logical_cores']} logical cores, {where['architecture']}, "
        f"{where['system']}, Python {where['python']}, ONNX Runtime {where['onnxruntime']}):",
        "",
        "| frames | decode alone | network alone | detector alone | whole search "
        "| findings/frame | peak memory | recording 10 times as long |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in figures:
        speeds = " | ".join(
            f"{one.fps[name]:.1f} frames/s" for name in ("decode", "network", "detector", "search")
        )
        lines.append(
            f"| {one.width_px}x{one.height_px} | {speeds} | {one.findings_per_frame:.1f} "
            f"| {one.peak_mib:.0f} MiB | {one.peak_mib_longer:.0f} MiB |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
