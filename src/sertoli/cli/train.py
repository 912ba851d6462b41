"""``sertoli train``: weights fine-tuned on a laboratory's own labelled frames."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sertoli.cli._main import DISCLAIMER

if TYPE_CHECKING:
    from sertoli.sperm.learning import Labelled, Learning

FIELDS = 90
"""Simulated fields that are mixed in and judged on, so that nothing else is forgotten."""

FIRST_SEED = 7_000_000
"""Training of the shipped weights has seen none of these."""

FIELD_PX = 256
FIELD_UM_PER_PX = (0.2, 0.7)
SAY_EVERY_S = 5.0


@click.command(epilog=DISCLAIMER)
@click.option(
    "--from",
    "base",
    default="default",
    show_default=True,
    help="Weights to begin from: default, research, or an ONNX file.",
)
@click.option(
    "--labels",
    required=True,
    type=click.Path(path_type=Path),
    help="COCO file with the labelled frames.",
)
@click.option(
    "--images",
    type=click.Path(path_type=Path),
    help="Folder of the pictures that the labels name.  [default: that of the labels]",
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Weights file to write, *.onnx."
)
@click.option("--um-per-px", type=float, help="Micrometres per pixel of the frames, if known.")
@click.option(
    "--classes",
    default="sperm,small_or_pinhead",
    show_default=True,
    help="Classes of the labels that are sperm.",
)
@click.option(
    "--ignore",
    default="cluster",
    show_default=True,
    help="Classes neither to be found nor wrong to find; 'none' for no such class.",
)
@click.option("--steps", type=int, default=250, show_default=True, help="How long to learn.")
@click.option("--seed", type=int, default=1, show_default=True, help="Draws the crops.")
@click.option("--overwrite", is_flag=True, help="Replace the file if it exists.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def command(
    base: str,
    labels: Path,
    images: Path | None,
    out: Path,
    um_per_px: float | None,
    classes: str,
    ignore: str,
    steps: int,
    seed: int,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Teach weights on your own labelled frames.

    A part of the frames is kept aside. Nothing is written unless the result finds them better
    than the weights it began from, without having forgotten what those could do. Writes the
    weights and a model card beside them. Ctrl-C writes nothing.
    """
    # Only here: PyTorch takes seconds to load.
    from sertoli.cli._watch import say
    from sertoli.sperm.learning import (
        LearningSettings,
        learn,
        read_labelled,
        require_free,
        require_learnable,
        require_torch,
        summary,
        write_learnt,
    )

    require_torch()
    require_free(out, overwrite=overwrite)
    settings = LearningSettings(steps=steps, seed=seed)
    frames = read_labelled(
        labels,
        images,
        um_per_px=um_per_px,
        classes=_names(classes),
        ignored_classes=_names(ignore),
    )
    require_learnable(base, frames)
    say(f"{len(frames)} labelled frames, {sum(one.sperm for one in frames)} sperm")
    learnt = learn(base, frames, simulated(FIELDS), settings, on_progress=_Teller())
    card = write_learnt(learnt, out, overwrite=overwrite)
    found = summary(learnt, out)
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for name, what in (("own", "frames kept aside"), ("kept", "simulated fields")):
        was, now = found["before"][name], found["after"][name]
        click.echo(f"{what}: F1 {was['f1']:.3f} before, {now['f1']:.3f} now")
    if not found["by_group"]:
        say("all frames are of one recording: other recordings will gain less than this")
    click.echo(f"Written to {out}, with its card {card}")


class _Teller:
    """Says how long it will take, and then how far it is."""

    def __init__(self) -> None:
        self._spoken = time.monotonic()

    def __call__(self, progress: Learning) -> None:
        now = time.monotonic()
        if progress.step == 0:
            minutes = progress.seconds_left / 60
            click.echo(f"learning takes about {max(minutes, 0.1):.1f} minutes", err=True)
        elif now - self._spoken >= SAY_EVERY_S or progress.step == progress.steps:
            self._spoken = now
            click.echo(
                f"step {progress.step} of {progress.steps}, loss {progress.loss:.2f}, "
                f"{progress.seconds_left / 60:.1f} minutes left",
                err=True,
            )


def simulated(count: int) -> list[Labelled]:
    """Return simulated fields with their truth; the same ones every time."""
    import numpy as np
    from tqdm import tqdm

    from sertoli.frames import Frame
    from sertoli.optics import Optics
    from sertoli.phantom import random_field
    from sertoli.sperm.learning import Labelled

    wanted = {"sperm": False, "obscured_sperm": True, "elongated_spermatid": True}
    made = []
    bar = tqdm(range(count), desc="simulated fields", file=sys.stderr, disable=None)
    for seed in (FIRST_SEED + n for n in bar):
        drawn = np.random.default_rng((seed, 2)).uniform(*np.log(FIELD_UM_PER_PX))
        field = random_field(seed, FIELD_PX, FIELD_PX, float(np.exp(drawn)))
        kept = [row for row, name in enumerate(field.classes) if name in wanted]
        made.append(
            Labelled(
                Frame(field.pixels, 0, optics=Optics(field.um_per_px)),
                field.boxes_px[kept].astype(np.float64).reshape(-1, 4),
                np.array([wanted[field.classes[row]] for row in kept], np.bool_),
                f"field {seed}",
            )
        )
    return made


def _names(text: str) -> list[str]:
    """Split a list of classes at its commas; ``none`` is the empty list."""
    names = [name.strip() for name in text.split(",")]
    return [] if names == ["none"] else [name for name in names if name]
