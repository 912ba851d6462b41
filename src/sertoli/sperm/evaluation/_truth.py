"""Labelled truth read from a COCO file."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sertoli.errors import InputError, SettingError
from sertoli.sperm.evaluation._matching import Boxes, Flags

SPERM_CLASSES = ("sperm", "small_or_pinhead")
"""What counts as sperm unless the user says otherwise."""

IGNORED_CLASSES = ("cluster",)
"""What is don't-care unless the user says otherwise."""


@dataclass(frozen=True, slots=True, eq=False)
class TruthImage:
    """What is labelled in one image: see ``ImageResult`` for the arrays.

    ``frame`` is the image's field of that name, or its 0-based place in the file if no
    image has one.
    """

    image_id: int
    file_name: str
    frame: int
    group: str
    boxes_px: Boxes
    ignored: Flags


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """All labelled images of a file, and how its classes were read."""

    images: tuple[TruthImage, ...]
    classes: tuple[str, ...]
    ignored_classes: tuple[str, ...]
    background_classes: tuple[str, ...]


def read_json(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises
    ------
    InputError
        If it cannot be read or is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(
            f"cannot read {path}: {error.strerror or error}", "check the name and its permissions"
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON: {error}", "give a COCO file") from error


def read_truth(
    path: Path,
    classes: Sequence[str] = SPERM_CLASSES,
    ignored_classes: Sequence[str] = IGNORED_CLASSES,
) -> Truth:
    """Read a COCO file.

    Parameters
    ----------
    path : Path
    classes : sequence of str
        The classes to be found, all as one. Empty: nothing in the file is sperm.
    ignored_classes : sequence of str
        The classes that are neither to be found nor wrong to find. Boxes marked
        ``iscrowd`` of a wanted class are treated the same. Every class named in neither
        list is background: finding it is wrong. Boxes without area are left out.

    Raises
    ------
    InputError
        If the file is not COCO, or a box in it is not four finite numbers.
    SettingError
        If a class is named twice, or the file does not have it. The names that are looked
        for by default may be absent: fields without any sperm are told by every finding
        in them being wrong.
    """
    data = read_json(path)
    images, annotations, categories = (
        _list_of_objects(data, key, path) for key in ("images", "annotations", "categories")
    )
    names = {_integer(c, "id", f"a category of {path}"): str(c.get("name")) for c in categories}
    wanted, ignored = _choose(classes, ignored_classes, tuple(names.values()), path)

    boxes: dict[int, list[tuple[list[float], bool]]] = {}
    for image in images:
        boxes[_integer(image, "id", f"an image of {path}")] = []
    if len(boxes) < len(images):
        raise InputError(f"{path} gives the same id to several images", "number them apart")
    for number, annotation in enumerate(annotations):
        where = f"annotation {annotation.get('id', number)} of {path}"
        name = names.get(_integer(annotation, "category_id", where))
        image_id = _integer(annotation, "image_id", where)
        if name is None or image_id not in boxes:
            field = "category_id" if name is None else "image_id"
            raise InputError(
                f"{where} has a {field} that the file does not list",
                "list it, or remove the annotation",
            )
        box = read_box(annotation, where)
        if name in (*wanted, *ignored) and box[2] > 0 and box[3] > 0:
            dont_care = name in ignored or bool(annotation.get("iscrowd"))
            boxes[image_id].append((box, dont_care))

    has_frames = any("frame" in image for image in images)
    read = []
    for place, image in enumerate(images):
        where = f"image {image['id']} of {path}"
        here = boxes[image["id"]]
        read.append(
            TruthImage(
                image_id=image["id"],
                file_name=str(image.get("file_name") or ""),
                frame=_integer(image, "frame", where) if has_frames else place,
                group="" if image.get("group") is None else str(image["group"]),
                boxes_px=np.array([box for box, _ in here], np.float64).reshape(-1, 4),
                ignored=np.array([dont_care for _, dont_care in here], np.bool_),
            )
        )
    if not read:
        raise InputError(f"{path} lists no image", "give a COCO file with labelled images")
    background = tuple(n for n in names.values() if n not in (*wanted, *ignored))
    return Truth(tuple(read), wanted, ignored, background)


def read_box(annotation: dict[str, Any], where: str) -> list[float]:
    """Return ``bbox`` as four floats.

    Raises
    ------
    InputError
        If it is not four finite numbers.
    """
    box = annotation.get("bbox")
    if isinstance(box, list) and len(box) == 4:
        try:
            numbers = [float(v) for v in box if isinstance(v, (int, float))]
        except OverflowError:  # whole numbers have no bounds in JSON
            numbers = []
        if len(numbers) == 4 and all(map(math.isfinite, numbers)):
            return numbers
    raise InputError(f"{where} has bbox {box!r}", "a box is [x, y, width, height] in px")


def _choose(
    classes: Sequence[str], ignored: Sequence[str], present: tuple[str, ...], path: Path
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    listed = ", ".join(present) or "no class at all"
    named = (*classes, *ignored)
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise SettingError(
            f"class '{twice[0]}' is named twice", "name each class once, to find or to ignore"
        )
    may_be_absent = {*SPERM_CLASSES, *IGNORED_CLASSES}
    absent = [name for name in named if name not in present and name not in may_be_absent]
    if absent:
        raise SettingError(f"{path} has no class '{absent[0]}'", f"its classes are: {listed}")
    wanted = tuple(name for name in classes if name in present)
    return wanted, tuple(name for name in ignored if name in present)


def _list_of_objects(data: Any, key: str, path: Path) -> list[dict[str, Any]]:
    value = data.get(key) if isinstance(data, dict) else None
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise InputError(
            f"{path} has no list '{key}'",
            "give a COCO file with images, annotations and categories",
        )
    return value


def _integer(item: dict[str, Any], key: str, where: str) -> int:
    value = item.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise InputError(f"{where} has {key} {value!r}", "it should be a whole number")
    return value
