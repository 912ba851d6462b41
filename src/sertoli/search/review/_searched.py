"""What the search said that is reviewed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sertoli.errors import InputError


def read_summary(folder: Path) -> dict[str, Any] | None:
    """Return a search's summary, None if none was made here.

    Raises
    ------
    InputError
        If what stands there is no summary of a search of one input.
    """
    file = folder / "summary.json"
    if not file.is_file():
        return None
    try:
        summary: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if summary["schema_version"] != 1 or summary["command"] != "search":
            raise ValueError("no search")
        checks: list[Callable[[], Any]] = [
            lambda: str(summary["identity"]["input content"]),
            lambda: summary["kind"].strip(),
            lambda: int(summary["frames_searched"]),
            lambda: str(summary["weights"]["sha256"]),
            lambda: float(summary["settings"]["confidence"]),
            lambda: summary["optics"]["modality"],
            lambda: list(summary["warnings"]),
            lambda: summary["finished_at"].strip(),
        ]
        for check in checks:
            check()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{file} is no summary of a search of one input",
            "name a folder that `sertoli search` wrote for one input",
        ) from error
    return summary
