"""``sertoli field``: the tubules of an opened testis or of histology, measured and ranked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from sertoli.cli._main import DISCLAIMER, EXIT_STOPPED
from sertoli.errors import SettingError
from sertoli.optics import Modality


@click.command(epilog=DISCLAIMER)
@click.argument(
    "inputs", metavar="INPUT...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder to write to; of several inputs, the folder above theirs.  "
    "[default: INPUT-field, without INPUT's file ending]",
)
@click.option("--um-per-px", type=float, help="Micrometres per pixel, if the file does not say.")
@click.option("--fps", type=float, help="Frames per second, if the file does not say.")
@click.option(
    "--modality",
    type=click.Choice([Modality.OPERATING.value, Modality.HISTOLOGY.value]),
    default=Modality.OPERATING.value,
    show_default=True,
    help="An opened testis under the operating microscope, or a stained section.",
)
@click.option(
    "--sequence/--stills",
    default=None,
    help="Frames follow one another in time, or are single pictures.  [default: found out]",
)
@click.option(
    "--rule",
    type=click.Choice(["relative", "wide-300um", "sco-100um"]),
    default="relative",
    show_default=True,
    help="What the score goes by; the other two are the literature's, by absolute diameter.",
)
@click.option(
    "--dilated-from",
    type=float,
    default=1.4,
    show_default=True,
    help="Times the median diameter from which a tubule counts as dilated.",
)
@click.option(
    "--line-opacity",
    type=float,
    default=0.9,
    show_default=True,
    help="Of the lines in the overlay, 0 to 1.",
)
@click.option("--resume", is_flag=True, help="Go on with a map that was stopped or broke off.")
@click.option("--overwrite", is_flag=True, help="Replace the folder if it exists.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def command(
    inputs: tuple[Path, ...],
    out: Path | None,
    um_per_px: float | None,
    fps: float | None,
    modality: str,
    sequence: bool | None,
    rule: str,
    dilated_from: float,
    line_opacity: float,
    resume: bool,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Outline, measure and rank the tubules in INPUT: pictures, folders or recordings.

    Writes tubules.csv, centrelines.geojson, overlay.png or overlay.mp4, and summary.json. Rests
    on simulated testes: no public picture of an opened one was found. Ctrl-C keeps what was
    mapped; --resume goes on from there.
    """
    # Only here: the network and the readers take a while to load.
    from tqdm import tqdm

    from sertoli.cli._watch import StopSwitch, say
    from sertoli.search import input_stem
    from sertoli.tubules import FieldSettings, Rule, map_input

    if resume and overwrite:
        raise SettingError(
            "--resume and --overwrite contradict one another", "go on with the map or begin anew"
        )
    settings = FieldSettings(
        um_per_px=um_per_px,
        fps=fps,
        modality=Modality(modality),
        sequence=sequence,
        dilated_from=dilated_from,
        rule=Rule(rule),
        opacity=line_opacity,
    )
    stems = [input_stem(path) for path in inputs]
    if len(set(stems)) < len(stems):
        raise SettingError(
            "two inputs have the same name, so their results would have too",
            "map them one by one, each with its own --out",
        )
    summaries = []
    with StopSwitch() as switch:
        for path, stem in zip(inputs, stems, strict=True):
            if out is None:
                place = Path(f"{stem}-field")
            else:
                place = out if len(inputs) == 1 else out / stem
            with tqdm(desc=path.name, unit="frame", disable=None, leave=False) as bar:

                def show(done: int, total: int | None, bar: Any = bar) -> None:
                    bar.total = total
                    bar.update(done - bar.n)

                summary = map_input(
                    path,
                    place,
                    settings,
                    resume=resume,
                    overwrite=overwrite,
                    on_progress=show,
                    should_stop=switch.is_on,
                )
            summaries.append(summary)
            if not as_json:
                said = summary.get("statement")
                click.echo(
                    f"{path.name}: {summary['tubules']} tubules in {summary['frames']} "
                    f"{'frame' if summary['frames'] == 1 else 'frames'}"
                    f"{f'; {said}' if said else ''} ({place / summary['overlay']})"
                )
            for warning in summary["warnings"]:
                say(f"{path.name}: {warning}")
            if summary["stopped"]:
                break
    if as_json:
        click.echo(json.dumps(summaries[0] if len(inputs) == 1 else summaries, indent=2))
    else:
        click.echo(DISCLAIMER)
    if summaries[-1]["stopped"] or switch.is_on():
        say("stopped; what was mapped until then is kept, add --resume to go on")
        return EXIT_STOPPED
    return 0
