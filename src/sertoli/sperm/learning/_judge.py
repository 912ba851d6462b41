"""How good a network is on labelled frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from sertoli.sperm._company import looks
from sertoli.sperm._normalise import normalise
from sertoli.sperm._peaks import one_per_head, peaks
from sertoli.sperm._tiles import nearest_scale, whole_grey
from sertoli.sperm.evaluation import match_centres
from sertoli.sperm.learning._crops import Scene
from sertoli.sperm.learning._matched import Matched
from sertoli.sperm.learning._targets import DONT_CARE, SPERM, Floats

LOWEST_LOGIT = -6.0

Run = Callable[[Floats], Floats]
"""Maps normalised pictures (N, 1, H, W) to cells (N, 5, H/4, W/4)."""


def heads_in(run: Run, picture: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Search one normalised picture, (H, W), each candidate judged by itself.

    Returns
    -------
    centre, size : ndarray, (N, 2)
        In px of ``picture``, from its left and top border.
    logit : ndarray, (N,)
        Highest first.
    look : ndarray, (N, LOOKS)
        See `sertoli.sperm._company.looks`.
    """
    centre, size, logit, agreement = peaks(run(picture[None, None])[0], LOWEST_LOGIT)
    keep = one_per_head(centre, size, logit)
    look = looks(picture, centre[keep], size[keep], agreement[keep])
    return centre[keep], size[keep], logit[keep], look


def judge(run: Run, scenes: Sequence[Scene]) -> Matched:
    """Search every scene at its magnification and tell right detections from wrong ones.

    Matching is that of ``sertoli evaluate``; what lies on don't-care boxes is left out.
    """
    logits, rights, numbers, found_looks = [], [], [], []
    heads = 0
    for number, scene in enumerate(scenes):
        scale = nearest_scale(scene.magnification)
        picture = normalise(whole_grey(scene.pixels, scale), scene.contrast)
        centre, size, logit, look = heads_in(run, picture)
        centre, size = (part / np.float32(scale.factor) for part in (centre, size))
        found = np.hstack((centre - size / 2, size)).astype(np.float64)
        ignored = scene.kinds == DONT_CARE
        match = match_centres(found, scene.boxes_px.astype(np.float64), ignored)
        on_truth = match >= 0
        counted = ~on_truth | ~ignored[match] if len(ignored) else ~on_truth
        logits.append(logit[counted])
        rights.append(on_truth[counted])
        found_looks.append(look[counted])
        numbers.append(np.full(int(counted.sum()), number, np.int64))
        heads += int((scene.kinds == SPERM).sum())
    return Matched(
        np.concatenate(logits),
        np.concatenate(rights),
        np.concatenate(numbers),
        heads,
        len(scenes),
        np.concatenate(found_looks),
    ).ordered()
