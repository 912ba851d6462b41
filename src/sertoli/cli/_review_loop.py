"""The review at a terminal: a picture, one key, the next picture."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Sequence
from enum import Enum
from pathlib import Path

import click

from sertoli.errors import InputError, SettingError, UserError
from sertoli.frames import write_png
from sertoli.optics import Modality
from sertoli.search.hidden import bound_sentence, parse_sensitivity
from sertoli.search.review import (
    Candidate,
    Picture,
    Place,
    Recording,
    ReportPictures,
    ReviewQueue,
    State,
    text_picture,
)

PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")

TEXT_COLUMNS, TEXT_ROWS = 100, 26

KEYS = "[y] sperm  [n] none  [u] unsure  [s] later  [z] undo  [m] mark another  [q] quit"
KEYS_BY_EYE = "[space] next  [b] back  [g] go to  [m] mark a sperm  [z] undo  [q] quit"


def open_review(
    place: Path,
    by: str,
    recording: Path | None,
    out: Path | None,
    share: float | None,
    trials: Sequence[str],
    *,
    again: bool = False,
) -> tuple[ReviewQueue, Recording | None]:
    """Open the review of a search's folder, or of a recording by eye.

    Returns
    -------
    queue : ReviewQueue
    recording : Recording or None
        The input itself, None where it is not at hand.

    Raises
    ------
    UserError
        If something given cannot be used.
    """
    sensitivity = parse_sensitivity(trials) if trials else None
    if not place.exists():
        raise InputError(f"there is no {place}", "name what `sertoli search` wrote")
    if (place / "summary.json").is_file():
        if out is not None:
            raise SettingError("--out is for a review by eye", "leave it out")
        queue = ReviewQueue(
            place,
            by,
            recording=recording,
            share_searched=share,
            sensitivity=sensitivity,
            again=again,
        )
        return queue, _recording_of(queue, recording)
    if recording is not None:
        raise SettingError("--input goes with a search's folder", "give the recording alone")
    seen = Recording(place, None)
    try:
        folder = out or Path(f"{place.resolve().stem or 'input'}-review")
        queue = ReviewQueue(
            folder, by, recording=place, share_searched=share, sensitivity=sensitivity
        )
        queue.frames_total = seen.length()
    except BaseException:
        seen.close()
        raise
    return queue, seen


def _recording_of(queue: ReviewQueue, given: Path | None) -> Recording | None:
    """Open what was searched: as given, else looked for by its name beside the folder."""
    assert queue.summary is not None
    summary = queue.summary
    name = str(summary["input"])
    modality = summary["settings"]["modality"]
    for path in [given] if given else [queue.folder.resolve().parent / name, Path(name)]:
        try:
            return Recording(
                path,
                queue.input_content,
                sequence=summary["kind"] == "sequence",
                um_per_px=summary["settings"]["um_per_px"],
                fps=summary["settings"]["fps"],
                modality=None if modality is None else Modality(modality),
            )
        except UserError:
            if given is not None:
                raise
    return None


def decide_in_terminal(queue: ReviewQueue, seen: Recording | None) -> None:
    """Show one candidate after the other until none is left or the person quits."""
    report = ReportPictures(queue.folder / "report.html")
    while (candidate := queue.next()) is not None:
        _show(queue, _picture(candidate, seen, report))
        click.echo(_line(candidate))
        _status(queue)
        click.echo(KEYS)
        after = After.ASK_AGAIN
        while after is After.ASK_AGAIN:
            after = _act(queue, seen, candidate, click.getchar())
        if after is After.QUIT:
            return
    _status(queue)
    if queue.progress().unsure and not queue.again:
        click.echo("To look once more at those left open: --again")


class After(Enum):
    """What follows a key."""

    GO_ON = "go on"
    ASK_AGAIN = "ask again"
    QUIT = "quit"


def _act(queue: ReviewQueue, seen: Recording | None, candidate: Candidate, key: str) -> After:
    """Do what a key says."""
    match key.lower():
        case "y":
            queue.confirm(candidate)
        case "n":
            queue.reject(candidate)
        case "u" | "?":
            queue.unsure(candidate)
        case "s":
            queue.skip(candidate)
        case "z":
            queue.undo()
        case "m":
            frame = candidate.places[0].frame
            if seen is not None:  # with the ruler that tells places
                _show(queue, seen.whole(frame, _marked(queue, seen, frame)))
            _mark(queue, seen, frame)
        case "q" | "\x1b" | "\x04":
            return After.QUIT
        case _:
            return After.ASK_AGAIN
    return After.GO_ON


def decide_by_eye(queue: ReviewQueue, seen: Recording) -> None:
    """Step through the frames; sperm are marked by hand."""
    looked = queue.frames_looked
    index = min(set(range((queue.frames_total or 0) + 1)) - looked, default=0)
    while True:
        try:
            _show(queue, seen.whole(index, _marked(queue, seen, index)))
        except InputError as error:
            if index == 0:
                raise
            click.echo(str(error))
            index -= 1
            continue
        queue.looked(index)
        of = "" if queue.frames_total is None else f" of {queue.frames_total}"
        click.echo(f"frame {index}{of}, counted from 0")
        _status(queue)
        click.echo(KEYS_BY_EYE)
        match click.getchar().lower():
            case " " | "\r" | "\n":
                if queue.frames_total is None or index + 1 < queue.frames_total:
                    index += 1
            case "b":
                index = max(0, index - 1)
            case "g":
                index = max(0, int(click.prompt("frame", type=int, default=index)))
            case "m":
                _mark(queue, seen, index)
            case "z":
                queue.undo()
            case "q" | "\x1b" | "\x04":
                return


def _mark(queue: ReviewQueue, seen: Recording | None, frame: int) -> None:
    """Ask for a place until one can be marked, or none is given."""
    words = f"x y of the head in frame {frame}, px (Enter alone: none)"
    while text := click.prompt(words, default="", show_default=False).strip():
        try:
            x_px, y_px = (float(part) for part in text.replace(",", " ").split())
            require_place(queue, seen, frame, x_px, y_px)
            queue.mark(frame, x_px, y_px)
        except ValueError:
            click.echo("two numbers are wanted, such as 311.5 96")
        except UserError as error:
            click.echo(str(error))
        else:
            return


def require_place(
    queue: ReviewQueue, seen: Recording | None, frame: int, x_px: float, y_px: float
) -> None:
    """Refuse a place that lies in no picture, as far as they are at hand.

    Raises
    ------
    UserError
    """
    queue.place(frame, x_px, y_px)
    if seen is not None:
        seen.require_place(frame, x_px, y_px)


def _marked(queue: ReviewQueue, seen: Recording, frame: int) -> list[Place]:
    """Return what is marked already: of stills in this one, of a recording in every frame."""
    places = (one.places[0] for one in queue.candidates if queue.state(one) is State.CONFIRMED)
    return [one for one in places if seen.source.is_sequence or one.frame == frame]


def _picture(
    candidate: Candidate, seen: Recording | None, report: ReportPictures
) -> Picture | None:
    if seen is not None:
        for place in candidate.places:
            try:
                return seen.picture(place)
            except InputError:
                continue
    return report.picture(candidate)


def _show(queue: ReviewQueue, picture: Picture | None) -> None:
    click.clear()
    if picture is None:
        click.echo("(no picture: give the recording with --input)")
        return
    file = queue.folder / _picture_name(queue.by)
    write_png(file, picture)
    size = shutil.get_terminal_size()
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM") in (None, "", "dumb")
    lines = text_picture(
        picture,
        min(TEXT_COLUMNS, size.columns - 1),
        max(8, min(TEXT_ROWS, size.lines - 8)),
        shades=not plain,
    )
    click.echo("\n".join(lines), color=not plain)
    click.echo(f"picture: {file}")


def _picture_name(by: str) -> str:
    """Return a file of the person's own: two who review at once must not see each other's."""
    plain = PLAIN_NAME.fullmatch(by) is not None
    return f"review-{by if plain else hashlib.sha256(by.encode()).hexdigest()[:8]}.png"


def _line(candidate: Candidate) -> str:
    place = candidate.places[0]
    parts = [f"candidate {candidate.id}"]
    if candidate.probability is not None:
        parts.append(f"probability {candidate.probability:.2f}")
    parts.append(candidate.file or f"frame {place.frame}")
    if candidate.time_s is not None:
        parts.append(f"{candidate.time_s:.2f} s")
    parts.append(f"x {place.x_px:.0f}, y {place.y_px:.0f} px")
    if candidate.sightings > 1:
        parts.append(f"seen {candidate.sightings} times")
    return " · ".join(parts)


def _status(queue: ReviewQueue) -> None:
    now = queue.progress()
    left = "" if queue.by_hand else f" · {now.open} left"
    click.secho(
        f"{now.confirmed} confirmed · {now.share_reviewed:.0%} reviewed{left}"
        + (f" · {now.unsure} unsure" if now.unsure else ""),
        bold=True,
    )
    click.echo(bound_sentence(queue.bound()))
