"""What the report of a search says in words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sertoli.search._results import Gathered


def result_line(summary: dict[str, Any]) -> str:
    """Say in one sentence what the search proposes: found is what a person confirmed."""
    searched = summary["frames_searched"]
    unit = "frame" if summary["kind"] == "sequence" else "field"
    fields = f"{searched:,} {unit}{'' if searched == 1 else 's'}"
    if not summary["sperm"]:
        confidence = summary["settings"]["confidence"]
        return f"No sperm was found in the {fields} searched at confidence {confidence:.2f}."
    return f"{summary['sperm']:,} possible sperm in {fields}"


def chart_note(gathered: Gathered, *, followed: bool) -> str:
    """Say what the chart shows."""
    if not followed:
        return (
            f"Findings in each of the {len(gathered.frames):,} fields, numbered in natural "
            "name order from 1."
        )
    unit = "time (min:s)" if gathered.times_s and gathered.times_s[0] is not None else "frame"
    return f"Bars: sperm in view by {unit}. Triangles below: a sperm is seen for the first time."


def map_note(gathered: Gathered, *, followed: bool) -> str:
    """Say what the map shows."""
    if gathered.stage:
        return "Stage positions in µm; every rectangle is a field that was searched."
    if followed:
        return "Each sperm where it was seen best, over the first frame searched."
    return "Findings in one field; choosing a picture shows its field."


def notes_on(summary: dict[str, Any]) -> list[str]:
    """Say when it was searched, and how to read the number found."""
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


def warnings_of(summary: dict[str, Any], gathered: Gathered, shown: int) -> list[dict[str, Any]]:
    """Return what the reader must know first: ``text``, and ``list`` where there are several."""
    warnings: list[dict[str, Any]] = []
    restriction = summary["weights"]["restriction"]
    if restriction:
        warnings.append({"text": f"The weights of the detector are restricted: {restriction}."})
    warnings += [{"text": sentence} for sentence in warning_sentences(summary)]
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


def warning_sentences(summary: dict[str, Any]) -> list[str]:
    """Return the warnings of a search, each as a sentence."""
    texts = [str(warning["text"]) for warning in summary.get("warnings", [])]
    return [f"{text[0].upper()}{text[1:]}." for text in texts]


def settings_of(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """Return name and value of what the search went by."""
    settings, optics = summary["settings"], summary["optics"]
    speed = summary["fields_per_s"]
    rows = [
        ("Input", summary["input"]),
        ("Searched as", summary["kind"]),
        ("Specimen", settings["specimen"] or "not given"),
        ("Lowest probability (confidence)", f"{settings['confidence']:g}"),
        ("Pixel size", _pixel_size(optics)),
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


def _pixel_size(optics: dict[str, Any]) -> str:
    several = optics.get("um_per_px_of_files", [optics["um_per_px"]])
    known = [size for size in several if size is not None]
    if not known:
        return "unknown"
    size = f"{known[0]:g} µm per px"
    if len(known) > 1:
        size = f"several: {known[0]:g} to {known[-1]:g} µm per px"
    return size if len(known) == len(several) else f"{size}, unknown for some files"


def _enlarged(magnification: float | None) -> str:
    return "each picture by itself" if magnification is None else f"{magnification:.2f} times"
