"""``sertoli demo``: a simulated case from the operating field to the report, without a person."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sertoli.cli._main import DISCLAIMER, EXIT_STOPPED

if TYPE_CHECKING:
    from sertoli.search import Finder, SearchResult

DEFAULT_OUT = "sertoli-demo"

SEED = 14
SPERM_PER_FIELD = 3.0
UM_PER_PX = 0.35
SECONDS = 4.0
FPS = 25.0
"""A dish with few sperm among many other cells, all but one of them hardly moving."""

FIELD_SEED = 46
FIELD_SIZE_PX = (640, 480)
"""An opened testis in which a few tubules are wider than the others."""

SPECIMEN = "SP-1"
STEPS = 6


@click.command(epilog=DISCLAIMER)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help=f"Folder to write to.  [default: {DEFAULT_OUT}, or the next free {DEFAULT_OUT}-2, ...]",
)
@click.option(
    "--weights",
    default="default",
    show_default=True,
    help="The detector's weights: default, default-int8, research, or an ONNX file.",
)
@click.option("--overwrite", is_flag=True, help="Replace the folder if it exists.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def command(out: Path | None, weights: str, overwrite: bool, as_json: bool) -> int:
    """Run a simulated case without a person, from the operating field to the report.

    An opened testis is pictured, enhanced and mapped; a dish is recorded and searched; what was
    found is compared with the truth, reviewed by a simulated reviewer, and entered in a record;
    a programme's year is reported. Ends by itself.
    """
    # Only here: the network, the simulator and the readers take a while to load.
    from sertoli.operation.simulated import PAGE_NAME
    from sertoli.outputs import OutputFolder
    from sertoli.sperm import Detector

    detector = Detector(weights)
    place = out or _next_free(Path(DEFAULT_OUT))
    folder = OutputFolder(place, overwrite=overwrite)
    try:
        summary, stopped = _run(folder.path, detector)
        folder.finish()
    except BaseException:
        folder.discard()
        raise
    if as_json:
        click.echo(json.dumps(summary, indent=2))
    else:
        for line in _told(summary):
            click.echo(line)
        click.echo(DISCLAIMER)
        click.echo(f"Report: {place / PAGE_NAME}")
    return EXIT_STOPPED if stopped else 0


def _next_free(wanted: Path) -> Path:
    """Give ``wanted``, or the first of ``wanted-2``, ``wanted-3`` ... where nothing stands."""
    names = (wanted if n == 1 else wanted.with_name(f"{wanted.name}-{n}") for n in count(1))
    return next(
        place
        for place in names
        if not place.exists() and not place.with_name(f"{place.name}.partial").exists()
    )


def _run(place: Path, detector: Finder) -> tuple[dict[str, Any], bool]:
    """Run the case into ``place``; return its summary and whether the person stopped it."""
    from sertoli.operation.simulated import show_field, show_first_frame, write_page
    from sertoli.search import result_line

    _say(1, "An opened testis is simulated, pictured, enhanced and mapped.")
    field = show_field(place, FIELD_SEED, size_px=FIELD_SIZE_PX)
    _say(2, "A dish of dispersed testicular tissue is simulated and recorded.")
    recording, truth = _record(place / "dish")
    show_first_frame(recording, place / "dish.png")
    _say(3, "The recording is searched for sperm.")
    result = _search(recording, place / "search", detector)
    summary: dict[str, Any] = {
        "schema_version": 1,
        "command": "demo",
        "sertoli_version": result.summary["sertoli_version"],
        "synthetic": True,
        "seed": SEED,
        "stopped": result.stopped,
        "field": field,
        "search": result.summary,
        "evaluation": None,
        "review": None,
        "record": None,
        "programme": None,
        "disclaimer": DISCLAIMER,
    }
    if not result.stopped:
        summary |= _follow(place, result.folder, truth)
    text = json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    (place / "summary.json").write_text(text, encoding="utf-8", newline="\n")
    write_page(place, summary, result_line(summary["search"]))
    return summary, result.stopped


def _follow(place: Path, search: Path, truth: Path) -> dict[str, Any]:
    """Do all that comes after the search; return what the summary says of it."""
    from sertoli.operation.simulated import keep_record, report_example_year, review_by_truth

    _say(4, "What was found is compared with what is truly there.")
    figures = _evaluate(search, truth)
    _say(5, "A simulated reviewer, who knows the truth, confirms or rejects each candidate.")
    review = review_by_truth(search, truth)
    _say(6, "The case is entered in a record, and the programme's example year is reported.")
    (place / "record").mkdir()
    return {
        "evaluation": figures,
        "review": {"simulated": True} | review,
        # what may still hide stands in it since the review
        "search": json.loads((search / "summary.json").read_text(encoding="utf-8")),
        "record": keep_record(place / "record" / "clinic.db", SPECIMEN, search),
        "programme": report_example_year(place / "programme"),
    }


def _say(step: int, text: str) -> None:
    click.echo(f"{step}/{STEPS}  {text}", err=True)


def _record(place: Path) -> tuple[Path, Path]:
    from tqdm import tqdm

    from sertoli.optics import Modality
    from sertoli.phantom import make_dish, write_dish

    source = make_dish(
        SEED,
        sperm_per_field=SPERM_PER_FIELD,
        um_per_px=UM_PER_PX,
        modality=Modality.PHASE_CONTRAST,
        bright_heads=True,
        seconds=SECONDS,
        fps=FPS,
    )
    bar = tqdm(total=source.length, desc="simulating", unit=" frames", leave=False, disable=None)
    with bar:
        write_dish(source, place, fps=FPS, on_frame=bar.update)
    return place / "dish.mp4", place / "truth.json"


def _search(recording: Path, place: Path, detector: Finder) -> SearchResult:
    from sertoli.cli._watch import ProgressLine, StopSwitch
    from sertoli.optics import Modality
    from sertoli.search import SearchSettings, search

    settings = SearchSettings(
        um_per_px=UM_PER_PX, modality=Modality.PHASE_CONTRAST, specimen=SPECIMEN
    )
    with StopSwitch() as switch, ProgressLine() as progress:
        progress.begin(recording.name)
        return search(
            recording,
            place,
            detector,
            settings,
            on_progress=progress,
            should_stop=switch.is_on,
        )


def _evaluate(findings: Path, truth: Path) -> dict[str, Any]:
    from sertoli.phantom.render import OBSCURED_SPERM
    from sertoli.phantom.world import CellKind
    from sertoli.sperm.evaluation import SPERM_CLASSES, compare, figures

    # Neither to be found nor wrong to find: what nobody could see, and almost-sperm, which
    # the detector has learnt neither to report nor to leave out.
    dont_care = [OBSCURED_SPERM, str(CellKind.ELONGATED_SPERMATID)]
    return figures(compare(findings, truth, SPERM_CLASSES, dont_care).evaluation)


def _told(summary: dict[str, Any]) -> list[str]:
    from sertoli.search import result_line

    lines = [
        f"Opened testis: {summary['field']['statement']}",
        result_line(summary["search"]),
    ]
    figures = summary["evaluation"]
    if figures is not None:
        found, wrong, missed = figures["tp"], figures["fp"], figures["fn"]
        lines.append(
            f"In truth a sperm was to be seen {found + missed} times, counted frame by frame: "
            f"{found} found, {missed} missed; {wrong} of the {found + wrong} findings are wrong "
            "(late spermatids and sperm hidden from everybody do not count)"
        )
    review = summary["review"]
    if review is not None:
        lines.append(
            f"Simulated reviewer: {review['confirmed']} confirmed, {review['rejected']} rejected. "
            f"{review['bound']['sentence']}"
        )
    return lines
