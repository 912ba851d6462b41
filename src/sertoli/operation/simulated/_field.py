"""A simulated opened testis: pictured, enhanced, mapped, and the map held against the truth."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np

from sertoli.enhance import LightChain
from sertoli.frames import open_source, write_png
from sertoli.optics import Modality
from sertoli.phantom import make_field, write_field
from sertoli.tubules import FieldSettings, map_input

NUMBERED = 5
"""The overlay numbers so many tubules, the best first."""

PATIENT = "focal"


def show_field(
    place: Path, seed: int, *, size_px: tuple[int, int] = (640, 480), um_per_px: float = 7.5
) -> dict[str, Any]:
    """Simulate one look at the opened testis of a man with sperm in few tubules, and map it.

    Parameters
    ----------
    place : Path
        An existing folder; ``field/`` (picture and truth), ``field-enhanced/`` and ``field-map/``
        are made in it.
    seed : int
    size_px : (int, int)
        Width and height of the picture.
    um_per_px : float

    Returns
    -------
    dict
        ``picture``, ``enhanced`` and ``overlay`` (paths below ``place``), ``statement``,
        ``tubules``, ``stands_out``, and ``numbered``: for each numbered tubule, best first, its
        rank, the reasons, and whether it truly holds sperm (None where no tubule lies there).

    Raises
    ------
    SettingError, OutputError
        As `make_field`, `write_field` and `map_input`.
    """
    width, height = size_px
    source = make_field(
        seed, patient=PATIENT, um_per_px=um_per_px, width_px=width, height_px=height
    )
    write_field(source, place / "field")
    picture = place / "field" / "field_000.png"
    enhanced = place / "field-enhanced" / picture.name
    enhanced.parent.mkdir()
    with open_source(picture, um_per_px=um_per_px, modality=Modality.OPERATING) as still:
        frame = next(iter(still.frames()))
    write_png(enhanced, LightChain()(frame).frame.pixels)
    summary = map_input(picture, place / "field-map", FieldSettings(um_per_px=um_per_px))
    return {
        "seed": seed,
        "picture": f"field/{picture.name}",
        "enhanced": f"field-enhanced/{picture.name}",
        "overlay": f"field-map/{summary['overlay']}",
        "tubules": summary["tubules"],
        "stands_out": summary["stands_out"],
        "statement": summary["statement"],
        "numbered": _numbered(place / "field-map", place / "field" / "truth.json"),
    }


def _numbered(mapped: Path, truth: Path) -> list[dict[str, Any]]:
    """Name the tubules that the overlay numbers, each with its truth."""
    with (mapped / "tubules.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: int(row["rank"]))[:NUMBERED]
    lines = json.loads((mapped / "centrelines.geojson").read_text(encoding="utf-8"))["features"]
    image = json.loads(truth.read_text(encoding="utf-8"))["images"][0]
    told = []
    for row in rows:
        own = [
            np.array(line["geometry"]["coordinates"], np.float64)
            for line in lines
            if line["properties"]["tubule_id"] == int(row["tubule_id"])
        ]
        told.append(
            {
                "rank": int(row["rank"]),
                "reasons": row["reasons"],
                "has_sperm": _holds_sperm(np.vstack(own), image),
            }
        )
    return told


def _holds_sperm(
    points: np.ndarray[Any, np.dtype[np.float64]], image: dict[str, Any]
) -> bool | None:
    """Tell by the truth whether the tubule along most of these points holds sperm.

    Each point votes for the visible tubule whose centreline is nearest, if it lies within it.
    """
    um_per_px = float(image["um_per_px"])
    votes: dict[int, int] = {}
    holds: dict[int, bool] = {}
    visible = [one for one in image["segments"] if one["visible"]]
    for point in points:
        away, tubule = np.inf, None
        for segment in visible:
            places = np.asarray(segment["points"], np.float64)
            distance = float(np.linalg.norm(places - point, axis=1).min())
            if distance < away and distance <= segment["diameter_um"] / um_per_px / 2:
                away, tubule = distance, int(segment["tubule"])
                holds[tubule] = bool(segment["has_sperm"])
        if tubule is not None:
            votes[tubule] = votes.get(tubule, 0) + 1
    return holds[max(votes, key=lambda one: votes[one])] if votes else None
