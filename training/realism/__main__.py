"""Lay the simulated dish beside real sets: ``python -m training.realism --help``."""

from __future__ import annotations

import json
from pathlib import Path

import click
import torch
from benchmarks.page import replace_block

from training.realism.classifier import tell_apart
from training.realism.page import Comparison, plot, table
from training.realism.samples import REAL_SETS, real_pictures, simulated_pictures
from training.realism.sheets import write_sheets
from training.realism.statistics import (
    ks_distance,
    object_figures,
    picture_figures,
    spectrum_distance,
)

FIRST_SEED = 900_000
"""Far from the seeds that the detector learns from."""


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="The real images.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder for sheets and figures. The sheets hold real images: keep them to yourself.",
)
@click.option("--update", type=click.Path(path_type=Path), help="Rewrite the figures in this page.")
@click.option("--pictures", default=30, show_default=True, type=click.IntRange(5))
@click.option("--sets", default=",".join(s.name for s in REAL_SETS), show_default=True)
def main(data: Path, out: Path, update: Path | None, pictures: int, sets: str) -> None:
    """Measure how far simulated pictures are from the real sets, and make sheets to look at."""
    torch.set_num_threads(1)
    if update is not None:
        replace_block(update, "")  # find out now that the page has no place for the figures
    out.mkdir(parents=True, exist_ok=True)
    wanted = sets.split(",")
    compared = []
    for number, real_set in enumerate(REAL_SETS):
        if real_set.name not in wanted:
            continue
        real = real_pictures(real_set, data, pictures)
        simulated = simulated_pictures(real_set, real, FIRST_SEED + 1000 * number)
        write_sheets(out, real_set.name, real, simulated)
        of_pictures = (picture_figures(real), picture_figures(simulated))
        of_objects = (object_figures(real), object_figures(simulated))
        one = Comparison(
            name=real_set.name,
            modality=str(real_set.modality),
            um_per_px=real_set.um_per_px,
            real=real,
            simulated=simulated,
            spectrum=spectrum_distance(real, simulated),
            spectrum_floor=spectrum_distance(real[: len(real) // 2], real[len(real) // 2 :]),
            figures={
                name: (values, other[name], ks_distance(values, other[name]))
                for mine, other in (of_pictures, of_objects)
                for name, values in mine.items()
            },
            raw=tell_apart(real, simulated, levelled=False),
            levelled=tell_apart(real, simulated, levelled=True),
        )
        compared.append(one)
        click.echo(
            f"{one.name}: spectrum {one.spectrum:.2f} decades, AUC {one.raw.auc:.3f}, "
            f"levelled {one.levelled.auc:.3f}"
        )
    text = table(compared)
    (out / "figures.json").write_text(
        json.dumps([one.as_dict() for one in compared], indent=2) + "\n",
        encoding="utf-8",
        newline="\n",
    )
    places = [out / "realism.png"]
    if update is not None:
        places.append(update.with_name("realism.png"))
        update.write_text(replace_block(update, text), encoding="utf-8", newline="\n")
    for place in places:
        plot(compared, place)
    click.echo(text)


if __name__ == "__main__":
    main()
