"""Train the research weights: ``python -m training.sperm.research --help``.

The default run is trained on with ``miamia`` among its pictures, whose authors allow
non-commercial research only. With one of its three videos left out, what comes of it can
be judged on that video.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch

from sertoli.sperm._interlace import without_combs
from training.sperm.batches import Supply
from training.sperm.run import CHECKPOINT, SETTINGS, Run, Settings
from training.sperm.scenes import SPERM, Scene
from training.sperm.train import load_supply, train
from training.sperm.validation import held_out

ORIGIN = "origin.json"
NONE = "none"
VIDEOS = ("S_0001", "S_0002", "S_0003")

MIAMIA_UM_PER_PX = 0.4
"""Assumed, as for visem11: its heads are some 12 px long."""

PEAK_RATE = 8e-4
"""A third of the rate that trains from nothing: what is known shall not be lost."""

MIAMIA_SHARE = 2.0
"""Crops of miamia for each crop of visem11."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a run was begun from.

    Parameters
    ----------
    base_sha256 : str
        Hash of the checkpoint of the run that it goes on from.
    leave_out : str
        The video of ``miamia`` that it has not seen, or ``none``.
    frames : int
        Frames of ``miamia`` that it trains on.
    """

    base_sha256: str
    leave_out: str
    frames: int

    def write(self, folder: Path) -> None:
        """Keep it beside the run."""
        text = json.dumps(asdict(self), indent=2) + "\n"
        (folder / ORIGIN).write_text(text, encoding="utf-8", newline="\n")

    @classmethod
    def read(cls, folder: Path) -> Origin | None:
        """Return the origin of a run; None for one that began from nothing."""
        if not (folder / ORIGIN).exists():
            return None
        return cls(**json.loads((folder / ORIGIN).read_text(encoding="utf-8")))


class ResearchSupply(Supply):
    """A supply in which ``miamia`` stands among the real pictures, and these count more."""

    __slots__ = ()

    def shares(self) -> tuple[float, float, float]:
        """Return the shares of crops from the phantom, real pictures and composites."""
        return (0.3, 0.45, 0.25) if self.phantom else (0.0, 0.7, 0.3)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description="Train the research weights.")
    parser.add_argument("--base", type=Path, required=True, help="folder of the default run")
    parser.add_argument("--data", type=Path, required=True, help="folder of the real images")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--leave-out", choices=(*VIDEOS, NONE), required=True)
    parser.add_argument("--cache", type=Path, default=Path("runs/fields"))
    parser.add_argument("--steps", type=int, default=1800)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(True)
    cv2.setNumThreads(1)
    begun = (options.out / SETTINGS).exists()
    if begun and not options.resume:
        parser.error(f"{options.out} holds a run: give --resume, or another --out")
    seen, left_out = miamia(options.data, options.leave_out)
    if begun:
        origin = Origin.read(options.out)
        if origin is None or origin.leave_out != options.leave_out:
            parser.error(f"{options.out} holds a run that left out something else")
    else:
        begin(options.base, options.out, options.leave_out, len(seen), options.steps, options.seed)
    fields = Settings.read(options.out).fields
    supply = with_miamia(load_supply(options.data, options.cache, fields, options.threads), seen)
    scenes = {f"miamia {options.leave_out}": left_out} if left_out else held_out(options.data, None)
    train(options.out, supply, scenes, validate_times=2)


def begin(base: Path, out: Path, leave_out: str, frames: int, steps: int, seed: int) -> None:
    """Lay out a run that starts from the averaged weights of another.

    Parameters
    ----------
    base, out : Path
        Folders of the two runs.
    leave_out : str
    frames : int
        Frames of ``miamia`` that will be trained on.
    steps, seed : int
        Settings of the new run; its other settings are those of ``base``.
    """
    begun = Run.load(base)
    before = begun.settings
    settings = replace(before, seed=seed, steps=steps, peak_rate=PEAK_RATE, start="")
    run = Run(settings)
    run.network.load_state_dict(begun.average.state_dict())
    run.average.load_state_dict(begun.average.state_dict())
    out.mkdir(parents=True, exist_ok=True)
    run.save(out)
    digest = hashlib.sha256((base / CHECKPOINT).read_bytes()).hexdigest()
    Origin(digest, leave_out, frames).write(out)
    # last: with it the run counts as begun
    settings.write(out)


def with_miamia(supply: Supply, frames: list[Scene]) -> ResearchSupply:
    """Lay frames of ``miamia`` among those of visem11, so often that their share holds."""
    times = max(1, round(MIAMIA_SHARE * len(supply.visem11) / max(1, len(frames))))
    return ResearchSupply(supply.phantom, supply.visem11 + times * frames, supply.sprites)


def miamia(data: Path, leave_out: str) -> tuple[list[Scene], list[Scene]]:
    """Load ``miamia``: the frames to train on, and those of the video left out.

    Its frames are interlaced and their last column is white. They are shown as the network
    meets them in a search: without combs, with that column. What is labelled as impurity is
    background like all the rest.
    """
    folder = data / "miamia"
    described = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
    names = {category["id"]: category["name"] for category in described["categories"]}
    boxes: dict[int, list[list[float]]] = {}
    for one in described["annotations"]:
        if names[one["category_id"]] == "sperm" and min(one["bbox"][2:]) > 0:
            boxes.setdefault(one["image_id"], []).append(one["bbox"])
    parts: tuple[list[Scene], list[Scene]] = ([], [])
    for image in described["images"]:
        file = folder / "images" / image["file_name"]
        pixels = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        if pixels is None:
            raise FileNotFoundError(file)
        box = np.array(boxes.get(image["id"], []), np.float32).reshape(-1, 4)
        kinds = np.full(len(box), SPERM, np.int8)
        seen = without_combs(np.asarray(pixels, np.uint8))
        scene = Scene(seen, box, kinds, MIAMIA_UM_PER_PX)
        parts[image["group"] == leave_out].append(scene)
    return parts


if __name__ == "__main__":
    main()
