"""``report.html``: one file, no network, charts included."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from sertoli.outcomes._charts import charts
from sertoli.outcomes._outcomes import Outcomes
from sertoli.outcomes._page import page


def write_html(path: Path, outcomes: Outcomes) -> None:
    """Write the page of a programme's outcomes."""
    from plotly.offline import get_plotlyjs

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sertoli.outcomes", "."), autoescape=True, trim_blocks=True
    )
    text = environment.get_template("report.html.j2").render(
        page=page(outcomes),
        charts=Markup(_json(charts(outcomes))),
        plotly=Markup(get_plotlyjs()),
        bar=_bar,
    )
    path.write_text(text, encoding="utf-8", newline="\n")


def _bar(ends: list[float] | None) -> Markup:
    """Draw an interval (low, rate, high in per cent) with the page's own means."""
    if ends is None:
        return Markup("")
    low, rate, high = ends
    return Markup(
        '<div class="bar"><i style="left:{}%;width:{}%"></i><b style="left:{}%"></b></div>'
    ).format(low, round(high - low, 2), rate)


def _json(value: Any) -> str:
    # Inside <script> only "<" can end the element, and "&" and ">" cost nothing to hide too.
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
