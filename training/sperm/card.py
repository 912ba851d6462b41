"""Write the model card of a weights file: ``python -m training.sperm.card --help``."""

from __future__ import annotations

import argparse
import datetime
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from tqdm import tqdm

from sertoli.frames import Frame
from sertoli.sperm import Detections, Detector
from sertoli.sperm.evaluation import Evaluation, ImageResult, TruthImage, evaluate, read_truth
from training.sperm.export import DEFAULT_OUT

LOWEST = 0.01
"""Confidence of the search behind the figures that rank detections."""


@dataclass(frozen=True, slots=True)
class RealSet:
    """A folder of real pictures.

    Parameters
    ----------
    name : str
    what : str
        For the reader of the card.
    classes : sequence of str
        Empty: no sperm in it at all.
    """

    name: str
    what: str
    classes: Sequence[str] = ("sperm", "small_or_pinhead")


REAL_SETS = (
    RealSet("visem11", "phase contrast, bright heads; three quarters of the field were trained on"),
    RealSet("miamia", "another laboratory, bright field, dark heads; never trained on"),
    RealSet("bull", "another species, phase contrast, dark heads, crowded; never trained on"),
    RealSet("umid_train", "urine, bright field, no sperm at all; never trained on", ()),
    RealSet("umid_val", "urine, bright field, no sperm at all; never trained on", ()),
)


def main() -> None:
    """Read the command line, search every set, write the card."""
    parser = argparse.ArgumentParser(description="Write the model card of a weights file.")
    parser.add_argument("--weights", type=Path, default=DEFAULT_OUT)
    parser.add_argument("--data", type=Path, required=True, help="folder of the real images")
    parser.add_argument("--every", type=int, default=1, help="use every n-th picture of a set")
    options = parser.parse_args()
    detector = Detector(options.weights, threads=2)
    rows = [
        (one, *search(detector, options.data / one.name, one.classes, options.every))
        for one in REAL_SETS
        if (options.data / one.name).is_dir()
    ]
    out = options.weights.with_suffix(".md")
    text = card(detector, rows, options.every)
    out.write_text(text, encoding="utf-8", newline="\n")
    print(f"wrote {out}")


def search(
    detector: Detector, folder: Path, classes: Sequence[str], every: int
) -> tuple[Evaluation, Evaluation]:
    """Search a set; return the evaluation at the default confidence and that of all."""
    truth = read_truth(folder / "annotations.json", classes)
    images = truth.images[::every]
    found = list(_found(detector, folder, images))
    return (
        evaluate(
            _result(one.at_least(detector.default_confidence), image)
            for one, image in zip(found, images, strict=True)
        ),
        evaluate(_result(one, image) for one, image in zip(found, images, strict=True)),
    )


def _found(detector: Detector, folder: Path, images: Sequence[TruthImage]) -> Iterator[Detections]:
    for image in tqdm(images, desc=folder.name, unit="picture"):
        file = folder / "images" / image.file_name
        pixels = cv2.imread(str(file), cv2.IMREAD_COLOR_RGB)
        if pixels is None:
            raise FileNotFoundError(file)
        yield detector.detect(Frame(np.asarray(pixels), image.frame), confidence=LOWEST)


def _result(found: Detections, image: TruthImage) -> ImageResult:
    return ImageResult.of_detections(found, image.boxes_px, image.ignored, image.group)


def best_f1(evaluation: Evaluation) -> float | None:
    """Return the best F1 that any confidence would give."""
    curve = evaluation.curve
    if not evaluation.truths or not len(curve.recall):
        return None
    both = np.maximum(curve.precision + curve.recall, 1e-9)
    return float((2 * curve.precision * curve.recall / both).max())


def card(
    detector: Detector, rows: Sequence[tuple[RealSet, Evaluation, Evaluation]], every: int
) -> str:
    """Return the card as Markdown."""
    about = detector.network.metadata
    settings: dict[str, Any] = json.loads(about["training_settings"])
    steps, done = settings["steps"], int(about["training_steps_done"])
    which = "all pictures" if every == 1 else f"every {every}th picture"
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    data = "\n".join(f"- {part}" for part in about["training_data"].split("; "))
    held_out = "\n".join(
        f"| {name} | {one['f1']:.3f} | {one['precision']:.3f} | {one['recall']:.3f} |"
        for name, one in json.loads(about["held_out"]).items()
    )
    real = "\n".join(_row(*row) for row in rows)
    return f"""# Model card: {detector.weights_name}

Written by `python -m training.sperm.card` on {today}; do not edit by hand.
**Research software, not a medical device.**

## What it is
A fully-convolutional network that marks the heads of sperm in one grey picture, at a quarter of the
picture's resolution: heat, box size, place within the cell. How it is used stands in
`docs/detector.md`.

| | |
|---|---|
| SHA-256 | `{detector.weights_sha256}` |
| made on | {about["date"]}, with Sertoli {about["sertoli_version"]} |
| pixel size it has learnt | {about["um_per_px_reference"]} um per px (a human head: 12 to 14 px) |
| receptive radius | {about["radius"]} px |
| temperature, bias | {about["temperature"]}, {about["bias"]} |
| default confidence | {about["default_confidence"]} |
| training | seed {settings["seed"]}, {done} of {steps} steps of {settings["crops"]} crops of \
{settings["side_px"]} px |

## Trained on
{data}

`visem11` is a part of VISEM-Tracking (Thambawita et al. 2023, CC BY 4.0), its left three quarters;
its boxes were moved onto the bright spot nearby. From `smears` (MIT) single sperm were cut out and
laid, scaled down, into made-up pictures. The phantom is Sertoli's own simulation. Nothing else has
trained these weights; temperature, bias and default confidence were fitted on held-out phantom
fields and the right quarter of `visem11` only.

## Figures on pictures held out of training
At the default confidence, at the known pixel size, centre match.

| set | F1 | precision | recall |
|---|---|---|---|
{held_out}

`visem11` shows the same cells in all its frames, so its figure proves little.

## Figures on real sets
Native size, no pixel size given, {which}. "Best F1" is at the confidence that would have been
best on that very set: it says how well the heads are ranked, not how well the detector works there.

| set | pictures | F1 | precision | recall | false positives a picture | best F1 | AP50 |
|---|---|---|---|---|---|---|---|
{real}

{chr(10).join(f"- `{one.name}`: {one.what}." for one, *_ in rows)}

The phantom's look was drawn up with sheets of these sets beside it (`docs/realism.md`): no picture
of `miamia`, `bull` or `umid` trained the weights, but they are not wholly unseen either.

Sets differ in what they call a box (head, or head with halo), so AP50 means something only where
the convention was learnt.

## Limits
- Trained mostly on simulated pictures; never on dispersed testicular tissue, of which no public
  picture was found. The figures above say nothing about it.
- Elongated spermatids were neither to be found nor to be left out: both happens.
- Heads under 5 px or over 40 px long at the searched scale are missed. Without a pixel size the
  picture is searched at its native scale only.
- Probabilities are calibrated on the held-out pictures; on a microscope unlike those they are not.
- One frame at a time: motion is not used.

## Made by
```
python -m training.sperm.train --data ../shared/data --out runs/sperm --steps {steps} \
--seed {settings["seed"]} --fields {settings["fields"]}
python -m training.sperm.export --run runs/sperm --data ../shared/data
python -m training.sperm.card --data ../shared/data{"" if every == 1 else f" --every {every}"}
```
"""


def _row(one: RealSet, at_default: Evaluation, all_found: Evaluation) -> str:
    cells = (
        at_default.f1,
        at_default.precision,
        at_default.recall,
        at_default.fp_per_image,
        best_f1(all_found),
        all_found.ap50,
    )
    # without any sperm only the false positives mean something
    shown = (
        "-" if value is None or (not at_default.truths and place != 3) else f"{value:.3f}"
        for place, value in enumerate(cells)
    )
    return f"| {one.name} | {at_default.images} | " + " | ".join(shown) + " |"


if __name__ == "__main__":
    main()
