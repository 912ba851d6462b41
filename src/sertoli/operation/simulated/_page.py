"""The one page that shows a simulated case and leads to all of its files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2

PAGE_NAME = "index.html"


def write_page(place: Path, summary: dict[str, Any], result: str) -> Path:
    """Write ``index.html`` into the folder of a simulated case.

    Parameters
    ----------
    place : Path
    summary : dict
        What ``summary.json`` of the case says; stations that were not reached are None.
    result : str
        The search's result in one line.

    Returns
    -------
    Path
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sertoli.operation.simulated", "."),
        autoescape=True,
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    page = place / PAGE_NAME
    text = environment.get_template("index.html.j2").render(**summary, result=result)
    page.write_text(text, encoding="utf-8", newline="\n")
    return page
