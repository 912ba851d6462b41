"""``report.html``: everything a person needs to look the findings through, in one file."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from sertoli.search._journal import SearchedFrame, read_frames_at
from sertoli.search._results import Gathered, Shown, Track, sightings_of
from sertoli.search._thumbnails import MAX_SHOWN, SIDE_PX, Cell, sheet, to_cell
from sertoli.search._track_tables import (
    SPEEDS,
    TrackTables,
    gather_paths,
    motility_rows,
    read_track_tables,
    readable,
    shape_rows,
)
from sertoli.sperm import Sightings

SHEET_ACROSS = 32
SHEET_CELLS = SHEET_ACROSS * 16
MAX_BINS = 400


def write_report(path: Path, journal: Path, gathered: Gathered, summary: dict[str, Any]) -> None:
    """Write the report of a search.

    Parameters
    ----------
    path : Path
        ``report.html``.
    journal : Path
        Where the thumbnails are.
    gathered : Gathered
        What `write_tables` counted.
    summary : dict
        The content of ``summary.json``.
    """
    followed = summary["kind"] == "sequence"
    shown = _most_probable(gathered, followed=followed)
    sperm, sheets = _sperm(journal, gathered, shown)
    backdrops = _backdrops(journal, gathered)
    tables = read_track_tables(path.parent / "tracks.csv")
    bins = _bins(gathered, followed=followed)
    data = {
        "followed": followed,
        "side": SIDE_PX,
        "across": SHEET_ACROSS,
        "per_sheet": SHEET_CELLS,
        "sperm": sperm,
        "files": {} if followed and not any(gathered.files) else _files(gathered),
        "backdrop": next(iter(backdrops), None),
        "stage": _stage(gathered),
        "bins": bins,
        "map_note": _map_note(gathered, followed=followed),
        **_moved(journal, gathered, tables, shown),
    }
    page = _template("report.html.j2").render(
        input=summary["input"],
        specimen=summary["settings"]["specimen"],
        disclaimer=summary["disclaimer"],
        result=result_line(summary),
        bound=summary["upper_bound_95_note"],
        motility=motility_rows(tables),
        shape=shape_rows(tables),
        found=summary["sperm"],
        notes=_notes(summary),
        warnings=_warnings(summary, gathered, len(shown)),
        heading="Every sperm" if len(shown) == summary["sperm"] else "The most probable sperm",
        shown=len(shown),
        followed=followed,
        slider_min=_floor(summary["settings"]["confidence"]),
        bins=bins,
        chart_label=_chart_note(gathered, followed=followed),
        chart_note=_chart_note(gathered, followed=followed),
        settings=_settings(summary),
        data=Markup(_json(data)),
        sheets=[base64.b64encode(picture).decode("ascii") for picture in sheets],
        backdrops={
            index: base64.b64encode(picture).decode("ascii") for index, picture in backdrops.items()
        },
    )
    path.write_text(page, encoding="utf-8", newline="\n")


def write_index(path: Path, rows: list[dict[str, Any]], summary: dict[str, Any]) -> None:
    """Write the page that leads to the reports of several inputs.

    Each row has ``input``, ``result`` and ``link`` (None without a report).
    """
    sperm = summary["sperm"]
    found = f"{sperm:,} possible sperm" if sperm else "No sperm was found"
    stopped = ", stopped before the end" if summary["stopped"] else ""
    page = _template("index.html.j2").render(
        rows=rows,
        disclaimer=summary["disclaimer"],
        result=f"{found} in {len(rows)} inputs{stopped}",
    )
    path.write_text(page, encoding="utf-8", newline="\n")


def result_line(summary: dict[str, Any]) -> str:
    """Say in one sentence what the search proposes: found is what a person confirmed."""
    searched = summary["frames_searched"]
    unit = "frame" if summary["kind"] == "sequence" else "field"
    fields = f"{searched:,} {unit}{'' if searched == 1 else 's'}"
    if not summary["sperm"]:
        confidence = summary["settings"]["confidence"]
        return f"No sperm was found in the {fields} searched at confidence {confidence:.2f}."
    return f"{summary['sperm']:,} possible sperm in {fields}"


def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sertoli.search", "."), autoescape=True, trim_blocks=True
    )
    return environment.get_template(name)


def _json(value: object) -> str:
    # Inside <script> only "<" can end the element, and "&" and ">" cost nothing to hide too.
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _most_probable(gathered: Gathered, *, followed: bool) -> list[tuple[float, Shown]]:
    """Return probability and thumbnail of those to show, most probable first."""
    if followed:
        every = [
            (gathered.tracks[track_id].probability, shown)
            for track_id, shown in gathered.track_shown.items()
        ]
    else:
        every = [(shown.probability, shown) for shown in gathered.stills_shown]
    every.sort(key=lambda entry: (-entry[0], entry[1].offset, entry[1].number))
    return every[:MAX_SHOWN]


def _sperm(
    journal: Path, gathered: Gathered, shown: list[tuple[float, Shown]]
) -> tuple[dict[str, list[Any]], list[bytes]]:
    """Return the columns of the report's table and the sheets of thumbnails."""
    wanted: dict[int, list[int]] = {}
    for rank, (_, entry) in enumerate(shown):
        wanted.setdefault(entry.offset, []).append(rank)
    rows: list[dict[str, Any]] = [{}] * len(shown)
    cells: dict[int, Cell] = {}
    for offset, found in read_frames_at(journal, wanted):
        record = gathered.links.applied(found)
        sightings = sightings_of(record)
        for rank in wanted[offset]:
            probability, entry = shown[rank]
            thumbnail = record.thumbnails[entry.number]
            cells[rank] = to_cell(thumbnail, record.found)
            track = gathered.tracks.get(entry.track_id)
            rows[rank] = _row(probability, record, sightings, thumbnail.row, track, cells[rank])
    ranked = [cells[rank] for rank in range(len(shown))]
    sheets = [
        sheet(ranked[start : start + SHEET_CELLS], SHEET_ACROSS)
        for start in range(0, len(ranked), SHEET_CELLS)
    ]
    columns = {name: [row[name] for row in rows] for name in (rows[0] if rows else ("p",))}
    return columns, sheets


def _row(
    probability: float,
    record: SearchedFrame,
    sightings: Sightings,
    row: int,
    track: Track | None,
    cell: Cell,
) -> dict[str, Any]:
    x, y = sightings.centre_px[row].tolist()
    stage = None if record.stage_um is None else sightings.stage_um[row].tolist()
    head = [round(value, 1) for value in cell.head_px]
    return {
        "p": round(probability, 4),
        "f": record.index,
        "t": None if record.time_s is None else round(record.time_s, 3),
        "x": round(x, 1),
        "y": round(y, 1),
        "fw": record.shape_px[0],
        "fh": record.shape_px[1],
        "sx": None if stage is None else round(stage[0], 2),
        "sy": None if stage is None else round(stage[1], 2),
        "id": int(sightings.track_id[row]),
        "n": track.sightings if track else 1,
        "first": track.first_frame if track else record.index,
        "last": track.last_frame if track else record.index,
        **dict(zip(("mx", "my", "mw", "mh"), head, strict=True)),
    }


def _moved(
    journal: Path, gathered: Gathered, tables: TrackTables, shown: list[tuple[float, Shown]]
) -> dict[str, Any]:
    """Return the paths of the tracks shown and what was measured of each."""
    tracks = [entry.track_id for _, entry in shown if entry.track_id >= 0]
    names = tables.measured()
    at = [tables.names.index(name) for name in names]
    unit = next(iter(tables.column("speed_unit")), "").replace("um", "µm")
    return {
        "paths": gather_paths(journal, gathered.links, tracks) if tracks else {},
        "measured": [f"{readable(n)}, {unit}" if n in SPEEDS else readable(n) for n in names],
        "of_track": {t: [tables.rows[t][k] for k in at] for t in tracks} if names else {},
    }


def _backdrops(journal: Path, gathered: Gathered) -> dict[int, bytes]:
    found = read_frames_at(journal, gathered.backdrops.values())
    return {record.index: record.backdrop for _, record in found}


def _files(gathered: Gathered) -> dict[int, str]:
    return dict(zip(gathered.frames, gathered.files, strict=True))


def _stage(gathered: Gathered) -> dict[str, Any] | None:
    """Return the fields on the stage (centre and half sides, um) and what they cover."""
    if not gathered.stage:
        return None
    left = min(x - a for x, _, a, _ in gathered.stage)
    right = max(x + a for x, _, a, _ in gathered.stage)
    top = min(y - b for _, y, _, b in gathered.stage)
    bottom = max(y + b for _, y, _, b in gathered.stage)
    width, height = max(right - left, 1.0), max(bottom - top, 1.0)
    rim = 0.02 * max(width, height)
    extent = [left - rim, top - rim, width + 2 * rim, height + 2 * rim]
    fields = sorted({tuple(round(value, 2) for value in field) for field in gathered.stage})
    return {"extent": [round(value, 2) for value in extent], "fields": fields}


def _bins(gathered: Gathered, *, followed: bool) -> list[dict[str, Any]]:
    """Return at most `MAX_BINS` steps of time, or of fields."""
    count = len(gathered.frames)
    if count < 2 or not gathered.findings:
        return []
    steps = min(count, MAX_BINS)
    bins = []
    for step in range(steps):
        start, end = step * count // steps, (step + 1) * count // steps
        found = gathered.found_per_frame[start:end]
        mean = sum(found) / len(found)
        time_s = gathered.times_s[start]
        if followed and time_s is not None:
            label = f"{int(time_s // 60)}:{time_s % 60:04.1f}"
        elif followed:
            label = str(gathered.frames[start])
        else:
            label = str(gathered.frames[start] + 1)
        bins.append(
            {
                "label": label,
                "mean": round(mean, 2),
                "fresh": sum(gathered.new_per_frame[start:end]),
            }
        )
    return bins


def _chart_note(gathered: Gathered, *, followed: bool) -> str:
    if not followed:
        return (
            f"Findings in each of the {len(gathered.frames):,} fields, numbered in natural "
            "name order from 1."
        )
    unit = "time (min:s)" if gathered.times_s and gathered.times_s[0] is not None else "frame"
    return f"Bars: sperm in view by {unit}. Triangles below: a sperm is seen for the first time."


def _map_note(gathered: Gathered, *, followed: bool) -> str:
    if gathered.stage:
        return "Stage positions in µm; every rectangle is a field that was searched."
    if followed:
        return "Each sperm where it was seen best, over the first frame searched."
    return "Findings in one field; choosing a picture shows its field."


def _notes(summary: dict[str, Any]) -> list[str]:
    finished = datetime.fromisoformat(summary["finished_at"])
    notes = [f"Searched on {finished.day} {finished:%B %Y, %H:%M} (UTC{finished:%z})."]
    if summary["sperm"] and summary["kind"] == "sequence":
        notes.append(
            f"They were seen {summary['findings']:,} times in all. A sperm that was out of sight "
            "for long, or left the picture, is counted again when it returns."
        )
    elif summary["sperm"] and summary["frames_searched"] > 1:
        notes.append(
            "Fields are counted one by one: a sperm that lies in two overlapping pictures counts "
            "twice."
        )
    return notes


def _warnings(summary: dict[str, Any], gathered: Gathered, shown: int) -> list[dict[str, Any]]:
    warnings: list[dict[str, Any]] = []
    restriction = summary["weights"]["restriction"]
    if restriction:
        warnings.append({"text": f"The weights of the detector are restricted: {restriction}."})
    for warning in summary["warnings"]:
        text = str(warning["text"])
        warnings.append({"text": f"{text[0].upper()}{text[1:]}."})
    searched, total = summary["frames_searched"], summary["frames_total"]
    if summary["stopped"]:
        of = "" if total is None else f" of {total:,}"
        warnings.append(
            {
                "text": f"The search was stopped before its end: {searched:,}{of} were searched. "
                "What was not searched may hold sperm. --resume goes on with it."
            }
        )
    if gathered.broken:
        names = [f"{entry['reason']}" for entry in summary["skipped"]]
        warnings.append(
            {
                "text": f"{len(gathered.broken):,} could not be read and "
                f"{'was' if len(gathered.broken) == 1 else 'were'} not searched:",
                "list": names,
            }
        )
    if summary["frames_lost"]:
        warnings.append(
            {
                "text": f"The recording is damaged: {summary['frames_lost']:,} of its frames could "
                "not be decoded and were not searched."
            }
        )
    if shown < summary["sperm"]:
        warnings.append(
            {
                "text": f"This page shows the {shown:,} most probable of {summary['sperm']:,}; "
                "findings.csv holds all of them."
            }
        )
    return warnings


def _settings(summary: dict[str, Any]) -> list[tuple[str, str]]:
    settings, optics = summary["settings"], summary["optics"]
    um_per_px = optics["um_per_px"]
    speed = summary["fields_per_s"]
    rows = [
        ("Input", summary["input"]),
        ("Searched as", summary["kind"]),
        ("Specimen", settings["specimen"] or "not given"),
        ("Lowest probability (confidence)", f"{settings['confidence']:g}"),
        ("Pixel size", "unknown" if um_per_px is None else f"{um_per_px:g} µm per px"),
        ("Enlarged for the network", _enlarged(optics["magnification"])),
        ("Modality", (optics["modality"] or "unknown").replace("_", " ")),
        ("Frames per second given", "no" if settings["fps"] is None else f"{settings['fps']:g}"),
        (
            "Detector weights",
            f"{summary['weights']['name']}, SHA-256 {summary['weights']['sha256']}",
        ),
        ("Time taken", f"{summary['elapsed_s']:.1f} s"),
        ("Speed", "not measured" if speed is None else f"{speed:.1f} fields per second"),
        ("Sertoli", summary["sertoli_version"]),
    ]
    return [(name, str(value)) for name, value in rows]


def _enlarged(magnification: float | None) -> str:
    return "each picture by itself" if magnification is None else f"{magnification:.2f} times"


def _floor(confidence: float) -> float:
    return int(confidence * 100) / 100
