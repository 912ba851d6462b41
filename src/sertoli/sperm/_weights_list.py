"""The weights that have a name: what each file is, says of itself and allows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sertoli.errors import WeightsError
from sertoli.sperm._network import Network
from sertoli.sperm._weights import NAMED, NamedWeights


@dataclass(frozen=True, slots=True)
class WeightsEntry:
    """What is known of named weights.

    Parameters
    ----------
    name : str
        What to give as ``--weights``.
    file_name, licence : str
    restriction : str or None
        What they may not be used for.
    path : Path or None
        Where the file lies; None if it is not present, and then all below is empty.
    sha256 : str or None
        In hexadecimal.
    size_bytes : int or None
    trained_on : tuple of str
    default_confidence : float or None
    made_on : str or None
        Date, ISO 8601.
    problem : str or None
        Why a file that is present cannot be used.
    """

    name: str
    file_name: str
    licence: str
    restriction: str | None
    path: Path | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    trained_on: tuple[str, ...] = ()
    default_confidence: float | None = None
    made_on: str | None = None
    problem: str | None = None


def list_weights() -> list[WeightsEntry]:
    """Look every named weights file up, also where it is absent or damaged."""
    return [_entry(known) for known in NAMED]


def _entry(known: NamedWeights) -> WeightsEntry:
    path = known.find()
    if path is None:
        return WeightsEntry(known.name, known.file_name, known.licence, known.restriction)
    try:
        network = Network(known.name, threads=1)
    except WeightsError as error:
        return WeightsEntry(
            known.name,
            known.file_name,
            known.licence,
            known.restriction,
            path=path,
            problem=str(error),
        )
    about = network.metadata
    return WeightsEntry(
        known.name,
        known.file_name,
        about.get("licence", known.licence),
        network.restriction,
        path=path,
        sha256=network.sha256,
        size_bytes=path.stat().st_size,
        trained_on=tuple(part for part in about.get("training_data", "").split("; ") if part),
        default_confidence=network.default_confidence,
        made_on=about.get("date"),
    )
