"""A simulated reviewer: confirms and rejects by what is truly in the simulated dish."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sertoli.phantom.render import OBSCURED_SPERM
from sertoli.search.review import Candidate, ReviewQueue, write_review
from sertoli.sperm.evaluation import SPERM_CLASSES, TruthImage, match_centres, read_truth

REVIEWER = "simulated reviewer"


def review_by_truth(folder: Path, truth: Path) -> dict[str, Any]:
    """Decide on every candidate of a search of a simulated recording.

    A candidate is confirmed where at its best sighting the centre lies on a sperm of the truth,
    as in `sertoli.sperm.evaluation.match_centres`, and rejected elsewhere.

    Parameters
    ----------
    folder : Path
        What `sertoli.search.search` wrote; the decisions and ``review.json`` are written into it.
    truth : Path
        The recording's ``truth.json``.

    Returns
    -------
    dict
        What ``review.json`` says.

    Raises
    ------
    InputError, OutputError
    """
    classes = (*SPERM_CLASSES, OBSCURED_SPERM)
    images = {image.frame: image for image in read_truth(truth, classes, ()).images}
    queue = ReviewQueue(folder, REVIEWER)
    for candidate in queue.candidates:
        if _is_sperm(candidate, images):
            queue.confirm(candidate)
        else:
            queue.reject(candidate)
    return write_review(queue)


def _is_sperm(candidate: Candidate, images: dict[int, TruthImage]) -> bool:
    best = candidate.places[0]
    image = images.get(best.frame)
    if image is None:
        return False
    corner = (best.x_px - best.width_px / 2, best.y_px - best.height_px / 2)
    box = np.array([[*corner, best.width_px, best.height_px]])
    return bool(match_centres(box, image.boxes_px, image.ignored)[0] >= 0)
