"""Labelled truth read from a COCO file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sertoli.errors import InputError, SettingError
from sertoli.sperm.evaluation._coco import (
    place_of,
    read_box,
    read_frame,
    read_ids,
    read_integer,
    read_json,
    read_objects,
    read_text,
    shown,
)
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
        If the file is not COCO, or a field of it is not what it should be.
    SettingError
        If a class is named twice, or the file does not have it. The names that are looked
        for by default may be absent: fields without any sperm are told by every finding
        in them being wrong.
    """
    data = read_json(path)
    images, annotations, categories = (
        read_objects(data, key, path, "give a COCO file with images, annotations and categories")
        for key in ("images", "annotations", "categories")
    )
    names = {
        category_id: read_text(category, "name", f"category {shown(category_id)} of {path}")
        for category_id, category in zip(
            read_ids(categories, "categories", path), categories, strict=True
        )
    }
    wanted, ignored = _choose(classes, ignored_classes, tuple(names.values()), path)

    image_ids = read_ids(images, "images", path)
    boxes: dict[int, list[tuple[list[float], bool]]] = {image_id: [] for image_id in image_ids}
    for number, annotation in enumerate(annotations):
        where = place_of(annotation, number, path)
        name = names.get(read_integer(annotation, "category_id", where))
        image_id = read_integer(annotation, "image_id", where)
        if name is None or image_id not in boxes:
            field = "category_id" if name is None else "image_id"
            raise InputError(
                f"{where} has a {field} that the file does not list",
                "list it, or remove the annotation",
            )
        crowd = annotation.get("iscrowd")
        if crowd not in (None, 0, 1):
            raise InputError(f"{where} has iscrowd {shown(crowd)}", "it should be 0 or 1")
        box = read_box(annotation, where)
        if name in (*wanted, *ignored) and box[2] > 0 and box[3] > 0:
            boxes[image_id].append((box, name in ignored or bool(crowd)))

    has_frames = any("frame" in image for image in images)
    read = []
    for place, (image_id, image) in enumerate(zip(image_ids, images, strict=True)):
        where = f"image {shown(image_id)} of {path}"
        here = boxes[image_id]
        read.append(
            TruthImage(
                image_id=image_id,
                file_name=read_text(image, "file_name", where),
                frame=read_frame(image, where) if has_frames else place,
                group=read_text(image, "group", where),
                boxes_px=np.array([box for box, _ in here], np.float64).reshape(-1, 4),
                ignored=np.array([dont_care for _, dont_care in here], np.bool_),
            )
        )
    if not read:
        raise InputError(f"{path} lists no image", "give a COCO file with labelled images")
    background = tuple(n for n in names.values() if n not in (*wanted, *ignored))
    return Truth(tuple(read), wanted, ignored, background)


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
