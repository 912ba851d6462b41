"""Weights by name or file: where they are, and what may be done with them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from sertoli.errors import WeightsError

DEFAULT_NAME = "default"
INT8_NAME = "default-int8"
RESEARCH_NAME = "research"

RESEARCH_FOLDER = "research-weights"
RESEARCH_VARIABLE = "SERTOLI_RESEARCH_WEIGHTS"
"""Environment variable with the folder of the research weights, if it is elsewhere."""

MAX_BYTES = 256 * 1024 * 1024

REMEDY = "give a file written by `python -m training.sperm.export`, or leave --weights out"


@dataclass(frozen=True, slots=True)
class NamedWeights:
    """Weights that have a name.

    Parameters
    ----------
    name, file_name : str
    licence : str
    restriction : str or None
        What they may not be used for.
    """

    name: str
    file_name: str
    licence: str
    restriction: str | None

    def find(self) -> Path | None:
        """Return where the file lies, None if it is nowhere."""
        return next((place for place in self._places() if place.is_file()), None)

    def _places(self) -> Iterator[Path]:
        if self.name != RESEARCH_NAME:
            yield Path(str(resources.files("sertoli") / "weights" / self.file_name))
            return
        yield from _research_places(self.file_name)


def _research_places(file_name: str) -> Iterator[Path]:
    told = os.environ.get(RESEARCH_VARIABLE)
    if told:
        yield Path(told) / file_name
        return
    # beside the sources, where Sertoli runs from a checkout
    yield Path(__file__).resolve().parents[3] / RESEARCH_FOLDER / file_name
    yield Path(RESEARCH_FOLDER) / file_name


def research_file(file_name: str) -> Path:
    """Return where a file of the research weights lies.

    Raises
    ------
    WeightsError
        If it is nowhere.
    """
    found = next((place for place in _research_places(file_name) if place.is_file()), None)
    if found is None:
        raise _research_absent(file_name)
    return found


DEFAULT = NamedWeights(DEFAULT_NAME, "sperm.onnx", "Apache-2.0", None)
INT8 = NamedWeights(INT8_NAME, "sperm-int8.onnx", "Apache-2.0", None)
"""The same in 8 bits: quicker on a processor, hardly worse (`training.sperm.quantise`)."""

RESEARCH = NamedWeights(
    RESEARCH_NAME,
    "sperm-research.onnx",
    "Sertoli research weights licence (research-weights/LICENSE)",
    "non-commercial research only, because they were trained on miamia as well, whose images "
    "allow no other use",
)
NAMED = (DEFAULT, INT8, RESEARCH)


def named(weights: str | Path) -> NamedWeights | None:
    """Return the weights of that name, None for a file."""
    return next((one for one in NAMED if one.name == str(weights)), None)


def read_weights(weights: str | Path) -> tuple[str, bytes]:
    """Find weights by name or file.

    Parameters
    ----------
    weights : str or Path
        ``default``, ``default-int8``, ``research``, or the path of a file.

    Returns
    -------
    name : str
        ``default``, ``default-int8``, ``research`` or the file's name.
    content : bytes

    Raises
    ------
    WeightsError
        If there is no such file, it cannot be read, or it is far too large.
    """
    known = named(weights)
    if known is not None:
        found = known.find()
        if found is None:
            raise _absent(known)
        return known.name, _read(found)
    path = Path(weights)
    return path.name, _read(path)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise WeightsError(f"weights file {path} is larger than any of ours", REMEDY)
        return path.read_bytes()
    except OSError as error:
        names = ", ".join(one.name for one in NAMED)
        raise WeightsError(
            f"weights file {path} cannot be read ({error.strerror})",
            f"give {names} or the path of an .onnx file",
        ) from error


def _absent(known: NamedWeights) -> WeightsError:
    if known.name != RESEARCH_NAME:
        return WeightsError(
            f"the weights that belong to Sertoli ({known.file_name}) are missing",
            "install Sertoli again, or give a file with --weights",
        )
    return _research_absent(known.file_name)


def _research_absent(file_name: str) -> WeightsError:
    told = os.environ.get(RESEARCH_VARIABLE)
    where = f"{told} ({RESEARCH_VARIABLE})" if told else f"a folder {RESEARCH_FOLDER}"
    return WeightsError(
        f"the research weights ({file_name}) are not in {where}: their licence keeps them "
        "out of the installed package",
        f"take the folder {RESEARCH_FOLDER} from the source of Sertoli and name it in the "
        f"environment variable {RESEARCH_VARIABLE}, work in the folder above it, or leave "
        "--weights out",
    )
