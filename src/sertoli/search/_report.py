"""``report.html``: everything a person needs to look the findings through, in one file."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from sertoli.search._journal import SearchedFrame, read_frames_at
from sertoli.search._report_words import (
    chart_note,
    map_note,
    notes_on,
    result_line,
    settings_of,
    warnings_of,
)
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
        "map_note": map_note(gathered, followed=followed),
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
        notes=notes_on(summary),
        warnings=warnings_of(summary, gathered, len(shown)),
        heading="Every sperm" if len(shown) == summary["sperm"] else "The most probable sperm",
        shown=len(shown),
        followed=followed,
        slider_min=_floor(summary["settings"]["confidence"]),
        bins=bins,
        chart_label=chart_note(gathered, followed=followed),
        chart_note=chart_note(gathered, followed=followed),
        settings=settings_of(summary),
        data=Markup(_json(data)),
        sheets=[base64.b64encode(picture).decode("ascii") for picture in sheets],
        backdrops={
            index: base64.b64encode(picture).decode("ascii") for index, picture in backdrops.items()
        },
    )
    path.write_text(page, encoding="utf-8", newline="\n")


def write_index(path: Path, rows: list[dict[str, Any]], summary: dict[str, Any]) -> None:
    """Write the page that leads to the reports of several inputs.

    Each row has ``input``, ``result``, ``warnings`` and ``link`` (None without a report).
    """
    sperm = summary["sperm"]
    found = f"{sperm:,} possible sperm" if sperm else "No sperm was found"
    stopped = ", stopped before the end" if summary["stopped"] else ""
    searched = [entry["summary"]["weights"] for entry in summary["inputs"] if entry["summary"]]
    page = _template("index.html.j2").render(
        rows=rows,
        disclaimer=summary["disclaimer"],
        result=f"{found} in {len(rows)} inputs{stopped}",
        # one detector searched them all
        restriction=searched[0].get("restriction") if searched else None,
    )
    path.write_text(page, encoding="utf-8", newline="\n")


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


def _floor(confidence: float) -> float:
    return int(confidence * 100) / 100
