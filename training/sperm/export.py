"""Turn a trained run into a weights file: ``python -m training.sperm.export --help``."""

from __future__ import annotations

import argparse
import datetime
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

import sertoli
from sertoli.sperm import Detector
from sertoli.sperm._company import KEY as COMPANY
from sertoli.sperm._familiarity import KEY
from sertoli.sperm._weights import DEFAULT, RESEARCH, RESEARCH_FOLDER
from sertoli.sperm.learning._calibration import Calibration, calibrate
from sertoli.sperm.learning._matched import Matched
from training.sperm.batches import UM_PER_PX
from training.sperm.company import fit_company, held_out_wide, seen_in_company
from training.sperm.familiarity import fit_familiarity, training_scenes
from training.sperm.network import ALIGNMENT, STRIDE, SpermNetwork, receptive_radius_px
from training.sperm.research import NONE, Origin
from training.sperm.run import Run
from training.sperm.validation import held_out, match
from training.weights_file import export_onnx

AGREEMENT = 1e-3
"""Largest difference allowed between ONNX Runtime and PyTorch, in logits."""

DEFAULT_OUT = Path("src/sertoli/weights") / DEFAULT.file_name
RESEARCH_OUT = Path(RESEARCH_FOLDER) / RESEARCH.file_name

PACKAGES = (Path("src/sertoli"), Path(sertoli.__file__).parent)
"""Folders that ship: the sources worked in, and the package in use."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a file says about its data and its use.

    Parameters
    ----------
    trained_on : tuple of str
        Data beside that of the default weights.
    licence : str
    restriction : str
        Empty: none.
    """

    trained_on: tuple[str, ...] = ()
    licence: str = DEFAULT.licence
    restriction: str = ""

    @classmethod
    def of(cls, origin: Origin | None) -> Terms:
        """Return the terms of a run: those that its data leave."""
        if origin is None:
            return cls()
        left_out = "" if origin.leave_out == NONE else f" without video {origin.leave_out}"
        return cls(
            (f"miamia (non-commercial research), {origin.frames} frames{left_out}",),
            RESEARCH.licence,
            RESEARCH.restriction or "",
        )


def main() -> None:
    """Read the command line and export."""
    parser = argparse.ArgumentParser(description="Export a trained run to ONNX.")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run")
    parser.add_argument("--data", type=Path, required=True, help="folder of the real images")
    parser.add_argument("--cache", type=Path, default=Path("runs/fields"))
    parser.add_argument(
        "--out",
        type=Path,
        help=f"file to write; unless told, {DEFAULT_OUT}, {RESEARCH_OUT} for research weights, "
        "and the run's own folder if a video was left out",
    )
    parser.add_argument("--trained-on", action="append", default=[], help="further data to name")
    parser.add_argument("--licence", help="licence of the weights")
    parser.add_argument("--restriction", help="what the weights may not be used for")
    options = parser.parse_args()
    torch.set_num_threads(2)
    run = Run.load(options.run)
    origin = Origin.read(options.run)
    terms = Terms.of(origin)
    terms = Terms(
        (*terms.trained_on, *options.trained_on),
        options.licence or terms.licence,
        options.restriction or terms.restriction,
    )
    out = options.out or _place(options.run, origin)
    keep_out_of_package(parser, terms.restriction, out)
    fields = run.settings.fields
    sets = held_out(options.data, options.cache if fields else None)
    matched = {name: match(run.average, scenes) for name, scenes in sets.items()}
    company = None
    if fields:
        matched["wide phantom"] = held_out_wide(run.average, options.cache)
        seen = seen_in_company(run.average, options.data, options.cache)
        company = fit_company(calibrate(list(matched.values())), seen)
    fitted = calibrate(list(matched.values()), company=company)
    metadata = describe(run, fitted, matched, terms)
    rule = fit_familiarity(training_scenes(options.data, options.cache, fields))
    metadata[KEY] = rule.as_text()
    write_onnx(run.average, out, metadata)
    check(run.average, out)
    print(json.dumps(metadata, indent=2))


def keep_out_of_package(
    parser: argparse.ArgumentParser, restriction: str | None, out: Path
) -> None:
    """End with one line where restricted weights would lie in what ships.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    restriction : str or None
        Of the weights.
    out : Path
        Where they are to be written.
    """
    place = out.resolve()
    if restriction and any(place.is_relative_to(one.resolve()) for one in PACKAGES):
        parser.error("restricted weights do not go into the package: give another --out")


def _place(folder: Path, origin: Origin | None) -> Path:
    if origin is None:
        return DEFAULT_OUT
    return RESEARCH_OUT if origin.leave_out == NONE else folder / RESEARCH.file_name


def describe(
    run: Run, fitted: Calibration, matched: Mapping[str, Matched], terms: Terms | None = None
) -> dict[str, str]:
    """Return what the file says about itself."""
    terms = terms or Terms()
    trained_on = ["visem11 (CC BY 4.0)", "smears (MIT)", "procedural composites"]
    trained_on += terms.trained_on
    if run.settings.fields:
        trained_on.insert(0, f"sertoli phantom, {run.settings.fields} random fields")
    figures = {
        name: asdict(fitted.applied(one).at(fitted.best_log_odds)) for name, one in matched.items()
    }
    said = {"restriction": terms.restriction} if terms.restriction else {}
    if fitted.company is not None:
        said[COMPANY] = fitted.company.as_text()
    return said | {
        "licence": terms.licence,
        "sertoli_version": version("sertoli"),
        "um_per_px_reference": str(UM_PER_PX),
        "stride": str(STRIDE),
        "radius": str(receptive_radius_px(run.average)),
        "temperature": f"{fitted.temperature:.6g}",
        "bias": f"{fitted.bias:.6g}",
        "candidate_share": f"{fitted.share:.6g}",
        "default_confidence": f"{fitted.default_confidence:.4g}",
        "training_data": "; ".join(trained_on),
        "training_settings": json.dumps(asdict(run.settings)),
        "training_steps_done": str(run.step),
        "held_out": json.dumps(figures),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def write_onnx(network: SpermNetwork, file: Path, metadata: Mapping[str, str]) -> None:
    """Write network and metadata to one ONNX file, whole or not at all."""
    batch, rows, columns = (torch.export.Dim(name) for name in ("batch", "rows", "columns"))
    example = torch.zeros(2, 1, 8 * ALIGNMENT, 10 * ALIGNMENT)
    sizes = {0: batch, 2: ALIGNMENT * rows, 3: ALIGNMENT * columns}
    export_onnx(network, example, file, metadata, takes="picture", gives="cells", sizes=sizes)


def check(network: SpermNetwork, file: Path) -> None:
    """Compare ONNX Runtime with PyTorch on noise.

    Raises
    ------
    ValueError
        If any number differs by more than `AGREEMENT`.
    """
    run = Detector(file).network.run
    rng = np.random.default_rng(0)
    for side in ((ALIGNMENT, ALIGNMENT), (480, 640), (208, 1024)):
        picture = rng.standard_normal((1, 1, *side)).astype(np.float32)
        with torch.no_grad():
            expected = network.eval()(torch.from_numpy(picture)).numpy()
        worst = float(np.abs(run(picture) - expected).max())
        if worst > AGREEMENT:
            raise ValueError(f"ONNX and PyTorch differ by {worst:g} at {side}")


if __name__ == "__main__":
    main()
