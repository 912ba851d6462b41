"""``sertoli search``: every sperm in recordings, pictures and folders."""

from __future__ import annotations

import json
from pathlib import Path

import click

from sertoli.cli._main import DISCLAIMER, EXIT_STOPPED, EXIT_USER_ERROR
from sertoli.errors import SettingError
from sertoli.optics import Modality


@click.command(epilog=DISCLAIMER)
@click.argument(
    "inputs", metavar="INPUT...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder to write to.  [default: INPUT-search, without INPUT's file ending]",
)
@click.option("--um-per-px", type=float, help="Micrometres per pixel, if the file does not say.")
@click.option("--fps", type=float, help="Frames per second, if the file does not say.")
@click.option(
    "--modality",
    type=click.Choice([modality.value for modality in Modality]),
    help="How the light makes the picture.",
)
@click.option(
    "--sequence/--stills",
    default=None,
    help="Frames follow one another in time, or are single fields.  [default: found out]",
)
@click.option(
    "--weights",
    default="default",
    show_default=True,
    help="The detector's weights: default, default-int8, research, or an ONNX file.",
)
@click.option(
    "--device",
    type=click.Choice(("auto", "cpu", "cuda", "directml", "openvino")),
    default="auto",
    show_default=True,
    help="Where the network runs; auto takes a graphics card if there is one.",
)
@click.option(
    "--confidence",
    type=float,
    help="Lowest probability of a finding, above 0 and up to 1.  [default: the detector's own]",
)
@click.option("--specimen", metavar="ID", help="Specimen to record in the summary.")
@click.option("--resume", is_flag=True, help="Go on with a search that was stopped or broke off.")
@click.option("--overwrite", is_flag=True, help="Replace the folder if it exists.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def command(
    inputs: tuple[Path, ...],
    out: Path | None,
    um_per_px: float | None,
    fps: float | None,
    modality: str | None,
    sequence: bool | None,
    weights: str,
    device: str,
    confidence: float | None,
    specimen: str | None,
    resume: bool,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Find every sperm in INPUT: recordings, pictures, or folders of pictures.

    Writes findings.csv, tracks.csv, findings.coco.json, summary.json and report.html. Several
    inputs are searched one after the other, each into a folder of its own. Ctrl-C keeps what
    was found; --resume goes on from there.
    """
    # Only here: the network and the readers take a while to load.
    from sertoli.cli._watch import ProgressLine, StopSwitch, say
    from sertoli.search import SearchSettings, input_stem, result_line, search, search_all
    from sertoli.sperm import Detector

    if resume and overwrite:
        raise SettingError(
            "--resume and --overwrite contradict one another", "go on with the search or begin anew"
        )
    settings = SearchSettings(
        um_per_px=um_per_px,
        fps=fps,
        modality=None if modality is None else Modality(modality),
        sequence=sequence,
        confidence=confidence,
        specimen=specimen,
    )
    detector = Detector(weights, device=device)
    with StopSwitch() as switch, ProgressLine() as progress:
        if len(inputs) == 1:
            place = out or Path(f"{input_stem(inputs[0])}-search")
            progress.begin(inputs[0].name)
            summary = search(
                inputs[0],
                place,
                detector,
                settings,
                resume=resume,
                overwrite=overwrite,
                on_progress=progress,
                should_stop=switch.is_on,
            ).summary
            entries = [{"input": summary["input"], "summary": summary, "error": None}]
        else:
            summary = search_all(
                inputs,
                out,
                detector,
                settings,
                resume=resume,
                overwrite=overwrite,
                on_input=progress.begin,
                on_progress=progress,
                should_stop=switch.is_on,
            )
            entries = summary["inputs"]
    for entry in entries:
        if entry["error"]:
            say(entry["error"])
        elif entry["summary"]:
            if not as_json:
                click.echo(f"{entry['input']}: {result_line(entry['summary'])}")
            for warning in entry["summary"].get("warnings", []):
                say(f"{entry['input']}: {warning['text']}")
            unread = entry["summary"]["files_skipped"] + entry["summary"]["frames_lost"]
            if unread:
                say(
                    f"{entry['input']}: {unread} could not be read and "
                    f"{'was' if unread == 1 else 'were'} not searched; the report says more"
                )
    if as_json:
        click.echo(json.dumps(summary, indent=2))
    elif len(inputs) > 1 and out is None:
        click.echo("Each report is in the input's own folder, NAME-search/report.html")
    else:
        click.echo(f"Report: {(out or place) / 'report.html'}")
    if summary["stopped"]:
        say("stopped; what was found is kept, add --resume to go on")
        return EXIT_STOPPED
    return EXIT_USER_ERROR if any(entry["error"] for entry in entries) else 0
