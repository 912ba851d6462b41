"""``findings.coco.json``, written frame by frame."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO

from sertoli.search._journal import SearchedFrame
from sertoli.sperm import COCO_CATEGORIES, Sightings, coco_image


class CocoFile:
    """Writes a COCO detection set as it comes; only the list of images is held."""

    def __init__(self, path: Path, input_name: str) -> None:
        self._input_name = input_name
        self._file: IO[str] = path.open("w", encoding="utf-8", newline="")
        self._images: list[str] = []
        self._annotations = 0

    def __enter__(self) -> CocoFile:
        categories = json.dumps(list(COCO_CATEGORIES))
        self._file.write(f'{{"categories": {categories},\n"annotations": [')
        return self

    def add(self, record: SearchedFrame, sightings: Sightings) -> None:
        """Write the findings of a frame."""
        self._images.append(
            json.dumps(coco_image(record.index, record.file or self._input_name, record.shape_px))
        )
        if not len(sightings):
            return
        rows = sightings.coco_json(self._annotations + 1)
        self._file.write((",\n" if self._annotations else "\n") + rows)  # a line a frame
        self._annotations += len(sightings)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._file:
            if kind is None:
                self._file.write('],\n"images": [\n' + ",\n".join(self._images) + "]}\n")
