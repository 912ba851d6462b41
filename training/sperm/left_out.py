"""Judge research weights on the videos left out: ``python -m training.sperm.left_out --help``.

Each video of ``miamia`` is searched by the weights that were trained without it, as a
person would search: as the recording it is, no pixel size, default confidence. Beside it
stand its frames as stills, each by itself.
"""

from __future__ import annotations

import argparse
import datetime
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.real_sets import LEFT_OUT

from sertoli.search import Finder, SearchSettings, search
from sertoli.sperm import Detector
from sertoli.sperm._weights import RESEARCH
from sertoli.sperm.evaluation import compare
from training.sperm.research import VIDEOS

FPS = 30.0
"""Of these videos."""


def main() -> None:
    """Read the command line, search each video, write the figures."""
    parser = argparse.ArgumentParser(description="Judge research weights on the videos left out.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the real images")
    parser.add_argument("--runs", type=Path, default=Path("runs/research"))
    parser.add_argument("--out", type=Path, default=LEFT_OUT)
    options = parser.parse_args()
    videos = {}
    for video in VIDEOS:
        detector = Detector(options.runs / video / RESEARCH.file_name)
        videos[video] = judge(video, detector, options.data / "miamia")
        of_stills = videos[video]["f1_of_stills"]
        print(f"{video}: F1 {videos[video]['f1']:.3f}, stills {of_stills:.3f}", flush=True)
    figures = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "command": f"python -m training.sperm.left_out --data ../shared/data --runs {options.runs}",
        "videos": videos,
    }
    text = json.dumps(figures, indent=2) + "\n"
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(text, encoding="utf-8", newline="\n")


def judge(video: str, detector: Finder, folder: Path) -> dict[str, Any]:
    """Search the frames of one video and compare the findings with its labels.

    Parameters
    ----------
    video : str
        The ``group`` of its images.
    detector : Finder
    folder : Path
        Holds ``images`` and ``annotations.json``.
    """
    described = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
    images = [image for image in described["images"] if image["group"] == video]
    ids = {image["id"] for image in images}
    boxes = [one for one in described["annotations"] if one["image_id"] in ids]
    with tempfile.TemporaryDirectory() as work:
        place = Path(work)
        (place / "images").mkdir()
        for image in images:
            shutil.copy(folder / "images" / image["file_name"], place / "images")
        truth = place / "truth.json"
        alone = described | {"images": images, "annotations": boxes}
        truth.write_text(json.dumps(alone), encoding="utf-8", newline="\n")
        recording = SearchSettings(sequence=True, fps=FPS)
        search(place / "images", place / "recording", detector, recording)
        search(place / "images", place / "stills", detector, SearchSettings(sequence=False))
        figures = compare(place / "recording", truth).evaluation
        stills = compare(place / "stills", truth).evaluation
    return {
        "f1": round(figures.f1 or 0.0, 4),
        "precision": round(figures.precision or 0.0, 4),
        "recall": round(figures.recall or 0.0, 4),
        "f1_of_stills": round(stills.f1 or 0.0, 4),
        "frames": figures.images,
        "sperm": figures.truths,
        "confidence": round(detector.default_confidence, 4),
        "weights_sha256": detector.weights_sha256,
    }


if __name__ == "__main__":
    main()
