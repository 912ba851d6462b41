"""The sensitivity that was measured for the packaged weights, on simulated dishes."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from sertoli.search.hidden._sensitivity import Sensitivity

FILE_NAME = "sperm-sensitivity.json"

ENOUGH_DISHES = 15
"""Trials under the same kind of light are taken alone if there are so many dishes of them."""


def known_sensitivity(
    weights_sha256: str, confidence: float, modality: str | None = None
) -> Sensitivity | None:
    """Return what was measured of these weights at this confidence, None if nothing was.

    ``python -m benchmarks.rare_sperm --update`` measures: simulated testicular dishes, sperm that
    can be seen, single pictures.

    Parameters
    ----------
    weights_sha256 : str
        Hash of the weights that searched; a measurement holds for no others.
    confidence : float
        At which it was searched.
    modality : str or None
        As in ``summary.json``.
    """
    measured = _read()
    if (
        measured is None
        or measured["weights_sha256"] != weights_sha256
        or confidence < measured["lowest_confidence"]
    ):
        return None
    dishes = measured["dishes"]
    alike = [dish for dish in dishes if dish["modality"] == modality]
    light = ""
    if len(alike) >= ENOUGH_DISHES:
        dishes, light = alike, f" under {str(modality).replace('_', ' ')}"
    hits = tuple(sum(p >= confidence for p in dish["probability"]) for dish in dishes)
    trials = tuple(len(dish["probability"]) for dish in dishes)
    return Sensitivity(
        hits,
        trials,
        f"measured on simulated dishes{light}: {sum(hits)} of {sum(trials)} sperm "
        f"in {len(dishes)} dishes, {measured['date']}",
    )


def _read() -> dict[str, Any] | None:
    file = resources.files("sertoli") / "weights" / FILE_NAME
    if not file.is_file():
        return None
    measured: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return measured
