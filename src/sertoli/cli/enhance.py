"""``sertoli enhance``: a clearer, larger, steadier picture."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import click

from sertoli.cli._main import DISCLAIMER

_STRENGTH = click.FloatRange(0.0, 1.0)


@click.command(epilog=DISCLAIMER)
@click.argument("source", metavar="INPUT", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="Picture, video, or (without ending) folder of pictures to write.",
)
@click.option(
    "--light/--no-light",
    default=None,
    help="White balance, glare, temporal noise, local contrast.  [default: on, unless --merge, "
    "--steady, --deblur or --magnify is given]",
)
@click.option(
    "--white-balance", type=_STRENGTH, default=1.0, show_default=True, help="Strength, 0 is off."
)
@click.option("--glare", type=_STRENGTH, default=0.6, show_default=True, help="Strength, 0 is off.")
@click.option("--noise", type=_STRENGTH, default=0.7, show_default=True, help="Strength, 0 is off.")
@click.option(
    "--contrast", type=_STRENGTH, default=0.5, show_default=True, help="Strength, 0 is off."
)
@click.option("--steady", is_flag=True, help="Take the tremor out; cuts the borders off.")
@click.option("--deblur", is_flag=True, help="Undo the blur of the sharpest edges.")
@click.option(
    "--magnify",
    type=float,
    default=1.0,
    show_default=True,
    help="Times as large, 1 to 8; sharper than interpolation.",
)
@click.option(
    "--merge",
    type=click.Choice(["focus", "tremor"]),
    help="Make one picture of all frames: of a focal sweep, or of frames a hand shifted a little.",
)
@click.option("--compare", is_flag=True, help="Set the frame as it was to the left.")
@click.option(
    "--mask",
    type=click.Path(path_type=Path),
    help="Also write where nothing can be read, white on black.",
)
@click.option("--um-per-px", type=float, help="Micrometres per pixel of INPUT.")
@click.option("--fps", type=float, help="Frames per second; times are then counted from it.")
@click.option("--overwrite", is_flag=True, help="Replace what stands at --out.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def command(
    source: Path,
    out: Path,
    light: bool | None,
    white_balance: float,
    glare: float,
    noise: float,
    contrast: float,
    steady: bool,
    deblur: bool,
    magnify: float,
    merge: str | None,
    compare: bool,
    mask: Path | None,
    um_per_px: float | None,
    fps: float | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Make a clearer, larger or steadier picture or video of INPUT.

    INPUT is a picture, a video or a folder of pictures. Nothing is drawn that was not recorded:
    glare stays glare, and --mask says where it is.
    """
    # Only here: they bring the image libraries with them.
    from tqdm import tqdm

    from sertoli.enhance import LightSettings, Merge, Settings, enhance_source
    from sertoli.frames import open_source

    asked = steady or deblur or merge is not None or magnify != 1.0
    lit = (not asked) if light is None else light
    settings = Settings(
        merge=None if merge is None else Merge(merge),
        light=LightSettings(white_balance, glare, noise, contrast) if lit else None,
        steady=steady,
        deblur=deblur,
        magnify=magnify,
        compare=compare,
    )
    with open_source(source, um_per_px=um_per_px, fps=fps) as frames:
        disable = True if as_json else None
        with tqdm(total=frames.length, desc="enhancing", unit="frame", disable=disable) as bar:
            written = enhance_source(
                source=frames,
                out=out,
                settings=settings,
                inputs=(source,),
                mask=mask,
                fps=fps,
                overwrite=overwrite,
                on_frames=bar.update,
            )
    summary = {
        "schema_version": 1,
        "command": "enhance",
        "sertoli_version": version("sertoli"),
        "input": _text(source),
        "out": _text(out),
        "frames_in": written.frames_in,
        "frames_out": written.frames_out,
        "width_px": written.width_px,
        "height_px": written.height_px,
        "um_per_px": written.um_per_px,
        "steps": {
            "merge": merge,
            "light": None
            if not lit
            else {
                "white_balance": white_balance,
                "glare": glare,
                "noise": noise,
                "contrast": contrast,
            },
            "steady": steady,
            "deblur": deblur,
            "magnify": magnify,
        },
        "unreadable_share": written.unreadable_share,
        "frames_without_known_motion": written.lost_frames,
        "disclaimer": DISCLAIMER,
    }
    if as_json:
        click.echo(json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False))
        return
    size = f"{written.width_px} x {written.height_px} px"
    click.echo(f"{_text(out)}: {written.frames_out} frames of {size}")
    click.echo(f"Cannot be read (glare, dark, border): {written.unreadable_share:.1%}")
    if written.lost_frames:
        click.echo(f"{written.lost_frames} frames could not be laid over the one before")
    click.echo(DISCLAIMER)


def _text(path: Path) -> str:
    """Return a path's name as text that every encoding can hold."""
    return path.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
