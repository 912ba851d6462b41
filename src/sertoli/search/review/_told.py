"""What a person told of the search last time, so that it need not be told again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sertoli.errors import SettingError
from sertoli.search.hidden import Sensitivity, parse_sensitivity, require_share

REVIEW_NAME = "review.json"


@dataclass(frozen=True, slots=True)
class Told:
    """Share of the specimen searched, and the user's own trials; None where not told."""

    share_searched: float | None = None
    sensitivity: Sensitivity | None = None


def read_told(folder: Path) -> Told:
    """Read it from ``review.json``; from a damaged one nothing is known."""
    try:
        review: dict[str, Any] = json.loads((folder / REVIEW_NAME).read_text(encoding="utf-8"))
        share = review["share_searched"]
        share = None if share is None else float(share)
        require_share(share)
        trials = review["sensitivity_trials"]
        return Told(share, parse_sensitivity(trials) if trials else None)
    except (OSError, ValueError, KeyError, TypeError, SettingError):
        return Told()


def trials_of(sensitivity: Sensitivity | None) -> list[str] | None:
    """Write trials as `parse_sensitivity` reads them."""
    if sensitivity is None:
        return None
    pairs = zip(sensitivity.hits, sensitivity.trials, strict=True)
    return [f"{hits}/{trials}" for hits, trials in pairs]
