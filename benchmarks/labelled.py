"""The labelled real sets: which there are, how they are searched and how they are scored.

Boxes and centres are in the pixels of the pictures as they are stored (x right, y down),
also where a resized copy was searched.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from sertoli.errors import InputError
from sertoli.frames import Frame, open_source
from sertoli.search import Finder, SearchSettings, search
from sertoli.sperm.evaluation import (
    Findings,
    ImageResult,
    TruthImage,
    evaluate,
    read_findings,
    read_truth,
)

Flags = npt.NDArray[np.bool_]

LOW_CONFIDENCE = 0.02
"""Confidence of a search whose findings are ranked."""

SECOND_FRAMES = 50
"""Frames of ``visem11`` in a second."""

STILL_LENGTHS = 1.0
"""A labelled sperm is still if in no second it travels more than this many box lengths."""


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Folders of pictures with labels, scored as one set.

    The groups of ``recordings`` are each all frames of one recording. ``tracked`` sets say
    which box is which sperm, so that still cells can be told apart.
    """

    name: str
    content: str
    folders: tuple[str, ...]
    recordings: bool = False
    tracked: bool = False


LABELLED_SETS = (
    LabelledSet(
        "miamia",
        "semen, bright field, dark heads; unseen laboratory",
        ("miamia",),
        recordings=True,
    ),
    LabelledSet(
        "visem11",
        "semen, phase contrast, bright heads; **training set**",
        ("visem11",),
        recordings=True,
        tracked=True,
    ),
    LabelledSet(
        "bull", "bull semen, phase contrast, dark heads, crowded; unseen species", ("bull",)
    ),
    LabelledSet(
        "umid",
        "urine, bright field, no sperm: every finding is false",
        ("umid_train", "umid_val"),
    ),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What one way of searching gave on one set.

    ``f1``, ``precision``, ``recall`` and ``fp_per_image`` at the confidence in use, by
    centre; ``best_f1`` at the confidence of the best F1 on the set itself; ``ap50`` over all
    findings. ``recall_still`` counts the still cells alone. None where it means nothing.
    """

    fields: int
    precision: float | None
    recall: float | None
    f1: float | None
    best_f1: float | None
    ap50: float | None
    fp_per_image: float
    recall_still: float | None
    f1_by_group: dict[str, float]


def truth_of(folder: Path, every: int = 1) -> list[TruthImage]:
    """Return every ``every``-th labelled picture of a set's folder."""
    return list(read_truth(folder / "annotations.json").images[::every])


def searched(
    real: LabelledSet,
    data: Path,
    finder: Finder,
    *,
    confidence: float | None = None,
    every: int = 1,
    factor: float = 1.0,
) -> list[ImageResult]:
    """Search a set by the public function, without a pixel size.

    Parameters
    ----------
    real : LabelledSet
    data : Path
        Folder of the real sets.
    finder : Finder
        What finds the heads; a `sertoli.sperm.Detector`.
    confidence : float, optional
        The finder's default if not given. In recordings a lower one does not only add
        findings: sightings that are fainter are followed too.
    every : int
        Take every so many-th picture.
    factor : float
        Search copies of this times the size; findings are brought back to native px.

    Returns
    -------
    list of ImageResult
        In the order of the labels.
    """
    settings = SearchSettings(confidence=confidence, sequence=real.recordings or None)
    results: list[ImageResult] = []
    for name in real.folders:
        source = data / name / "images"
        images = truth_of(data / name, every)
        whole = every == 1 and factor == 1.0
        parts = recordings(images) if real.recordings else [images]
        by_image: dict[int, ImageResult] = {}
        for part in parts:
            with tempfile.TemporaryDirectory() as work:
                place = source
                scales = {Path(image.file_name).stem: (1.0, 1.0) for image in part}
                if not whole or len(part) < len(images):
                    place = Path(work, "images")
                    place.mkdir()
                    for image in part:
                        stem = Path(image.file_name).stem
                        scales[stem] = _copy(source / image.file_name, place, factor)
                found = Path(work, "found")
                search(place, found, finder, settings)
                scored = _paired(read_findings(found), part, scales)
            by_image |= {image.image_id: one for image, one in zip(part, scored, strict=True)}
        results += [by_image[image.image_id] for image in images]
    return results


def recordings(images: Sequence[TruthImage]) -> list[list[TruthImage]]:
    """Return the pictures of each group, one group after the other."""
    groups: dict[str, list[TruthImage]] = {}
    for image in images:
        groups.setdefault(image.group, []).append(image)
    return list(groups.values())


def _copy(file: Path, folder: Path, factor: float) -> tuple[float, float]:
    """Put a picture, resized, into a folder; return by how much x and y have grown."""
    if factor == 1.0:
        shutil.copyfile(file, folder / file.name)
        return 1.0, 1.0
    pixels = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise InputError(f"cannot read {file}", "check that it is a whole picture")
    high, wide = pixels.shape[:2]
    new = round(wide * factor), round(high * factor)
    kernel = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    # a lossless copy: a second compression is no part of the question
    cv2.imwrite(str(folder / f"{file.stem}.png"), cv2.resize(pixels, new, interpolation=kernel))
    return new[0] / wide, new[1] / high


def _paired(
    findings: Findings, images: Sequence[TruthImage], scales: dict[str, tuple[float, float]]
) -> list[ImageResult]:
    # by stem: a resized copy is another kind of file
    place = {Path(str(name)).stem: index for index, name in enumerate(findings.images)}
    results = []
    for image in images:
        stem = Path(image.file_name).stem
        rows = np.flatnonzero(findings.image == place.get(stem, -1))
        boxes = findings.boxes_px[rows] / np.array(scales[stem] * 2)
        results.append(
            ImageResult(
                boxes, findings.probability[rows], image.boxes_px, image.ignored, image.group
            )
        )
    return results


def frames(folder: Path, every: int = 1) -> Iterator[tuple[Frame, TruthImage]]:
    """Read every ``every``-th labelled picture of a set's folder, in grey."""
    wanted = {image.file_name: image for image in truth_of(folder, every)}
    with open_source(folder / "images", grey=True) as source:
        for frame in source:
            if frame.file in wanted:
                yield frame, wanted[frame.file]


def at_least(results: Sequence[ImageResult], confidence: float) -> list[ImageResult]:
    """Keep the findings of at least a confidence."""
    kept = []
    for one in results:
        keep = one.probability >= confidence
        kept.append(replace(one, found_px=one.found_px[keep], probability=one.probability[keep]))
    return kept


def still_only(
    real: LabelledSet, data: Path, results: Sequence[ImageResult], every: int = 1
) -> list[ImageResult] | None:
    """Make every labelled sperm don't-care that moves; None where labels do not tell.

    A sperm labelled for less than a second is taken to move: nobody can say.
    """
    if not real.tracked:
        return None
    (name,) = real.folders
    still = still_boxes(data / name / "annotations.json")
    changed = []
    for image, one in zip(truth_of(data / name, every), results, strict=True):
        moving = [(image.image_id, *box) not in still for box in one.truth_px.tolist()]
        changed.append(replace(one, ignored=one.ignored | np.array(moving, np.bool_)))
    return changed


def still_boxes(annotations: Path) -> set[tuple[float, ...]]:
    """Return (image id, x, y, width, height) of every label of a sperm that keeps still."""
    described = json.loads(annotations.read_text(encoding="utf-8"))
    frame_of = {image["id"]: image["frame"] for image in described["images"]}
    tracks: dict[int, list[tuple[float, ...]]] = {}
    for one in described["annotations"]:
        box = tuple(map(float, one["bbox"]))
        tracks.setdefault(one["track_id"], []).append((one["image_id"], *box))
    still: set[tuple[float, ...]] = set()
    for labels in tracks.values():
        labels.sort(key=lambda label: frame_of[label[0]])
        boxes = np.array(labels)[:, 1:]
        centre = boxes[:, :2] + boxes[:, 2:] / 2
        travelled = np.linalg.norm(centre[SECOND_FRAMES:] - centre[:-SECOND_FRAMES], axis=1)
        length = float(np.median(boxes[:, 2:].max(axis=1)))
        if len(travelled) and travelled.max() <= STILL_LENGTHS * length:
            still.update(labels)
    return still


def figures(
    ranked: Sequence[ImageResult],
    used: Sequence[ImageResult],
    still: Sequence[ImageResult] | None = None,
) -> Figures:
    """Score the findings of a set.

    Parameters
    ----------
    ranked : sequence of ImageResult
        Of a search at a low confidence.
    used : sequence of ImageResult
        Of a search at the confidence in use.
    still : sequence of ImageResult, optional
        The same with moving sperm made don't-care.
    """
    whole, scores = evaluate(ranked), evaluate(used)
    curve = whole.curve
    total = curve.precision + curve.recall
    f1 = 2 * curve.precision * curve.recall / np.where(total > 0, total, 1.0)
    has_sperm = scores.truths > 0
    return Figures(
        fields=scores.images,
        precision=scores.precision if has_sperm else None,
        recall=scores.recall,
        f1=scores.f1 if has_sperm else None,
        best_f1=float(f1.max(initial=0.0)) if has_sperm else None,
        ap50=whole.ap50,
        fp_per_image=scores.fp_per_image,
        recall_still=evaluate(still).recall if still else None,
        f1_by_group={name: g.f1 or 0.0 for name, g in scores.groups.items()} if has_sperm else {},
    )
