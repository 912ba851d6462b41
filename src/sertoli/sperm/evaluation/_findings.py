"""Findings read from what ``sertoli search`` writes, or from COCO."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sertoli.errors import InputError
from sertoli.sperm.evaluation._matching import Boxes
from sertoli.sperm.evaluation._truth import read_box, read_json

_NUMBERS = ("frame", "x_px", "y_px", "width_px", "height_px", "probability")
_COLUMNS = (*_NUMBERS, "file")

_Refuse = Callable[[npt.NDArray[np.bool_], tuple[str, ...], str], None]
"""Called with flags of bad rows, the columns concerned and the rule they break."""


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
            shown = ", ".join(f"{name} '{table[name].iloc[row]}'" for name in columns)
            # The header is line 1 of the file.
            raise InputError(f"line {row + 2} of {path} has {shown}", rule)

    for column, name in enumerate(_NUMBERS):
        refuse(~np.isfinite(values[:, column]), (name,), "it should be a number")
    frame, x, y, width, height, probability = values.T
    refuse((frame < 0) | (frame % 1 != 0), ("frame",), "frames are whole numbers from 0")
    _refuse_absurd(width, height, probability, refuse)
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
    names = {} if by_image_id else _image_names(data.get("images"), path)
    boxes, scores, keys = [], [], []
    for number, row in enumerate(rows):
        where = f"annotation {row.get('id', number)} of {path}"
        score, image_id = row.get("score"), row.get("image_id")
        if not isinstance(score, (int, float)):
            raise InputError(f"{where} has score {score!r}", "every finding needs a number there")
        if not isinstance(image_id, int) or (not by_image_id and image_id not in names):
            raise InputError(f"{where} has image_id {image_id!r}", "it should be one of 'images'")
        boxes.append(read_box(row, where))
        scores.append(float(score))
        keys.append(image_id if by_image_id else names[image_id])

    def refuse(bad: npt.NDArray[np.bool_], columns: tuple[str, ...], rule: str) -> None:
        if bad.any():
            row = rows[int(bad.argmax())]
            shown = f"bbox {row['bbox']}" if "width_px" in columns else f"score {row['score']}"
            raise InputError(
                f"annotation {row.get('id', bad.argmax())} of {path} has {shown}", rule
            )

    box_array = np.array(boxes, np.float64).reshape(-1, 4)
    score_array = np.array(scores, np.float64)
    _refuse_absurd(box_array[:, 2], box_array[:, 3], score_array, refuse)
    images, image = _index(keys)
    return Findings(box_array, score_array, image, images, by_image_id)


def _image_names(images: Any, path: Path) -> dict[Any, str | int]:
    """Return for each image id what names it: its file, or its frame in a video.

    The frames of a video have no ``file_name`` of their own: none, or all the same.
    """
    if not isinstance(images, list) or not all(isinstance(item, dict) for item in images):
        raise InputError(f"{path} has no list 'images'", "give COCO with scores")
    files = [str(item.get("file_name") or "") for item in images]
    if len(set(files)) == len(files) and "" not in files:
        return {item.get("id"): file for item, file in zip(images, files, strict=True)}
    frames = [item.get("frame", place) for place, item in enumerate(images)]
    for frame in frames:
        if not isinstance(frame, int):
            raise InputError(f"{path} has an image with frame {frame!r}", "frames count from 0")
    return {item.get("id"): frame for item, frame in zip(images, frames, strict=True)}


def _index(
    keys: Sequence[str | int],
) -> tuple[tuple[str | int, ...], npt.NDArray[np.intp]]:
    places: dict[str | int, int] = {}
    index = [places.setdefault(key, len(places)) for key in keys]
    return tuple(places), np.array(index, np.intp)


def _refuse_absurd(
    width: npt.NDArray[np.float64],
    height: npt.NDArray[np.float64],
    probability: npt.NDArray[np.float64],
    refuse: _Refuse,
) -> None:
    refuse((width < 0) | (height < 0), ("width_px", "height_px"), "a box cannot be negative")
    # The comparison is also false for NaN.
    refuse(
        ~((probability >= 0) & (probability <= 1)),
        ("probability",),
        "a probability is a number from 0 to 1",
    )
