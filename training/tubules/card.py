"""Write the model cards of the tubule map: ``python -m training.tubules.card``."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

from benchmarks.page import BEGIN, END

from sertoli.tubules import FIELD_WEIGHTS, SECTION_WEIGHTS, CellNetwork
from sertoli.tubules._network import WHITENESS_WEIGHTS
from training.tubules.export import PACKAGE

WHAT = {
    FIELD_WEIGHTS: (
        "A fully-convolutional network that says for each 2x2 px cell of a colour picture, at 8 um "
        "per px: heat of a tubule's centreline, its diameter, its direction, its opacity, and "
        "whether the place can be read. How it is used stands in `docs/field.md`; of opacity only "
        "the median of the picture counts, the rest is said by `tubules-whiteness.onnx`.",
        "field.md",
        "Trained on Sertoli's digital testis and made-up tubes (`training/tubules/made_up.py`), "
        "and, as pictures that show no testis, on simulated dishes and sections of "
        "`tubules_histology` (Apache-2.0). The settings above are those of the last go; "
        "`training/README.md` tells all. No picture of an opened testis was to be had, so none "
        "was seen in training or testing, and nothing is known of how it does on one. The figures "
        "are of a network trained alike without the look named there; the one that ships has seen "
        "every look.",
    ),
    WHITENESS_WEIGHTS: (
        "A small fully-convolutional network that says for each 4x4 px cell of a colour picture, "
        "at 8 um per px, how white it is beside the picture and how much that counts. How it is "
        "used stands in `docs/field.md` and `docs/decisions/034-whiteness-is-learned.md`.",
        "field.md",
        "Trained on Sertoli's digital testis alone, on every look but `flooded` and on mixtures of "
        "them with more irrigation, gloss and shade. No picture of an opened testis was to be had, "
        "so none was seen in training or testing, and nothing is known of how it does on one.",
    ),
    SECTION_WEIGHTS: (
        "A fully-convolutional network that says for each 2x2 px cell of a stained section whether "
        "it is epithelium, tubule, and inner part of a tubule. How it is used stands in "
        "`docs/histology.md`.",
        "histology.md",
        "Trained on 40 sections of two mink (`tubules_histology`, Apache-2.0; "
        "immunohistochemistry, one microscope). **Human sections, other stains and other "
        "magnifications are not validated.** The figures are of networks trained on one "
        "animal and tested on the other; the one that ships has seen both.",
    ),
}
"""File -> what it is, the page with its figures, what it rests on."""

OWN_FIGURES = {WHITENESS_WEIGHTS: ("<!-- opacity: begin -->", "<!-- opacity: end -->")}
"""Where figures stand on a page that holds another file's as well."""


def main() -> None:
    """Write the cards."""
    parser = argparse.ArgumentParser(description="Write the model cards of the tubule map.")
    parser.parse_args()
    for name in WHAT:
        file = PACKAGE / name
        file.with_suffix(".md").write_text(card(file), encoding="utf-8", newline="\n")


def card(file: Path) -> str:
    """Return the card of a weights file."""
    what, page, rests = WHAT[file.name]
    facts = CellNetwork(file).facts
    text = (Path("docs") / page).read_text(encoding="utf-8")
    begin, end = OWN_FIGURES.get(file.name, (BEGIN, END))
    figures = text.partition(begin)[2].partition(end)[0].strip()
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return f"""# Model card: {file.name}

Written by `python -m training.tubules.card`; do not edit by hand. **Research software, not a
medical device.**

## What it is
{what}

| | |
|---|---|
| SHA-256 | `{digest}` |
| licence | {facts["licence"]} |
| made on | {facts["date"]}, with Sertoli {facts["sertoli_version"]} |
| data | {facts["training_data"]} |
| settings | `{facts["training_settings"]}` |
| score rule | `{facts.get("score", "none")}` |

## What it rests on
{rests}

## Figures
{figures}

How it was made: `training/README.md`.
"""


if __name__ == "__main__":
    main()
