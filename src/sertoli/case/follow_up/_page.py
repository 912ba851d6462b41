"""The follow-up as a page: his own values, with the published mean as context."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from sertoli.case.follow_up._follow_up import DISCLAIMER, PUBLISHED, PUBLISHED_MEANS, FollowUp

INK, GRID, BLUE, ORANGE, GREY = "#1b1f24", "#e3e7eb", "#0072b2", "#d55e00", "#9aa4ae"


def write_page(path: Path, code: str, found: FollowUp) -> None:
    """Write a self-contained page with the chart of one man's testosterone.

    Parameters
    ----------
    path : Path
        The HTML file.
    code : str
        The man's pseudonym, which stands at its head.
    found : FollowUp
    """
    from plotly.offline import get_plotlyjs

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sertoli.case.follow_up", "."),
        autoescape=True,
        trim_blocks=True,
    )
    figure = json.dumps(chart(found), allow_nan=False).replace("<", "\\u003c")
    text = environment.get_template("follow_up.html.j2").render(
        code=code,
        found=found,
        published=PUBLISHED,
        disclaimer=DISCLAIMER,
        figure=Markup(figure),
        plotly=Markup(get_plotlyjs()),
    )
    path.write_text(text, encoding="utf-8", newline="\n")


def chart(found: FollowUp) -> dict[str, Any]:
    """Return the chart as a Plotly figure: nmol/L over the months since surgery."""
    last = max([18.0, *(point.months for point in found.points)]) + 1
    data: list[dict[str, Any]] = []
    shapes = [_line(found.plan.low_nmol_per_l, ORANGE, "dot")]
    baseline = found.baseline_nmol_per_l
    # One label above its line and one below, or they would cover one another where both are close.
    limit_on_top = baseline is not None and baseline < found.plan.low_nmol_per_l
    notes = [_label(found.plan.low_nmol_per_l, "the clinic's limit", ORANGE, above=limit_on_top)]
    if baseline is not None:
        shapes.append(_line(baseline, INK, "solid"))
        notes.append(_label(baseline, "his own baseline", INK, above=not limit_on_top))
        for number, mean in enumerate(PUBLISHED_MEANS):
            wide = max(mean.to_month, mean.from_month + 1)
            data.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "x": [mean.from_month if wide == mean.to_month else mean.from_month - 1, wide],
                    "y": [round(mean.share * baseline, 3)] * 2,
                    "line": {"color": GREY, "width": 7},
                    "name": "published mean x his baseline: context, no limit",
                    "showlegend": number == 0,
                    "hovertemplate": f"published mean {mean.share:.0%}<extra></extra>",
                }
            )
    for morning, name, symbol in (
        (True, "morning", "circle"),
        (False, "other hour", "circle-open"),
    ):
        points = [point for point in found.points if point.is_morning == morning]
        if points:
            data.append(
                {
                    "type": "scatter",
                    "mode": "lines+markers" if morning else "markers",
                    "x": [round(point.months, 2) for point in points],
                    "y": [point.nmol_per_l for point in points],
                    "text": [
                        f"{point.taken_on}: {point.nmol_per_l:.1f} nmol/L"
                        + (f", {point.share:.0%} of his baseline" if point.share else "")
                        for point in points
                    ],
                    "hoverinfo": "text",
                    "marker": {"size": 10, "color": BLUE, "symbol": symbol},
                    "line": {"color": BLUE, "width": 2},
                    "name": f"his testosterone, {name}",
                }
            )
    axis = {"gridcolor": GRID, "zeroline": False, "automargin": True}
    return {
        "data": data,
        "layout": {
            "height": 440,
            "margin": {"l": 60, "r": 20, "t": 20, "b": 50},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": "system-ui, sans-serif", "size": 14, "color": INK},
            "xaxis": {
                **axis,
                "range": [0, last],
                "dtick": 3 if last <= 36 else 12,
                "title": _title("months since surgery"),
            },
            "yaxis": {**axis, "rangemode": "tozero", "title": _title("testosterone, nmol/L")},
            "legend": {"orientation": "h", "y": 1.12},
            "shapes": shapes,
            "annotations": notes,
        },
    }


def _line(level: float, color: str, dash: str) -> dict[str, Any]:
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": level,
        "y1": level,
        "line": {"color": color, "width": 1.5, "dash": dash},
    }


def _title(text: str) -> dict[str, Any]:
    return {"text": text, "font": {"size": 14}, "standoff": 12}


def _label(level: float, text: str, color: str, *, above: bool) -> dict[str, Any]:
    return {
        "xref": "paper",
        "x": 1,
        "xanchor": "right",
        "y": level,
        "yanchor": "bottom" if above else "top",
        "text": f"{text}, {level:.1f}",
        "showarrow": False,
        "font": {"color": color, "size": 13},
    }
