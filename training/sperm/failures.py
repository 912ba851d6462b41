"""What a detector gets wrong: a sheet of simulated pieces, and words about real sets.

Real pictures are never shown: they do not belong to the project.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from benchmarks.labelled import LABELLED_SETS, searched

from sertoli.frames import Frame
from sertoli.optics import Optics
from sertoli.sperm import Detector
from sertoli.sperm.evaluation import ImageResult
from training.sperm.fields import HELD_OUT_FIRST_SEED, phantom_fields
from training.sperm.scenes import SPERM, Scene

Grey = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

FIELDS = 150
ACROSS = 12
CELL_PX = 96
PIECE_HEADS = 4.0
"""A piece is so many head sides wide."""

LEAST_PX = 6.0
"""Reach of a head: half its box's longer side, at least this (as `sertoli evaluate`)."""

TOUCHING = 1.2
"""Two heads touch if they are nearer than so many box sides."""

SAME_PLACE_PX = 6.0


def matched(
    found_px: npt.NDArray[np.floating], truth_px: npt.NDArray[np.floating]
) -> tuple[Flags, Flags]:
    """Tell which findings are right and which heads were met.

    Greedy in the given order, one-to-one, by centre.

    Parameters
    ----------
    found_px, truth_px : ndarray, (N, 4) and (M, 4)
        x, y, width, height; findings most probable first.

    Returns
    -------
    right : ndarray, (N,) bool
    met : ndarray, (M,) bool
    """
    right, met = np.zeros(len(found_px), bool), np.zeros(len(truth_px), bool)
    if not len(truth_px):
        return right, met
    middle = truth_px[:, :2] + truth_px[:, 2:] / 2
    reach = np.maximum(truth_px[:, 2:].max(axis=1) / 2, LEAST_PX)
    for index, (x, y, w, h) in enumerate(found_px):
        away = np.hypot(*(middle - (x + w / 2, y + h / 2)).T)
        away[met | (away > reach)] = np.inf
        if np.isfinite(away.min()):
            right[index] = met[away.argmin()] = True
    return right, met


def sheet(detector: Detector, cache: Path) -> Grey:
    """Show the surest wrong findings (above) and missed heads (below) of simulated fields.

    Returns
    -------
    ndarray, (4 rows of cells, `ACROSS` cells) uint8
    """
    wrong: list[tuple[float, Grey]] = []
    missed: list[Grey] = []
    for scene in phantom_fields(cache, HELD_OUT_FIRST_SEED, FIELDS, 2):
        frame = Frame(scene.pixels, 0, optics=Optics(scene.um_per_px))
        found = detector.detect(frame)
        boxes = np.concatenate([found.centre_px - found.size_px / 2, found.size_px], axis=1)
        right, _ = matched(boxes, scene.boxes_px)
        _, met = matched(boxes, scene.boxes_px[scene.kinds == SPERM])
        wrong += [
            (float(found.probability[row]), _piece(scene, boxes[row]))
            for row in np.flatnonzero(~right)
        ]
        missed += [_piece(scene, box) for box in scene.boxes_px[scene.kinds == SPERM][~met]]
    wrong.sort(key=lambda entry: -entry[0])
    # the missed ones as they come: there is no order among what was not found
    cells = [piece for _, piece in wrong[: 2 * ACROSS]]
    return np.concatenate([_rows(cells), _rows(missed[: 2 * ACROSS])])


def _piece(scene: Scene, box: npt.NDArray[np.floating]) -> Grey:
    x, y, w, h = (float(value) for value in box)
    side = max(8.0, PIECE_HEADS * float(np.sqrt(w * h)))
    piece = cv2.getRectSubPix(
        cv2.resize(scene.pixels, None, fx=CELL_PX / side, fy=CELL_PX / side),
        (CELL_PX - 2, CELL_PX - 2),
        ((x + w / 2) * CELL_PX / side, (y + h / 2) * CELL_PX / side),
    )
    return np.asarray(cv2.normalize(piece, None, 0, 255, cv2.NORM_MINMAX), np.uint8)


def _rows(pieces: Sequence[Grey]) -> Grey:
    canvas = np.full((2 * CELL_PX, ACROSS * CELL_PX), 255, np.uint8)
    for number, piece in enumerate(pieces):
        top, left = number // ACROSS * CELL_PX + 1, number % ACROSS * CELL_PX + 1
        canvas[top : top + piece.shape[0], left : left + piece.shape[1]] = piece
    return canvas


def in_words(detector: Detector, data: Path, every: int) -> list[str]:
    """Say for each real set that is there what is wrong and what is missed."""
    return [
        f"- `{real.name}`: {describe(searched(real, data, detector, every=every))}"
        for real in LABELLED_SETS
        if all((data / folder).is_dir() for folder in real.folders)
    ]


def describe(results: Sequence[ImageResult]) -> str:
    """Return one sentence on wrong findings and one on missed heads of a set."""
    wrong: list[tuple[str, float, float, float]] = []
    heads = missed = touching = small = 0
    for one in results:
        order = np.argsort(-one.probability, kind="stable")
        right, _ = matched(one.found_px[order], one.truth_px)
        for row in order[~right]:
            x, y, w, h = (float(value) for value in one.found_px[row])
            wrong.append((one.group, x + w / 2, y + h / 2, float(one.probability[row])))
        truth = one.truth_px[~one.ignored]
        _, met = matched(one.found_px[order], truth)
        heads, missed = heads + len(truth), missed + int((~met).sum())
        side = np.sqrt(truth[:, 2] * truth[:, 3])
        middle = truth[:, :2] + truth[:, 2:] / 2
        for row in np.flatnonzero(~met):
            away = np.hypot(*(middle - middle[row]).T)
            away[row] = np.inf
            touching += bool(away.min(initial=np.inf) < TOUCHING * side[row])
            small += bool(side[row] < 0.75 * np.median(side))
    said = f"{len(results)} pictures, {len(wrong)} wrong findings"
    if wrong:
        sure = sum(probability >= 0.8 for *_, probability in wrong)
        said += (
            f" ({_share(_again(wrong), len(wrong))} at a place that is wrong in another picture of "
            f"the same video too: the same still thing; {_share(sure, len(wrong))} with "
            "a probability of 0.8 or more)"
        )
    if heads:
        said += f"; {missed} of {heads} heads missed"
        if missed:
            said += (
                f" ({_share(touching, missed)} of them touch another head, "
                f"{_share(small, missed)} are labelled under three quarters of the usual size)"
            )
    return said + "."


def _again(wrong: Sequence[tuple[str, float, float, float]]) -> int:
    places = np.array([(x, y) for _, x, y, _ in wrong])
    groups = np.array([group for group, *_ in wrong])
    return sum(
        int(((groups == groups[row]) & (np.hypot(*(places - place).T) < SAME_PLACE_PX)).sum() > 1)
        for row, place in enumerate(places)
    )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / max(1, whole):.0f} %"
