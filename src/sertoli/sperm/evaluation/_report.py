"""An evaluation as numbers for a file, as a table for people, and as a plot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sertoli.sperm.evaluation._scores import Evaluation

_TABLE_GROUPS = 30
"""More groups than this are left to the summary file."""

_ROWS = (
    ("images", "images"),
    ("to find", "truths"),
    ("true positives", "tp"),
    ("false positives", "fp"),
    ("missed", "fn"),
    ("on don't-care", "dont_care"),
    ("precision", "precision"),
    ("recall", "recall"),
    ("F1", "f1"),
    ("AP50", "ap50"),
    ("false positives/image", "fp_per_image"),
    ("recall at 0.1 fp/image", "recall_at_0_1_fp_per_image"),
    ("recall at 1 fp/image", "recall_at_1_fp_per_image"),
)

_FIGURES = (
    *(key for _, key in _ROWS),
    "precision_interval",
    "recall_interval",
    "lowest_probability",
)


def figures(evaluation: Evaluation) -> dict[str, Any]:
    """Return the figures of an evaluation and of its groups, ready for JSON."""
    result = {key: getattr(evaluation, key) for key in _FIGURES}
    if evaluation.groups:
        result["groups"] = {name: figures(group) for name, group in evaluation.groups.items()}
    return result


def table(evaluation: Evaluation) -> str:
    """Return the figures as aligned lines of text, and those of the groups below."""
    lines = []
    for label, key in _ROWS:
        line = f"{label:<24}{_shown(getattr(evaluation, key)):>9}"
        interval = getattr(evaluation, f"{key}_interval", None)
        if interval is not None:
            line += f"   95 % interval {interval[0]:.3f} to {interval[1]:.3f}"
        lines.append(line)
    groups = evaluation.groups
    if 2 <= len(groups) <= _TABLE_GROUPS:
        columns = ("images", "truths", "precision", "recall", "f1", "ap50", "fp_per_image")
        width = max(len("group"), *map(len, groups))
        headings = ("images", "to find", "precision", "recall", "F1", "AP50", "fp/image")
        lines += ["", f"{'group':<{width}}" + "".join(f"{name:>11}" for name in headings)]
        lines += [
            f"{name:<{width}}" + "".join(f"{_shown(getattr(group, key)):>11}" for key in columns)
            for name, group in groups.items()
        ]
    elif len(groups) > _TABLE_GROUPS:
        lines += ["", f"{len(groups)} groups: their figures are in summary.json"]
    return "\n".join(lines)


def _shown(value: float | int | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def plot_precision_recall(evaluation: Evaluation, path: Path, footnote: str) -> None:
    """Draw the precision-recall curve as a PNG, with the point of all findings marked.

    Parameters
    ----------
    evaluation : Evaluation
    path : Path
        Where to write it.
    footnote : str
        Stands small below the plot.
    """
    # Figure without pyplot needs no display and leaves no global state behind.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 5.2), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    curve = evaluation.curve
    axes.step(curve.recall, curve.precision, where="post", color="#1b5e8c", label="by centre")
    if evaluation.recall is not None and evaluation.precision is not None:
        label = f"all findings: F1 {_shown(evaluation.f1)}"
        axes.plot(evaluation.recall, evaluation.precision, "o", color="#c1440e", label=label)
    axes.set(
        xlim=(0, 1.02),
        ylim=(0, 1.02),
        xlabel="recall (share of the labelled sperm found)",
        ylabel="precision (share of the findings that are sperm)",
        title=f"{evaluation.images} images, {evaluation.truths} to find, "
        f"AP50 {_shown(evaluation.ap50)}",
    )
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left")
    figure.supxlabel(footnote, x=0.99, ha="right", fontsize=7, color="#555555")
    figure.savefig(path)
