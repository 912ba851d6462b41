"""What a review writes beside the findings: ``review.json``, and the bound where it belongs."""

from __future__ import annotations

import csv
import json
import os
import re
import tempfile
from datetime import datetime
from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sertoli.errors import OutputError
from sertoli.search._summary import DISCLAIMER, SCHEMA_VERSION
from sertoli.search.hidden import bound_sentence
from sertoli.search.review._candidates import Candidate
from sertoli.search.review._queue import ReviewQueue
from sertoli.search.review._standing import State
from sertoli.search.review._told import REVIEW_NAME, trials_of
from sertoli.sperm import plain_text

MOTILE = ("rapid", "slow", "non-progressive", "moving")
"""Words of ``tracks.csv`` for a sperm that moves by itself."""

_BLOCK = re.compile(r"(<!-- review: begin -->).*?(<!-- review: end -->)", re.S)
_STATES = re.compile(r'(<script type="application/json" id="review">).*?(</script>)', re.S)


def write_review(queue: ReviewQueue) -> dict[str, Any]:
    """Write ``review.json``; bring the bound into ``summary.json`` and ``report.html``.

    Each file is replaced whole. The decisions themselves are safe in the journal before.

    Parameters
    ----------
    queue : ReviewQueue

    Returns
    -------
    dict
        What ``review.json`` says.

    Raises
    ------
    OutputError
        If they cannot be written.
    """
    queue.begin()
    review = summarise_review(queue)
    bound = review["bound"]
    try:
        _replace(queue.folder / REVIEW_NAME, _json(review))
        if queue.summary is not None:
            told = dict(queue.summary)
            told["upper_bound_95"] = bound["upper_bound_95"]
            told["upper_bound_95_in_material"] = bound["upper_bound_95_in_material"]
            told["upper_bound_95_note"] = bound["sentence"]
            _replace(queue.folder / "summary.json", _json(told))
            _renew_report(queue, review)
    except OSError as error:
        raise OutputError(
            f"cannot write to {queue.folder}: {error.strerror or error}",
            "make room or mend the permissions; all decisions are kept, open the review again",
        ) from error
    return review


def summarise_review(queue: ReviewQueue) -> dict[str, Any]:
    """Return the content of ``review.json``."""
    bound = queue.bound()
    progress = queue.progress()
    motility = _motility(queue.folder / "tracks.csv") if not queue.by_hand else {}
    confirmed = [one for one in queue.candidates if queue.state(one) is State.CONFIRMED]
    rows = [_row(queue, one, motility) for one in confirmed]
    done = progress.unreviewed == 0 and progress.unsure == 0
    moving = [row["motility"] for row in rows]
    sensitivity = bound.sensitivity
    return {
        "schema_version": SCHEMA_VERSION,
        "sertoli_version": version("sertoli"),
        "disclaimer": DISCLAIMER,
        "command": "review",
        "input_content": queue.input_content,
        # what was confirmed is under the same restriction as what the search found
        "weights": None if queue.summary is None else queue.summary["weights"],
        # what it sums up: another search, or decisions since, make it out of date
        "search_finished_at": None if queue.summary is None else queue.summary["finished_at"],
        "journal_bytes": queue.journal.size_bytes,
        "written_at": datetime.now().astimezone().isoformat(timespec="seconds"),
        "reviewers": sorted(
            {said.by for one in queue.candidates for said in queue.decided_by(one)}
        ),
        "complete": done,
        "candidates": progress.candidates,
        "open": progress.open,
        "confirmed": progress.confirmed,
        "rejected": progress.rejected,
        "unsure": progress.unsure,
        "frames_total": progress.frames_total,
        "frames_looked": progress.frames_looked,
        "share_reviewed": round(progress.share_reviewed, 6),
        "decisions_of_other_inputs": queue.elsewhere,
        # to be taken over by `case add-search`: None until a person has decided everything
        "confirmed_sperm": progress.confirmed if done else None,
        "motile_sperm": sum(one in MOTILE for one in moving) if done and all(moving) else None,
        "share_searched": queue.share_searched,
        "sensitivity_trials": trials_of(queue.own_sensitivity),
        "sensitivity_mean": None if sensitivity is None else round(sensitivity[0], 4),
        "sensitivity_low": None if sensitivity is None else round(sensitivity[1], 4),
        "sensitivity_high": None if sensitivity is None else round(sensitivity[2], 4),
        "bound": {
            "upper_bound_95": bound.in_specimen,
            "upper_bound_95_in_material": bound.in_material,
            "sensitivity_source": bound.sensitivity_source,
            "why_not": list(bound.why_not),
            "sentence": bound_sentence(bound),
        },
        "sperm": rows,
    }


def _row(queue: ReviewQueue, one: Candidate, motility: dict[int, str]) -> dict[str, Any]:
    place = one.places[0]
    last = queue.decided_by(one)[-1]
    words = {motility.get(track, "") for track in one.tracks} - {""}
    return {
        "id": one.id,
        "frame": place.frame,
        "file": plain_text(one.file),
        "time_s": one.time_s,
        "x_px": round(place.x_px, 2),
        "y_px": round(place.y_px, 2),
        "width_px": round(place.width_px, 2),
        "height_px": round(place.height_px, 2),
        "track_ids": list(one.tracks),
        "probability": None if one.probability is None else round(one.probability, 5),
        "marked_by_hand": one.marked,
        "motility": words.pop() if len(words) == 1 else None,
        "confirmed_by": last.by,
        "confirmed_at": last.at,
    }


def _motility(file: Path) -> dict[int, str]:
    """Return what ``tracks.csv`` says of how each track moves; empty where it does not."""
    try:
        with file.open(encoding="utf-8", newline="") as rows:
            return {
                int(row["track_id"]): row["motility"]
                for row in csv.DictReader(rows)
                if row["motility"]
            }
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        return {}


def _renew_report(queue: ReviewQueue, review: dict[str, Any]) -> None:
    """Put the bound and the state of each sperm into the report, if it stands there."""
    file = queue.folder / "report.html"
    if not file.is_file():
        return
    page = file.read_text(encoding="utf-8")
    marked = sum(row["marked_by_hand"] for row in review["sperm"])
    words = (
        f"Reviewed: {review['confirmed']:,} confirmed{_of_these(marked)}, "
        f"{review['rejected']:,} rejected, {review['unsure']:,} left open, "
        f"{review['open']:,} not looked at."
    )
    block = (
        f'\n<p class="bound">{escape(review["bound"]["sentence"])}</p>\n'
        f'<p class="soft">{words}</p>\n'
    )
    if review["bound"]["sensitivity_source"]:
        source = escape(str(review["bound"]["sensitivity_source"]))
        block += f'<p class="soft small">Sensitivity: {source}.</p>\n'
    states = {
        key: str(queue.state(one))
        for one in queue.candidates
        if queue.state(one) is not State.OPEN
        for key in _keys(one)
    }
    text = json.dumps(states, separators=(",", ":")).replace("<", "\\u003c")
    page = _BLOCK.sub(lambda found: found[1] + block + found[2], page, count=1)
    page = _STATES.sub(lambda found: found[1] + text + found[2], page, count=1)
    _replace(file, page)


def _of_these(marked: int) -> str:
    return f" ({marked:,} of them where this search found nothing)" if marked else ""


def _keys(one: Candidate) -> list[str]:
    """Name a candidate as the report's script does: by its tracks, or by its places."""
    if one.tracks:
        return [f"t{track}" for track in one.tracks]
    return [f"{place.frame}:{place.x_px:.1f}:{place.y_px:.1f}" for place in one.places]


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _replace(path: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            part.chmod(path.stat().st_mode)
        else:
            part.chmod(0o644)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
