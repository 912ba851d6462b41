"""``sertoli phantom``: simulated recordings with ground truth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from sertoli.errors import SettingError
from sertoli.optics import Modality

MIN_UM_PER_PX, MAX_UM_PER_PX = 0.1, 1.0
MAX_SIDE_PX = 4096

Decorator = Callable[[Callable[..., None]], Callable[..., None]]

_FPS = click.option("--fps", type=float, default=25.0, show_default=True, help="Frames per second.")
_OVERWRITE = click.option("--overwrite", is_flag=True, help="Replace an existing folder.")


def _seed_and_out(what: str) -> Decorator:
    seed = click.option(
        "--seed",
        type=click.IntRange(0, 2**31 - 1),
        required=True,
        help=f"The same gives the same {what}.",
    )
    out = click.option(
        "--out", type=click.Path(path_type=Path), required=True, help="Folder to make."
    )
    return lambda command: seed(out(command))


def _size(least_px: int) -> Decorator:
    across, down = (
        click.option(
            f"--{side}",
            f"{side}_px",
            type=click.IntRange(least_px, MAX_SIDE_PX),
            default=default_px,
            show_default=True,
            help=f"Pixels {direction}.",
        )
        for side, default_px, direction in (("width", 640, "across"), ("height", 480, "down"))
    )
    return lambda command: across(down(command))


@click.group()
def command() -> None:
    """Make simulated recordings with ground truth. Everything here is synthetic."""


@command.command()
@_seed_and_out("dish")
@click.option(
    "--regime",
    type=click.Choice(["testicular", "semen"]),
    default="testicular",
    show_default=True,
    help="Nearly all immotile or twitching, or ejaculated sperm as in 19 men of VISEM.",
)
@click.option(
    "--sperm-per-field",
    type=float,
    default=2.0,
    show_default=True,
    help="Expected sperm in a field; as low as 0.0005. Ignored with --regime semen unless given.",
)
@click.option(
    "--um-per-px",
    type=float,
    default=0.35,
    show_default=True,
    help="Micrometres per pixel, 0.1 to 1.0.",
)
@click.option(
    "--modality",
    type=click.Choice(["bright_field", "phase_contrast", "dic", "hoffman"]),
    help="How the light makes the picture; drawn from the seed if not given.",
)
@click.option(
    "--heads",
    type=click.Choice(["bright", "dark"]),
    help="Bright or dark heads in phase contrast; drawn if not given.",
)
@_size(16)
@click.option(
    "--seconds",
    type=float,
    default=5.0,
    show_default=True,
    help="Length of the recording of one place.",
)
@_FPS
@click.option(
    "--fields",
    type=click.IntRange(1, 100_000),
    help="Instead of a recording, still pictures of this many places of the dish.",
)
@_OVERWRITE
@click.pass_context
def dish(
    ctx: click.Context,
    seed: int,
    out: Path,
    regime: str,
    sperm_per_field: float,
    um_per_px: float,
    modality: str | None,
    heads: str | None,
    width_px: int,
    height_px: int,
    seconds: float,
    fps: float,
    fields: int | None,
    overwrite: bool,
) -> None:
    """Simulate a dish of dispersed tissue under the laboratory microscope.

    Writes dish.mp4 (or dish_00000.png ... with --fields) and truth.json (COCO with track_id).
    """
    _check("--um-per-px", um_per_px, MIN_UM_PER_PX, MAX_UM_PER_PX)
    _check("--sperm-per-field", sperm_per_field, 0.0, 500.0)
    _check("--seconds", seconds, 0.02, 36_000.0)
    _check("--fps", fps, 0.1, 1000.0)
    from tqdm import tqdm

    from sertoli.phantom import make_dish, write_dish

    given = ctx.get_parameter_source("sperm_per_field") is not click.core.ParameterSource.DEFAULT
    source = make_dish(
        seed,
        regime=regime,
        sperm_per_field=sperm_per_field if given or regime == "testicular" else None,
        um_per_px=um_per_px,
        modality=Modality(modality) if modality else None,
        bright_heads=None if heads is None else heads == "bright",
        width_px=width_px,
        height_px=height_px,
        seconds=seconds,
        fps=fps,
        fields=fields,
    )
    with tqdm(total=source.length, desc="simulating", unit="frame", disable=None) as bar:
        folder = write_dish(source, out, fps=fps, overwrite=overwrite, on_frame=bar.update)
    click.echo(f"{folder} (synthetic; research software, not a medical device)")


MIN_FIELD_UM_PER_PX, MAX_FIELD_UM_PER_PX = 2.0, 20.0


@command.command()
@_seed_and_out("man")
@click.option(
    "--images",
    type=click.IntRange(1, 100_000),
    default=1,
    show_default=True,
    help="Still pictures, each of another place of the testis.",
)
@click.option("--seconds", type=float, help="Instead of stills, a recording of one place.")
@_FPS
@click.option(
    "--patient",
    type=click.Choice(
        ["sertoli_cell_only", "maturation_arrest", "hypospermatogenesis", "focal", "normal"]
    ),
    help="What the tubules are like; drawn from the seed if not given.",
)
@click.option("--look", help="Family of light, tissue and camera; drawn if not given.")
@click.option(
    "--effect",
    type=float,
    default=1.0,
    show_default=True,
    help="How much size tells of sperm: 0 nothing, 1 as published, -1 reversed.",
)
@click.option(
    "--depth",
    type=float,
    default=0.0,
    show_default=True,
    help="Layers that the dissection has gone through; a fraction opens the next one in part.",
)
@click.option(
    "--um-per-px",
    type=float,
    default=8.0,
    show_default=True,
    help="Micrometres per pixel, 2 to 20; an operating microscope gives 4 to 10.",
)
@_size(64)
@_OVERWRITE
def field(
    seed: int,
    out: Path,
    images: int,
    seconds: float | None,
    fps: float,
    patient: str | None,
    look: str | None,
    effect: float,
    depth: float,
    um_per_px: float,
    width_px: int,
    height_px: int,
    overwrite: bool,
) -> None:
    """Simulate an opened testis under the operating microscope.

    Writes field_000.png ... (or field.mp4 with --seconds) and truth.json.
    """
    _check("--um-per-px", um_per_px, MIN_FIELD_UM_PER_PX, MAX_FIELD_UM_PER_PX)
    _check("--effect", effect, -3.0, 3.0)
    _check("--depth", depth, 0.0, 90.0)
    _check("--fps", fps, 0.1, 1000.0)
    if seconds is not None:
        _check("--seconds", seconds, 0.02, 3600.0)
    from tqdm import tqdm

    from sertoli.phantom import make_field, write_field

    source = make_field(
        seed,
        patient=patient,
        look=look,
        um_per_px=um_per_px,
        width_px=width_px,
        height_px=height_px,
        images=images,
        seconds=seconds,
        fps=fps,
        effect=effect,
        depth=depth,
    )
    with tqdm(total=source.length, desc="simulating", unit="picture", disable=None) as bar:
        folder = write_field(source, out, overwrite=overwrite, on_picture=bar.update)
    click.echo(f"{folder} (synthetic; research software, not a medical device)")


def _check(option: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # also refuses NaN
        raise SettingError(f"{option} {value:g} is not possible", f"give {low:g} to {high:g}")
