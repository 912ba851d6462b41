"""Labelled frames of a laboratory: what a network is taught with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sertoli.errors import InputError
from sertoli.frames import Frame, open_source
from sertoli.sperm.evaluation import (
    IGNORED_CLASSES,
    SPERM_CLASSES,
    TruthImage,
    read_truth,
)

Boxes = npt.NDArray[np.float64]

LEAST_FRAMES = 4
"""Fewer cannot be divided into a part to learn from and a part to judge by."""

LEAST_SPERM = 20
"""Fewer labelled sperm say nothing about whether a network got better."""

MOST_PIXELS = 40_000_000
"""Larger pictures are not learnt from in one piece."""

MOST_LOOKED_AT = 5
"""Frames of a group by which its magnification is found."""

PLAINLY = 2.2
"""Boxes with and without the halo differ less than so many times."""

ASIDE_SHARE = 0.25
"""About so many of the frames are kept aside."""


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A frame with what is labelled in it.

    Parameters
    ----------
    frame : Frame
        Its optics may be unknown.
    boxes_px : ndarray, (N, 4) float64
        x, y, width, height of heads (COCO).
    ignored : ndarray, (N,) bool
        True for what is neither to be found nor to be unlearnt.
    group : str
        The recording or man that it is of; empty where unknown.
    """

    frame: Frame
    boxes_px: Boxes
    ignored: npt.NDArray[np.bool_]
    group: str = ""

    @property
    def sperm(self) -> int:
        """How many sperm are labelled."""
        return int((~self.ignored).sum())


@dataclass(frozen=True, slots=True)
class Divided:
    """Labelled frames, divided into those learnt from and those kept aside.

    ``by_group`` is False where all are of one recording: what is kept aside then looks much
    like what was learnt from, and flatters.
    """

    learnt: tuple[Labelled, ...]
    aside: tuple[Labelled, ...]
    by_group: bool


def read_labelled(
    labels: Path,
    images: Path | None = None,
    *,
    um_per_px: float | None = None,
    classes: Sequence[str] = SPERM_CLASSES,
    ignored_classes: Sequence[str] = IGNORED_CLASSES,
) -> tuple[Labelled, ...]:
    """Read a COCO file and its pictures.

    Parameters
    ----------
    labels : Path
        COCO as Sertoli and others write it; every frame in it counts as labelled in full.
    images : Path, optional
        Folder that the file names are relative to; that of ``labels`` unless given.
    um_per_px : float, optional
        Pixel size; unknown is allowed.
    classes, ignored_classes : sequence of str
        As for `sertoli.sperm.evaluation.read_truth`.

    Raises
    ------
    InputError
        If the file is not COCO, a picture cannot be read, is not of the size the file
        says, or a name leads out of the folder.
    SettingError
        If the pixel size or a class makes no sense.
    """
    truth = read_truth(labels, classes, ignored_classes)
    folder = labels.parent if images is None else images
    wanted: dict[Path, list[TruthImage]] = {}
    for image in truth.images:
        wanted.setdefault(_inside(image.file_name, folder, labels), []).append(image)
    read = {}
    for path, listed in wanted.items():
        for image, frame in _frames_of(path, listed, labels, um_per_px):
            read[image.image_id] = _labelled(frame, image, labels)
    return tuple(read[image.image_id] for image in truth.images)


def _frames_of(
    path: Path, images: list[TruthImage], labels: Path, um_per_px: float | None
) -> Iterator[tuple[TruthImage, Frame]]:
    """Give every labelled frame of a file, which is a picture or a recording."""
    with open_source(path, um_per_px=um_per_px, grey=True) as source:
        if source.length == 1 and len(images) == 1:
            yield images[0], next(iter(source))
            return
        by_index = {image.frame: image for image in images}
        for frame in source:
            image = by_index.pop(frame.index, None)
            if image is not None:
                yield image, frame
            if not by_index:
                return
    missing = next(iter(by_index))
    raise InputError(
        f"{labels.name} labels frame {missing} of {path.name}, which has no such frame",
        "frames count from 0, in the field 'frame' of each image",
    )


def _labelled(frame: Frame, image: TruthImage, labels: Path) -> Labelled:
    if frame.width_px * frame.height_px > MOST_PIXELS:
        raise InputError(
            f"{image.file_name} has {frame.width_px}x{frame.height_px} px, too many at once",
            "cut labelled fields of a few thousand px a side out of it",
        )
    boxes = image.boxes_px
    centre = boxes[:, :2] + boxes[:, 2:] / 2
    if ((centre < 0) | (centre > (frame.width_px, frame.height_px))).any():
        raise InputError(
            f"{labels.name} has boxes of {image.file_name} outside the picture of "
            f"{frame.width_px}x{frame.height_px} px",
            "give the pictures in the size in which they were labelled",
        )
    return Labelled(frame, boxes, image.ignored, image.group)


def _inside(name: str, folder: Path, labels: Path) -> Path:
    path = folder / Path(name.replace("\\", "/"))
    # a label file from elsewhere shall not make us open whatever it names
    if not name or not path.resolve().is_relative_to(folder.resolve()):
        raise InputError(
            f"{labels.name} names the picture {name!r}, which does not lie in {folder}",
            "name pictures relative to their folder, and give it with --images",
        )
    if not path.is_file():
        raise InputError(
            f"{path}, which {labels.name} names, is not there",
            "give the folder of the pictures with --images",
        )
    return path


def divide(frames: Sequence[Labelled]) -> Divided:
    """Keep about a quarter of the frames aside, whole groups where there are several.

    With one group the last frames are kept aside: they are the least like the first ones.

    Raises
    ------
    InputError
        If there are too few frames, or too few sperm on either side.
    """
    if len(frames) < LEAST_FRAMES:
        raise InputError(
            f"{len(frames)} labelled frames are too few to learn from and to judge by",
            f"label at least {LEAST_FRAMES}, of several recordings if you can",
        )
    wanted = max(1, round(ASIDE_SHARE * len(frames)))
    by_group: dict[str, list[Labelled]] = {}
    for one in frames:
        by_group.setdefault(one.group, []).append(one)
    if len(by_group) > 1:
        # the smallest groups first: most stays to be learnt from
        aside: list[Labelled] = []
        for group in sorted(by_group.values(), key=len)[:-1]:
            if aside and len(aside) + len(group) > 1.5 * wanted:
                break
            aside += group
        kept = {id(one) for one in aside}
        learnt = [one for one in frames if id(one) not in kept]
    else:
        learnt, aside = list(frames[:-wanted]), list(frames[-wanted:])
    for part, what in ((learnt, "learnt from"), (aside, "kept aside")):
        count = sum(one.sperm for one in part)
        if count < LEAST_SPERM:
            raise InputError(
                f"the frames {what} hold {count} labelled sperm, too few to tell better from worse",
                f"label more frames: at least {LEAST_SPERM} sperm are needed on either side",
            )
    return Divided(tuple(learnt), tuple(aside), len(by_group) > 1)


def magnifications(
    frames: Sequence[Labelled], found: Callable[[Sequence[Frame]], float], head_px: float | None
) -> dict[str, float]:
    """Return by how much the frames of each group are enlarged for the network.

    Parameters
    ----------
    frames : sequence of Labelled
    found : callable
        What a search takes for frames of one recording.
    head_px : float or None
        The side of a head (geometric mean of the box) that the network finds best: where
        the labelled heads say plainly that ``found`` is wrong, they win. None: never.
    """
    factors = {}
    groups: dict[str, list[Labelled]] = {}
    for one in frames:
        groups.setdefault(one.group, []).append(one)
    for name, group in groups.items():
        seen = [one.frame for one in group]
        factors[name] = found(seen[:: -(-len(seen) // MOST_LOOKED_AT)])
        sides = [np.sqrt(one.boxes_px[~one.ignored, 2:].prod(axis=1)) for one in group]
        every = np.concatenate(sides)
        if head_px is not None and len(every) and seen[0].optics.um_per_px is None:
            told = head_px / float(np.median(every))
            if not 1 / PLAINLY <= told / factors[name] <= PLAINLY:
                factors[name] = told
    return factors
