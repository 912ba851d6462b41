"""Sheets to look at. They hold real images: never into the repository."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from training.realism.samples import Floats, Picture

Grey = npt.NDArray[np.uint8]

PIECE_PX = 320
HEAD_PX = 40
HEAD_ZOOM = 4
HEADS = (6, 8)
"""Rows and columns of objects on each half of a sheet."""


def write_sheets(folder: Path, name: str, real: list[Picture], simulated: list[Picture]) -> None:
    """Write ``NAME-fields.png`` and ``NAME-objects.png``: real left, simulated right."""
    _save(folder / f"{name}-fields.png", _fields(real), _fields(simulated))
    _save(folder / f"{name}-objects.png", _objects(real), _objects(simulated))


def _fields(pictures: list[Picture]) -> Grey:
    picked = np.linspace(0, len(pictures) - 1, 6).round().astype(int)
    pieces = [pictures[n].grey[:PIECE_PX, :PIECE_PX] for n in picked]
    return _grid([_as_grey(piece) for piece in pieces], 3, 2)


def _objects(pictures: list[Picture]) -> Grey:
    random = np.random.default_rng(1)
    places = [(picture, box) for picture in pictures for box in picture.boxes_px]
    rows, columns = HEADS
    picked = random.choice(len(places), min(len(places), rows * columns), replace=False)
    pieces = []
    for n in picked:
        picture, (x, y, width, height) = places[n]
        side = max(HEAD_PX, round(1.5 * max(width, height)))
        centre = (x + width / 2, y + height / 2)
        piece = cv2.getRectSubPix(picture.grey, (side, side), centre)
        size = (HEAD_PX * HEAD_ZOOM, HEAD_PX * HEAD_ZOOM)
        pieces.append(_as_grey(cv2.resize(piece, size, interpolation=cv2.INTER_CUBIC)))
    blank = np.zeros((HEAD_PX * HEAD_ZOOM,) * 2, np.uint8)
    pieces += [blank] * (rows * columns - len(pieces))
    return _grid(pieces, rows, columns)


def _as_grey(piece: Floats) -> Grey:
    return np.clip(np.rint(piece), 0, 255).astype(np.uint8)


def _grid(pieces: list[Grey], rows: int, columns: int) -> Grey:
    framed = [cv2.copyMakeBorder(p, 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=0) for p in pieces]
    lines = [np.hstack(framed[row * columns : (row + 1) * columns]) for row in range(rows)]
    return np.vstack(lines)


def _save(path: Path, left: Grey, right: Grey) -> None:
    bar = np.full((left.shape[0], 12), 255, np.uint8)
    content = cv2.imencode(".png", np.hstack([left, bar, right]))[1]
    path.write_bytes(content.tobytes())
