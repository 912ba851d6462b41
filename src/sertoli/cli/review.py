"""``sertoli review``: candidates one after the other, and a person's word on each."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sertoli.cli._main import DISCLAIMER, EXIT_STOPPED
from sertoli.errors import SettingError

if TYPE_CHECKING:
    from sertoli.search.review import ReviewQueue


@click.command(epilog=DISCLAIMER)
@click.argument("place", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--by", default="reviewer", show_default=True, help="Who decides, such as initials.")
@click.option(
    "--input",
    "recording",
    type=click.Path(path_type=Path),
    help="The searched recording, for larger pictures.  [default: looked for beside DIR]",
)
@click.option("--share", type=float, help="Share of the specimen that was searched, up to 1.")
@click.option(
    "--sensitivity",
    "trials",
    metavar="HITS/TRIALS",
    multiple=True,
    help="Your own count: sperm found of sperm known to be there. Once for each dish counted.",
)
@click.option(
    "--decide",
    "decisions",
    metavar="ID=VERDICT",
    multiple=True,
    help="Decide without the terminal: confirm, reject or unsure. May be repeated.",
)
@click.option(
    "--mark",
    "marks",
    metavar="FRAME:X:Y",
    multiple=True,
    help="Confirm a sperm seen at a place that is no candidate. May be repeated.",
)
@click.option("--undo", is_flag=True, help="Take back your last decision.")
@click.option("--again", is_flag=True, help="Show also those left open, once more each.")
@click.option("--list", "as_list", is_flag=True, help="List every candidate and where it stands.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Where a review by eye is kept.  [default: RECORDING-review]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def command(
    place: Path,
    by: str,
    recording: Path | None,
    share: float | None,
    trials: tuple[str, ...],
    decisions: tuple[str, ...],
    marks: tuple[str, ...],
    undo: bool,
    again: bool,
    as_list: bool,
    out: Path | None,
    as_json: bool,
) -> int:
    """Look through the candidates of a search in DIR, one key for each.

    DIR is what `sertoli search` wrote; or a recording that no search was made of, to be looked
    through by eye. Every decision is on the disk before the next candidate is shown.
    """
    from sertoli.cli._review_loop import (
        decide_by_eye,
        decide_in_terminal,
        open_review,
        require_place,
    )
    from sertoli.cli._watch import say
    from sertoli.search.review import write_review

    queue, seen = open_review(place, by, recording, out, share, trials, again=again)
    try:
        asked = bool(decisions or marks or undo or as_list or as_json)
        # all is read before anything is written: a wrong one must not leave half behind
        wanted = [_decision(queue, text) for text in decisions]
        places = [_place(text) for text in marks]
        for place_px in places:
            require_place(queue, seen, *place_px)
        if not asked:
            _require_terminal()
        queue.begin()
        if undo:
            queue.undo()
        for candidate, verdict in wanted:
            getattr(queue, verdict)(candidate)
        for frame, x_px, y_px in places:
            queue.mark(frame, x_px, y_px)
        stopped = False
        try:
            if not asked:
                if queue.by_hand and seen is not None:
                    decide_by_eye(queue, seen)
                else:
                    decide_in_terminal(queue, seen)
        except (KeyboardInterrupt, click.Abort):
            stopped = True
        finally:
            review = write_review(queue)
    finally:
        if seen is not None:
            seen.close()
    if queue.restriction:
        # only now: the terminal is cleared before every picture
        say(f"weights {review['weights'].get('name', 'of the search')}: {queue.restriction}")
    if as_list:
        review["queue"] = _listed(queue)
    if as_json:
        click.echo(json.dumps(review, indent=2, ensure_ascii=False))
    else:
        _say(queue, review, as_list=as_list)
    return EXIT_STOPPED if stopped else 0


def _require_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise SettingError(
            "there is no terminal to ask at", "give --decide, --mark, --undo, --list or --json"
        )


def _decision(queue: ReviewQueue, text: str) -> tuple[Any, str]:
    name, _, verdict = text.rpartition("=")
    if verdict not in ("confirm", "reject", "unsure"):
        raise SettingError(
            f"{text[:80]!r} is no decision", "give ID=confirm, ID=reject or ID=unsure"
        )
    return queue.candidate(name), verdict


def _place(text: str) -> tuple[int, float, float]:
    try:
        frame, x_px, y_px = text.split(":")
        return int(frame), float(x_px), float(y_px)
    except ValueError as error:
        raise SettingError(
            f"{text[:80]!r} is no place", "give FRAME:X:Y, such as 120:311.5:96"
        ) from error


def _listed(queue: ReviewQueue) -> list[dict[str, Any]]:
    return [
        {
            "id": one.id,
            "state": queue.state(one).value,
            "probability": one.probability,
            "sightings": one.sightings,
            "time_s": one.time_s,
            "file": one.file,
            "by": [said.by for said in queue.decided_by(one)],
        }
        for one in queue.candidates
    ]


def _say(queue: ReviewQueue, review: dict[str, Any], *, as_list: bool) -> None:
    for row in review.get("queue", ()) if as_list else ():
        chance = "marked" if row["probability"] is None else f"{row['probability']:.3f}"
        click.echo(f"{row['id']:<20} {row['state']:<10} {chance:>7}  {', '.join(row['by'])}")
    if queue.elsewhere:
        click.echo(
            f"{queue.elsewhere} decisions of another recording stand in this folder; they are "
            "kept and not counted"
        )
    click.echo(
        f"{review['confirmed']} confirmed, {review['rejected']} rejected, {review['unsure']} left "
        f"open; {review['share_reviewed']:.0%} reviewed"
    )
    click.echo(review["bound"]["sentence"])
    click.echo(f"Review: {queue.folder / 'review.json'}")
    click.echo(DISCLAIMER)
