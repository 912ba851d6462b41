"""``summary.json``: the counts of a search and all that is needed to repeat it."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version
from typing import Any

from sertoli.frames import FrameSource
from sertoli.journal import Identity
from sertoli.search._identity import confidence_of
from sertoli.search._results import Gathered
from sertoli.search._settings import Finder, SearchSettings
from sertoli.search.hidden import bound_sentence, known_sensitivity, upper_bound
from sertoli.sperm import plain_text

SCHEMA_VERSION = 1

DISCLAIMER = "Research software, not a medical device."

MAX_SKIPPED_NAMED = 100


def summarise(
    gathered: Gathered,
    *,
    source: FrameSource,
    finder: Finder,
    settings: SearchSettings,
    identity: Identity,
    magnification: float | None,
    warnings: list[dict[str, Any]],
    stopped: bool,
) -> dict[str, Any]:
    """Return the content of ``summary.json``."""
    searched = len(gathered.frames)
    total = source.length
    if total is None and not stopped:
        total = searched + len(gathered.broken)
    known = searched + len(gathered.broken)
    reached = gathered.last_index + 1 if stopped or total is None else total
    lost = max(0, reached - known)
    modality = source.optics.modality
    elapsed = gathered.elapsed_s
    confidence = confidence_of(settings, finder)
    bound = upper_bound(
        0,
        sensitivity=known_sensitivity(
            finder.weights_sha256, confidence, None if modality is None else modality.value
        ),
        share_searched=None,
        # where nothing was found there is nothing that a person would have to look at
        unreviewed=0 if searched and not gathered.findings else None,
        unfamiliar=any(warning["kind"] == "unfamiliar" for warning in warnings),
    )
    return {
        "schema_version": SCHEMA_VERSION,
        "sertoli_version": version("sertoli"),
        "disclaimer": DISCLAIMER,
        "command": "search",
        "input": plain_text(source.name),
        "kind": "sequence" if source.is_sequence else "stills",
        "finished_at": datetime.now().astimezone().isoformat(timespec="seconds"),
        "frames_searched": searched,
        "frames_total": total,
        "stopped": stopped,
        "files_skipped": len(gathered.broken),
        "frames_lost": lost,
        "skipped": [
            {"frame": broken.index, "reason": broken.reason}
            for broken in gathered.broken[:MAX_SKIPPED_NAMED]
        ],
        "findings": gathered.findings,
        "sperm": len(gathered.tracks) if source.is_sequence else gathered.findings,
        "motility": gathered.links.motility.counts() if source.is_sequence else None,
        "speed_unit": gathered.links.motility.speed_unit if source.is_sequence else None,
        "findings_per_field": round(gathered.findings / searched, 6) if searched else None,
        "upper_bound_95": bound.in_specimen,
        "upper_bound_95_in_material": bound.in_material,
        "upper_bound_95_note": bound_sentence(bound),
        "settings": {
            "confidence": confidence,
            "um_per_px": settings.um_per_px,
            "fps": settings.fps,
            "modality": None if settings.modality is None else settings.modality.value,
            "sequence": settings.sequence,
            "specimen": settings.specimen,
        },
        "optics": {
            **_pixel_size(gathered.um_per_px, source),
            "modality": None if modality is None else modality.value,
            "magnification": magnification,
        },
        "weights": {
            "name": plain_text(finder.weights_name),
            "sha256": finder.weights_sha256,
            "restriction": finder.restriction,
        },
        "warnings": warnings,
        "elapsed_s": round(elapsed, 3),
        "fields_per_s": round(searched / elapsed, 3) if elapsed > 0 else None,
        "identity": dict(identity),
    }


def _pixel_size(sizes: set[float | None], source: FrameSource) -> dict[str, Any]:
    """Return the one pixel size of all files, or those that they have: None if one says none."""
    if len(sizes) < 2:
        return {"um_per_px": next(iter(sizes), source.optics.um_per_px)}
    known = sorted(size for size in sizes if size is not None)
    return {"um_per_px": None, "um_per_px_of_files": [*known, *([None] if None in sizes else [])]}
