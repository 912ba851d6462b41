"""Write pictures of an opened testis with their truth."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sertoli.frames import VideoWriter, write_png
from sertoli.outputs import OutputFolder
from sertoli.phantom._field_source import FieldPicture, FieldSource
from sertoli.phantom.render.operating import Stretch

VIDEO_NAME = "field.mp4"
TRUTH_NAME = "truth.json"

TRUTH_STEP_DIAMETERS = 0.35
"""Distance of the centreline's points in the file."""


def field_truth(picture: FieldPicture, file: str) -> dict[str, Any]:
    """Return the truth of one picture as the contract lays it down.

    Parameters
    ----------
    picture : FieldPicture
    file : str
        Its name.
    """
    frame = picture.frame
    return {
        "file": file,
        "frame": frame.index,
        "time_s": frame.time_s,
        "width_px": frame.width_px,
        "height_px": frame.height_px,
        "um_per_px": frame.optics.um_per_px,
        "segments": [_segment(stretch) for stretch in picture.stretches],
    }


def _segment(stretch: Stretch) -> dict[str, Any]:
    # A node lies about every 20 um.
    step = max(1, round(TRUTH_STEP_DIAMETERS * stretch.traits.diameter_um / 20.0))
    last = len(stretch.points_px) - 1
    kept = [*range(0, last, step), last]
    return {
        "tubule": stretch.tubule,
        "points": [[round(float(x), 1), round(float(y), 1)] for x, y in stretch.points_px[kept]],
        "diameter_um": round(float(stretch.diameters_um.mean()), 1),
        "diameter_um_list": [round(float(d), 1) for d in stretch.diameters_um[kept]],
        "relative_diameter": round(stretch.traits.relative_diameter, 3),
        "opacity": round(stretch.traits.opacity, 3),
        "class": stretch.traits.kind.value,
        "has_sperm": stretch.traits.has_sperm,
        "visible": stretch.visible,
        "in_focus": stretch.in_focus,
    }


def write_field(
    source: FieldSource,
    out: Path,
    *,
    overwrite: bool = False,
    on_picture: Callable[[], object] = lambda: None,
) -> Path:
    """Write ``field_000.png ...`` or ``field.mp4`` with ``truth.json``.

    Parameters
    ----------
    source : FieldSource
    out : Path
        Folder; it appears when everything is written.
    overwrite : bool
        Replace an existing folder.
    on_picture : callable
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
        if source.fps is None:
            images = _write_stills(source, folder.path, on_picture)
        else:
            images = _write_video(source, folder.path, source.fps, on_picture)
        testis = source.testis
        document = {
            "schema_version": 1,
            "synthetic": True,
            "description": f"Sertoli digital testis, seed {source.seed}; synthetic; "
            "research software, not a medical device",
            "patient": testis.patient.value,
            "calibre": testis.calibre.value,
            "has_sperm": testis.has_sperm,
            "median_diameter_um": round(testis.median_um, 1),
            "effect": testis.effect,
            "look": source.look.name,
            "depth": source.depth,
            "images": images,
        }
        text = json.dumps(document, allow_nan=False)
        (folder.path / TRUTH_NAME).write_text(text, encoding="utf-8", newline="\n")
    except BaseException:
        folder.discard()
        raise
    return folder.finish()


def _write_video(
    source: FieldSource, folder: Path, fps: float, on_picture: Callable[[], object]
) -> list[dict[str, Any]]:
    width, height = source.size_px
    images = []
    with VideoWriter(folder / VIDEO_NAME, fps=fps, width_px=width, height_px=height) as video:
        for index in range(source.length):
            picture = source.picture(index)
            video.write(picture.frame.pixels)
            images.append(field_truth(picture, VIDEO_NAME))
            on_picture()
    return images


def _write_stills(
    source: FieldSource, folder: Path, on_picture: Callable[[], object]
) -> list[dict[str, Any]]:
    images = []
    for index in range(source.length):
        picture = source.picture(index)
        name = f"field_{index:03d}.png"
        write_png(folder / name, picture.frame.pixels)
        images.append(field_truth(picture, name))
        on_picture()
    return images
