"""Findings and truth brought together, image by image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt

from sertoli.errors import InputError
from sertoli.sperm.evaluation._findings import Findings, read_findings
from sertoli.sperm.evaluation._scores import Evaluation, ImageResult, evaluate
from sertoli.sperm.evaluation._searched import Searched, read_searched
from sertoli.sperm.evaluation._truth import (
    IGNORED_CLASSES,
    SPERM_CLASSES,
    Truth,
    TruthImage,
    read_truth,
)

Indices = npt.NDArray[np.intp]

COMPLETE_RANKING_PROBABILITY = 0.05
"""Above this lowest probability the ranking figures are taken to be cut short."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """An evaluation of files, with what is to be known for reading it.

    Parameters
    ----------
    evaluation : Evaluation
    truth : Truth
    outside_truth : int
        Findings in images the truth does not have: left out.
    notes : tuple of str
        What a reader of the figures must know.
    weights : dict or None
        ``name``, ``sha256`` and ``restriction`` of the weights that the findings were made
        with; None where no summary of a search stands beside them.
    """

    evaluation: Evaluation
    truth: Truth
    outside_truth: int
    notes: tuple[str, ...]
    weights: dict[str, str | None] | None


def compare(
    findings_path: Path,
    truth_path: Path,
    classes: Sequence[str] = SPERM_CLASSES,
    ignored_classes: Sequence[str] = IGNORED_CLASSES,
) -> Comparison:
    """Read findings and truth and evaluate them.

    An image belongs to the truth image with its file name (of a folder) or its frame number
    (of a video). Truth images without findings count as searched in vain; where the search
    of the findings left some out, a note says so.

    Parameters
    ----------
    findings_path, truth_path, classes, ignored_classes
        As for :func:`read_findings` and :func:`read_truth`.

    Raises
    ------
    InputError, SettingError
        As these; also if no image of the findings is in the truth.
    """
    truth = read_truth(truth_path, classes, ignored_classes)
    findings = read_findings(findings_path)
    searched = read_searched(findings_path)
    places = _places(findings, truth.images, truth_path)
    outside = int(np.count_nonzero(places < 0))
    evaluation = evaluate(
        ImageResult(
            findings.boxes_px[rows],
            findings.probability[rows],
            image.boxes_px,
            image.ignored,
            image.group,
        )
        for image, rows in zip(truth.images, _rows_by_place(places, len(truth.images)), strict=True)
    )
    notes = _notes(evaluation, outside, searched, (findings_path, truth_path))
    return Comparison(evaluation, truth, outside, notes, searched.weights)


def _places(findings: Findings, images: tuple[TruthImage, ...], truth_path: Path) -> Indices:
    """Return for each finding the index of its truth image, -1 if it has none."""
    if findings.by_image_id:
        known = _unique([image.image_id for image in images], "id", truth_path)
        kind = "image id"
    elif findings.images and isinstance(findings.images[0], str):
        known = _unique([image.file_name for image in images], "file_name", truth_path)
        kind = "file"
        bases = {_base(name): place for name, place in known.items()}
        if len(bases) == len(images):
            # One of the two often has the folder in front of the name.
            for name in findings.images:
                if name not in known and _base(name) in bases:
                    known[name] = bases[_base(name)]
    elif findings.images:
        known = _unique([image.frame for image in images], "frame", truth_path)
        kind = "frame"
    else:
        return np.zeros(0, np.intp)
    place_of_name = np.array([known.get(name, -1) for name in findings.images], np.intp)
    if (place_of_name < 0).all():
        in_truth = next(iter(known))
        raise InputError(
            f"no image of the findings is in {truth_path}: the findings have e.g. {kind} "
            f"'{findings.images[0]}', the truth has e.g. '{in_truth}'",
            "give the truth of the images that were searched",
        )
    return place_of_name[findings.image]


def _unique(names: Sequence[str | int], field: str, path: Path) -> dict[str | int, int]:
    known = {name: place for place, name in enumerate(names)}
    if len(known) < len(names):
        twice = next(name for place, name in enumerate(names) if known[name] != place)
        raise InputError(
            f"{path} has several images with {field} '{twice}', so findings cannot be told apart",
            "give the truth of this one recording",
        )
    return known


def _base(name: str | int) -> str:
    return PurePosixPath(str(name).replace("\\", "/")).name


def _rows_by_place(places: Indices, count: int) -> list[Indices]:
    order = np.argsort(places, kind="stable")
    edges = np.searchsorted(places[order], np.arange(count + 1))
    return [order[edges[place] : edges[place + 1]] for place in range(count)]


def _notes(
    evaluation: Evaluation, outside: int, searched: Searched, paths: tuple[Path, Path]
) -> tuple[str, ...]:
    notes = []
    lowest = evaluation.lowest_probability
    if lowest is None:
        notes.append("There are no findings in the images of the truth.")
    else:
        note = f"The lowest probability among the findings is {lowest:.3g}"
        if lowest > COMPLETE_RANKING_PROBABILITY:
            note += (
                ": AP50 and the recalls at 0.1 and 1 false positives per image are cut short; "
                "search with a low --confidence for them"
            )
        notes.append(note + ".")
    if searched.unsearched:
        notes.append(searched.unsearched)
    if outside:
        notes.append(
            f"{outside} findings of {paths[0].name} lie in images that {paths[1].name} does not "
            "have; they are left out."
        )
    if evaluation.truths == 0:
        notes.append("Nothing in the truth is to be found: every finding is a false positive.")
    return tuple(notes)
