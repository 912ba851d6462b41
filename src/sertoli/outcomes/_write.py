"""The folder of a programme's outcomes."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from sertoli.outcomes._html import write_html
from sertoli.outcomes._measures import MEASURES
from sertoli.outcomes._outcomes import ALL, NOT_STATED, Outcomes
from sertoli.outcomes._pdf import write_pdf
from sertoli.outputs import OutputFolder

_COLUMNS = ("measure", "denominator_is", "grouping", "group", "events", "denominator")
_VALUES = ("clusters", "rate", "low", "high", "method", "suppressed")


def write_outcomes(out: Path, outcomes: Outcomes, *, overwrite: bool = False) -> Path:
    """Write ``summary.json``, ``rates.csv``, ``report.html`` and ``report.pdf`` to a folder.

    Parameters
    ----------
    out : Path
        The folder; it appears whole or not at all.
    outcomes : Outcomes
        As they shall leave the house: see `suppress`.
    overwrite : bool
        Replace a folder that stands there.

    Raises
    ------
    OutputError
        If the folder exists and ``overwrite`` is not given, or cannot be written.
    """
    folder = OutputFolder(out, overwrite=overwrite)
    try:
        summary = json.dumps(outcomes.to_json(), indent=2, ensure_ascii=False, allow_nan=False)
        (folder.path / "summary.json").write_text(summary + "\n", encoding="utf-8", newline="\n")
        _write_rates(folder.path / "rates.csv", outcomes)
        write_html(folder.path / "report.html", outcomes)
        write_pdf(folder.path / "report.pdf", outcomes)
    except BaseException:
        folder.discard()
        raise
    return folder.finish()


def _write_rates(path: Path, outcomes: Outcomes) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, (*_COLUMNS, *_VALUES), lineterminator="\n")
        rows.writeheader()
        for measure in MEASURES:
            for grouping, groups in outcomes.rates.get(measure.key, {}).items():
                for group, cell in groups.items():
                    head: dict[str, Any] = {
                        "measure": measure.key,
                        "denominator_is": measure.denominator,
                        "grouping": grouping,
                        "group": "" if grouping == ALL else group or NOT_STATED,
                    }
                    rows.writerow(head | cell.to_json())
