"""The charts of the paper report, as SVG."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sertoli.outcomes._charts import BLUE, GREY, INK, ORANGE
from sertoli.outcomes._funnel import LEVELS
from sertoli.outcomes._outcomes import Outcomes
from sertoli.outcomes._page import charted
from sertoli.outcomes._tables import GROUPINGS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH_INCHES = 6.6


def write_figures(folder: Path, outcomes: Outcomes) -> list[str]:
    """Draw every chart into a folder and return the names, without ``.svg``."""
    made = []
    for grouping in GROUPINGS:
        if len(charted(outcomes, grouping)) > 1:
            rows = len(charted(outcomes, grouping))
            height = 2.4 if grouping == "year" else 0.7 + 0.24 * rows
            with _axes(folder / f"by-{grouping}.svg", height) as axes:
                _forest(axes, outcomes, grouping)
            made.append(f"by-{grouping}")
    if outcomes.funnel:
        with _axes(folder / "funnel.svg", 3.3) as axes:
            _funnel(axes, outcomes)
        made.append("funnel")
    if outcomes.cusums:
        with _axes(folder / "cusum.svg", 2.8) as axes:
            _cusum(axes, outcomes)
        made.append("cusum")
    if outcomes.incidence:
        with _axes(folder / "incidence.svg", 2.8) as axes:
            _incidence(axes, outcomes)
        made.append("incidence")
    return made


@contextmanager
def _axes(path: Path, height: float) -> Iterator[Axes]:
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_INCHES, height), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8, colors=INK)
    axes.grid(color="#e3e7eb", linewidth=0.6)
    axes.set_axisbelow(True)
    yield axes
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_fontsize(8)
    # Without a date, the same outcomes make the same file.
    figure.savefig(path, metadata={"Date": None})


def _forest(axes: Axes, outcomes: Outcomes, grouping: str) -> None:
    cells = charted(outcomes, grouping)
    rates = np.array([100 * (cell.rate or 0) for cell in cells.values()])
    # The interval holds its rate but for the last bits of the arithmetic.
    below = np.maximum(rates - [100 * (cell.low or 0) for cell in cells.values()], 0)
    above = np.maximum([100 * (cell.high or 0) for cell in cells.values()] - rates, 0)
    places = np.arange(len(rates))
    whole = 100 * (outcomes.retrieval.rate or 0)
    style: dict[str, Any] = {"fmt": "o", "color": BLUE, "markersize": 5, "capsize": 2.5}
    if grouping == "year":
        axes.axhline(whole, color=GREY, linewidth=0.8, linestyle="--")
        axes.errorbar(places, rates, yerr=[below, above], **style)
        axes.set_xticks(places, list(cells))
        axes.set_ylim(0, 100)
        axes.set_ylabel("sperm found, % of biopsies")
    else:
        axes.axvline(whole, color=GREY, linewidth=0.8, linestyle="--")
        axes.errorbar(rates, places, xerr=[below, above], **style)
        axes.set_yticks(places, list(cells))
        axes.set_ylim(len(rates) - 0.4, -0.6)
        axes.set_xlim(0, 100)
        axes.set_xlabel("sperm found, % of biopsies")


def _funnel(axes: Axes, outcomes: Outcomes) -> None:
    assert outcomes.funnel is not None
    sizes, curves = outcomes.funnel.curves()
    for level, ends, line in zip(LEVELS, curves, ("--", "-"), strict=True):
        for end in ends:
            label = f"{level * 100:g} % limits" if end is ends[0] else None
            axes.step(sizes, 100 * end, line, color=GREY, linewidth=0.8, label=label, where="post")
    axes.axhline(100 * outcomes.funnel.rate, color=INK, linewidth=0.8)
    for place, color in (("within", BLUE), ("beyond", ORANGE)):
        points = [
            point
            for point in outcomes.funnel.points
            if point.place.startswith("within") == (place == "within")
        ]
        if points:
            axes.plot(
                [point.men for point in points],
                [100 * point.adjusted_rate for point in points],
                "o",
                color=color,
                markersize=5,
                label=f"clinics {place} the limits",
            )
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("men with a finished search")
    axes.set_ylabel("sperm found, adjusted, %")
    axes.legend(fontsize=7, frameon=False, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0))


def _cusum(axes: Axes, outcomes: Outcomes) -> None:
    for cusum in outcomes.cusums:
        course = np.concatenate([[0.0], cusum.score / cusum.limit])
        axes.plot(
            course,
            color=ORANGE if cusum.crossed else BLUE,
            linewidth=1.3 if cusum.crossed else 0.7,
            alpha=1.0 if cusum.crossed else 0.5,
        )
    axes.axhline(1.0, color=INK, linewidth=0.8, linestyle="--")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("first biopsies, in order of date")
    axes.set_ylabel("score / the surgeon's limit")


def _incidence(axes: Axes, outcomes: Outcomes) -> None:
    curve = outcomes.incidence
    assert curve is not None
    axes.step(
        curve.months, 100 * curve.pregnant, color=BLUE, where="post", label="a clinical pregnancy"
    )
    axes.step(
        curve.months,
        100 * curve.treatment_ended,
        "--",
        color=ORANGE,
        where="post",
        label="treatment ended without one",
    )
    for months, value, low, high in curve.at:
        axes.errorbar(
            months,
            100 * value,
            yerr=[[100 * max(value - low, 0)], [100 * max(high - value, 0)]],
            fmt="o",
            color=BLUE,
            markersize=4,
            capsize=2.5,
        )
    axes.set_xlim(left=0)
    axes.set_ylim(0, 100)
    axes.set_xlabel("months since the first positive biopsy")
    axes.set_ylabel("men, %")
    axes.legend(fontsize=7, frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
