"""A fine-tuned weights file and its card, written both or neither."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sertoli.errors import OutputError
from sertoli.sperm._network import Network
from sertoli.sperm.learning._learn import KEPT, OWN, Learnt

_SETS = {OWN: "the frames kept aside", KEPT: "simulated fields (synthetic)"}
_STATES = (
    ("before", "the weights begun from"),
    ("recalibrated", "these, only their confidence fitted anew"),
    ("after", "**these weights**"),
)


def write_learnt(learnt: Learnt, out: Path, *, overwrite: bool = False) -> Path:
    """Write the weights to ``out`` and their card beside it, as ``.md``.

    Returns
    -------
    Path
        Of the card.

    Raises
    ------
    OutputError
        If something stands there already, or the place cannot be written.
    """
    card_file = require_free(out, overwrite=overwrite)
    # the ending stays, so that the file can be tried out before it takes its place
    weights_part = out.with_name(f"{out.stem}.partial{out.suffix}")
    card_part = card_file.with_name(card_file.name + ".partial")
    try:
        weights_part.write_bytes(learnt.content)
        sha256 = Network(weights_part, threads=1, device="cpu").sha256
        card_part.write_text(card(learnt, out.name, sha256), encoding="utf-8", newline="\n")
        card_part.replace(card_file)
        weights_part.replace(out)
    except OSError as error:
        raise _unwritable(out, error) from error
    finally:
        for part in (weights_part, card_part):
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
    return card_file


def require_free(out: Path, *, overwrite: bool) -> Path:
    """Return the place of the card, if nothing stands in the way of both files.

    Raises
    ------
    OutputError
        If something does, or ``out`` is not named as weights are.
    """
    if out.suffix != ".onnx":
        raise OutputError(f"{out} does not end in .onnx", "name the weights file NAME.onnx")
    card_file = out.with_suffix(".md")
    for place in (out, card_file):
        if place.is_dir():
            raise OutputError(f"{place} is a folder", "choose another --out")
        if place.exists() and not overwrite:
            raise OutputError(f"{place} exists already", "choose another --out, or add --overwrite")
    try:
        # find out now, not after minutes of learning
        with tempfile.TemporaryFile(dir=out.parent):
            pass
    except OSError as error:
        raise _unwritable(out, error) from error
    return card_file


def _unwritable(out: Path, error: OSError) -> OutputError:
    return OutputError(
        f"cannot write {out}: {error.strerror or error}",
        "choose another place with --out or mend its permissions",
    )


def summary(learnt: Learnt, out: Path) -> dict[str, Any]:
    """Return what was done as plain values, ready for JSON."""
    figures = {
        state: {name: asdict(score) for name, score in getattr(learnt, state).items()}
        for state, _ in _STATES
    }
    return {
        "schema_version": 1,
        "command": "train",
        "sertoli_version": learnt.metadata["sertoli_version"],
        "weights": out.name,
        "base": learnt.base,
        "base_sha256": learnt.base_sha256,
        "frames": learnt.frames,
        "frames_aside": learnt.frames_aside,
        "groups": learnt.groups,
        "sperm": learnt.sperm,
        "sperm_aside": learnt.sperm_aside,
        "by_group": learnt.by_group,
        "steps": learnt.steps,
        "seconds": round(learnt.seconds, 1),
        "default_confidence": float(learnt.metadata["default_confidence"]),
        "restriction": learnt.metadata.get("restriction"),
        **figures,
        "disclaimer": "Research software, not a medical device.",
    }


def card(learnt: Learnt, name: str, sha256: str) -> str:
    """Return the model card: counts and figures, nothing about anybody."""
    said = learnt.metadata
    restriction = said.get("restriction")
    lines = [
        f"# Model card: {name}",
        "",
        "Written by `sertoli train`. **Research software, not a medical device.**",
        "",
        *([f"**Restricted: {restriction}.**", ""] if restriction else []),
        "| | |",
        "|---|---|",
        f"| SHA-256 | `{sha256}` |",
        f"| licence | {_licence(learnt)} |",
        f"| made on | {said['date']}, with Sertoli {said['sertoli_version']} |",
        f"| begun from | {learnt.base}, SHA-256 `{learnt.base_sha256}` |",
        f"| learnt from | {learnt.frames} labelled frames with {learnt.sperm} sperm |",
        f"| kept aside | {learnt.frames_aside} labelled frames with {learnt.sperm_aside} sperm |",
        f"| recordings | {learnt.groups} |",
        f"| steps | {learnt.steps}, in {learnt.seconds / 60:.1f} minutes |",
        f"| default confidence | {said['default_confidence']} |",
        "",
        "## Figures",
        "At the default confidence of each; the confidence and the best state were chosen on the "
        "same frames, so expect a little less of new recordings.",
        "",
        "| weights | set | F1 | precision | recall |",
        "|---|---|---|---|---|",
    ]
    for state, label in _STATES:
        for key, score in getattr(learnt, state).items():
            figures = f"{score.f1:.3f} | {score.precision:.3f} | {score.recall:.3f}"
            lines.append(f"| {label} | {_SETS[key]} | {figures} |")
    lines += [
        "",
        "No recording is on both sides."
        if learnt.by_group
        else "The frames kept aside are of the same recording as those learnt from: on other "
        "recordings the weights will do less well than this table says.",
        "",
        "The rule that tells unfamiliar pictures is that of the weights begun from.",
        "",
        "## Trained on",
        *(f"- {one.strip()}" for one in said["training_data"].split(";")),
        "",
    ]
    return "\n".join(lines)


def _licence(learnt: Learnt) -> str:
    licence = learnt.metadata.get("licence", "that of the weights begun from")
    return f"{licence} (from {learnt.base}); your own frames add your own terms"
