"""Columnar results: what was seen in one frame, and in a whole recording."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np
import numpy.typing as npt

from sertoli.frames import Frame
from sertoli.sperm._coco import COCO_CATEGORIES, SPERM_CLASS
from sertoli.sperm._text import fixed, plain_text, quoted

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float32]

FINDINGS_COLUMNS = (
    "frame",
    "file",
    "time_s",
    "x_px",
    "y_px",
    "width_px",
    "height_px",
    "x_um",
    "y_um",
    "z_um",
    "probability",
    "track_id",
    "class",
)
"""Columns of ``findings.csv``, in order."""

_FILE_COLUMN = FINDINGS_COLUMNS.index("file")

_COCO_ROW = (
    '{"id": %d, "image_id": %d, "category_id": 1, "bbox": [%.2f, %.2f, %.2f, %.2f], '
    '"area": %.2f, "iscrowd": 0, "score": %.5f%s}'
)

NO_TRACK = -1


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Sperm heads seen in one frame, N of them.

    Pixel coordinates: x right, y down, the centre of the top-left pixel is (0, 0).

    Parameters
    ----------
    centre_px : ndarray, (N, 2) float32
        x and y of the centre of the head's box.
    size_px : ndarray, (N, 2) float32
        Width and height of the head's box.
    probability : ndarray, (N,) float32
        0 to 1.
    """

    centre_px: Floats
    size_px: Floats
    probability: Floats

    def __post_init__(self) -> None:
        n = len(self.probability)
        for name, array, shape in (
            ("centre_px", self.centre_px, (n, 2)),
            ("size_px", self.size_px, (n, 2)),
            ("probability", self.probability, (n,)),
        ):
            if array.shape != shape:
                raise ValueError(f"{name}: expected shape {shape}, got {array.shape}")

    def __len__(self) -> int:
        return len(self.probability)

    @classmethod
    def empty(cls) -> Detections:
        """Nothing seen."""
        pair = np.zeros((0, 2), np.float32)
        return cls(pair, pair.copy(), np.zeros(0, np.float32))

    def at_least(self, confidence: float) -> Detections:
        """Keep those with a probability of at least ``confidence``."""
        return self.take(self.probability >= confidence)

    def take(self, rows: npt.NDArray[Any]) -> Detections:
        """Return some of the rows: their numbers, or a mask."""
        return Detections(self.centre_px[rows], self.size_px[rows], self.probability[rows])


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """Sperm seen in one or more frames: one row a sperm in a frame, N rows.

    Pixel coordinates: x right, y down, the centre of the top-left pixel is (0, 0).
    ``x_px, y_px`` of the files is the centre of the COCO box: ``x + width / 2``.

    Parameters
    ----------
    frame : ndarray, (N,) int64
        0-based frame in the input.
    file : sequence of str, N long
        File within the input folder; empty if the input is one file.
    time_s : ndarray, (N,) float64
        Seconds from the first frame; NaN where unknown.
    centre_px : ndarray, (N, 2) float64
        x and y of the centre of the head's box.
    size_px : ndarray, (N, 2) float64
        Width and height of the head's box.
    stage_um : ndarray, (N, 3) float64
        Stage position of the sperm, x, y, z; NaN without a stage.
    probability : ndarray, (N,) float64
        0 to 1.
    track_id : ndarray, (N,) int64
        Which sperm of the recording it is; -1 where sperm are not followed (stills).
    """

    frame: npt.NDArray[np.int64]
    file: Sequence[str]
    time_s: npt.NDArray[np.float64]
    centre_px: npt.NDArray[np.float64]
    size_px: npt.NDArray[np.float64]
    stage_um: npt.NDArray[np.float64]
    probability: npt.NDArray[np.float64]
    track_id: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        n = len(self.probability)
        for name, shape in (
            ("frame", (n,)),
            ("time_s", (n,)),
            ("centre_px", (n, 2)),
            ("size_px", (n, 2)),
            ("stage_um", (n, 3)),
            ("track_id", (n,)),
        ):
            if getattr(self, name).shape != shape:
                found = getattr(self, name).shape
                raise ValueError(f"{name}: expected shape {shape}, got {found}")
        if len(self.file) != n:
            raise ValueError(f"file: expected {n} names, got {len(self.file)}")

    def __len__(self) -> int:
        return len(self.probability)

    @classmethod
    def of_frame(
        cls, frame: Frame, found: Detections, track_id: npt.NDArray[np.int64] | None = None
    ) -> Sightings:
        """Place the detections of one frame in time and, with a stage, in the dish.

        Parameters
        ----------
        frame : Frame
        found : Detections, N of them
        track_id : ndarray, (N,) int64, optional
            Left out where sperm are not followed.

        Notes
        -----
        The stage position of a frame is that of the picture's centre; the head's distance
        from there is added where the pixel size is known (stage x and y run with pixel x
        and y). Without a pixel size all heads carry the frame's position.
        """
        return cls.at(
            found,
            index=frame.index,
            file=frame.file,
            time_s=frame.time_s,
            shape_px=(frame.width_px, frame.height_px),
            um_per_px=frame.optics.um_per_px,
            stage_um=frame.stage_um,
            track_id=track_id,
        )

    @classmethod
    def at(
        cls,
        found: Detections,
        *,
        index: int,
        file: str,
        time_s: float | None,
        shape_px: tuple[int, int],
        um_per_px: float | None,
        stage_um: tuple[float, float, float] | None,
        track_id: npt.NDArray[np.int64] | None = None,
    ) -> Sightings:
        """Do as `of_frame`, from what is known of a frame whose pixels are gone.

        ``shape_px`` is (width, height) of the picture.
        """
        n = len(found)
        centre = found.centre_px.astype(np.float64)
        stage = np.full((n, 3), np.nan)
        if stage_um is not None:
            stage[:] = stage_um
            if um_per_px is not None:
                middle = (np.array(shape_px, dtype=np.float64) - 1.0) / 2.0
                stage[:, :2] += (centre - middle) * um_per_px
        return cls(
            frame=np.full(n, index, np.int64),
            file=[file] * n,
            time_s=np.full(n, np.nan if time_s is None else time_s),
            centre_px=centre,
            size_px=found.size_px.astype(np.float64),
            stage_um=stage,
            probability=found.probability.astype(np.float64),
            track_id=np.full(n, NO_TRACK, np.int64) if track_id is None else track_id,
        )

    @classmethod
    def empty(cls) -> Sightings:
        """Nothing seen."""
        return cls.join([])

    @classmethod
    def join(cls, parts: Sequence[Sightings]) -> Sightings:
        """Put several tables under one another."""

        def stack(name: str, shape: tuple[int, ...], kind: type) -> npt.NDArray[Any]:
            head: npt.NDArray[Any] = np.zeros(shape, kind)
            return np.concatenate([head, *(getattr(part, name) for part in parts)])

        return cls(
            frame=stack("frame", (0,), np.int64),
            file=[name for part in parts for name in part.file],
            time_s=stack("time_s", (0,), np.float64),
            centre_px=stack("centre_px", (0, 2), np.float64),
            size_px=stack("size_px", (0, 2), np.float64),
            stage_um=stack("stage_um", (0, 3), np.float64),
            probability=stack("probability", (0,), np.float64),
            track_id=stack("track_id", (0,), np.int64),
        )

    def _columns(self) -> list[Sequence[str]]:
        """Return the columns of ``findings.csv`` as text."""
        names = {name: plain_text(name) for name in set(self.file)}
        return [
            [str(frame) for frame in self.frame.tolist()],
            [names[name] for name in self.file],
            fixed(self.time_s, 4),
            *(fixed(column, 2) for column in (*self.centre_px.T, *self.size_px.T)),
            *(fixed(column, 3) for column in self.stage_um.T),
            fixed(self.probability, 5),
            ["" if track == NO_TRACK else str(track) for track in self.track_id.tolist()],
            [SPERM_CLASS] * len(self),
        ]

    def to_csv(self, place: Path | TextIO, *, header: bool = True) -> None:
        """Write ``findings.csv`` (UTF-8, lines end in a line feed, empty where unknown).

        Parameters
        ----------
        place : Path or text file
            A file opened by the caller (with ``newline=""``) is appended to.
        header : bool
            Write the line of column names first.
        """
        if isinstance(place, Path):
            with place.open("w", encoding="utf-8", newline="") as file:
                self.to_csv(file, header=header)
            return
        columns = self._columns()
        names = columns[_FILE_COLUMN]
        # names alone may hold what must be quoted; a crowd has a thousand rows a frame
        cells = {name: quoted(name) for name in set(names)}
        columns[_FILE_COLUMN] = [cells[name] for name in names]
        lines = [",".join(FINDINGS_COLUMNS)] if header else []
        lines += map(",".join, zip(*columns, strict=True))
        place.writelines(f"{line}\n" for line in lines)

    def to_pandas(self) -> pd.DataFrame:
        """Return a table with the columns of ``findings.csv``; NaN or <NA> where unknown."""
        import pandas as pd

        tracks = pd.array(self.track_id.tolist(), dtype="Int64")
        tracks[self.track_id == NO_TRACK] = pd.NA
        columns = (
            self.frame,
            pd.array(list(self.file), dtype="string"),
            self.time_s,
            *self.centre_px.T,
            *self.size_px.T,
            *self.stage_um.T,
            self.probability,
            tracks,
            pd.array([SPERM_CLASS] * len(self), dtype="string"),
        )
        return pd.DataFrame(dict(zip(FINDINGS_COLUMNS, columns, strict=True)))

    def coco_annotations(self, first_id: int = 1) -> list[dict[str, Any]]:
        """Return the rows as COCO annotations, numbered from ``first_id``.

        ``image_id`` is the frame's index plus one, since COCO tools expect ids from 1.
        """
        annotations: list[dict[str, Any]] = json.loads(f"[{self.coco_json(first_id)}]")
        return annotations

    def coco_json(self, first_id: int = 1) -> str:
        """Return `coco_annotations` as JSON, without the list's own brackets."""
        corner = self.centre_px - self.size_px / 2.0
        rows = zip(
            range(first_id, first_id + len(self)),
            (self.frame + 1).tolist(),
            *corner.T.tolist(),
            *self.size_px.T.tolist(),
            self.size_px.prod(axis=1).tolist(),
            self.probability.tolist(),
            [
                "" if track == NO_TRACK else f', "track_id": {track}'
                for track in self.track_id.tolist()
            ],
            strict=True,
        )
        # one formatting for all rows: a crowd has a thousand a frame
        return ", ".join([_COCO_ROW] * len(self)) % tuple(chain.from_iterable(rows))

    def to_coco(self, images: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return a COCO detection set.

        Parameters
        ----------
        images : sequence of dict
            One for every frame searched, also those without a sperm: `coco_image`.
        """
        return {
            "categories": [dict(category) for category in COCO_CATEGORIES],
            "images": list(images),
            "annotations": self.coco_annotations(),
        }
