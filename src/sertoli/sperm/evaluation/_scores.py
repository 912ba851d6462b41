"""Figures that say how well findings agree with truth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt

from sertoli.sperm._sightings import Detections
from sertoli.sperm.evaluation._matching import (
    UNMATCHED,
    Boxes,
    Flags,
    Matches,
    match_boxes,
    match_centres,
)

Floats64 = npt.NDArray[np.float64]

AP_RECALLS = np.linspace(0.0, 1.0, 101)
"""The recalls at which COCO reads off the precision."""

INTERVAL_LEVEL = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class ImageResult:
    """What was found in one image, and what is labelled there.

    Boxes are ``[x, y, width, height]`` in px. Truth boxes without area are left out by
    whoever makes this; whoever searched an image in vain gives it with no boxes found.

    Parameters
    ----------
    found_px : ndarray, (N, 4) float64
    probability : ndarray, (N,) float64
    truth_px : ndarray, (M, 4) float64
    ignored : ndarray, (M,) bool
        True for truth that is neither to be found nor wrong to find.
    group : str
        The man, video or animal the image is of; empty where unknown.
    """

    found_px: Boxes
    probability: Floats64
    truth_px: Boxes
    ignored: Flags
    group: str = ""

    def __post_init__(self) -> None:
        found, truth = len(self.probability), len(self.ignored)
        if self.found_px.shape != (found, 4) or self.truth_px.shape != (truth, 4):
            raise ValueError(
                f"expected boxes of shapes {(found, 4)} and {(truth, 4)}, "
                f"got {self.found_px.shape} and {self.truth_px.shape}"
            )

    @classmethod
    def of_detections(
        cls,
        detections: Detections,
        truth_px: Boxes,
        ignored: Flags | None = None,
        group: str = "",
    ) -> Self:
        """Make it from what a detector gives; nothing is ignored unless told."""
        centre = detections.centre_px.astype(np.float64)
        size = detections.size_px.astype(np.float64)
        return cls(
            np.hstack([centre - size / 2, size]),
            detections.probability.astype(np.float64),
            truth_px,
            np.zeros(len(truth_px), np.bool_) if ignored is None else ignored,
            group,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Recall and precision (by centre) as the least probability asked for falls.

    One point a distinct probability, falling: taking every finding of at least
    ``probability[k]`` gives ``recall[k]``, ``precision[k]`` and ``fp_per_image[k]``.
    """

    probability: Floats64
    recall: Floats64
    precision: Floats64
    fp_per_image: Floats64


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """How well the findings agree with the truth, over all images together.

    Parameters
    ----------
    images, truths : int
        Images, and wanted truth boxes in them.
    tp, fp, fn : int
        Findings on a wanted truth, findings on nothing, and wanted truths not found, by
        centre (:func:`match_centres`), of **all** findings given.
    dont_care : int
        Findings on ignored truth: counted nowhere else.
    precision, recall, f1 : float or None
        tp / (tp + fp), tp / (tp + fn), 2 tp / (2 tp + fp + fn); None where that is 0 / 0.
    precision_interval, recall_interval : (low, high) or None
        Wilson's 95 % interval. It takes the findings for independent of each other, which
        those of one man or one video are not: the true uncertainty is larger.
    ap50 : float or None
        Average precision at a box overlap of 0.5 by the COCO 2014 protocol (Lin et al.,
        "Microsoft COCO: common objects in context", ECCV 2014, and its evaluation code):
        findings of all images in falling order of probability, precision made monotonous
        from the right, mean of its values at recall 0, 0.01 ... 1. All wanted classes are
        one, and the number of findings an image has no cap. None without wanted truth.
    fp_per_image : float
    recall_at_0_1_fp_per_image, recall_at_1_fp_per_image : float or None
        The best recall (by centre) of any least probability that lets through at most 0.1
        or 1 false positives an image on average. None without wanted truth.
    lowest_probability : float or None
        Of all findings; the curve and the figures made from it end there.
    curve : Curve
    groups : mapping of str to Evaluation
        The same for each group of images, where the truth names groups.
    """

    images: int
    truths: int
    tp: int
    fp: int
    fn: int
    dont_care: int
    precision: float | None
    recall: float | None
    f1: float | None
    precision_interval: tuple[float, float] | None
    recall_interval: tuple[float, float] | None
    ap50: float | None
    fp_per_image: float
    recall_at_0_1_fp_per_image: float | None
    recall_at_1_fp_per_image: float | None
    lowest_probability: float | None
    curve: Curve
    groups: Mapping[str, Evaluation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """The findings of one image, best first, and what each of them is on."""

    group: str
    probability: Floats64
    centre: npt.NDArray[np.int8]
    box: npt.NDArray[np.int8]
    truths: int


_MISS, _HIT, _DONT_CARE = 0, 1, 2


def evaluate(images: Iterable[ImageResult]) -> Evaluation:
    """Compare findings with truth.

    Parameters
    ----------
    images : iterable of ImageResult
        Every labelled image that was searched, also those where nothing was found. The
        order decides between findings of equal probability in ``ap50`` only.

    Returns
    -------
    Evaluation

    Raises
    ------
    ValueError
        If there is no image.
    """
    judged = [_judge(image) for image in images]
    if not judged:
        raise ValueError("no image to evaluate")
    names = sorted({image.group for image in judged} - {""})
    groups = {name: _score([j for j in judged if j.group == name], {}) for name in names}
    return _score(judged, groups)


def _judge(image: ImageResult) -> _Judged:
    order = np.argsort(-image.probability, kind="stable")
    found = image.found_px[order]

    def outcome(matches: Matches) -> npt.NDArray[np.int8]:
        result = np.full(len(matches), _MISS, np.int8)
        on = np.flatnonzero(matches != UNMATCHED)
        result[on] = np.where(image.ignored[matches[on]], _DONT_CARE, _HIT)
        return result

    return _Judged(
        image.group,
        image.probability[order],
        outcome(match_centres(found, image.truth_px, image.ignored)),
        outcome(match_boxes(found, image.truth_px, image.ignored)),
        int(np.count_nonzero(~image.ignored)),
    )


def _score(judged: list[_Judged], groups: Mapping[str, Evaluation]) -> Evaluation:
    probability = np.concatenate([image.probability for image in judged])
    order = np.argsort(-probability, kind="stable")
    centre = np.concatenate([image.centre for image in judged])[order]
    box = np.concatenate([image.box for image in judged])[order]
    truths = sum(image.truths for image in judged)
    tp = int(np.count_nonzero(centre == _HIT))
    fp = int(np.count_nonzero(centre == _MISS))
    fn = truths - tp
    curve = _curve(probability[order], centre, truths, len(judged))
    return Evaluation(
        images=len(judged),
        truths=truths,
        tp=tp,
        fp=fp,
        fn=fn,
        dont_care=int(np.count_nonzero(centre == _DONT_CARE)),
        precision=_ratio(tp, tp + fp),
        recall=_ratio(tp, truths),
        f1=_ratio(2 * tp, 2 * tp + fp + fn),
        precision_interval=_wilson(tp, tp + fp),
        recall_interval=_wilson(tp, truths),
        ap50=_average_precision(box, truths),
        fp_per_image=fp / len(judged),
        recall_at_0_1_fp_per_image=_recall_at(curve, 0.1, truths),
        recall_at_1_fp_per_image=_recall_at(curve, 1.0, truths),
        lowest_probability=float(probability.min()) if len(probability) else None,
        curve=curve,
        groups=groups,
    )


def _curve(probability: Floats64, outcome: npt.NDArray[np.int8], truths: int, images: int) -> Curve:
    # Findings of equal probability pass together: no threshold parts them.
    last = np.append(probability[1:] != probability[:-1], True)[: len(probability)]
    hits = np.cumsum(outcome == _HIT)[last].astype(np.float64)
    misses = np.cumsum(outcome == _MISS)[last].astype(np.float64)
    return Curve(
        probability[last],
        hits / max(truths, 1),
        hits / np.maximum(hits + misses, 1.0),
        misses / images,
    )


def _recall_at(curve: Curve, fp_per_image: float, truths: int) -> float | None:
    if truths == 0:
        return None
    return float(curve.recall[curve.fp_per_image <= fp_per_image].max(initial=0.0))


def _average_precision(outcome: npt.NDArray[np.int8], truths: int) -> float | None:
    if truths == 0:
        return None
    counted = outcome[outcome != _DONT_CARE]
    hits = np.cumsum(counted == _HIT).astype(np.float64)
    recall = hits / truths
    precision = hits / np.arange(1, len(counted) + 1)
    monotonous = np.maximum.accumulate(precision[::-1])[::-1]
    reached = np.searchsorted(recall, AP_RECALLS, side="left")
    return float(np.append(monotonous, 0.0)[reached].mean())


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _wilson(part: int, whole: int) -> tuple[float, float] | None:
    if whole == 0:
        return None
    from scipy.stats import binomtest

    interval = binomtest(part, whole).proportion_ci(INTERVAL_LEVEL, method="wilson")
    return float(interval.low), float(interval.high)
