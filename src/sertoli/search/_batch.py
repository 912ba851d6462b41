"""Several inputs searched one after the other, and the page that leads to their reports."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sertoli.errors import OutputError, UserError
from sertoli.outputs import OutputFolder, absolute
from sertoli.search._identity import without_folders
from sertoli.search._pass import Progress
from sertoli.search._report import write_index
from sertoli.search._report_words import result_line, warning_sentences
from sertoli.search._run import search
from sertoli.search._settings import Finder, SearchSettings
from sertoli.search._summary import DISCLAIMER, SCHEMA_VERSION
from sertoli.sperm import plain_text

OnInput = Callable[[str], None]


def search_all(
    paths: Sequence[Path],
    out: Path | None,
    finder: Finder,
    settings: SearchSettings | None = None,
    *,
    resume: bool = False,
    overwrite: bool = False,
    on_input: OnInput | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Search several inputs, each into a folder of its own.

    An input that cannot be searched is noted and the next one is taken: a bad file at the
    start must not cost the night.

    Parameters
    ----------
    paths : sequence of Path
    out : Path or None
        Holds one folder an input, named after it, and above them ``summary.json`` and a
        ``report.html`` that leads to theirs. None: each input gets ``<input name>-search``
        in the working folder, and nothing stands above them.
    finder, settings, resume, overwrite, on_progress, should_stop
        As for `search`.
    on_input : callable, optional
        Called with the name of each input before it is searched.

    Returns
    -------
    dict
        What ``summary.json`` says: ``inputs`` has an entry for each input with ``folder`` and
        either ``summary`` or ``error`` (both None if it was not reached).

    Raises
    ------
    UserError
        If not one input could be searched.
    OutputError
        If ``out`` exists (and neither option is given) or cannot be written.
    """
    folder = None if out is None else _open_folder(out, paths, resume=resume, overwrite=overwrite)
    entries: list[dict[str, Any]] = []
    first_error: UserError | None = None
    stopped = False
    for path, name in zip(paths, _names(paths), strict=True):
        place = Path(f"{name}-search") if folder is None else folder.path / name
        entry: dict[str, Any] = {
            "input": plain_text(path.resolve().name),
            "folder": place.name,
            "summary": None,
            "error": None,
        }
        entries.append(entry)
        if stopped:
            continue
        if on_input is not None:
            on_input(entry["input"])
        try:
            result = search(
                path,
                place,
                finder,
                settings,
                resume=resume,
                overwrite=overwrite,
                on_progress=on_progress,
                should_stop=should_stop,
            )
        except UserError as error:
            first_error = first_error or error
            entry["error"] = without_folders(str(error), path, place)
            continue
        entry["summary"] = result.summary
        stopped = result.stopped or (should_stop is not None and should_stop())
    searched = [entry["summary"] for entry in entries if entry["summary"]]
    if not searched and first_error is not None and not stopped:
        if folder is not None and (folder.resumed or not any(folder.path.iterdir())):
            folder.discard()
        raise first_error
    summary = {
        "schema_version": SCHEMA_VERSION,
        "sertoli_version": version("sertoli"),
        "disclaimer": DISCLAIMER,
        "command": "search",
        "stopped": any(entry["summary"] is None and not entry["error"] for entry in entries)
        or any(one["stopped"] for one in searched),
        "frames_searched": sum(one["frames_searched"] for one in searched),
        "findings": sum(one["findings"] for one in searched),
        "sperm": sum(one["sperm"] for one in searched),
        "inputs": entries,
    }
    if folder is not None:
        _finish(folder, summary)
    return summary


def _finish(folder: OutputFolder, summary: dict[str, Any]) -> None:
    rows = [
        {
            "input": entry["input"],
            "link": f"{quote(entry['folder'])}/report.html" if entry["summary"] else None,
            "result": _result(entry),
            "warnings": warning_sentences(entry["summary"] or {}),
        }
        for entry in summary["inputs"]
    ]
    try:
        write_index(folder.path / "report.html", rows, summary)
        text = json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False)
        (folder.path / "summary.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputError(
            f"cannot write to {folder.path}: {error.strerror or error}",
            "make room or mend the permissions, then go on with --resume",
        ) from error
    folder.finish()


def _result(entry: dict[str, Any]) -> str:
    if entry["summary"]:
        line = result_line(entry["summary"])
        return f"{line} (stopped before its end)" if entry["summary"]["stopped"] else line
    return entry["error"] or "not searched: the search was stopped before"


def _open_folder(
    out: Path, paths: Sequence[Path], *, resume: bool, overwrite: bool
) -> OutputFolder:
    out = absolute(out)
    if resume and out.name:
        partial = out.with_name(out.name + ".partial")
        place = partial if partial.is_dir() else out
        if any((place / name).exists() for name in ("journal.bin", "findings.csv")):
            raise OutputError(
                f"{place} holds the search of a single input",
                "give that input alone, choose another --out, or add --overwrite",
            )
        if place.is_dir() and place == out and not (out / "summary.json").is_file():
            raise OutputError(f"{out} holds no search to go on with", "choose another --out")
    return OutputFolder(out, overwrite=overwrite, resume=resume, inputs=paths)


def _names(paths: Sequence[Path]) -> list[str]:
    """Return a folder name for each input; inputs of the same name are numbered."""
    names: list[str] = []
    for path in paths:
        name = wanted = input_stem(path)
        number = 1
        while name.casefold() in {taken.casefold() for taken in names}:
            number += 1
            name = f"{wanted}-{number}"
        names.append(name)
    return names


def input_stem(path: Path) -> str:
    """Return what to name an input's folder after: a file without its ending, or a folder."""
    path = path.resolve()
    return (path.name if path.is_dir() else path.stem) or "input"
