"""``sertoli weights``: the detector's weights, their hashes and what they allow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from sertoli.cli._main import DISCLAIMER

if TYPE_CHECKING:
    from sertoli.sperm import WeightsEntry


@click.command(epilog=DISCLAIMER)
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def command(as_json: bool) -> None:
    """List the detector's weights: file, hash, licence, restriction, training data."""
    # Only here: ONNX Runtime takes a while to load.
    from sertoli.sperm import list_weights

    entries = list_weights()
    if as_json:
        listed = {"schema_version": 1, "command": "weights", "weights": [_row(e) for e in entries]}
        click.echo(json.dumps(listed, indent=2))
        return
    click.echo("\n\n".join("\n".join(_told(entry)) for entry in entries))


def _row(entry: WeightsEntry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "file": entry.file_name,
        "present": entry.path is not None,
        "path": None if entry.path is None else str(entry.path),
        "sha256": entry.sha256,
        "size_bytes": entry.size_bytes,
        "licence": entry.licence,
        "restriction": entry.restriction,
        "trained_on": list(entry.trained_on),
        "default_confidence": entry.default_confidence,
        "made_on": entry.made_on,
        "problem": entry.problem,
    }


def _told(entry: WeightsEntry) -> list[str]:
    rows = [
        ("file", entry.file_name if entry.path is None else str(entry.path)),
        ("licence", entry.licence),
        ("restriction", entry.restriction or "none beyond the licence"),
    ]
    if entry.path is None:
        rows.append(("found", "not present"))
    elif entry.problem:
        rows.append(("problem", entry.problem))
    else:
        rows += [
            ("SHA-256", entry.sha256 or ""),
            ("size", f"{(entry.size_bytes or 0) / 1e6:.2f} MB"),
            ("trained on", "; ".join(entry.trained_on)),
            ("confidence", f"{entry.default_confidence:.3f} unless told"),
            ("made on", entry.made_on or "unknown"),
        ]
    return [entry.name, *(f"  {name:<12} {text}" for name, text in rows)]
