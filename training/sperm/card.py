"""Write the model card of a weights file: ``python -m training.sperm.card --help``.

Figures are not measured here but taken from the pages that the benchmarks write, each with
its date and command; a page that was made with other weights is named, and left out.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
from benchmarks.page import BEGIN, END
from benchmarks.real_sets import LEFT_OUT, left_out_rows

from sertoli.sperm import Detector
from sertoli.sperm._familiarity import KEY
from sertoli.sperm._weights import DEFAULT_NAME, RESEARCH_NAME
from training.sperm.export import DEFAULT_OUT, RESEARCH_OUT
from training.sperm.failures import in_words, sheet
from training.sperm.familiarity import judge, table


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the documentation with figures between its marks."""

    title: str
    path: Path


PAGES = (
    Page("Real sets", Path("docs/real-sets.md")),
    Page("Simulated dishes", Path("docs/detector.md")),
    Page("Rare sperm (synthetic)", Path("docs/rare-sperm.md")),
    Page("What a probability means", Path("docs/reliability.md")),
    Page("Speed of the network", Path("docs/detector-speed.md")),
)

IMAGES = Path("docs/images")


def main() -> None:
    """Read the command line, look at failures, write the card."""
    parser = argparse.ArgumentParser(description="Write the model card of a weights file.")
    parser.add_argument("--weights", default=DEFAULT_NAME, help="default, research or a file")
    parser.add_argument("--data", type=Path, required=True, help="folder of the real images")
    parser.add_argument("--cache", type=Path, default=Path("runs/fields"))
    parser.add_argument(
        "--every", type=int, default=5, help="look for failures in every n-th real picture"
    )
    options = parser.parse_args()
    detector = Detector(options.weights, threads=2)
    named = {DEFAULT_NAME: DEFAULT_OUT, RESEARCH_NAME: RESEARCH_OUT}
    out = named.get(options.weights, Path(options.weights)).with_suffix(".md")
    picture = IMAGES / f"failures-{out.stem}.png"
    cv2.imwrite(str(picture), sheet(detector, options.cache))
    words = in_words(detector, options.data, options.every)
    link = Path(os.path.relpath(picture, out.parent)).as_posix()
    failures = _failures(words, link, options.every)
    command = (
        f"python -m training.sperm.card --weights {options.weights} --data ../shared/data"
        f"{'' if options.every == 5 else f' --every {options.every}'}"
    )
    rule = detector.network.familiarity
    unlike = "" if rule is None else table(judge(rule, options.data, options.cache, options.every))
    out.write_text(card(detector, failures, unlike, command), encoding="utf-8", newline="\n")
    print(f"wrote {out} and {picture}")


def card(detector: Detector, failures: str, unlike: str, command: str) -> str:
    """Return the card as Markdown.

    Parameters
    ----------
    detector : Detector
    failures : str
        The section on failures.
    unlike : str
        Which pictures are taken for unlike those of the training, as a table; may be empty.
    command : str
        What writes this card.
    """
    about = detector.network.metadata
    settings: dict[str, Any] = json.loads(about["training_settings"])
    steps, done = settings["steps"], int(about["training_steps_done"])
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    data = "\n".join(f"- {part}" for part in about["training_data"].split("; "))
    held_out = "\n".join(
        f"| {name} | {one['f1']:.3f} | {one['precision']:.3f} | {one['recall']:.3f} |"
        for name, one in json.loads(about["held_out"]).items()
    )
    figures = "\n\n".join(section(page, detector.weights_sha256) for page in PAGES)
    restriction = (
        f"\n**Restricted: {detector.restriction}.**\n" if detector.restriction is not None else ""
    )
    return f"""# Model card: {detector.weights_name}

Written by `{command}` on {today}; do not edit by hand.
**Research software, not a medical device.**
{restriction}
## What it is
A fully-convolutional network that marks the heads of sperm in one grey picture, at a quarter of the
picture's resolution: heat, box size, place within the cell. How it is used stands in
`docs/detector.md`.

| | |
|---|---|
| SHA-256 | `{detector.weights_sha256}` |
| licence | {about.get("licence", "that of Sertoli")} |
| made on | {about["date"]}, with Sertoli {about["sertoli_version"]} |
| pixel size it has learnt | {about["um_per_px_reference"]} um per px (a human head: 12 to 14 px) |
| receptive radius | {about["radius"]} px |
| temperature, bias | {about["temperature"]}, {about["bias"]} |
| default confidence | {about["default_confidence"]} |
| warns of unfamiliar pictures | {"yes" if KEY in about else "no"} |
| training | seed {settings["seed"]}, {done} of {steps} steps of {settings["crops"]} crops of \
{settings["side_px"]} px{_began(settings)} |

## Trained on
{data}

`visem11` is a part of VISEM-Tracking (Thambawita et al. 2023, CC BY 4.0), its left three quarters;
its boxes were moved onto the bright spot nearby. From `smears` (MIT) single sperm were cut out and
laid, scaled down, into made-up pictures. The phantom is Sertoli's own simulation. Nothing but the
above has trained these weights; temperature, bias and default confidence were fitted on held-out
phantom fields and the right quarter of `visem11` only.

The phantom's look was drawn up with sheets of real sets beside it (`docs/realism.md`): where no
picture of `miamia`, `bull` or `umid` trained the weights, these are not wholly unseen either.

## Figures on pictures held out of training
At the default confidence, at the known pixel size, centre match.

| set | F1 | precision | recall |
|---|---|---|---|
{held_out}

`visem11` shows the same cells in all its frames, so its figure proves little.
{_unfamiliar(unlike)}{left_out(detector)}
## Figures
As the pages of the documentation have them, each beside its target where it has one.

{figures}

## Failures
{failures}

## Limits
- Trained mostly on simulated pictures; never on dispersed testicular tissue, of which no public
  picture was found. The figures above say nothing about it.
- Elongated spermatids were neither to be found nor to be left out: both happens.
- Heads under 5 px or over 40 px long at the searched scale are missed. Without a pixel size the
  scale is estimated, and can be estimated wrongly.
- Probabilities are calibrated on the held-out pictures; on a microscope unlike those they are not.
- One frame at a time: motion is not used.

## Made by
```
{_made_by(detector, settings)}
{command}
```
"""


def section(page: Page, sha256: str) -> str:
    """Return the figures of a page, if they were measured with these weights.

    The headings of the page go down by one step; its pictures stay where they are.
    """
    text = page.path.read_text(encoding="utf-8")
    unbroken = re.sub(r"\\\n\s*", "", text)
    commands = re.findall(r"^    (python -m benchmarks\..+)$", unbroken, re.MULTILINE)
    commands += re.findall(r"`(python -m benchmarks\.[^`]+)`", text)
    made = "\n".join(f"    {command}" for command in dict.fromkeys(commands))
    block = text.partition(BEGIN)[2].partition(END)[0].strip()
    if sha256[:16] not in block:
        block = f"Not measured with these weights yet, or not on `{page.path.as_posix()}`."
    lines = (f"#{line}" if line.startswith("#") else line for line in block.splitlines())
    kept = "\n".join(line for line in lines if not line.startswith("!["))
    return f"### {page.title}\n{kept}\n\nMade by\n\n{made}"


def left_out(detector: Detector) -> str:
    """Return the section on the videos left out; empty for weights without a restriction."""
    if detector.restriction is None or not LEFT_OUT.exists():
        return ""
    figures = json.loads(LEFT_OUT.read_text(encoding="utf-8"))
    table = "\n".join(left_out_rows(figures))
    return f"""
## Figures on the videos left out
Each video of `miamia` searched with weights that were trained in the same way, but without it:
as the recording it is, and its frames as stills, each by itself.
At the default confidence, no pixel size given, on {figures["date"]}. The weights in this folder
have seen all three videos; their own figures on `miamia` say nothing.

{table}

What stands in the way of 0.94, seen in a frame or two of each: heads the size of a pin on tails,
which the labels leave out, are found in all three videos; in `S_0002` a still dot, a still ring
and heads cut off by the border are labelled as sperm.

Made by

    {figures["command"]}
"""


def _unfamiliar(table: str) -> str:
    if not table:
        return ""
    return f"""
## Pictures unlike those of the training
How often the weights' own rule takes a picture for unlike; a search warns where at least two of
the three it looks at are. Of these sets only `visem11` took part in the fit; the noises are
made up.

{table}
"""


def _began(settings: dict[str, Any]) -> str:
    start = settings.get("start")
    return f", begun with the layers of the weights `{start[:16]}`" if start else ""


def _failures(words: list[str], link: str, every: int) -> str:
    told = "\n".join(words)
    return f"""In words, on real sets (every {every}th picture, no pixel size given, default \
confidence; wrong is what lies on no labelled head, and labels miss some heads):

{told}

On simulated fields held out of training, pixel size given: the two upper rows show the wrong
findings with the highest probability, the two lower ones heads that were missed. Synthetic.

![Wrong findings and missed heads, simulated]({link})"""


def _made_by(detector: Detector, settings: dict[str, Any]) -> str:
    if detector.restriction is not None:
        return (
            "python -m training.sperm.research --base runs/sperm --data ../shared/data "
            f"--leave-out none --out runs/research/none --steps {settings['steps']} "
            f"--seed {settings['seed']}\n"
            "python -m training.sperm.export --run runs/research/none --data ../shared/data"
        )
    return (
        "python -m training.sperm.train --data ../shared/data --out runs/sperm "
        f"--steps {settings['steps']} --seed {settings['seed']} --fields {settings['fields']}"
        f"{' --bfloat16' if settings.get('bfloat16') else ''}"
        f"{' --start BEFORE.onnx' if settings.get('start') else ''}\n"
        "python -m training.sperm.export --run runs/sperm --data ../shared/data"
    )


if __name__ == "__main__":
    main()
