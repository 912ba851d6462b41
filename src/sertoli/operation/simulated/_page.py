"""The one page that shows a simulated case and leads to all of its files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2

from sertoli.frames import open_source, write_png

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


def show_first_frame(recording: Path, picture: Path) -> None:
    """Write the first frame of a recording as a PNG: browsers do not play MPEG-4 part 2.

    Raises
    ------
    InputError
        If the recording cannot be read.
    """
    with open_source(recording) as source:
        write_png(picture, next(iter(source)).pixels)
