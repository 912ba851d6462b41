"""``sertoli evaluate``: findings compared with labelled truth."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import click

from sertoli.cli._main import DISCLAIMER


@click.command(epilog=DISCLAIMER)
@click.argument("findings", type=click.Path(path_type=Path))
@click.argument("truth", type=click.Path(path_type=Path))
@click.option(
    "--classes",
    default="sperm,small_or_pinhead",
    show_default=True,
    help="Classes of the truth to be found, counted as one; 'none' if none of them is.",
)
@click.option(
    "--ignore",
    default="cluster",
    show_default=True,
    help="Classes neither to be found nor wrong to find; 'none' for no such class.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder to write to.  [default: FINDINGS-evaluate]",
)
@click.option("--overwrite", is_flag=True, help="Replace the folder if it exists.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def command(
    findings: Path,
    truth: Path,
    classes: str,
    ignore: str,
    out: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Compare FINDINGS with the labelled TRUTH.

    FINDINGS is the folder that `sertoli search` wrote, its findings.csv, or COCO with scores.
    TRUTH is a COCO file. Writes summary.json and precision_recall.png.
    """
    # Only here: they bring pandas and matplotlib with them.
    from sertoli.cli._watch import say
    from sertoli.outputs import OutputFolder
    from sertoli.sperm import plain_text
    from sertoli.sperm.evaluation import compare, figures, plot_precision_recall, table

    comparison = compare(findings, truth, _names(classes), _names(ignore))
    evaluation = comparison.evaluation
    weights = comparison.weights
    summary = {
        "schema_version": 1,
        "command": "evaluate",
        "sertoli_version": version("sertoli"),
        "findings": plain_text(findings.resolve().name),
        "truth": plain_text(truth.resolve().name),
        "classes": list(comparison.truth.classes),
        "ignored_classes": list(comparison.truth.ignored_classes),
        "background_classes": list(comparison.truth.background_classes),
        "findings_outside_truth": comparison.outside_truth,
        **figures(evaluation),
        "weights": weights,
        "notes": list(comparison.notes),
        "disclaimer": DISCLAIMER,
    }
    text = json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    folder = OutputFolder(
        out or Path(f"{_stem(findings)}-evaluate"), overwrite=overwrite, inputs=(findings, truth)
    )
    try:
        (folder.path / "summary.json").write_text(text, encoding="utf-8", newline="\n")
        plot_precision_recall(evaluation, folder.path / "precision_recall.png", DISCLAIMER)
        written = folder.finish()
    except BaseException:
        folder.discard()
        raise
    if weights and weights["restriction"]:
        say(f"weights {weights['name']}: {weights['restriction']}")
    if as_json:
        click.echo(text, nl=False)
        return
    click.echo(table(evaluation))
    click.echo()
    for note in comparison.notes:
        click.echo(note)
    click.echo(f"Written to {written}")


def _names(text: str) -> list[str]:
    """Split a list of classes at its commas; ``none`` is the empty list."""
    names = [name.strip() for name in text.split(",")]
    return [] if names == ["none"] else [name for name in names if name]


def _stem(findings: Path) -> str:
    """Return the name without its endings, so that ``findings.coco.json`` is ``findings``."""
    name = findings.resolve().name
    return name if findings.is_dir() else name.split(".")[0] or name
