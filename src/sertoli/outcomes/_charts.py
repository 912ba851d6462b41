"""The charts of the web page, as Plotly's plain figures."""

from __future__ import annotations

from typing import Any

import numpy as np

from sertoli.outcomes._funnel import LEVELS
from sertoli.outcomes._measures import RETRIEVAL
from sertoli.outcomes._outcomes import ALL, Outcomes
from sertoli.outcomes._page import charted, group_name, percent
from sertoli.outcomes._tables import GROUPINGS

INK, SOFT, GRID = "#1b1f24", "#59626d", "#e3e7eb"
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#9aa4ae"
ROW_PX = 30

Figure = dict[str, Any]


def charts(outcomes: Outcomes) -> dict[str, Figure]:
    """Return every chart of the page by the id of its place."""
    made = {
        f"by-{grouping}": forest(outcomes, grouping)
        for grouping in GROUPINGS
        if charted(outcomes, grouping)
    }
    if outcomes.funnel:
        made["funnel"] = funnel_chart(outcomes)
    if outcomes.cusums:
        made["cusum"] = cusum_chart(outcomes)
    if outcomes.incidence:
        made["incidence"] = incidence_chart(outcomes)
    return made


def _layout(height: int, x: str, y: str, **more: Any) -> Figure:
    axis = {"gridcolor": GRID, "zeroline": False, "linecolor": GRID, "automargin": True}
    small = {"size": 13, "color": SOFT}
    layout: Figure = {
        "height": height,
        "margin": {"l": 10, "r": 20, "t": 10, "b": 10},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 14, "color": INK},
        "xaxis": {**axis, "title": {"text": x, "font": small}},
        "yaxis": {**axis, "title": {"text": y, "font": small}},
        "showlegend": False,
        "hoverlabel": {"bgcolor": "#ffffff", "font": {"color": INK}},
    }
    for name, value in more.items():
        layout[name] = {**layout[name], **value} if isinstance(layout.get(name), dict) else value
    return layout


def forest(outcomes: Outcomes, grouping: str) -> Figure:
    """Draw the share of biopsies with sperm by group, with intervals; years run along x."""
    cells = charted(outcomes, grouping)
    names = list(cells)
    rates = [100 * (cell.rate or 0.0) for cell in cells.values()]
    above = [100 * ((cell.high or 0.0) - (cell.rate or 0.0)) for cell in cells.values()]
    below = [100 * ((cell.rate or 0.0) - (cell.low or 0.0)) for cell in cells.values()]
    said = [
        f"{name}: {cell.events:,} of {cell.denominator:,}, {percent(cell.rate)}"
        for name, cell in zip(names, cells.values(), strict=True)
    ]
    bars = {
        "type": "data",
        "symmetric": False,
        "array": above,
        "arrayminus": below,
        "color": BLUE,
        "thickness": 2,
        "width": 5,
    }
    along = grouping == "year"
    marks: Figure = {
        "type": "scatter",
        "mode": "lines+markers" if along else "markers",
        "marker": {"size": 10, "color": BLUE},
        "line": {"color": GREY, "width": 1},
        "hovertext": said,
        "hoverinfo": "text",
    }
    lines = _overall_line(outcomes, vertical=not along)
    share = "sperm found, % of biopsies"
    if along:
        data = [{**marks, "x": names, "y": rates, "error_y": bars}]
        layout = _layout(
            330, "", share, yaxis={"range": [0, 100]}, xaxis={"type": "category"}, shapes=lines
        )
    else:
        data = [{**marks, "x": rates, "y": names, "error_x": bars}]
        layout = _layout(
            max(170, 90 + ROW_PX * len(names)),
            share,
            "",
            xaxis={"range": [0, 100]},
            yaxis={"range": [len(names) - 0.5, -0.5], "type": "category"},
            shapes=lines,
        )
    return {"data": data, "layout": layout}


def _overall_line(outcomes: Outcomes, *, vertical: bool) -> list[Figure]:
    share = outcomes.rates[RETRIEVAL.key][ALL][ALL].rate
    if share is None:
        return []
    ends = {"x0": 100 * share, "x1": 100 * share, "y0": 0, "y1": 1, "yref": "paper"}
    if not vertical:
        ends = {"y0": 100 * share, "y1": 100 * share, "x0": 0, "x1": 1, "xref": "paper"}
    return [{"type": "line", "line": {"color": GREY, "width": 1, "dash": "dash"}, **ends}]


def funnel_chart(outcomes: Outcomes) -> Figure:
    """Draw every clinic by size, within the limits of chance."""
    assert outcomes.funnel is not None
    sizes, curves = outcomes.funnel.curves()
    data: list[Figure] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": sizes.tolist(),
            "y": (100 * end).round(3).tolist(),
            "line": {"color": GREY, "width": 1, "dash": dash, "shape": "hv"},
            "name": f"{level * 100:g} % limits",
            "showlegend": end is ends[0],
            "hoverinfo": "skip",
        }
        for level, ends, dash in zip(LEVELS, curves, ("dash", "solid"), strict=True)
        for end in ends
    ]
    points = outcomes.funnel.points
    data.append(
        {
            "type": "scatter",
            "mode": "markers",
            "x": [point.men for point in points],
            "y": [round(100 * point.adjusted_rate, 3) for point in points],
            "marker": {
                "size": 11,
                "color": [BLUE if point.place.startswith("within") else ORANGE for point in points],
            },
            "hovertext": [
                f"{group_name(point.clinic)}: {point.positive:,} of {point.biopsies:,} "
                f"biopsies on {point.men:,} men, expected {point.expected:.1f}, "
                f"adjusted {percent(point.adjusted_rate)}; {point.place}"
                for point in points
            ],
            "hoverinfo": "text",
            "name": "clinics",
        }
    )
    rate = 100 * outcomes.funnel.rate
    top = max(100.0, *(100 * point.adjusted_rate for point in points))
    layout = _layout(
        430,
        "men with a finished search",
        "sperm found, adjusted, %",
        yaxis={"range": [0, 1.03 * top]},
        xaxis={"rangemode": "tozero"},
        showlegend=True,
        legend={"orientation": "h", "y": 1.12},
        shapes=[
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": rate,
                "y1": rate,
                "line": {"color": INK, "width": 1},
            }
        ],
    )
    return {"data": data, "layout": layout}


def cusum_chart(outcomes: Outcomes) -> Figure:
    """Draw each surgeon's score as a share of that surgeon's own limit."""
    data: list[Figure] = []
    for cusum in outcomes.cusums:
        course = np.concatenate([[0.0], cusum.score / cusum.limit])
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": list(range(len(course))),
                "y": course.round(4).tolist(),
                "line": {
                    "color": ORANGE if cusum.crossed else BLUE,
                    "width": 2 if cusum.crossed else 1.2,
                },
                "opacity": 1.0 if cusum.crossed else 0.55,
                "name": group_name(cusum.surgeon),
                "hovertemplate": f"{group_name(cusum.surgeon)}<br>biopsy %{{x}}: %{{y:.2f}} of "
                "the limit<extra></extra>",
            }
        )
    layout = _layout(
        380,
        "first biopsies, in order of date",
        "score / the surgeon's limit",
        yaxis={"rangemode": "tozero"},
        shapes=[
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": 1,
                "y1": 1,
                "line": {"color": INK, "width": 1, "dash": "dash"},
            }
        ],
    )
    return {"data": data, "layout": layout}


def incidence_chart(outcomes: Outcomes) -> Figure:
    """Draw how many men reach a pregnancy, and how many stop, over the months."""
    curve = outcomes.incidence
    assert curve is not None
    data: list[Figure] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": curve.months.tolist(),
            "y": (100 * values).round(3).tolist(),
            "line": {"color": color, "width": 3, "shape": "hv", "dash": dash},
            "name": name,
            "hovertemplate": f"month %{{x}}: %{{y:.1f}} %<extra>{name}</extra>",
        }
        for values, color, dash, name in (
            (curve.pregnant, BLUE, "solid", "a clinical pregnancy"),
            (curve.treatment_ended, ORANGE, "dash", "treatment ended without one"),
        )
    ]
    marked = [at for at in curve.at if at[1] > 0]
    data.append(
        {
            "type": "scatter",
            "mode": "markers",
            "x": [at[0] for at in marked],
            "y": [round(100 * at[1], 3) for at in marked],
            "error_y": {
                "type": "data",
                "symmetric": False,
                "array": [100 * (at[3] - at[1]) for at in marked],
                "arrayminus": [100 * (at[1] - at[2]) for at in marked],
                "color": BLUE,
            },
            "marker": {"size": 8, "color": BLUE},
            "showlegend": False,
            "hoverinfo": "skip",
        }
    )
    layout = _layout(
        360,
        "months since the first positive biopsy",
        "men, %",
        yaxis={"range": [0, 100]},
        xaxis={"rangemode": "tozero"},
        showlegend=True,
        legend={"orientation": "h", "y": 1.12},
    )
    return {"data": data, "layout": layout}
