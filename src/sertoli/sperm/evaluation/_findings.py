"""Findings read from what ``sertoli search`` writes, or from COCO."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sertoli.errors import InputError
from sertoli.sperm.evaluation._coco import (
    MAX_FRAMES,
    MAX_PX,
    place_of,
    read_box,
    read_frame,
    read_ids,
    read_integer,
    read_json,
    read_objects,
    read_score,
    read_text,
    shown,
)
from sertoli.sperm.evaluation._matching import Boxes

_NUMBERS = ("frame", "x_px", "y_px", "width_px", "height_px", "probability")
_COLUMNS = (*_NUMBERS, "file")


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """One row a finding; every row says "a sperm is here", whatever its class.

    Parameters
    ----------
    boxes_px : ndarray, (N, 4) float64
        x, y, width, height.
    probability : ndarray, (N,) float64
    image : ndarray, (N,) int
        Index into ``images``.
    images : tuple
        What names the image a finding is in: a file name (str) or a frame (int).
    by_image_id : bool
        True if the numbers in ``images`` are image ids of the truth and not frames.
    """

    boxes_px: Boxes
    probability: npt.NDArray[np.float64]
    image: npt.NDArray[np.intp]
    images: tuple[str | int, ...]
    by_image_id: bool = False


def read_findings(path: Path) -> Findings:
    """Read ``findings.csv``, COCO with scores, or a folder that holds ``findings.csv``.

    COCO is either a whole file (``findings.coco.json``: its ``images`` name the files or
    frames) or a bare list of results, whose ``image_id`` are those of the truth.

    Raises
    ------
    InputError
        If it cannot be read, a column is missing, or a row holds what cannot be.
    """
    if path.is_dir():
        path = path / "findings.csv"
        if not path.is_file():
            raise InputError(
                f"{path.parent} holds no findings.csv",
                "give a folder written by sertoli search, or a findings file",
            )
    if path.suffix.lower() == ".json":
        return _read_coco(path)
    return _read_csv(path)


def _read_csv(path: Path) -> Findings:
    import pandas as pd

    try:
        # As text first, so that "NA" stays a file name and a bad number can be shown.
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except OSError as error:
        raise InputError(
            f"cannot read {path}: {error.strerror or error}", "check the name and its permissions"
        ) from error
    except ValueError as error:  # pandas' parser errors and wrong encodings are ValueErrors
        raise InputError(
            f"{path} is not a table of findings: {error}", "give findings.csv of sertoli search"
        ) from error
    missing = [name for name in _COLUMNS if name not in table.columns]
    if missing:
        raise InputError(
            f"{path} has no column {', '.join(missing)}",
            f"it needs the columns {', '.join(_COLUMNS)}",
        )
    numbers = {name: pd.to_numeric(table[name], errors="coerce") for name in _NUMBERS}
    values = np.column_stack([numbers[name].to_numpy(np.float64) for name in _NUMBERS])

    def refuse(bad: npt.NDArray[np.bool_], columns: tuple[str, ...], rule: str) -> None:
        if bad.any():
            row = int(bad.argmax())
            cells = ", ".join(f"{name} {shown(table[name].iloc[row])}" for name in columns)
            # The header is line 1 of the file.
            raise InputError(f"line {row + 2} of {path} has {cells}", rule)

    for column, name in enumerate(_NUMBERS):
        refuse(~np.isfinite(values[:, column]), (name,), "it should be a plain number")
    frame, x, y, width, height, probability = values.T
    refuse(
        (frame < 0) | (frame >= MAX_FRAMES) | (frame % 1 != 0),
        ("frame",),
        "frames are whole numbers from 0",
    )
    for name, value in zip(_NUMBERS[1:5], (x, y, width, height), strict=True):
        refuse(np.abs(value) > MAX_PX, (name,), f"it should lie within {MAX_PX:,.0f} px")
    refuse((width < 0) | (height < 0), ("width_px", "height_px"), "a box cannot be negative")
    refuse(
        (probability < 0) | (probability > 1),
        ("probability",),
        "a probability is a number from 0 to 1",
    )
    files = table["file"].to_numpy(str)
    if len(table) and (files == "").any() and (files != "").any():
        raise InputError(
            f"{path} names a file in some rows only", "name it in all (a folder) or none (a video)"
        )
    keys = files.tolist() if (files != "").any() else frame.astype(np.int64).tolist()
    images, image = _index(keys)
    boxes = np.column_stack([x - width / 2, y - height / 2, width, height])
    return Findings(boxes, probability, image, images)


def _read_coco(path: Path) -> Findings:
    data = read_json(path)
    by_image_id = isinstance(data, list)
    rows = data if by_image_id else data.get("annotations") if isinstance(data, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(
            f"{path} has no list of annotations", "give COCO with scores, or a list of COCO results"
        )
    names = {} if by_image_id else _image_names(data, path)
    boxes, scores, keys = [], [], []
    for number, row in enumerate(rows):
        where = place_of(row, number, path)
        image_id = read_integer(row, "image_id", where)
        if not by_image_id and image_id not in names:
            raise InputError(
                f"{where} has image_id {shown(image_id)}", "it should be one of 'images'"
            )
        scores.append(read_score(row, where))
        box = read_box(row, where)
        if box[2] < 0 or box[3] < 0:
            raise InputError(f"{where} has bbox {shown(row['bbox'])}", "a box cannot be negative")
        boxes.append(box)
        keys.append(image_id if by_image_id else names[image_id])
    images, image = _index(keys)
    return Findings(
        np.array(boxes, np.float64).reshape(-1, 4),
        np.array(scores, np.float64),
        image,
        images,
        by_image_id,
    )


def _image_names(data: Any, path: Path) -> dict[int, str | int]:
    """Return for each image id what names it: its file, or its frame in a video.

    The frames of a video have no ``file_name`` of their own: none, or all the same.
    """
    images = read_objects(data, "images", path, "give COCO with scores")
    ids = read_ids(images, "images", path)
    places = [f"image {shown(image_id)} of {path}" for image_id in ids]
    files = [
        read_text(item, "file_name", where) for item, where in zip(images, places, strict=True)
    ]
    if len(set(files)) == len(files) and "" not in files:
        return dict(zip(ids, files, strict=True))
    return {
        image_id: read_frame({"frame": place, **item}, where)
        for place, (image_id, item, where) in enumerate(zip(ids, images, places, strict=True))
    }


def _index(
    keys: Sequence[str | int],
) -> tuple[tuple[str | int, ...], npt.NDArray[np.intp]]:
    places: dict[str | int, int] = {}
    index = [places.setdefault(key, len(places)) for key in keys]
    return tuple(places), np.array(index, np.intp)
