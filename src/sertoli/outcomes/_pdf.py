"""``report.pdf``: the same outcomes for paper, set by typst."""

from __future__ import annotations

import json
import shutil
import tempfile
from importlib.resources import as_file, files
from pathlib import Path

from sertoli.outcomes._figures import write_figures
from sertoli.outcomes._outcomes import Outcomes
from sertoli.outcomes._page import page


def write_pdf(path: Path, outcomes: Outcomes) -> None:
    """Set the report of a programme's outcomes and write it as PDF.

    Only fonts that typst carries are used, so that the pages look the same on every machine.
    """
    import typst

    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        data = page(outcomes) | {"figures": write_figures(folder, outcomes)}
        (folder / "data.json").write_text(json.dumps(data), encoding="utf-8", newline="\n")
        with as_file(files("sertoli.outcomes") / "report.typ") as template:
            shutil.copyfile(template, folder / "report.typ")
        compiler = typst.Compiler(
            folder / "report.typ", root=folder, font_paths=[], ignore_system_fonts=True
        )
        compiler.compile(output=path, format="pdf")
