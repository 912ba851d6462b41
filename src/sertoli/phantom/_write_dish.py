"""Make a dish from a few choices, and write it with its truth."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from sertoli.frames import VideoWriter, write_png
from sertoli.optics import Modality
from sertoli.outputs import OutputFolder
from sertoli.phantom._dish_source import DishSource, scan, watch
from sertoli.phantom._truth import DishTruth
from sertoli.phantom.render import random_look
from sertoli.phantom.world import Dish, Drift, Regime, population

VIDEO_NAME = "dish.mp4"
TRUTH_NAME = "truth.json"


def make_dish(
    seed: int,
    *,
    regime: str = "testicular",
    sperm_per_field: float | None = 2.0,
    um_per_px: float = 0.35,
    modality: Modality | None = None,
    bright_heads: bool | None = None,
    width_px: int = 640,
    height_px: int = 480,
    seconds: float = 5.0,
    fps: float = 25.0,
    fields: int | None = None,
    sweep_um: Sequence[float] = (0.0,),
    drift: Drift | None = None,
) -> DishSource:
    """Draw a dish and a laboratory from a seed.

    Parameters
    ----------
    seed : int
    regime : {"testicular", "semen"}
    sperm_per_field : float or None
        Expected number in one picture; None keeps what the regime draws.
    um_per_px : float
        0.1 to 1.0.
    modality, bright_heads : optional
        Drawn from the seed if not given.
    width_px, height_px : int
    seconds, fps : float
        Length and rate of a recording of one place.
    fields : int, optional
        Pictures of this many places instead.
    sweep_um : sequence of float
        Heights of the focus at which each of these places is taken.
    drift : Drift, optional
        Common motion of everything in the fluid; drawn from the seed if not given.
    """
    rng = np.random.default_rng((seed, 10))
    look = random_look(rng, modality, bright_heads)
    content = population(Regime(regime), rng)
    field_um = (width_px * um_per_px, height_px * um_per_px)
    if sperm_per_field is not None:
        content = content.with_sperm(sperm_per_field / (field_um[0] * field_um[1] * 1e-6))
    flow = 0.0 if fields else 1.0
    current = rng.normal(0, 0.4, 2) * flow
    swing = rng.normal(0, 0.6, 2) * flow
    drawn = Drift(
        (float(current[0]), float(current[1])), (float(swing[0]), float(swing[1])), period_s=8.0
    )
    stops = scan(fields, *field_um, sweep_um=sweep_um) if fields else watch(seconds, fps)
    return DishSource(
        Dish(seed, content, drift or drawn),
        replace(look, interlaced=look.interlaced and not fields),
        stops,
        width_px=width_px,
        height_px=height_px,
        um_per_px=um_per_px,
        seed=seed,
        sequence=not fields,
        frame_s=0.0 if fields else 1 / fps,
        focus_swing_um=flow * float(rng.uniform(0.0, 1.0)),
    )


def write_dish(
    source: DishSource,
    out: Path,
    *,
    fps: float = 25.0,
    overwrite: bool = False,
    on_frame: Callable[[], object] = lambda: None,
) -> Path:
    """Write a dish as ``dish.mp4`` or ``dish_00000.png ...`` with ``truth.json``.

    Parameters
    ----------
    source : DishSource
        A sequence becomes a video, single places become PNG files.
    out : Path
        Folder; it appears when everything is written.
    fps : float
        Of the video.
    overwrite : bool
        Replace an existing folder.
    on_frame : callable
        Called after every picture.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    OutputError
        If the folder exists already or cannot be written.
    """
    folder = OutputFolder(out, overwrite=overwrite)
    try:
        truth = DishTruth(f"Sertoli digital dish, seed {source.seed}")
        if source.is_sequence:
            _write_video(source, folder.path, fps, truth, on_frame)
        else:
            _write_stills(source, folder.path, truth, on_frame)
        document = json.dumps(truth.to_coco(), allow_nan=False)
        (folder.path / TRUTH_NAME).write_text(document, encoding="utf-8", newline="\n")
    except BaseException:
        folder.discard()
        raise
    return folder.finish()


def _write_video(
    source: DishSource, folder: Path, fps: float, truth: DishTruth, on_frame: Callable[[], object]
) -> None:
    width, height = source.size_px
    with VideoWriter(folder / VIDEO_NAME, fps=fps, width_px=width, height_px=height) as video:
        for index in range(source.length):
            frame, shown = source.frame_with_truth(index)
            video.write(frame.pixels)
            truth.add(frame, shown, VIDEO_NAME)
            on_frame()


def _write_stills(
    source: DishSource, folder: Path, truth: DishTruth, on_frame: Callable[[], object]
) -> None:
    for index in range(source.length):
        frame, shown = source.frame_with_truth(index)
        name = f"dish_{index:05d}.png"
        write_png(folder / name, frame.pixels)
        truth.add(frame, shown, name)
        on_frame()
